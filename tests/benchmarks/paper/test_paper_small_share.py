"""A fixed small share of the release, from cells to tables, against formulas written out here.

It fails if a metric, a setting, the direction of an R2 or a pool is wrong.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score

from benchmarks.paper.data import read
from benchmarks.paper.job import run_missing
from benchmarks.paper.methods import named
from benchmarks.paper.plan import cells
from benchmarks.paper.records import Records
from benchmarks.paper.tables import tables

SHARE = 0.02


@pytest.fixture(scope="module", params=["gpt2", "llama-3-8b"])
def frame(request, paper_folder):
    """The release as a plain table."""
    path = paper_folder / f"{request.param}.parquet"
    if not path.is_file():
        pytest.skip("only the packed copy names the phrasings")
    outcomes = [f"logP(X13=0)|do(X12={arm})" for arm in (0, 1)]
    names = ["dataset", "variant", *(f"X{i}" for i in range(13)), *outcomes]
    return request.param, pq.read_table(path, columns=names).to_pandas()


@pytest.fixture(scope="module")
def made(frame, paper_folder, tmp_path_factory):
    """The numbers of LinearT, and which datasets they stand on."""
    lm, _ = frame
    releases = {lm: read(lm, paper_folder).require_all()}
    folder = tmp_path_factory.mktemp("paper")
    records = Records(folder, folder / "none.parquet")
    run_missing(cells(releases, named(["LinearT"]), SHARE, SHARE), releases, records, workers=0)
    table = records.table()
    numbers = tables(table).query("lm == @lm and method == 'LinearT'")
    return numbers.set_index(["table", "setting", "rows", "metric"])["ours"], table


def effects(part: pd.DataFrame, setting: str) -> tuple[np.ndarray, np.ndarray]:
    """Estimated and true effects of a T-learner by least squares."""
    X = part[[f"X{i}" for i in range(0 if setting == "all" else 4, 12)]]
    t = part["X12"].to_numpy()
    y0, y1 = (part[f"logP(X13=0)|do(X12={arm})"].to_numpy(float) for arm in (0, 1))
    y = np.where(t == 1, y1, y0)
    control, treated = (LinearRegression().fit(X[t == arm], y[t == arm]) for arm in (0, 1))
    return treated.predict(X) - control.predict(X), y1 - y0


@pytest.mark.parametrize("setting", ["all", "hidden"])
def test_single_datasets(setting, frame, made):
    _, data = frame
    ours, table = made
    ids = sorted(set(table["number"][table["rows"] == 1000]))
    assert len(ids) == 20
    found = [effects(data[data["dataset"] == number], setting) for number in ids]
    ate, sate = (np.array([part[i].mean() for part in found]) for i in (0, 1))
    assert ours[1, setting, 1000, "r2"] == pytest.approx(r2_score(sate, ate), abs=1e-6)
    assert ours[1, setting, 1000, "rmse"] == pytest.approx(np.sqrt(np.mean((ate - sate) ** 2)))
    swapped, right = (
        np.mean([r2_score(*pair) for pair in pairs])
        for pairs in (found, [(ite, estimate) for estimate, ite in found])
    )
    assert ours[2, setting, 1000, "r2_swapped"] == pytest.approx(swapped, rel=1e-5)
    assert ours[2, setting, 1000, "r2"] == pytest.approx(right, rel=1e-5)
    assert swapped != pytest.approx(right, rel=0.1)


@pytest.mark.parametrize("setting", ["all", "hidden"])
def test_pools(setting, frame, made):
    _, data = frame
    ours, table = made
    pools = sorted(set(table["number"][table["rows"] == 10_000]))
    assert len(pools) == 2
    scores = []
    for pool in pools:
        members = data[data["variant"] == pool // 2]["dataset"].unique()
        half = members[10:] if pool % 2 else members[:10]
        scores.append(r2_score(*effects(data[data["dataset"].isin(half)], setting)))
    assert ours[2, setting, 10_000, "r2_swapped"] == pytest.approx(np.mean(scores), rel=1e-5)
