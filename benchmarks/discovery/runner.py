"""Run discovery methods on tables: in worker processes with a time limit, or in this process."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from pebble import ProcessExpired, ProcessPool

from benchmarks.discovery import registry
from benchmarks.discovery.graph import Graph
from benchmarks.interface import Status
from benchmarks.process.lifetime import WorkerContext, process_ended, start_worker, timed_out
from benchmarks.process.sandbox import remove_stale_folders, sandbox
from benchmarks.process.threads import children_inherit
from sdscm.errors import MissingExtraError

_LONGEST_LINE = 300


class BadGraph(ValueError):
    """A discovery method violated its contract."""


@dataclass(frozen=True, eq=False)
class DiscoveryJob:
    """A method, by its name, and what it sees."""

    method: str
    codes: pd.DataFrame
    shown: Mapping[str, Any]
    seed: int


@dataclass(frozen=True, eq=False)
class DiscoveryOutcome:
    """The result of a job.

    Attributes
    ----------
    status
        ``ok``, ``failed``, ``timeout`` or ``skipped`` (a library or a need is not there).
    reason
        Cause of any status but ``ok``, in one line.
    graph
        The estimate, with its variables in the order of the columns; None if there is none.
    seconds
        Wall-clock seconds of the method; NaN if it did not end.
    """

    status: Status
    reason: str = ""
    graph: Graph | None = None
    seconds: float = float("nan")


def run_jobs(
    jobs: Sequence[DiscoveryJob],
    done: Callable[[int, DiscoveryOutcome], None],
    *,
    workers: int,
    time_limit: float,
    plugins: Sequence[Path] = (),
) -> None:
    """Run jobs, and call ``done`` with the number and the outcome of each as it ends.

    Parameters
    ----------
    jobs
        The jobs.
    done
        Called in this process.
    workers
        Number of processes; with 0 the jobs run in this process, without a time limit.
    time_limit
        Seconds of one job.
    plugins
        Files that register methods.
    """
    if workers == 0:
        for number, job in enumerate(jobs):
            done(number, execute(job))
        return
    with children_inherit(1):
        pool = ProcessPool(
            workers, initializer=start_worker, initargs=(plugins,), context=WorkerContext()
        )
        try:
            numbers: dict[Future[Any], int] = {
                pool.schedule(execute, args=(job, True), timeout=time_limit): number
                for number, job in enumerate(jobs)
            }
            for future in as_completed(numbers):
                done(numbers[future], _outcome(future, time_limit))
            pool.close()
        finally:
            pool.stop()
            pool.join()
            remove_stale_folders()


def _outcome(future: Future[Any], time_limit: float) -> DiscoveryOutcome:
    try:
        found: DiscoveryOutcome = future.result()
        return found
    except TimeoutError:
        ended = timed_out(time_limit)
    except ProcessExpired as error:
        ended = process_ended(error.exitcode)
    except Exception as error:  # the outcome could not be sent back
        return DiscoveryOutcome("failed", _described(error))
    return DiscoveryOutcome(ended.status, ended.reason)


def execute(job: DiscoveryJob, in_worker: bool = False) -> DiscoveryOutcome:
    """Run one job. An exception of the method becomes the reason of the outcome.

    ``in_worker``: whether this is a worker process, where a KeyboardInterrupt is the method's.
    """
    try:
        with sandbox(job.seed, 1, []):
            method = registry.get(job.method).make(job.seed)
            codes = job.codes.copy(deep=True)
            start = time.perf_counter()
            graph = method.discover(codes, **job.shown)
            seconds = time.perf_counter() - start
            if not codes.equals(job.codes):
                raise BadGraph("it changed its input; work on a copy")
            return DiscoveryOutcome(
                "ok", "", in_order(graph, [str(name) for name in job.codes]), seconds
            )
    except MissingExtraError as error:
        return DiscoveryOutcome("skipped", _described(error))
    # Code of a plugin may raise anything. The cell fails, and the run goes on.
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt) and not in_worker:
            raise
        return DiscoveryOutcome("failed", _described(error))


def in_order(graph: Any, names: Sequence[str]) -> Graph:
    """Return the graph with its variables in this order.

    Raises
    ------
    BadGraph
        If it is not a graph over these variables.
    """
    if not isinstance(graph, Graph):
        raise BadGraph(f"it gave an object of type {type(graph).__name__}, not a Graph")
    if sorted(graph.names) != sorted(names):
        raise BadGraph(f"its graph is over {', '.join(graph.names)}, not {', '.join(names)}")
    return graph.renamed(graph.names, [graph.names.index(name) for name in names])


def _described(error: BaseException) -> str:
    line = " ".join(f"{type(error).__name__}: {error}".split())
    return line if len(line) <= _LONGEST_LINE else line[: _LONGEST_LINE - 1] + "…"
