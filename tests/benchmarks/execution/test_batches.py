"""Cells that are fitted in one call have the outcomes of cells that are fitted one by one."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import benchmarks
from benchmarks.execution.batches import Task, batches_of, execute_batch
from benchmarks.execution.cells import Cell
from benchmarks.execution.job import Job, Rows

#: Notes the number of datasets of each fit. A dataset with y[0] in ``bad`` cannot be fitted.
PLUGIN = """
import os
import numpy as np
import estimators

def fails(y):
    if y[0] in {bad!r}:
        {failure}

class Noted:
    def __init__(self, shift=0.0, random_state=0):
        self.shift = shift
        self.random_state = random_state

    def fit(self, X, t, y):
        self._note(1)
        fails(y)
        self.value = y[t == 1].mean() - y[t == 0].mean() + self.shift + self.random_state % 7
        return self

    def _note(self, datasets):
        with open({log!r}, "a") as file:
            file.write(f"{{datasets}}\\n")

@estimators.register({many!r}, fit_many="datasets")
class Many(Noted):
    @classmethod
    def fit_many(cls, estimators, datasets):
        estimators[0]._note(len(datasets))
        for one, (X, t, y) in zip(estimators, datasets):
            fails(y)
            one.value = y[t == 1].mean() - y[t == 0].mean() + one.shift + one.random_state % 7

    def effect(self, X):
        return np.full(len(X), self.value)

class Shared(Noted):
    @classmethod
    def fit_many(cls, estimators, datasets):
        estimators[0].fit(*datasets[0])
        for other in estimators[1:]:
            other.value = estimators[0].value

@estimators.register({first!r}, fit_many="methods", fit_group={group!r})
class First(Shared):
    def effect(self, X):
        return np.full(len(X), self.value)

@estimators.register({second!r}, fit_many="methods", fit_group={group!r}, estimand="ATE")
class Second(Shared):
    def ate(self, X):
        return 2 * self.value
