"""The figures: which are drawn, from what, and equal for equal records."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from benchmarks.paper.records import COLUMNS, METRICS

pytest.importorskip("matplotlib")

from benchmarks.paper.figures import write_figures


@pytest.fixture
def records() -> pd.DataFrame:
    draw = np.random.default_rng(0)
    rows = [
        {"method": method, "setting": setting, "number": number, "variant": number % 3}
        for method in ("LinReg", "CQR")
        for setting in ("all", "hidden")
        for number in range(12)
    ]
    frame = pd.DataFrame(rows).assign(lm="gpt2", rows=1000, status="ok", reason="", sd=0.1)
    for name in ("ate", "sate", *METRICS):
        frame[name] = draw.uniform(size=len(frame))
    frame.loc[frame["method"] == "CQR", ["r2", "r2_swapped", "cate_coverage"]] = np.nan
    return frame.reindex(columns=list(COLUMNS))


def test_each_model_that_was_run_has_its_figures(records, tmp_path):
    names = [path.name for path in write_figures(tmp_path, records)]
    assert names == ["effects-gpt2.png", "intervals-gpt2.png", "examples-gpt2.png", "sate.png"]
    both = pd.concat([records, records.assign(lm="llama-3-8b")])
    assert len(write_figures(tmp_path, both)) == 7


def test_equal_records_give_equal_bytes(records, tmp_path):
    first = [path.read_bytes() for path in write_figures(tmp_path, records)]
    assert [path.read_bytes() for path in write_figures(tmp_path, records)] == first
    records.loc[0, "pehe_sd"] += 0.5
    assert [path.read_bytes() for path in write_figures(tmp_path, records)] != first


def test_failures_and_pools_are_left_out(records, tmp_path):
    assert write_figures(tmp_path, records.assign(status="failed")) == []
    assert write_figures(tmp_path, records.assign(rows=10_000)) == []


def test_estimators_beyond_the_paper_change_nothing(records, tmp_path):
    """Nor the number of datasets in the title, though they have fewer."""
    first = [path.read_bytes() for path in write_figures(tmp_path, records)]
    beyond = records[records["number"] < 2].assign(method="AIPW")
    both = write_figures(tmp_path, pd.concat([records, beyond]))
    assert [path.read_bytes() for path in both] == first


def test_the_style_that_a_library_sets_is_not_theirs(records, tmp_path):
    """CausalML sets one for the whole process where it is imported."""
    from matplotlib import style

    first = [path.read_bytes() for path in write_figures(tmp_path, records)]
    with style.context("fivethirtyeight"):
        again = [path.read_bytes() for path in write_figures(tmp_path, records)]
    assert again == first
