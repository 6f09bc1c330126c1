"""Estimators are measured on simulated data by the engine of the suites."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import benchmarks
from benchmarks import metrics
from benchmarks.datasets.designs import simulated
from benchmarks.simulations.__main__ import main
from benchmarks.simulations.study import (
    Study,
    measure_coverage,
    measure_seconds,
    summarise_coverage,
    summarise_seconds,
    update_table,
)

PLUGIN = """
import estimators

@estimators.register("Grumpy", intervals=estimators.Intervals(effect="one each side"))
class Grumpy(estimators.EffectIntervals):
    def _fit(self, X, t, y):
        if len(X) == 60 and y[0] > 3:
            raise ValueError("not today")

    def _effect(self, X):
        return 0 * X[:, 0] + 1

    def _effect_interval(self, X, alpha):
        return self._effect(X) - 1, self._effect(X) + 1
"""


def study(folder: Path, *names: str, rows: tuple[int, ...] = (80,), seeds: int = 3) -> Study:
    return Study(names, rows, seeds, folder, workers=0)


def test_coverage_is_measured_against_what_the_interval_is_for(tmp_path) -> None:
    names = metrics.names()
    measured = measure_coverage(study(tmp_path, "Oracle", "LinReg", seeds=2))
    assert metrics.names() == names
    by_name = measured.set_index("estimator")
    # The Oracle's intervals have no width. They hold the CATE, the ITE, and the mean of the ITEs.
    oracle = by_name.loc["Oracle"]
    assert (oracle[["effect", "ite"]] == 1).all(axis=None)
    assert (oracle[["ate", "ate_population"]] == 0).all(axis=None)
    assert (oracle[["effect_width", "ite_width", "ate_width"]] == 0).all(axis=None)
    regression = by_name.loc["LinReg"]
    assert regression["effect"].between(0, 1, inclusive="neither").all()
    assert regression["ate"].isin([0, 1]).all()
    np.testing.assert_allclose(regression["effect_width"], regression["ate_width"])
    assert regression["ite"].isna().all()
    assert (measured["status"] == "ok").all()


def test_a_study_continues_where_it_stopped(tmp_path, monkeypatch) -> None:
    computed = []
    run = benchmarks.run

    def counted(*args, **kwargs):
        result = run(*args, **kwargs)
        computed.append(result.computed)
        return result

    monkeypatch.setattr(benchmarks, "run", counted)
    measure_coverage(study(tmp_path / "parts", "DiffInMeans", seeds=2))
    parts = measure_coverage(study(tmp_path / "parts", "DiffInMeans"))
    assert computed == [4, 2, 2, 1]
    assert parts["truth"].value_counts().to_dict() == {"randomised": 3, "linear": 3, "nonlinear": 3}
    whole = measure_coverage(study(tmp_path / "whole", "DiffInMeans"))
    pd.testing.assert_frame_equal(*(table.drop(columns="seconds") for table in (parts, whole)))
    # Fewer are asked for: the others stay on record, and out of the table.
    assert len(measure_coverage(study(tmp_path / "parts", "DiffInMeans", seeds=1))) == 3
    assert computed[-2:] == [0, 0]


def test_seconds_are_measured_for_each_size(tmp_path) -> None:
    summary = summarise_seconds(measure_seconds(study(tmp_path, "LinReg", rows=(50, 90))))
    assert summary["rows"].tolist() == [50, 90]
    assert summary["fits"].tolist() == [3, 3]
    assert (summary["seconds"] > 0).all()


def test_a_simulation_in_a_suite_hides_its_confounder(tmp_path) -> None:
    suite = benchmarks.Suite.model_validate(
        {
            "name": "simulated",
            "holdout": 0,
            "datasets": [
                {"simulation": "linear", "n": [400, 900], "replicates": 2},
                {"simulation": "randomised", "n": 400, "seeds": [7], "covariates": 4},
            ],
            "estimators": ["LinReg", "Oracle"],
            "board": {"resamples": 10},
        }
    )
    scores = benchmarks.run(suite, workers=0, runs_dir=tmp_path, results_dir=None).scores
    assert scores["dataset"].nunique() == 5
    assert set(scores["target"]) == {"CATE"}
    error = scores[scores["estimator"] == "LinReg"].groupby(["entry", "setting"])["ate_abs_error"]
    worst = error.max()
    assert worst["linear", "hidden"] > 0.3
    assert worst[["linear", "randomised"]].drop(("linear", "hidden")).max() < 0.3
    dataset = simulated("randomised", 400, 7, 4)
    assert dataset.X.shape == (400, 4)
    assert dataset.setting("hidden").X.columns.tolist() == ["b", "c", "d0"]
    row = scores[scores["entry"] == "randomised"].iloc[0]
    assert row["sate"] == pytest.approx(dataset.sate)


def test_a_table_keeps_those_that_were_not_measured(tmp_path) -> None:
    path = tmp_path / "new" / "seconds.csv"

    def row(name: str, seconds: float) -> pd.DataFrame:
        return pd.DataFrame({"estimator": [name], "rows": [10], "seconds": [seconds]})

    for name, seconds in (("RF", 1.0), ("mine", 2.0), ("Zero", 3.0), ("RF", 4.0)):
        update_table(path, [name], row(name, seconds))
    table = pd.read_csv(path)
    assert table["estimator"].tolist() == ["Zero", "RF", "mine"]
    assert table["seconds"].tolist() == [3.0, 4.0, 2.0]


def test_an_estimator_that_always_fails_is_in_the_table(tmp_path) -> None:
    """Its earlier numbers are not."""
    path = tmp_path / "coverage.csv"
    measured = measure_coverage(study(tmp_path, "IPW", seeds=1))
    measured = measured[measured["truth"] == "linear"]
    for status in ("ok", "timeout"):
        update_table(path, ["IPW"], summarise_coverage(measured.assign(status=status)))
    (row,) = pd.read_csv(path).itertuples()
    assert (row.truth, row.interval, row.seeds, row.failed) == ("linear", "ate", 1, 1)
    assert np.isnan(row.coverage)
    update_table(path, ["IPW"], summarise_coverage(measured.head(0)))
    assert pd.read_csv(path).empty


def test_the_command_measures_a_plugin(tmp_path) -> None:
    plugin = tmp_path / "grumpy.py"
    plugin.write_text(PLUGIN)
    places = ["--results", str(tmp_path / "results"), "--runs", str(tmp_path / "runs")]
    given = ["coverage", "Grumpy", "--plugin", str(plugin), "--seeds", "6", "--rows", "60"]
    assert main([*given, *places, "--workers", "1"]) == 0
    table = pd.read_csv(tmp_path / "results" / "coverage.csv")
    assert table["truth"].tolist() == ["linear", "nonlinear"]
    assert (table["coverage"] > 0.9).all()
    assert 0 < table["failed"].sum() < 12


def test_an_interrupt_is_one_line(tmp_path, monkeypatch, capsys) -> None:
    def stopped(*args, **kwargs):
        raise benchmarks.Interrupted

    monkeypatch.setattr(benchmarks, "run", stopped)
    assert main(["seconds", "LinReg", "--runs", "here", "--results", str(tmp_path)]) == 1
    assert capsys.readouterr().err.endswith("stopped; the same command continues from here\n")
    assert list(tmp_path.iterdir()) == []


def test_one_that_cannot_be_made_is_one_line(tmp_path, capsys) -> None:
    plugin = tmp_path / "grumpy.py"
    init = "\n    def __init__(self):\n        raise OSError\n\n    def _fit"
    plugin.write_text(PLUGIN.replace("\n    def _fit", init))
    assert main(["seconds", "Grumpy", "--plugin", str(plugin)]) == 2
    err = capsys.readouterr().err
    assert err.startswith(f"error: plugin {plugin}: estimator 'Grumpy' cannot be made: OSError")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["coverage", "LinRig"], "error: no estimator 'LinRig'; did you mean 'LinReg'"),
        (["seconds", "--plugin", "none.py"], "error: plugin none.py: cannot be read"),
        (["seconds", "LinReg", "--workers", "-1"], "error: workers is -1: give 1 or more"),
    ],
)
def test_bad_input_is_one_line(arguments, message, capsys) -> None:
    assert main(arguments) == 2
    err = capsys.readouterr().err
    assert message in err
    assert "Traceback" not in err
