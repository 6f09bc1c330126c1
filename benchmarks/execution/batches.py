"""Fit several cells in one call, where their estimator offers `estimators.HasFitMany`."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any

from benchmarks.execution.cells import Cell
from benchmarks.execution.job import Job
from benchmarks.execution.worker import Fitted, check_unchanged, execute
from benchmarks.interface import Outcome
from benchmarks.process.memory import memory_limit, watch_peak
from benchmarks.process.sandbox import sandbox

Task = tuple[Cell, Job]

#: Cells that a worker runs together, usually one.
Batch = tuple[Task, ...]

#: Largest number of datasets in a batch. More networks do not fit into the caches of a CPU, and
#: larger batches leave other workers idle at the end of a run.
_MOST_DATASETS = 4


def batches_of(tasks: Iterable[Task]) -> list[Batch]:
    """Group tasks whose estimators can be fitted in one call, in the order of the tasks.

    Up to four datasets of one shape share a batch, or all methods of one fit group on one dataset.
    The batches depend on the tasks, not on the number of workers. They affect the results of
    networks by rounding errors, and no other results.
    """
    groups: dict[object, list[list[Task]]] = {}
    batches: list[list[Task]] = []
    for cell, job in tasks:
        key = _batch_key(cell, job)
        group = groups.setdefault(key, []) if key is not None else []
        full = job.fit_many == "datasets" and group and len(group[-1]) == _MOST_DATASETS
        if not group or full:
            group.append([])
            batches.append(group[-1])
        group[-1].append((cell, job))
    return [tuple(batch) for batch in batches]


def _batch_key(cell: Cell, job: Job) -> object:
    """Return a key that cells of one batch share; None for a cell that is fitted alone."""
    if not job.fit_many or job.reveal is not None:
        return None
    common = (job.fit_many, job.fit_key, job.isolation_group, cell.setting)
    if job.fit_many == "datasets":
        held_out = 0 if job.held_out is None else job.held_out.rows
        return *common, job.rows + held_out, job.X.shape[1]
    return *common, cell.dataset, job.seed


def execute_batch(jobs: Sequence[Job], in_worker: bool = False) -> list[Outcome]:
    """Run the cells of a batch; see `benchmarks.execution.worker.execute`.

    Returns
    -------
    One outcome for each job. An empty list if several jobs cannot be fitted in one call: the caller
    then runs them one by one, so that one bad dataset does not fail the others.

    Notes
    -----
    If several datasets are fitted in one call, the seconds, the wall-clock time and the memory are
    divided equally among the cells. If several methods share one fit, each cell has the full
    seconds and memory, since each method needs them when it runs alone; only the wall-clock time is
    divided.
    """
    if len(jobs) == 1:
        return [execute(jobs[0], in_worker)]
    try:
        fitted = _fit_many(jobs)
    except KeyboardInterrupt:
        if in_worker:
            return []
        raise
    # Plugin code may raise any exception.
    except BaseException:
        return []
    return [execute(job, in_worker, each) for job, each in zip(jobs, fitted, strict=True)]


def _fit_many(jobs: Sequence[Job]) -> list[Fitted]:
    begin = time.perf_counter()
    notes: list[str] = []
    first = jobs[0]
    with sandbox(first.seed, first.threads, notes), memory_limit(first.memory_limit):
        made: list[Any] = [job.maker.make(job.seed) for job in jobs]
        data = [(job.X.copy(deep=True), job.t.copy(), job.y.copy()) for job in jobs]
        peak = watch_peak()
        start = time.perf_counter()
        type(made[0]).fit_many(made, data)
        seconds, memory = time.perf_counter() - start, peak()
        for arrays, job in zip(data, jobs, strict=True):
            check_unchanged(arrays, job)
    parts = len(jobs) if first.fit_many == "datasets" else 1
    wall = (time.perf_counter() - begin) / len(jobs)
    memory = None if memory is None else memory / parts
    return [Fitted(each, seconds / parts, wall, memory, tuple(notes)) for each in made]
