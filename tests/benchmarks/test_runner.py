"""The runner under estimators that raise, hang, lie or die, and under kills of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures.process import BrokenProcessPool
from dataclasses import fields
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import benchmarks
from benchmarks import runner
from benchmarks.cells import Cell
from benchmarks.contender import contenders
from benchmarks.experiment import _job
from benchmarks.outcome import Outcome
from benchmarks.progress import Silent
from benchmarks.worker import Job
from sdscm.dataset import CausalDataset
from sdscm.errors import InputError

HOSTILE = Path(__file__).with_name("hostile_plugin.py")
REASONS = {
    "raises": ("failed", "ZeroDivisionError: two lines"),
    "exits": ("failed", "SystemExit: 0"),
    "dies": ("failed", "its process died (exit code 3)"),
    "killed": ("failed", "its process died (signal 9); it may have run out of memory"),
    "hangs": ("timeout", "stopped after 6 s"),
    "nan": ("failed", "BadPrediction: effect gave 120 values that are NaN or infinite"),
    "shape": ("failed", "BadPrediction: effect gave the shape (120, 1); it must be (120,)"),
    "text": ("failed", "ValueError: could not convert string to float"),
    "upside down": ("failed", "BadPrediction: effect_interval gave lower ends above upper ends"),
    "nan ends": ("failed", "BadPrediction: ite_interval gave NaN"),
    "mutates X": ("failed", "BadPrediction: it changed its input X; work on a copy"),
    "adds a column": ("failed", "BadPrediction: it changed its input X; work on a copy"),
    "mutates y": ("failed", "BadPrediction: it changed its input y; work on a copy"),
    "too big": ("failed", "MemoryError: Unable to allocate"),
}
#: Records, for each fit, the process and the dataset.
COUNTING = """
import os, time
import numpy as np
import estimators

@estimators.register({name!r})
class Counts:
    def fit(self, X, t, y):
        time.sleep({pause})
        with open({log!r}, "a") as file:
            file.write(f"{{os.getpid()}} {{y.sum():.6f}} {{X.shape[1]}}\\n")
        self.naive = y[t == 1].mean() - y[t == 0].mean()
        return self

    def effect(self, X):
        return np.full(len(X), self.naive)
