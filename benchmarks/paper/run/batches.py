"""Cells that share work, each with a cell's checks: networks in a batch, two uses of one fit."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from typing import Any, Self

import estimators
from benchmarks.execution.job import Job
from benchmarks.execution.methods import Maker
from benchmarks.execution.worker import execute
from benchmarks.interface import Outcome
from benchmarks.process.lifetime import start_worker
from benchmarks.process.threads import children_inherit


@dataclass(frozen=True)
class _Fitted:
    """Makes an estimator that has been fitted already."""

    estimator: Any

    def make(self, seed: int) -> _Ready:
        return _Ready(self.estimator)


class _Ready:
    """A fitted estimator whose ``fit`` has nothing left to do."""

    def __init__(self, estimator: Any) -> None:
        self._estimator = estimator

    def fit(self, X: Any, t: Any, y: Any) -> Self:
        return self

    def __getattr__(self, name: str) -> Any:
        return getattr(self._estimator, name)


def execute_together(jobs: Sequence[Job]) -> list[Outcome]:
    """Run the cells of one network method; seconds are equal parts of the batch's.

    What cannot be fitted together is run one by one, so that a bad dataset fails alone.
    """
    try:
        from estimators.networks.networks import fit_many

        start = time.perf_counter()
        fitted = fit_many(
            jobs[0].maker.make(jobs[0].seed),
            [(job.X, job.t, job.y) for job in jobs],
            [job.seed for job in jobs],
        )
        seconds = (time.perf_counter() - start) / len(jobs)
    except (estimators.EstimatorError, ImportError):
        return [execute(job) for job in jobs]
    outcomes = [
        execute(replace(job, maker=_Fitted(each))) for job, each in zip(jobs, fitted, strict=True)
    ]
    return [_with_seconds(outcome, seconds) for outcome in outcomes]


class _Kept:
    """Makes an estimator and keeps it, with the seconds of its fit."""

    def __init__(self, maker: Maker) -> None:
        self._maker = maker
        self.estimator: Any = None
        self.seconds = 0.0

    def make(self, seed: int) -> Self:
        self.estimator = self._maker.make(seed)
        return self

    def fit(self, X: Any, t: Any, y: Any) -> Self:
        start = time.perf_counter()
        self.estimator.fit(X, t, y)
        self.seconds = time.perf_counter() - start
        return self

    def __getattr__(self, name: str) -> Any:
        return getattr(self.estimator, name)


def execute_both(jobs: Sequence[Job]) -> list[Outcome]:
    """Run the cell of a method and that of another which asks its fit another question.

    BART-ITE fits what BART fits and more, and the fit is nearly all of the time.

    Parameters
    ----------
    jobs
        That of the method and that of the other, on the same data with the same seed.
    """
    first, second = jobs
    kept = _Kept(second.maker)
    outcome = execute(replace(second, maker=kept))
    if outcome.prediction is None:
        return [execute(first), outcome]
    estimator = first.maker.make(first.seed)
    vars(estimator).update(vars(kept.estimator))
    shared = execute(replace(first, maker=_Fitted(estimator)))
    return [_with_seconds(shared, kept.seconds), outcome]


def _with_seconds(outcome: Outcome, seconds: float) -> Outcome:
    said = outcome.prediction
    if said is None:
        return outcome
    return replace(outcome, prediction=replace(said, seconds=(said.seconds or 0.0) + seconds))


Batch = Callable[[], list[Outcome]]


def run_together(
    batches: Sequence[Batch], done: Callable[[int, list[Outcome]], None], workers: int
) -> None:
    """Run batches in ``workers`` processes of one thread; ``done`` gets the number of each.

    With 0 workers they are run here.
    """
    if workers == 0:
        for number, batch in enumerate(batches):
            done(number, batch())
        return
    spawn = multiprocessing.get_context("spawn")
    with (
        children_inherit(1),
        ProcessPoolExecutor(
            workers, mp_context=spawn, initializer=start_worker, initargs=((),)
        ) as pool,
    ):
        futures = {pool.submit(batch): number for number, batch in enumerate(batches)}
        try:
            for future in as_completed(futures):
                done(futures[future], future.result())
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
