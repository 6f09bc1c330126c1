"""Estimators beyond the paper: which may be run, that they are apart, and how they compare."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from benchmarks.paper.analysis.extra import outliers, ranks
from benchmarks.paper.analysis.other_estimators import comparisons, split
from benchmarks.paper.analysis.tables import tables
from benchmarks.paper.methods import is_beyond, named
from benchmarks.paper.records import METRICS
from benchmarks.paper.report.extra import markdown
from sdscm.errors import InputError


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


def test_any_built_in_estimator_may_be_named():
    found = named(["aipw", "LinReg", "CausalML X-LGBM"])
    assert [(method.name, is_beyond(method.name)) for method in found] == [
        ("LinReg", False),
        ("AIPW", True),
        ("CausalML X-LGBM", True),
    ]
    assert not found[1].effects  # an average alone: nothing to pool for Table 2
    assert found[2].effects


@pytest.mark.parametrize("name", ["Oracle", "OLS"])
def test_others_may_not(name):
    with pytest.raises(InputError, match=f"'{name}' is not a method"):
        named([name])


def test_the_paper_s_tables_do_not_have_them():
    paper, others = split(pd.concat([records("LinReg", [1, 1]), records("AIPW", [1, 1])]))
    assert set(paper["method"]) == {"LinReg"}
    assert set(others["method"]) == {"AIPW"}
    assert "AIPW" not in set(tables(paper)["method"])


def test_a_comparison_by_hand():
    both = pd.concat([records("LinReg", [0, 1, 0, 1]), records("AIPW", [0, 2, 0, 0])])
    (found,) = comparisons(both)
    assert (found.datasets, found.phrasings) == (4, 2)
    aipw, reg = found.rows
    # Phrasing 0: means 1 and 1/2; phrasing 1: 0 and 1/2. A tie, so the names decide.
    assert (aipw.method, aipw.beyond, reg.method, reg.beyond) == ("AIPW", True, "LinReg", False)
    assert aipw.ate_rank[0] == reg.ate_rank[0] == 1.5
    assert aipw.rmse[0] == pytest.approx(1.0)
    assert aipw.r2[0] == pytest.approx(1 - 4 / 5)
    assert np.isnan(aipw.coverage)


def test_costly_estimators_take_no_datasets_from_the_others():
    many = [records(name, [0.1 * k] * 10) for k, name in enumerate(("LinReg", "AIPW", "IPW"))]
    few = records("stochtree BCF", [0.05] * 4)
    rare = records("RF", [9.0])
    first, second = comparisons(pd.concat([*many, few, rare]))
    assert first.datasets == 10
    assert [row.method for row in first.rows] == ["LinReg", "AIPW", "IPW"]
    assert second.datasets == 4
    assert [row.method for row in second.rows] == ["LinReg", "stochtree BCF", "AIPW", "IPW"]


def test_a_method_that_has_just_begun_does_not_empty_the_ranks():
    many = pd.concat([records("LinReg", [0.0] * 20), records("LinearT", [1.0] * 20)])
    found = ranks(pd.concat([many, records("RF", [0.5])]))
    assert set(found["method"]) == {"LinReg", "LinearT"}
    assert set(found["datasets"]) == {20}


def test_the_page_says_what_stands_beyond():
    both = pd.concat([records("LinReg", [0, 1, 0, 1]), records("AIPW", [0, 2, 0, 0])])
    paper, _ = split(both)
    page = markdown(ranks(paper), outliers(paper), {}, comparisons(both), {"AIPW": 3})
    assert "### gpt2, all: 4 datasets of 2 phrasings" in page
    assert "| **AIPW** | 1.50 [1.00, 2.00] |" in page
    assert "Cells without a score: AIPW 3." in page
    assert "beyond" not in markdown(ranks(paper), outliers(paper), {})