"""


class Listening(Silent):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, line: str) -> None:
        self.lines.append(line)


def counting_plugin(folder: Path, pause: float = 0.0) -> tuple[Path, Path, str]:
    """A plugin, the log of its fits, and its name: one of each folder, as plugins stay loaded."""
    log, plugin, name = folder / "fits.log", folder / "counting.py", f"counts in {folder.name}"
    log.touch()
    plugin.write_text(COUNTING.format(log=str(log), pause=pause, name=name))
    return plugin, log, name


def fits(log: Path) -> list[str]:
    return log.read_text().splitlines()


def without_cost(scores: pd.DataFrame) -> pd.DataFrame:
    return scores.drop(columns=["seconds", "peak_memory"])


def folders(tmp_path: Path, name: str = "") -> dict[str, Path]:
    return {"runs_dir": tmp_path / f"runs{name}", "results_dir": tmp_path / f"results{name}"}


def test_whatever_an_estimator_does_is_a_row_and_others_are_unchanged(make_suite, tmp_path) -> None:
    kind = ["LinReg", "RF", "peeks"]
    suite = make_suite(datasets=1, settings=["all"], estimators=kind, time_limit=6)
    alone = benchmarks.run(
        suite, plugins=[HOSTILE], workers=1, results_dir=None, runs_dir=tmp_path / "alone"
    )
    among = benchmarks.run(
        suite,
        estimators=[*REASONS, *kind],
        plugins=[HOSTILE],
        workers=2,
        **folders(tmp_path),
    )
    rows = among.scores.set_index("estimator")
    for name, (status, reason) in REASONS.items():
        assert rows.loc[name, "status"] == status, name
        assert rows.loc[name, "reason"].startswith(reason), name
        assert "\n" not in rows.loc[name, "reason"]
        assert np.isnan(rows.loc[name, "ate_error"])
    same = among.scores[among.scores["estimator"].isin(kind)].reset_index(drop=True)
    pd.testing.assert_frame_equal(without_cost(same), without_cost(alone.scores))
    page = (tmp_path / "results" / "toy" / "leaderboard.md").read_text()
    assert "its process died (exit code 3)" in page
    assert "0 of 1" in page


def test_the_oracle_is_exact_and_the_naive_contrast_is_not(suite, tmp_path) -> None:
    result = benchmarks.run(suite, workers=0, **folders(tmp_path))
    rows = result.scores.groupby("estimator")
    oracle = rows.get_group("Oracle")
    for error in ("ate_error", "ate_abs_error", "pehe", "pehe_sd", "cate_width_sd"):
        assert (oracle[error] == 0).all(), error
    for exact in ("r2", "r2_swapped", "sign_accuracy", "ate_coverage", "ite_coverage"):
        assert (oracle[exact] == 1).all(), exact
    assert (rows.get_group("DiffInMeans")["ate_abs_error_sd"] > 0.5).all()
    hidden = rows.get_group("LinReg").set_index("setting")["ate_abs_error"]
    assert hidden["hidden"].min() > hidden["all"].max()


def test_one_two_and_no_workers_give_the_same_board(make_suite, tmp_path) -> None:
    suite = make_suite(datasets=2, estimators=["RF", "IPW", "peeks", "Oracle"])
    results = [
        benchmarks.run(suite, plugins=[HOSTILE], workers=workers, **folders(tmp_path, str(workers)))
        for workers in (0, 1, 2)
    ]
    for other in results[1:]:
        pd.testing.assert_frame_equal(
            without_cost(results[0].scores), without_cost(other.scores), check_exact=True
        )
    for file in ("scores.csv", "leaderboard.png"):
        contents = {(r.files[0].parent / file).read_bytes() for r in results}
        assert len(contents) == 1, file


def test_what_is_on_record_is_not_computed_again(make_suite, tmp_path) -> None:
    plugin, log, counts = counting_plugin(tmp_path)
    suite = make_suite(datasets=2, estimators=[counts])
    options = folders(tmp_path) | {"plugins": [plugin], "workers": 1}
    first = benchmarks.run(suite, **options)
    assert (first.computed, len(fits(log))) == (4, 4)
    pictures = {path: path.read_bytes() for path in first.files}
    second = benchmarks.run(suite, **options)
    assert (second.computed, len(fits(log))) == (0, 4)
    assert {path: path.read_bytes() for path in second.files} == pictures
    longer = make_suite(datasets=3, estimators=[counts])
    assert benchmarks.run(longer, **options).computed == 2
    plugin.write_text(plugin.read_text() + "\n# another version\n")
    assert benchmarks.run(longer, **options).computed == 6


@pytest.mark.parametrize("folder", ["cells", "predictions"])
def test_a_truncated_record_is_named_and_done_again(make_suite, tmp_path, folder: str) -> None:
    plugin, log, counts = counting_plugin(tmp_path)
    suite = make_suite(datasets=2, estimators=[counts])
    options = folders(tmp_path) | {"plugins": [plugin], "workers": 0}
    first = benchmarks.run(suite, **options)
    path = sorted((first.run_dir / folder).iterdir())[0]
    path.write_bytes(path.read_bytes()[:-20])
    listening = Listening()
    partial = benchmarks.leaderboard(suite, runs_dir=tmp_path / "runs", results_dir=None)
    assert (partial.scores["status"] == "missing").sum() == 1
    again = benchmarks.run(suite, progress=listening, **options)
    assert (again.computed, len(fits(log))) == (1, 5)
    assert len(listening.lines) == 1
    assert str(path) in listening.lines[0]
    pd.testing.assert_frame_equal(without_cost(first.scores), without_cost(again.scores))


def test_a_damaged_dataset_is_named_and_made_again(suite, tmp_path) -> None:
    options = folders(tmp_path) | {"workers": 0}
    first = benchmarks.run(suite, **options)
    path = sorted((first.run_dir / "datasets").iterdir())[0]
    path.write_bytes(path.read_bytes()[:100])
    listening = Listening()
    again = benchmarks.run(suite, progress=listening, **options)
    assert again.computed == 0
    assert str(path) in listening.lines[0]
    pd.testing.assert_frame_equal(first.scores, again.scores)


def test_failures_stay_on_record_unless_a_retry_is_asked_for(make_suite, tmp_path) -> None:
    suite = make_suite(datasets=1, settings=["all"], estimators=["raises", "LinReg"])
    options = folders(tmp_path) | {"plugins": [HOSTILE], "workers": 0}
    assert benchmarks.run(suite, **options).computed == 2
    assert benchmarks.run(suite, **options).computed == 0
    assert benchmarks.run(suite, retry=True, **options).computed == 1


def test_a_timeout_is_run_again_when_there_is_more_time(make_suite, tmp_path) -> None:
    plugin, _, counts = counting_plugin(tmp_path, pause=2.0)
    options = folders(tmp_path) | {"plugins": [plugin], "workers": 1}
    estimators = {"datasets": 1, "settings": ["all"], "estimators": [counts]}
    short = benchmarks.run(make_suite(time_limit=0.5, **estimators), **options)
    assert short.scores["status"].tolist() == ["timeout"]
    assert benchmarks.run(make_suite(time_limit=0.5, **estimators), **options).computed == 0
    long = benchmarks.run(make_suite(time_limit=30, **estimators), **options)
    assert long.scores["status"].tolist() == ["ok"]


def test_only_an_oracle_is_shown_the_truth(confounded) -> None:
    dataset = confounded(1)
    for name in ("RF", "Oracle"):
        (contender,) = contenders([name])
        cell = Cell("d", dataset.fingerprint, "hidden", name, contender.identity, 0, 0.05, 1)
        job = _job(cell, contender, dataset.setting("hidden"))
        assert job.X.columns.tolist() == ["a", "b"]
        np.testing.assert_array_equal(job.y, dataset.y)
        assert (job.reveal is not None) == (name == "Oracle")
    crossing = {field.name for field in fields(Job)}
    assert crossing == {"maker", "X", "t", "y", "reveal", "seed", "alpha", "threads"}


def test_without_matplotlib_nothing_is_run(suite, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"sdscm\[plot\]"):
        benchmarks.run(suite, **folders(tmp_path))
    assert not (tmp_path / "runs").exists()


class Mine:
    """An estimator as a user writes one in a script."""

    def __init__(self, shift: float) -> None:
        self.shift = shift

    def fit(self, X, t, y):
        self.value = y[t == 1].mean() - y[t == 0].mean() + self.shift
        return self

    def ate(self, X):
        return self.value


def test_objects_run_beside_registered_ones(suite, tmp_path) -> None:
    mine = [*suite.estimators, ("mine", Mine(0.0)), ("shifted", Mine(1.0))]
    scores = benchmarks.run(suite, estimators=mine, workers=1, **folders(tmp_path)).scores
    error = scores.pivot_table(
        index=["dataset", "setting"], columns="estimator", values="ate_error"
    )
    np.testing.assert_allclose(error["mine"], error["DiffInMeans"])
    np.testing.assert_allclose(error["shifted"], error["mine"] + 1)
    assert scores[scores["estimator"] == "mine"]["pehe"].isna().all()


SCRIPT = """
import sys
import benchmarks
from pathlib import Path

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    try:
        benchmarks.run(
            folder / "toy.yaml",
            plugins=[folder / "counting.py"],
            workers=2,
            runs_dir=folder / "runs",
            results_dir=folder / "results",
        )
    except KeyboardInterrupt as stop:
        sys.exit(f"told: {stop}")