"""


class Noted:
    """The plugin in a folder; names are of that folder, since plugins stay loaded."""

    def __init__(
        self, folder: Path, bad: tuple[float, ...] = (), failure: str = "raise ValueError"
    ):
        self.path, self.log = folder / "noted.py", folder / "noted.log"
        self.many, self.first, self.second, group = (
            f"{word} in {folder.name}" for word in ("many", "first", "second", "group")
        )
        content = PLUGIN.format(
            bad=set(bad),
            failure=failure,
            log=str(self.log),
            many=self.many,
            first=self.first,
            second=self.second,
            group=group,
        )
        self.path.write_text(content)

    def fits(self) -> list[int]:
        """Number of datasets of each fit, in order."""
        return [int(line) for line in self.log.read_text().split()]


def task(number: int, fit_many: str = "datasets", **changes: object) -> Task:
    draw = np.random.default_rng(number)
    content: dict = {
        "maker": None,
        "X": pd.DataFrame(draw.normal(size=(8, 2)), columns=["a", "b"]),
        "t": np.arange(8) % 2,
        "y": draw.normal(size=8),
        "reveal": None,
        "seed": 0,
        "alpha": 0.05,
        "threads": 1,
        "fit_many": fit_many,
        "fit_key": "k",
    }
    cell = Cell(f"d{number}", "", "all", "m", "", 0, 0.05, 1)
    return cell, Job(**content | changes)


def numbers(tasks: list[Task]) -> list[list[str]]:
    return [[cell.dataset for cell, _ in batch] for batch in batches_of(tasks)]


def test_few_datasets_of_one_shape_share_a_batch() -> None:
    tasks = [task(n) for n in range(6)]
    assert numbers(tasks) == [["d0", "d1", "d2", "d3"], ["d4", "d5"]]
    wide = pd.DataFrame(np.zeros((8, 3)))
    others = [
        task(1, X=wide),
        task(1, fit_key="other"),
        task(1, isolation_group="plugin"),
        task(1, fit_many=""),
        task(1, reveal=(np.zeros(8), np.zeros(8))),
    ]
    for other in others:
        assert numbers([tasks[0], other, tasks[2]]) == [["d0", "d2"], ["d1"]]


def test_methods_share_a_batch_on_one_dataset_with_one_seed() -> None:
    tasks = [task(0, "methods"), task(1, "methods"), task(0, "methods"), task(1, "methods", seed=1)]
    assert numbers(tasks) == [["d0", "d0"], ["d1"], ["d1"]]


def costless(scores: pd.DataFrame) -> pd.DataFrame:
    names = scores["estimator"].str.partition(" in ")[0]
    return scores.assign(estimator=names).drop(columns=["seconds", "peak_memory"])


@pytest.mark.parametrize("workers", [0, 1])
def test_batches_give_the_scores_of_single_fits(make_suite, tmp_path, monkeypatch, workers) -> None:
    noted = Noted(tmp_path)
    suite = make_suite(
        datasets=3,
        settings=["all"],
        holdout=0.25,
        memory_limit=2,
        estimators=[noted.many, noted.first, noted.second, "Oracle"],
    )

    def run(where: str, workers: int) -> benchmarks.Result:
        return benchmarks.run(
            suite,
            plugins=[noted.path],
            workers=workers,
            runs_dir=tmp_path / where,
            results_dir=None,
        )

    together = run("together", workers)
    assert set(together.scores["status"]) == {"ok"}
    assert sorted(noted.fits()) == [1, 1, 1, 3]  # methods that share a fit, datasets in a batch
    fitted = together.scores[together.scores["rows"] == "fitted"]
    assert (fitted["seconds"] > 0).all()
    monkeypatch.setattr("benchmarks.execution.batches._batch_key", lambda cell, job: None)
    noted.log.unlink()
    alone = run("alone", 0)
    assert noted.fits() == [1] * 9
    pd.testing.assert_frame_equal(costless(together.scores), costless(alone.scores))


@pytest.mark.parametrize(
    ("failure", "reason", "workers"),
    [
        ("raise ValueError('bad data')", "ValueError: bad data", 0),
        ("os._exit(5)", "its process ended (exit code 5)", 1),
        ("import time; time.sleep(60)", "stopped after 2 s", 1),
    ],
)
def test_a_bad_dataset_fails_alone(
    make_suite, confounded, tmp_path, failure, reason, workers
) -> None:
    noted = Noted(tmp_path, (float(confounded(1).y[0]),), failure)
    suite = make_suite(datasets=2, settings=["all"], time_limit=2, estimators=[noted.many])
    scores = benchmarks.run(
        suite,
        plugins=[noted.path],
        workers=workers,
        runs_dir=tmp_path / "runs",
        results_dir=None,
    ).scores
    assert Counter(scores["status"] == "ok") == {True: 1, False: 1}
    assert scores["reason"][scores["status"] != "ok"].tolist() == [reason]
    assert sorted(noted.fits()) == [1, 1, 2]


class Greedy:
    """Takes seconds and memory in ``fit_many``, which changes y if it is told to."""

    def __init__(self, spoil: bool = False) -> None:
        self.spoil = spoil

    def make(self, seed: int) -> Greedy:
        return self

    @classmethod
    def fit_many(cls, estimators, datasets) -> None:
        import time

        np.ones(2**22).sum()
        time.sleep(0.4)
        if estimators[0].spoil:
            datasets[0][2][0] += 1

    def ate(self, X: pd.DataFrame) -> float:
        return 1.0


@pytest.mark.parametrize(("kind", "parts"), [("datasets", 2), ("methods", 1)])
def test_costs_of_a_batch_are_divided(kind: str, parts: int) -> None:
    held_out = Rows(*(task(9)[1].__dict__[name] for name in ("X", "t", "y")), None)
    jobs = [task(n, kind, maker=Greedy(), held_out=held_out)[1] for n in range(2)]
    for outcome in execute_batch(jobs):
        assert outcome.prediction is not None
        assert outcome.held_out is not None
        assert outcome.prediction.seconds is not None
        assert 0.4 <= parts * outcome.prediction.seconds < 0.8
        assert 0.4 <= 2 * outcome.wall < 0.8
        if outcome.prediction.peak_memory is not None:  # 32 MiB, where the system reports it
            assert outcome.prediction.peak_memory == pytest.approx(32 / parts, rel=0.2)


def test_a_batch_that_changes_its_input_is_run_one_by_one() -> None:
    assert execute_batch([task(n, maker=Greedy(spoil=True))[1] for n in range(2)]) == []
