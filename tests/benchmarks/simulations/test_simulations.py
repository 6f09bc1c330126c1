"""Measurements of estimators go on where they stopped, and end in the same tables."""

from __future__ import annotations

import subprocess
import sys
import time

import numpy as np
import pandas as pd
import psutil
import pytest

from benchmarks.simulations import jobs
from benchmarks.simulations.__main__ import main
from benchmarks.simulations.designs import TRUTHS
from benchmarks.simulations.jobs import COVERAGE_COLUMNS, Plan, measure_coverage, measure_seconds
from benchmarks.simulations.measure import coverage, errors
from benchmarks.simulations.summary import put, summarise_coverage, summarise_seconds
from benchmarks.storage.csv_log import Log
from estimators import plugins
from estimators.registry import REGISTRY

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


@pytest.fixture
def registry_of_plugins(monkeypatch):
    """What a test registers is gone after it."""
    monkeypatch.setattr(REGISTRY, "_entries", dict(REGISTRY._entries))
    monkeypatch.setattr(plugins, "_loaded", {})


def test_a_line_that_a_kill_cut_short_is_forgotten(tmp_path):
    log = Log(tmp_path / "deep" / "log.csv", ("seed", "value", "reason"))
    assert log.rows().empty
    log.append({"seed": 0, "value": 0.5, "reason": "a, b"})
    with log.path.open("a") as file:
        file.write("1,0.")
    assert log.rows()["seed"].tolist() == [0]
    log.append({"seed": 2, "value": 1.5})
    rows = log.rows()
    assert rows["seed"].tolist() == [0, 2]
    assert rows["reason"].tolist()[0] == "a, b"
    assert pd.isna(rows["reason"][1])


def test_a_header_that_a_kill_cut_short_is_forgotten(tmp_path):
    log = Log(tmp_path / "log.csv", ("seed",))
    log.path.write_text("se")
    assert log.rows().empty
    log.append({"seed": 3})
    assert log.rows()["seed"].tolist() == [3]


def test_coverage_is_counted_as_it_is():
    measured = coverage("Oracle", "nonlinear", 50, 1)
    # Its intervals have no width, and lie on what it was shown: the CATE, the ITE, and their mean.
    assert (measured["effect"], measured["ite"], measured["ate"]) == (1, 1, 0)
    assert measured["effect_width"] == measured["ite_width"] == measured["ate_width"] == 0
    assert measured["ate_population"] == 0
    student = coverage("LinReg", "linear", 400, 2)
    assert 0 < student["effect"] < 1
    assert student["ate"] in (0, 1)
    assert student["effect_width"] == pytest.approx(student["ate_width"])
    assert "ite" not in student


def test_errors_are_against_the_cate():
    drawn = TRUTHS["linear"](200, 4, 5)
    found = errors("Zero", "linear", 200, 4)
    assert found["effect"] == pytest.approx(np.sqrt(np.mean(drawn.cate**2)))
    assert found["ate"] == pytest.approx(abs(drawn.cate.mean()))
    assert set(errors("AIPW", "linear", 200, 4)) == {"ate"}


def test_measuring_goes_on_where_it_stopped(tmp_path, monkeypatch):
    whole = measure_coverage("DiffInMeans", Plan(tmp_path / "whole", (80,), 4))
    assert whole["truth"].value_counts().to_dict() == {"randomised": 4, "linear": 4, "nonlinear": 4}
    plan = Plan(tmp_path / "parts", (80,), 2)
    measure_coverage("DiffInMeans", plan)
    seen = []

    def noted(name, truth, n, seed):
        seen.append((truth, seed))
        return coverage(name, truth, n, seed)

    monkeypatch.setattr(jobs, "coverage", noted)
    parts = measure_coverage("DiffInMeans", Plan(plan.folder, (80,), 4))
    assert sorted(seen) == [(t, s) for t in ("linear", "nonlinear", "randomised") for s in (2, 3)]
    first, second = (
        summarise_coverage("DiffInMeans", table).sort_values("truth", ignore_index=True)
        for table in (whole, parts)
    )
    pd.testing.assert_frame_equal(first, second)
    # Fewer are asked for: the others stay on record, and out of the table.
    assert len(measure_coverage("DiffInMeans", plan)) == 6
    # Other code is another measurement.
    monkeypatch.setattr(jobs, "_identity", lambda name: "other")
    measure_coverage("DiffInMeans", plan)
    assert len(seen) == 12


def test_seconds_are_measured_for_each_size(tmp_path):
    summary = summarise_seconds("LinReg", measure_seconds("LinReg", Plan(tmp_path, (50, 90), 3)))
    assert summary["rows"].tolist() == [50, 90]
    assert summary["fits"].tolist() == [3, 3]
    assert (summary["seconds"] > 0).all()


def test_a_table_keeps_those_that_were_not_measured(tmp_path):
    path = tmp_path / "new" / "seconds.csv"

    def row(name: str, seconds: float) -> pd.DataFrame:
        return pd.DataFrame({"estimator": [name], "rows": [10], "seconds": [seconds]})

    for name, seconds in (("RF", 1.0), ("mine", 2.0), ("Zero", 3.0), ("RF", 4.0)):
        put(path, name, row(name, seconds))
    table = pd.read_csv(path)
    assert table["estimator"].tolist() == ["Zero", "RF", "mine"]
    assert table["seconds"].tolist() == [3.0, 4.0, 2.0]


