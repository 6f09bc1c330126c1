"""Test that fitted estimators which refer to themselves are freed between cells."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pandas as pd
import pytest

from benchmarks.execution import worker
from benchmarks.execution.job import Job
from benchmarks.execution.worker import execute
from benchmarks.process import collector
from benchmarks.process.collector import GarbageCollector


@pytest.fixture
def by_hand():
    """Disable Python's own collector."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


class Cyclic:
    def __init__(self) -> None:
        self.me = self

    def fit(self, X, t, y):
        return self

    def effect(self, X):
        return np.zeros(len(X))


class Maker:
    """Refers to the estimators that it made without keeping them alive."""

    def __init__(self) -> None:
        self.made: list[weakref.ref[Cyclic]] = []

    def make(self, seed: int) -> Cyclic:
        estimator = Cyclic()
        self.made.append(weakref.ref(estimator))
        return estimator


@pytest.fixture
def job():
    X = pd.DataFrame({"x": np.arange(4.0)})
    t = np.array([0, 1, 0, 1])
    return Job(X, t, np.zeros(4), None, maker=Maker(), seed=0, alpha=0.05, threads=1)


def test_a_cell_leaves_no_estimator_behind(job, by_hand, monkeypatch):
    monkeypatch.setattr(worker, "_collector", GarbageCollector())
    monkeypatch.setattr(collector, "_SHARE", 1e9)
    assert execute(job).status == "ok"
    assert [made() for made in job.maker.made] == [None]


def test_short_cells_are_not_delayed(job, by_hand, monkeypatch):
    monkeypatch.setattr(worker, "_collector", GarbageCollector())
    execute(job)
    (made,) = job.maker.made
    assert made() is not None


def test_collecting_is_a_small_part_of_the_work(monkeypatch):
    took = iter([0.0, 0.3, 1.0, 1.3])  # two collections of 0.3 seconds
    monkeypatch.setattr(collector.time, "perf_counter", lambda: next(took))
    garbage = GarbageCollector()
    assert not garbage.after(0.5)
    assert garbage.after(0.6)
    assert not garbage.after(9.9)  # 0.3 is 3 % of 10
    assert garbage.after(0.2)
