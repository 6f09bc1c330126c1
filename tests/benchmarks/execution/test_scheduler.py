"""The runner under estimators that raise, hang, lie or die, and under workers that break."""

from __future__ import annotations

import multiprocessing
import os
import random
import shlex
import signal
import sqlite3
import tempfile
import threading
import time
from concurrent.futures import Future
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import benchmarks
from benchmarks.datasets.source import Source
from benchmarks.execution import batches, scheduler
from benchmarks.execution.backend import BrokenWorker, LocalWorker
from benchmarks.execution.cells import Cell
from benchmarks.execution.job import Job
from benchmarks.execution.job_builder import JobBuilder
from benchmarks.execution.methods import Registered, methods_of
from benchmarks.execution.runtimes import Runtimes
from benchmarks.interface import Outcome
from benchmarks.progress import Silent
from sdscm.errors import InputError

HOSTILE = Path(__file__).parents[1] / "hostile_plugin.py"
REASONS = {
    "raises": ("failed", "ZeroDivisionError: two lines"),
    "exits": ("failed", "SystemExit: 0"),
    "interrupts": ("failed", "KeyboardInterrupt:"),
    "speechless": ("failed", "Unspeakable: its message cannot be shown"),
    "mumbles": ("failed", "ValueError: odd and [31mred"),
    "dies": ("failed", "its process ended (exit code 3)"),
    "leaves": ("failed", "its process ended (exit code 0)"),
    "killed": ("failed", "its process ended (signal 9); it may have run out of memory"),
    "hangs": ("timeout", "stopped after 12 s"),
    "nan": ("failed", "BadPrediction: effect gave 120 values that are NaN or infinite"),
    "shape": ("failed", "BadPrediction: effect gave the shape (120, 1); it must be (120,)"),
    "text": ("failed", "ValueError: could not convert string to float"),
    "upside down": ("failed", "BadPrediction: effect_interval gave lower ends above upper ends"),
    "nan ends": ("failed", "BadPrediction: ite_interval gave NaN"),
    "mutates X": ("failed", "BadPrediction: it changed its input X; work on a copy"),
    "adds a column": ("failed", "BadPrediction: it changed its input X; work on a copy"),
    "mutates y": ("failed", "BadPrediction: it changed its input y; work on a copy"),
    "too big": ("failed", "MemoryError: Unable to allocate"),
    "eats memory": ("failed", "MemoryError: Unable to allocate 16.0 MiB"),
    "peeks at the truth": ("failed", "LookupError: no truth to be seen"),
    "leaves a mess": ("failed", "RuntimeError: a mess"),
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


def no_report(tmp_path: Path) -> dict[str, Path | None]:
    """Most of the time of a small run is its report."""
    return {"runs_dir": tmp_path / "runs", "results_dir": None}


def test_whatever_an_estimator_does_is_a_row_and_others_are_unchanged(
    make_suite, tmp_path, monkeypatch
) -> None:
    scratch = tmp_path / "temporary"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr("benchmarks.report.figure._png", lambda *_: b"")
    kind = ["LinReg", "RF", "peeks"]
    suite = make_suite(
        datasets=1, settings=["all"], estimators=kind, time_limit=12, memory_limit=0.5
    )
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
    assert list(scratch.iterdir()) == []
    assert "its process ended (exit code 3)" in page
    assert "0 of 1" in page


def test_the_oracle_is_exact_and_the_naive_contrast_is_not(suite, tmp_path) -> None:
    result = benchmarks.run(suite, workers=0, **no_report(tmp_path))
    rows = result.scores.groupby("estimator")
    oracle = rows.get_group("Oracle")
    for error in ("ate_error", "ate_abs_error", "pehe", "pehe_sd", "cate_width_sd"):
        assert (oracle[error] == 0).all(), error
    for exact in ("r2", "r2_swapped", "sign_accuracy", "ate_coverage", "ite_coverage"):
        assert (oracle[exact] == 1).all(), exact
    assert (rows.get_group("DiffInMeans")["ate_abs_error_sd"] > 0.5).all()
    hidden = rows.get_group("LinReg").set_index("setting")["ate_abs_error"]
    assert hidden["hidden"].min() > hidden["all"].max()


def test_two_and_no_workers_give_the_same_board(make_suite, tmp_path) -> None:
    suite = make_suite(datasets=2, estimators=["RF", "IPW", "peeks", "Oracle"])
    results = [
        benchmarks.run(suite, plugins=[HOSTILE], workers=workers, **folders(tmp_path, str(workers)))
        for workers in (0, 2)
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
    options = folders(tmp_path) | {"plugins": [plugin], "workers": 0}
    first = benchmarks.run(suite, **options)
    assert (first.computed, len(fits(log))) == (4, 4)
    pictures = {path: path.read_bytes() for path in first.files}
    second = benchmarks.run(suite, **options)
    assert (second.computed, len(fits(log))) == (0, 4)
    assert {path: path.read_bytes() for path in second.files} == pictures
    longer, options = make_suite(datasets=3, estimators=[counts]), options | {"results_dir": None}
    assert benchmarks.run(longer, **options).computed == 2
    plugin.write_text(plugin.read_text() + "\n# another comment\n")
    assert benchmarks.run(longer, **options).computed == 0
    plugin.write_text(plugin.read_text() + "\nVERSION = 2\n")
    assert benchmarks.run(longer, **options).computed == 6


def test_a_damaged_record_is_named_and_done_again(make_suite, tmp_path) -> None:
    plugin, log, counts = counting_plugin(tmp_path)
    suite = make_suite(datasets=2, estimators=[counts])
    options = no_report(tmp_path) | {"plugins": [plugin], "workers": 0}
    first = benchmarks.run(suite, **options)
    connection = sqlite3.connect(first.run_dir / "run.sqlite")
    with connection:
        connection.execute("UPDATE cells SET wall = 7 WHERE key = (SELECT min(key) FROM cells)")
    connection.close()
    listening = Listening()
    partial = benchmarks.leaderboard(suite, runs_dir=tmp_path / "runs", results_dir=None)
    assert (partial.scores["status"] == "missing").sum() == 1
    again = benchmarks.run(suite, progress=listening, **options)
    assert (again.computed, len(fits(log))) == (1, 5)
    assert "run.sqlite: table cells" in listening.lines[0]
    assert "it is computed again now" in listening.lines[0]
    pd.testing.assert_frame_equal(without_cost(first.scores), without_cost(again.scores))


def test_a_damaged_dataset_is_named_and_made_again(suite, tmp_path) -> None:
    options = no_report(tmp_path) | {"workers": 0}
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
    options = no_report(tmp_path) | {"plugins": [HOSTILE], "workers": 0}
    assert benchmarks.run(suite, **options).computed == 2
    assert benchmarks.run(suite, **options).computed == 0
    assert benchmarks.run(suite, retry=True, **options).computed == 1


def test_a_timeout_is_run_again_when_there_is_more_time(make_suite, tmp_path) -> None:
    plugin, _, counts = counting_plugin(tmp_path, pause=1.0)
    options = no_report(tmp_path) | {"plugins": [plugin], "workers": 1}
    estimators = {"datasets": 1, "settings": ["all"], "estimators": [counts]}
    short = benchmarks.run(make_suite(time_limit=0.3, **estimators), **options)
    assert short.scores["status"].tolist() == ["timeout"]
    assert benchmarks.run(make_suite(time_limit=0.3, **estimators), **options).computed == 0
    long = benchmarks.run(make_suite(time_limit=30, **estimators), **options)
    assert long.scores["status"].tolist() == ["ok"]


def test_only_an_oracle_is_shown_the_truth(make_suite, confounded) -> None:
    dataset = confounded(1)
    source = Source("d", "d", "d", "", dataset.fingerprint, (0, "d"))
    for holdout in (0.0, 0.25):
        suite = make_suite(holdout=holdout)
        field = {method.label: method for method in methods_of(["RF", "Oracle"])}
        builder = JobBuilder(suite, [source], {"d": dataset}, field)
        for name, method in field.items():
            print_ = dataset.fingerprint
            cell = Cell("d", print_, "hidden", name, method.identity, 0, 0.05, 1, holdout)
            job = builder.job(cell)
            assert job.X.columns.tolist() == ["a", "b"]
            assert (job.reveal is not None) == (name == "Oracle")
            if not holdout:
                np.testing.assert_array_equal(job.y, dataset.y)
                assert job.held_out is None
                continue
            assert job.held_out is not None
            assert (job.held_out.reveal is not None) == (name == "Oracle")
            both = np.concatenate([job.y, job.held_out.y])
            np.testing.assert_array_equal(np.sort(both), np.sort(dataset.y))
            assert job.held_out.X.columns.tolist() == ["a", "b"]
            assert len(job.held_out.X) == 30
    crossing = {field.name for field in fields(Job)}
    assert crossing == {"maker", "X", "t", "y", "reveal", "seed", "alpha", "threads"} | {
        "held_out",
        "shown",
        "strengths",
        "memory_limit",
        "isolation_group",
        "fit_many",
        "fit_key",
    }


class Mine:
    """An estimator as a user writes one in a script."""

    def __init__(self, shift: float) -> None:
        self.shift = shift

    def fit(self, X, t, y):
        self.value = y[t == 1].mean() - y[t == 0].mean() + self.shift
        return self

    def ate(self, X):
        return self.value


def test_objects_run_beside_registered_ones(make_suite, tmp_path) -> None:
    suite = make_suite(datasets=2, settings=["all"])
    mine = ["DiffInMeans", ("mine", Mine(0.0)), ("shifted", Mine(1.0))]
    scores = benchmarks.run(suite, estimators=mine, workers=1, **no_report(tmp_path)).scores
    error = scores.pivot_table(index="dataset", columns="estimator", values="ate_error")
    np.testing.assert_allclose(error["mine"], error["DiffInMeans"])
    np.testing.assert_allclose(error["shifted"], error["mine"] + 1)
    assert scores[scores["estimator"] == "mine"]["pehe"].isna().all()


#: Notes its process and waits to be killed, once.
VICTIM = """
import os, time
import estimators

@estimators.register({name!r}, estimand="ATE")
class Victim:
    def fit(self, X, t, y):
        try:
            file = open({noted!r}, "x")  # one process only
        except FileExistsError:
            return self
        with file:
            file.write(f"{{os.getpid()}}\\n")
        time.sleep(600)
        return self

    def ate(self, X):
        return 1.0
"""


def test_a_worker_killed_from_outside_takes_one_cell_with_it(make_suite, tmp_path) -> None:
    noted, plugin = tmp_path / "process", tmp_path / "victim.py"
    name = f"victim in {tmp_path.name}"
    plugin.write_text(VICTIM.format(name=name, noted=str(noted)))
    suite = make_suite(datasets=2, settings=["all"], estimators=[name, "LinReg"], time_limit=500)
    options = no_report(tmp_path) | {"plugins": [plugin], "workers": 2}

    def kill() -> None:
        while not noted.exists() or not noted.read_text().endswith("\n"):
            time.sleep(0.01)
        os.kill(int(noted.read_text()), signal.SIGKILL)

    threading.Thread(target=kill, daemon=True).start()
    scores = benchmarks.run(suite, **options).scores
    lost = scores[scores["status"] != "ok"]
    assert lost["estimator"].tolist() == [name]
    assert lost["reason"].tolist() == [REASONS["killed"][1]]
    again = benchmarks.run(suite, retry=True, **options)
    assert again.computed == 1
    assert (again.scores["status"] == "ok").all()


def test_a_worker_that_dies_idle_or_is_stopped_leaves_no_cell_waiting() -> None:
    (_, job), *_ = scripted({"a": 1})
    job = replace(job, maker=Registered("DiffInMeans", {}))
    diary: list[str] = []
    left = 2

    class Mortal(LocalWorker):
        """Is killed when its first cell has ended."""

        def outcomes(self, future: Future) -> list[Outcome]:
            nonlocal left
            outcomes = super().outcomes(future)
            if left:
                left -= 1
                for child in multiprocessing.active_children():
                    child.kill()
                    child.join()
                time.sleep(0.3)  # the pool looks every 0.1 s
            return outcomes

    tasks = [(cell, job) for cell, _ in scripted(dict.fromkeys(("a", "b", "c", "d"), 1.0))]
    scheduler.run_with(
        lambda: Mortal((), 60), tasks, lambda cell, _: diary.append(cell.identity), 1, Runtimes()
    )
    assert sorted(diary) == ["a", "b", "c", "d"]
    assert left == 0


class Unsendable:
    """Ends the thread that sends jobs to the worker, the first time."""

    sent = 0

    def __reduce__(self):
        Unsendable.sent += 1
        if Unsendable.sent == 1:
            raise MemoryError
        return Registered, ("DiffInMeans", {})


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_worker_that_answers_no_more_is_replaced(monkeypatch) -> None:
    monkeypatch.setattr(scheduler, "_CHECK_INTERVAL", 0.2)
    monkeypatch.setattr(Unsendable, "sent", 0)
    ((cell, job),) = scripted({"a": 1})
    ended: list[str] = []
    scheduler.run_in_pool(
        [(cell, replace(job, maker=Unsendable()))],
        lambda cell, outcome: ended.append(cell.identity),
        workers=1,
        threads=1,
        time_limit=60,
        plugins=(),
    )
    assert ended == ["a"]
    assert Unsendable.sent == 2


class Scripted:
    """A worker in this process that keeps a diary, and breaks where it is told to."""

    def __init__(self, diary: list[str], breaks: list[str]) -> None:
        self.diary, self.breaks, self.broken = diary, breaks, False

    def submit(self, jobs) -> Future:
        (job,) = jobs
        future: Future = Future()
        if self.breaks[:1] == [job.maker]:
            self.breaks.pop(0)
            self.broken = True
        if not self.broken:
            self.diary.append(job.maker)
        future.set_result(None if self.broken else [Outcome("ok", wall=job.seed)])
        return future

    def outcomes(self, future: Future) -> list[Outcome]:
        if future.result() is None:
            raise BrokenWorker("as told")
        return future.result()

    def alive(self) -> bool:
        return True

    def stop(self, now: bool) -> None:
        self.diary.append("|")


def scripted(seconds: dict[str, float], houses: dict[str, str] | None = None) -> list[batches.Task]:
    """A task for each name, whose label is the name less its number."""
    row = {"X": pd.DataFrame({"a": [0.0]}), "t": np.zeros(1), "y": np.zeros(1), "reveal": None}
    return [
        (
            Cell("d", "f", "all", name.rstrip("0123456789"), name, 0, 0.05, 1),
            Job(
                maker=name,
                seed=wall,
                alpha=0.05,
                threads=1,
                isolation_group=(houses or {}).get(name, ""),
                **row,
            ),
        )
        for name, wall in seconds.items()
    ]


def played(tasks: list[batches.Task], breaks: list[str] | None = None, runtimes=None) -> list[str]:
    diary: list[str] = []
    left = list(breaks or [])
    done: list[str] = []
    scheduler.run_with(
        lambda: Scripted(diary, left),
        tasks,
        lambda cell, _: done.append(cell.identity),
        1,
        runtimes or Runtimes(),
    )
    assert sorted(done) == sorted(cell.identity for cell, _ in tasks)
    return diary


def test_the_longest_is_first_once_each_estimator_is_known() -> None:
    tasks = scripted({"b1": 2, "b2": 2, "a1": 1.5, "a2": 1.5, "c1": 9, "c2": 9})
    diary = played(tasks)
    assert sorted(diary[:3]) == ["a1", "b1", "c1"]
    assert diary[3:] == ["c2", "b2", "a2", "|"]
    runtimes = Runtimes()
    for label, wall in (("a", 1.5), ("b", 2), ("c", 9)):
        runtimes.learn((label, 1), wall)
    assert played(tasks, runtimes=runtimes) == ["c1", "c2", "b1", "b2", "a1", "a2", "|"]


def test_houses_share_no_worker() -> None:
    tasks = scripted({"a1": 1, "x1": 1, "a2": 1, "x2": 1}, {"x1": "x", "x2": "x"})
    assert "".join(played(tasks)).split("|") in (["a1a2", "x1x2", ""], ["x1x2", "a1a2", ""])


def test_a_worker_that_breaks_between_cells_is_replaced() -> None:
    tasks = scripted(dict.fromkeys(("a1", "a2", "a3"), 0.1))
    diary = played(tasks, breaks=["a2"])
    assert (diary[:2], sorted(diary[2:])) == (["a1", "|"], ["a2", "a3", "|"])
    assert played(tasks, breaks=["a1", "a1"])[:3] == ["|", "|", "a1"]
    with pytest.raises(RuntimeError, match="die before they run a cell: as told"):
        played(tasks, breaks=["a1", "a1", "a1"])


def test_costs_scale_with_rows_and_know_what_they_do_not_know() -> None:
    runtimes = Runtimes()
    assert runtimes.expect(("a", 10)) == float("inf")
    for wall in (1.0, 2.0, 9.0, float("nan")):
        runtimes.learn(("a", 10), wall)
    assert runtimes.expect(("a", 10)) == 2
    assert runtimes.expect(("a", 40)) == 8
    assert runtimes.total([(("a", 10), 3), (("b", 10), 1)]) == 8
    assert np.isnan(runtimes.total([(("b", 10), 1)]))
    assert runtimes.total([]) == 0


def test_a_run_in_this_process_leaves_its_global_generators_alone(suite, tmp_path) -> None:
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002
    before = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    benchmarks.run(suite, estimators=["peeks"], plugins=[HOSTILE], workers=0, **no_report(tmp_path))
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before  # noqa: NPY002


def test_in_this_process_an_interrupt_is_the_users(suite, tmp_path) -> None:
    with pytest.raises(benchmarks.Interrupted) as caught:
        benchmarks.run(
            suite, estimators=["interrupts"], plugins=[HOSTILE], workers=0, **folders(tmp_path)
        )
    told = f"stopped; 0 cells are on record in {tmp_path / 'runs' / 'toy'}. To continue:"
    words = shlex.split(str(caught.value).removeprefix(told))
    assert words[:2] == ["sdscm", "benchmark"]
    assert words[words.index("--estimators") + 1] == "interrupts"
    assert words[words.index("--plugin") + 1] == str(HOSTILE)


def test_unknown_things_are_told_before_anything_is_written(suite, tmp_path) -> None:
    with pytest.raises(InputError, match="no estimator 'none'"):
        benchmarks.run(suite, estimators=["none"], **folders(tmp_path))
    with pytest.raises(InputError, match="no run here; run the suite first"):
        benchmarks.leaderboard(suite, **folders(tmp_path))
    assert not (tmp_path / "runs").exists()
    assert not (tmp_path / "results").exists()
