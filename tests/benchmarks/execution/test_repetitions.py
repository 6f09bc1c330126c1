"""Stochastic methods are fitted with several seeds; boards average over them first."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator

import benchmarks
from benchmarks.boards.board import boards
from benchmarks.boards.scores import average_repetitions, columns, seed_spread
from benchmarks.execution.cells import plan, seed_of
from benchmarks.execution.methods import methods_of
from benchmarks.storage.manifest import Manifest, MethodInfo
from benchmarks.suite.entries import EstimatorEntry
from benchmarks.suite.model import BoardOptions

NAN = float("nan")


class Seeded(BaseEstimator):
    """Answers with its seed."""

    def __init__(self, random_state: int | None = None) -> None:
        self.random_state = random_state

    def fit(self, X, t, y):
        return self

    def ate(self, X):
        return float(self.random_state or 0)


@pytest.mark.parametrize(
    ("entry", "fits"),
    [
        ("LinReg", 1),
        ("AIPW", 3),
        (EstimatorEntry(name="AIPW", repetitions=2), 2),
        (EstimatorEntry(name="AIPW", params={"random_state": 7}), 1),
        (EstimatorEntry(name="LinReg", repetitions=4), 1),
        ("stochtree BCF", 1),
        (EstimatorEntry(name="stochtree BCF", repetitions=4), 4),
        (Seeded(), 3),
        (Seeded(5), 1),
    ],
)
def test_the_number_of_fits(entry: Any, fits: int, make_suite: Any) -> None:
    (method,) = methods_of([entry])
    assert method.fits(make_suite(repetitions=3)) == fits


def test_a_run_with_repetitions(make_suite: Any, tmp_path: Any) -> None:
    suite = make_suite(datasets=2, settings=["all"], estimators=["AIPW", "LinReg"], repetitions=3)
    where = {"runs_dir": tmp_path / "runs", "results_dir": None, "workers": 0}
    once = benchmarks.run(suite.model_copy(update={"repetitions": 1}), **where)
    result = benchmarks.run(suite, **where)
    assert (once.computed, result.computed) == (4, 4), "the first repetition keeps its record"
    assert Counter(result.scores["estimator"]) == {"AIPW": 6, "LinReg": 2}
    aipw = result.scores[result.scores["estimator"] == "AIPW"]
    assert aipw["repetition"].tolist() == [0, 1, 2] * 2
    assert aipw["seed"].nunique() == aipw["ate"].nunique() == 6
    manifest = Manifest.read(tmp_path / "runs" / suite.name)
    assert [cell.repetition for cell in manifest.cells] == [0, 1, 2, 0] * 2
    again = benchmarks.leaderboard(suite, **{k: where[k] for k in ("runs_dir", "results_dir")})
    pd.testing.assert_frame_equal(again.boards[0].table, result.boards[0].table)
    row = result.boards[0].table.set_index("estimator").loc["AIPW"]
    error = aipw.groupby("dataset")["ate_abs_error_sd"]
    assert row["ate_abs_error_sd"] == pytest.approx(error.mean().mean())
    assert row["seed_spread_ate_abs_error_sd"] == pytest.approx(error.std().median())
    assert (row["cells"], row["ok"]) == (6, 6)


def test_the_first_repetition_has_the_seed_of_a_single_fit_and_a_shared_fit_shares_seeds(
    make_suite: Any, tmp_path: Any
) -> None:
    suite = make_suite(datasets=1, settings=["all"], estimators=["BART", "BART-ITE"], repetitions=2)
    methods = methods_of(suite.estimators)
    run = benchmarks.run(
        make_suite(datasets=1, settings=["all"], estimators=["Zero"]),
        runs_dir=tmp_path / "runs",
        results_dir=None,
        workers=0,
    )
    sources = Manifest.read(run.run_dir).sources
    cells = plan(suite, sources, methods)
    seeds = [cell.seed for cell in cells]
    assert seeds[:2] == seeds[2:]
    assert seeds[0] == seed_of(sources[0], "all", "BART") != seeds[1]
    assert len({cell.key for cell in cells}) == 4


def scores(*cells: tuple[str, str, int, str, float]) -> pd.DataFrame:
    rows = [
        {
            "dataset": dataset,
            "entry": "toy",
            "cluster": dataset,
            "lm": "lm",
            "setting": "all",
            "rows": "fitted",
            "estimator": name,
            "target": "ITE",
            "repetition": repetition,
            "seed": repetition,
            "status": status,
            "reason": "" if status == "ok" else status,
            "pehe_sd": value,
            "sate": 1.0,
        }
        for name, dataset, repetition, status, value in cells
    ]
    return pd.DataFrame(rows, columns=columns())


TOY = scores(
    *(("A", "d0", n, "ok", value) for n, value in enumerate((1.0, 2, 3))),
    *(("A", "d1", n, "ok", value) for n, value in enumerate((5.0, 5, 8))),
    ("A", "d2", 0, "ok", 1.0),
    ("A", "d2", 1, "failed", NAN),
    ("A", "d3", 0, "ok", 4.0),
    ("A", "d3", 1, "missing", NAN),
    ("B", "d0", 0, "ok", 0.5),
)


def test_repetitions_are_averaged_within_a_dataset() -> None:
    averaged = average_repetitions(TOY)
    assert averaged["dataset"].tolist() == ["d0", "d1", "d2", "d3", "d0"]
    np.testing.assert_allclose(averaged["pehe_sd"], [2, 6, NAN, 4, 0.5])
    assert averaged["status"].tolist() == ["ok", "ok", "failed", "ok", "ok"]
    assert averaged["reason"].tolist() == ["", "", "failed", "", ""]
    assert averaged["sate"].tolist() == [1.0] * 5
    assert list(averaged) == list(TOY)


def test_the_seed_spread_is_a_median_over_datasets() -> None:
    spread = seed_spread(TOY, "pehe_sd")
    assert spread["A"] == pytest.approx(np.median([1.0, np.sqrt(3)]))
    assert np.isnan(spread["B"])


def test_a_board_counts_every_fit() -> None:
    methods = [MethodInfo(name, "toy", "CATE", oracle=False) for name in "AB"]
    (board,) = boards(TOY, methods, BoardOptions(resamples=50), seed=0)
    row = board.table.set_index("estimator").loc["A"]
    assert (row["cells"], row["ok"], row["failed"], row["missing"]) == (10, 8, 1, 1)
    assert row["pehe_sd"] == pytest.approx(4)
