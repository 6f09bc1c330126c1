"""A fixed small share of the release, from cells to tables, against formulas written out here.

It fails if a metric, a setting, the direction of an R2 or a pool is wrong.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from scipy import stats
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score

import benchmarks
from benchmarks.paper.analysis import tables as tables_module
from benchmarks.paper.analysis.tables import tables
from benchmarks.paper.analysis.verdict import published
from benchmarks.paper.methods import named
from benchmarks.paper.records import read_records
from benchmarks.paper.suites import SUITES, part_of_suite

SHARE = 0.02
COLUMNS = {"all": range(12), "hidden": range(4, 12)}


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
    folder, methods = tmp_path_factory.mktemp("paper"), named(["LinearT", "LinReg"])
    more = {"lms": [lm], "settings": ["all", "hidden"], "data": paper_folder}
    for rows in SUITES:
        suite = part_of_suite(rows, methods, SHARE, SHARE, **more)
        benchmarks.run(suite, results_dir=None, runs_dir=folder, workers=0)
    table = read_records(folder / "none.parquet", folder)
    numbers = tables(table).query("lm == @lm and method == 'LinearT'")
    return numbers.set_index(["table", "setting", "rows", "metric"])["ours"], table


def effects(part: pd.DataFrame, setting: str) -> tuple[np.ndarray, np.ndarray]:
    """Estimated and true effects of a T-learner by least squares."""
    X = part[[f"X{i}" for i in COLUMNS[setting]]]
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


@pytest.mark.parametrize("setting", ["all", "hidden"])
def test_errors_and_intervals(setting, frame, made):
    """PEHE of LinearT, and the interval of LinReg by the formulas of a textbook."""
    _, data = frame
    _, table = made
    records = table[(table["rows"] == 1000) & (table["setting"] == setting)]
    records = records.set_index(["method", "number"])
    for number in sorted(set(records.index.get_level_values("number"))):
        part = data[data["dataset"] == number]
        estimate, ite = effects(part, setting)
        t = part["X12"].to_numpy(float)
        y0, y1 = (part[f"logP(X13=0)|do(X12={arm})"].to_numpy(float) for arm in (0, 1))
        y = np.where(t == 1, y1, y0)
        assert records.loc[("LinearT", number), "pehe_sd"] == pytest.approx(
            np.sqrt(np.mean((estimate - ite) ** 2)) / y.std(), rel=1e-5
        )
        Z = np.column_stack([np.ones(1000), t, part[[f"X{i}" for i in COLUMNS[setting]]]])
        inverse = np.linalg.pinv(Z.T @ Z)
        coefficient = (inverse @ Z.T @ y)[1]
        rank = np.linalg.matrix_rank(Z)
        variance = np.sum((y - Z @ inverse @ Z.T @ y) ** 2) / (1000 - rank) * inverse[1, 1]
        half = stats.t.ppf(0.975, 1000 - rank) * np.sqrt(variance)
        found = records.loc[("LinReg", number)]
        assert found["ate"] == pytest.approx(coefficient, rel=1e-6)
        assert found["ate_width_sd"] == pytest.approx(2 * half / y.std(), rel=1e-5)
        assert found["ate_coverage"] == (abs(coefficient - ite.mean()) < half)
        covered = np.mean(np.abs(coefficient - ite) < half)
        assert found["cate_coverage"] == pytest.approx(covered, abs=1e-3)


@pytest.fixture(scope="module")
def committed():
    path = Path(__file__).parents[3] / "results" / "paper" / "cells.parquet"
    if not path.is_file():
        pytest.skip("no records are packed in results/paper")
    return read_records(path, Path("nowhere"))


EXACT = ["T-Only OLS", "LinReg", "LinearT", "LinearS"]


@pytest.fixture(scope="module")
def exact_numbers(committed):
    """The tables of the methods without chance."""
    return tables(committed[committed["method"].isin(EXACT)])


def test_committed_records_meet_the_published_digits(exact_numbers):
    """Of methods without chance on all datasets; LinearS with hidden covariates is rounding."""
    numbers = exact_numbers.query("table == 1")
    exact = numbers[numbers["method"].isin(EXACT)]
    exact = exact[(exact["method"] != "LinearS") | (exact["setting"] == "all")]
    assert len(exact) == 28
    assert (exact["datasets"] == 1000).all()
    off = (exact["ours"].round(4) - exact["published"].astype(float)).abs()
    assert (off < 1.5e-4).all()


def test_committed_records_meet_the_published_means_of_r2(exact_numbers):
    """Within 0.002; where the paper prints that it is not above 0, ours is not either."""
    numbers = exact_numbers.query("table == 2 and rows == 1000 and metric == 'r2_swapped'")
    exact = numbers[numbers["method"].isin(EXACT)]
    assert len(exact) == 16
    assert (exact["datasets"] == 1000).all()
    above = exact["published"] != "<=0"
    assert above.any()
    off = exact.loc[above, "ours"] - exact.loc[above, "published"].astype(float)
    assert (off.abs() < 2e-3).all()
    assert (exact.loc[~above, "ours"] < 5e-5).all()


def test_a_method_is_not_taken_for_another(committed, monkeypatch):
    """With the published numbers of ForestS and ForestDML swapped, none of them is reproduced.

    ForestDML's spread over seeds rests on too few datasets for a verdict, so that it is open.
    """
    printed = published()
    other = {"ForestS": "ForestDML", "ForestDML": "ForestS"}
    swapped = printed.assign(method=printed["method"].replace(other))
    monkeypatch.setattr(tables_module, "published", lambda: swapped)
    chosen = committed[committed["method"].isin(other)]
    numbers = tables(chosen).query("table == 1 and lm == 'gpt2' and setting == 'all'")
    mixed = numbers[numbers["method"].isin(other)]
    assert mixed["datasets"].tolist() == [1000] * 4
    verdicts = mixed.groupby("method")["verdict"].agg(set).to_dict()
    assert verdicts == {"ForestS": {"differs"}, "ForestDML": {"open"}}