"""


def start(folder: Path) -> subprocess.Popen[str]:
    script = folder / "script.py"
    script.write_text(SCRIPT)
    return subprocess.Popen(
        [sys.executable, str(script), str(folder)],
        env=os.environ | {"PYTHONPATH": str(Path(benchmarks.__file__).parents[1])},
        stderr=subprocess.PIPE,
        text=True,
        # A test-suite in the background of a shell hands down that interrupts are ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def wait_until(condition, seconds: float = 40) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.02)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rsplit(")", 1)[1].split()[0] != "Z"


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_stopped_in_the_middle_a_run_ends_in_the_same_board(make_suite, tmp_path, how) -> None:
    plugin, log, counts = counting_plugin(tmp_path, pause=0.2)
    suite = make_suite(datasets=4, estimators=[counts, "Oracle"])
    run = start(tmp_path)
    cells = tmp_path / "runs" / "toy" / "cells"
    wait_until(lambda: len(fits(log)) >= 3 and cells.is_dir())
    run.send_signal(how)
    _, told = run.communicate(timeout=30)
    workers = {int(line.split()[0]) for line in fits(log)}
    wait_until(lambda: not any(map(alive, workers)), seconds=10)
    if how == signal.SIGINT:
        assert "told: stopped; " in told
        assert "To go on from there: sdscm benchmark " in told

    recorded = [json.loads(path.read_text())["cell"] for path in cells.glob("*.json")]
    options = {"plugins": [plugin], "workers": 2}
    resumed = benchmarks.run(suite, **options, **folders(tmp_path))
    assert 0 < len(recorded) < 16
    assert resumed.computed == 16 - len(recorded)
    fitted = [line.split(maxsplit=1)[1] for line in fits(log)]
    for cell in recorded:
        if cell["estimator"] == counts:
            path = tmp_path / "runs" / "toy" / "datasets" / f"{cell['dataset']}.parquet"
            seen = CausalDataset.read_parquet(path).setting(cell["setting"])
            assert fitted.count(f"{seen.y.sum():.6f} {seen.X.shape[1]}") == 1
    undisturbed = benchmarks.run(suite, **options, **folders(tmp_path, "whole"))
    pd.testing.assert_frame_equal(without_cost(resumed.scores), without_cost(undisturbed.scores))


def test_a_broken_pool_is_opened_again(monkeypatch) -> None:
    done: list[str] = []

    def breaks_after_one(left, tell, workers, time_limit, plugins) -> None:
        key = next(iter(left))
        cell, _ = left.pop(key)
        tell(cell, Outcome("ok"))
        if left:
            raise BrokenProcessPool

    class Keyed:
        def __init__(self, key: str) -> None:
            self.key = key

    monkeypatch.setattr(runner, "_one_pool", breaks_after_one)
    tasks = [(Keyed(str(i)), None) for i in range(4)]
    options = {"workers": 1, "threads": 1, "time_limit": 1.0, "plugins": []}
    runner.run_in_pool(tasks, lambda cell, _: done.append(cell.key), **options)
    assert done == ["0", "1", "2", "3"]

    def breaks_at_once(*_) -> None:
        raise BrokenProcessPool

    monkeypatch.setattr(runner, "_one_pool", breaks_at_once)
    with pytest.raises(RuntimeError, match="__main__"):
        runner.run_in_pool(tasks, lambda *_: None, **options)


def test_unknown_things_are_told_before_anything_is_written(suite, tmp_path) -> None:
    with pytest.raises(InputError, match="no estimator 'none'"):
        benchmarks.run(suite, estimators=["none"], **folders(tmp_path))
    with pytest.raises(InputError, match="no run here; run the suite first"):
        benchmarks.leaderboard(suite, **folders(tmp_path))
    assert not (tmp_path / "runs").exists()
    assert not (tmp_path / "results").exists()
