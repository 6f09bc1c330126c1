"""Estimators beyond the paper: how they compare with its methods."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from extra import page
from ranks import comparisons, ranks

from benchmarks.paper.records import METRICS


def records(method: str, errors: list[float], **more) -> pd.DataFrame:
    """Cells whose average effect is off by so much, dataset by dataset; two a phrasing."""
    count = len(errors)
    frame = pd.DataFrame(
        {
            "key": [f"k{method}{number}" for number in range(count)],
            "identity": "",
            "lm": "gpt2",
            "rows": 1000,
            "number": range(count),
            "variant": np.arange(count) // 2,
            "setting": "all",
            "method": method,
            "status": "ok",
            "reason": "",
            "ate": np.arange(count) + np.array(errors, dtype=float),
            "sate": np.arange(count, dtype=float),
            "sd": 1.0,
        }
    )
    return frame.assign(**(dict.fromkeys(METRICS, np.nan) | {"pehe_sd": 0.5} | more))


def test_a_comparison_by_hand():
    both = pd.concat([records("LinReg", [0, 1, 0, 1]), records("AIPW", [0, 2, 0, 0])])
    (found,) = comparisons(both)
    assert (found.datasets, found.phrasings) == (4, 2)
    aipw, reg = found.methods.itertuples()
    # Phrasing 0: means 1 and 1/2; phrasing 1: 0 and 1/2. A tie, so the names decide.
    assert (aipw.method, reg.method) == ("AIPW", "LinReg")
    assert aipw.rank_ate[0] == reg.rank_ate[0] == 1.5
    assert aipw.rmse[0] == pytest.approx(1.0)
    assert aipw.r2[0] == pytest.approx(1 - 4 / 5)
    assert np.isnan(aipw.coverage)


def test_costly_estimators_take_no_datasets_from_the_others():
    many = [records(name, [0.1 * k] * 10) for k, name in enumerate(("LinReg", "AIPW", "IPW"))]
    few = records("stochtree BCF", [0.05] * 4)
    rare = records("RF", [9.0])
    first, second = comparisons(pd.concat([*many, few, rare]))
    assert first.datasets == 10
    assert first.methods["method"].tolist() == ["LinReg", "AIPW", "IPW"]
    assert second.datasets == 4
    assert second.methods["method"].tolist() == ["LinReg", "stochtree BCF", "AIPW", "IPW"]


def test_a_method_that_has_just_begun_does_not_empty_the_ranks():
    many = pd.concat([records("LinReg", [0.0] * 20), records("LinearT", [1.0] * 20)])
    found = ranks(pd.concat([many, records("RF", [0.5])]))
    assert set(found["method"]) == {"LinReg", "LinearT"}
    assert set(found["datasets"]) == {20}


def test_the_page_separates_the_other_estimators():
    paper = records("LinReg", [0, 1, 0, 1])
    failed = records("AIPW", [0] * 3).assign(status="failed", number=[4, 5, 6])
    text = page(pd.concat([paper, records("AIPW", [0, 2, 0, 0]), failed]), {}, {})
    assert "### gpt2, all: 4 datasets of 2 phrasings" in text
    assert "| **AIPW** | 1.50 [1.00, 2.00] |" in text
    assert "Cells without a score: AIPW 3." in text
    assert "beyond" not in page(paper, {}, {})
