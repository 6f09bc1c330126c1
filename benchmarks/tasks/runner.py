"""Run jobs of methods: in worker processes with a time limit, or in this process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from pebble import ProcessExpired, ProcessPool

from benchmarks.interface import Status
from benchmarks.process.lifetime import WorkerContext, process_ended, start_worker, timed_out
from benchmarks.process.sandbox import remove_stale_folders, sandbox
from benchmarks.process.threads import children_inherit
from sdscm.errors import MissingExtraError

_LONGEST_LINE = 300
Answer = TypeVar("Answer")
_Answer_co = TypeVar("_Answer_co", covariant=True)


class BadAnswer(ValueError):
    """A method violated its contract."""


class Job(Protocol[_Answer_co]):
    """A method, by its name, and what it sees. Jobs are pickled."""

    @property
    def seed(self) -> int:
        """Seed of the global random generators."""
        ...

    def run(self) -> tuple[_Answer_co, float]:
        """Run the method; return its answer, and the wall-clock seconds that it took."""
        ...


@dataclass(frozen=True, eq=False)
class Outcome(Generic[Answer]):
    """The result of a job.

    Attributes
    ----------
    status
        ``ok``, ``failed``, ``timeout`` or ``skipped`` (a library or a need is not there).
    reason
        Cause of any status but ``ok``, in one line.
    answer
        The answer; None if there is none.
    seconds
        Wall-clock seconds of the method; NaN if it did not end.
    """

    status: Status
    reason: str = ""
    answer: Answer | None = None
    seconds: float = float("nan")


def run_jobs(
    jobs: Sequence[Job[Answer]],
    done: Callable[[int, Outcome[Answer]], None],
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


def _outcome(future: Future[Any], time_limit: float) -> Outcome[Any]:
    try:
        found: Outcome[Any] = future.result()
        return found
    except TimeoutError:
        ended = timed_out(time_limit)
    except ProcessExpired as error:
        ended = process_ended(error.exitcode)
    except Exception as error:  # the outcome could not be sent back
        return Outcome("failed", _described(error))
    return Outcome(ended.status, ended.reason)


def execute(job: Job[Answer], in_worker: bool = False) -> Outcome[Answer]:
    """Run one job. An exception of the method becomes the reason of the outcome.

    ``in_worker``: whether this is a worker process, where a KeyboardInterrupt is the method's.
    """
    try:
        with sandbox(job.seed, 1, []):
            answer, seconds = job.run()
            return Outcome("ok", "", answer, seconds)
    except MissingExtraError as error:
        return Outcome("skipped", _described(error))
    # Code of a plugin may raise anything. The cell fails, and the run goes on.
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt) and not in_worker:
            raise
        return Outcome("failed", _described(error))


def _described(error: BaseException) -> str:
    line = " ".join(f"{type(error).__name__}: {error}".split())
    return line if len(line) <= _LONGEST_LINE else line[: _LONGEST_LINE - 1] + "…"
