"""Rows that no estimator is fitted on, and covariates as indicators."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import benchmarks
from benchmarks.datasets.source import held_out
from benchmarks.execution.job_builder import encoded
from benchmarks.storage.manifest import Manifest
from sdscm.data.dataset import CausalDataset


def test_each_arm_gives_its_share_and_keeps_a_row() -> None:
    t = np.array([0] * 20 + [1] * 10)
    mask = held_out(t, 0.3, ("a",))
    assert (mask[t == 0].sum(), mask[t == 1].sum()) == (6, 3)
    np.testing.assert_array_equal(mask, held_out(t, 0.3, ("a",)))
    assert not np.array_equal(mask, held_out(t, 0.3, ("b",)))
    assert held_out(np.array([0, 1]), 0.9, ("a",)).sum() == 0
    assert not held_out(t, 0.0, ("a",)).any()


def test_one_changed_treatment_leaves_the_other_rows_where_they_are() -> None:
    t = np.array([0, 1] * 50)
    before = held_out(t, 0.25, ("a",))
    t[10] = 1
    after = held_out(t, 0.25, ("a",))
    assert (before != after).sum() <= 3


class Memory:
    """Knows the effects of the rows it was fitted on by heart, and nothing of others."""

    def fit(self, X, t, y):
        self.known = {float(a): 0.5 + 0.5 * a for a in X["a"]}
        return self

    def effect(self, X):
        return np.array([self.known.get(float(a), 0.0) for a in X["a"]])


def test_what_is_learnt_by_heart_fails_on_rows_held_out(make_suite, tmp_path) -> None:
    suite = make_suite(datasets=2, settings=["all"], holdout=0.25)
    result = benchmarks.run(
        suite,
        estimators=[("memory", Memory()), "Oracle"],
        workers=0,
        runs_dir=tmp_path / "runs",
        results_dir=None,
    )
    scores = result.scores.set_index(["estimator", "rows"])
    sources = Manifest.read(result.run_dir).sources
    assert scores.loc[("memory", "fitted"), "pehe"].max() < 1e-12
    for _, row in scores.loc[[("memory", "held-out")]].iterrows():
        dataset = next(d for d in map(benchmarks_dataset(result), [row["dataset"]]))
        source = next(s for s in sources if s.name == row["dataset"])
        mask = source.held_out(dataset, 0.25)
        truth = dataset.ite[mask]
        assert row["pehe"] == pytest.approx(np.sqrt(np.mean(truth**2)))
        assert row["ate_error"] == pytest.approx(-truth.mean())
    assert (scores.loc["Oracle", "pehe"] == 0).all()
    assert [board.group["rows"] for board in result.boards] == ["fitted", "held-out"]
    assert [board.table["cells"].unique().tolist() for board in result.boards] == [[2], [2]]


class Ill:
    def fit(self, X, t, y):
        raise ValueError("too ill to fit")


def test_a_cell_with_rows_held_out_counts_once(make_suite, tmp_path) -> None:
    suite = make_suite(datasets=3, settings=["all"], holdout=0.25)
    benchmarks.run(
        suite,
        estimators=[("ill", Ill()), "Oracle"],
        workers=0,
        runs_dir=tmp_path / "runs",
        results_dir=tmp_path / "results",
    )
    page = (tmp_path / "results" / "toy" / "leaderboard.md").read_text()
    assert "settings all: 3 of 6 cells scored." in page
    assert "| ill | all | failed | ValueError: too ill to fit | 3 |" in page


def benchmarks_dataset(result):
    def read(name: str) -> CausalDataset:
        return CausalDataset.read_parquet(result.run_dir / "datasets" / f"{name}.parquet")

    return read


def table() -> CausalDataset:
    frame = pd.DataFrame(
        {"town": [0.0, 2, 1, 2], "age": [3.0, 4, 5, 6], "one": [1.0, 1, 1, 1], "t": [0, 1, 0, 1]}
    )
    labels = pd.DataFrame({"town": ["Bonn", "Ulm", "Kiel", "Ulm"], "one": ["x"] * 4})
    return CausalDataset.from_frame(
        frame.assign(y0=0.0, y1=1.0), treatment="t", y0="y0", y1="y1", labels=labels
    )


def test_one_hot_splits_what_has_labels_and_leaves_a_value_out() -> None:
    expected = pd.DataFrame(
        {
            "town=Kiel": [0.0, 0, 1, 0],
            "town=Ulm": [0.0, 1, 0, 1],
            "age": [3.0, 4, 5, 6],
            "one": [1.0, 1, 1, 1],
        }
    )
    pd.testing.assert_frame_equal(encoded(table(), "one-hot"), expected)
    pd.testing.assert_frame_equal(encoded(table(), "codes"), table().X)


def test_an_indicator_replaces_no_other_covariate() -> None:
    """A covariate may have the name that an indicator of another one would get."""
    labels = pd.DataFrame({"b": ["x", "y", "x", "y"]})
    dataset = CausalDataset.from_frame(
        pd.DataFrame({"b": [0, 1, 0, 1], "b=y": [5.0, 6, 7, 8], "w": [0, 1, 1, 0], "o": 1.0}),
        treatment="w",
        outcome="o",
        labels=labels,
    )
    found = encoded(dataset, "one-hot")
    assert found.to_dict("list") == {"b=y_": [0.0, 1, 0, 1], "b=y": [5.0, 6, 7, 8]}


class Columns:
    def fit(self, X, t, y):
        self.count = X.shape[1]
        return self

    def ate(self, X):
        return float(self.count)


def test_both_encodings_are_two_lines_of_the_board(tmp_path) -> None:
    table().to_parquet(tmp_path / "d.parquet")
    suite = benchmarks.Suite.model_validate(
        {
            "name": "s",
            "datasets": [{"name": "d", "files": str(tmp_path / "*.parquet")}],
            "settings": ["all"],
            "holdout": 0,
            "estimators": ["Oracle"],
            "encodings": ["codes", "one-hot"],
        }
    )
    scores = benchmarks.run(
        suite, estimators=[("wide", Columns())], workers=0, runs_dir=tmp_path, results_dir=None
    ).scores.set_index("estimator")
    assert scores["ate"].to_dict() == {"wide": 3.0, "wide (one-hot)": 4.0}


@pytest.mark.parametrize("ate", [None, 1.0])
def test_without_truth_only_what_needs_none_is_scored(tmp_path, ate) -> None:
    frame = pd.DataFrame({"x": np.arange(40.0), "t": [0, 1] * 20, "y": [0.0, 3.0] * 20})
    frame.to_csv(tmp_path / "d.csv", index=False)
    columns = {"treatment": "t", "outcome": "y"} | ({} if ate is None else {"ate": ate})
    suite = benchmarks.Suite.model_validate(
        {
            "name": "s",
            "datasets": [{"name": "d", "files": str(tmp_path / "*.csv"), "columns": columns}],
            "settings": ["all"],
            "holdout": 0,
            "estimators": ["LinReg", "DiffInMeans", "Oracle"],
        }
    )
    scores = benchmarks.run(
        suite, workers=0, runs_dir=tmp_path, results_dir=tmp_path / "results"
    ).scores.set_index("estimator")
    assert scores["status"].tolist() == ["ok", "ok", "skipped"]
    naive = scores.loc["DiffInMeans"]
    assert naive["ate"] == pytest.approx(3)
    assert naive["seconds"] >= 0
    for metric in ("pehe", "r2", "cate_coverage", "sign_accuracy"):
        assert np.isnan(scores.loc["LinReg", metric]), metric
    board = pd.read_csv(tmp_path / "results" / "s" / "leaderboard.csv").set_index("estimator")
    assert np.isnan(board.loc["DiffInMeans", "off"]) == (ate is None)
    if ate is None:
        assert np.isnan(naive["ate_error"])
        assert np.isnan(naive["ate_coverage"])
    else:
        assert naive["ate_error"] == pytest.approx(2)