def test_an_estimator_that_always_fails_is_in_the_table(tmp_path):
    """And what was known of it before is not."""
    path = tmp_path / "coverage.csv"
    for fit in (lambda *_: coverage("IPW", "linear", 60, 0), lambda *_: {"reason": "no"}):
        plan = Plan(tmp_path / f"{len(list(tmp_path.iterdir()))}", (60,), 3)
        measured = jobs._go_on("IPW", plan, COVERAGE_COLUMNS, [("linear", 60, 0)], fit)
        put(path, "IPW", summarise_coverage("IPW", measured))
    (row,) = pd.read_csv(path).itertuples()
    assert (row.truth, row.interval, row.seeds, row.failed) == ("linear", "ate", 1, 1)
    assert np.isnan(row.coverage)
    put(path, "IPW", summarise_coverage("IPW", measured.head(0)))
    assert pd.read_csv(path).empty


def test_a_line_that_two_processes_wrote_counts_once(tmp_path):
    plan = Plan(tmp_path, (60,), 2)
    measure_coverage("IPW", plan)
    (path,) = tmp_path.glob("*.csv")
    first, *lines = path.read_text().splitlines(keepends=True)
    path.write_text(first + "".join(lines * 2))
    assert len(measure_coverage("IPW", plan)) == 4


def test_a_log_is_one_process_at_a_time(tmp_path):
    """The second waits, and then finds what the first has measured."""
    log = Log(tmp_path / "log.csv", ("seed",))
    waiting = (
        "import sys, pathlib\nfrom benchmarks.storage.csv_log import Log\n"
        "log = Log(pathlib.Path(sys.argv[1]), ('seed',))\n"
        "with log.held():\n    print(len(log.rows()))"
    )
    command = [sys.executable, "-c", waiting, str(log.path)]
    with log.held():
        pipe = subprocess.PIPE
        other = subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True)
        assert other.stderr is not None
        assert other.stderr.readline().endswith("log.csv: waiting for another process\n")
        log.append({"seed": 1})
    assert other.communicate()[0] == "1\n"


def test_keys_reach_what_trains_and_samples():
    """Code that no class inherits decides numbers too."""
    found = jobs._code("TARNet"), jobs._code("BART"), jobs._code("CausalML R-LGBM")
    for names, name in zip(
        found,
        ("network_training.train", "stochtree_models.posterior_of", "weighting.clipped"),
        strict=True,
    ):
        assert name in names


def test_the_command_measures_a_plugin(tmp_path, registry_of_plugins):
    plugin = tmp_path / "grumpy.py"
    plugin.write_text(PLUGIN)
    places = ["--results", str(tmp_path / "results"), "--runs", str(tmp_path / "runs")]
    asked = ["coverage", "Grumpy", "--plugin", str(plugin), "--seeds", "6", "--rows", "60"]
    assert main([*asked, *places]) == 0
    table = pd.read_csv(tmp_path / "results" / "coverage.csv")
    assert table["truth"].tolist() == ["linear", "nonlinear"]
    assert (table["coverage"] > 0.9).all()
    assert 0 < table["failed"].sum() < 12
    log = pd.read_csv(tmp_path / "runs" / "coverage" / "grumpy.csv")
    assert set(log["reason"].dropna()) == {"ValueError: not today"}


def test_one_that_cannot_be_made_is_one_line(tmp_path, registry_of_plugins, capsys):
    plugin = tmp_path / "grumpy.py"
    init = "\n    def __init__(self):\n        raise OSError\n\n    def _fit"
    plugin.write_text(PLUGIN.replace("\n    def _fit", init))
    assert main(["seconds", "Grumpy", "--plugin", str(plugin)]) == 2
    err = capsys.readouterr().err
    assert (
        err
        == f"error: plugin {plugin}: estimator 'Grumpy' cannot be made: OSError without a text\n"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["coverage", "LinRig"], "error: no estimator 'LinRig'; did you mean 'LinReg'"),
        (["seconds", "--plugin", "none.py"], "error: plugin none.py: cannot be read"),
    ],
)
def test_bad_names_are_one_line(arguments, message, capsys):
    assert main(arguments) == 2
    err = capsys.readouterr().err
    assert err.startswith(message)
    assert err.count("\n") == 1


SLEEPER = """
import os, pathlib, time
import estimators

@estimators.register("Sleeper")
def sleep(X, t, y):
    pathlib.Path(__file__).with_suffix(".pid").write_text(str(os.getpid()))
    time.sleep(120)
"""


def test_no_process_outlives_a_killed_measurement(tmp_path):
    plugin, pid = tmp_path / "sleeper.py", tmp_path / "sleeper.pid"
    plugin.write_text(SLEEPER)
    places = ["--results", str(tmp_path), "--runs", str(tmp_path / "runs")]
    asked = ["seconds", "Sleeper", "--plugin", str(plugin), *places]
    run = subprocess.Popen([sys.executable, "-m", "benchmarks.simulations", *asked])
    worker = None
    try:
        worker = psutil.Process(int(wait_for(lambda: pid.exists() and pid.read_text())))
        run.kill()
        assert wait_for(lambda: not worker.is_running())
    finally:
        run.kill()
        run.wait()
        if worker is not None and worker.is_running():
            worker.kill()


def wait_for(answer, seconds=60):
    """The first answer that is true; else the last one."""
    end = time.monotonic() + seconds
    while not (found := answer()) and time.monotonic() < end:
        time.sleep(0.1)
    return found
