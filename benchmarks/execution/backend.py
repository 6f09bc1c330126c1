"""Backends run batches in worker processes: their interface, and workers on this machine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any, Protocol

from pebble import ProcessExpired, ProcessPool

from benchmarks.execution.batches import execute_batch
from benchmarks.execution.job import Job
from benchmarks.execution.worker import format_traceback
from benchmarks.interface import Outcome
from benchmarks.process.lifetime import WorkerContext, process_ended, start_worker, timed_out


class BrokenWorker(RuntimeError):
    """A worker process died before or between cells; no cell is the cause."""


class Worker(Protocol):
    """A process that runs batches of jobs one after the other.

    If a batch ends the process, the worker starts a new one. The time limit of a batch is that of a
    cell times the number of jobs.
    """

    def submit(self, jobs: Sequence[Job]) -> Future[Any]:
        """Run a batch after the batches that were submitted earlier."""

    def outcomes(self, future: Future[Any]) -> list[Outcome]:
        """Return the outcomes of a batch whose future is done.

        Returns
        -------
        One outcome for each job; fewer if the jobs have to be run one by one. A batch that ended
        the process has one outcome, with the cause.

        Raises
        ------
        BrokenWorker
            If the process died and no cell is the cause.
        """

    def alive(self) -> bool:
        """Return whether the worker can still answer."""

    def stop(self, now: bool) -> None:
        """End the process: at once if ``now``, or after its last batch."""


#: Function without arguments that starts a worker.
StartWorker = Callable[[], Worker]


class LocalWorker:
    """A pebble pool of one process, which is replaced when it dies or is killed."""

    def __init__(self, plugins: Sequence[Path], time_limit: float) -> None:
        self._pool = ProcessPool(
            1, initializer=start_worker, initargs=(plugins,), context=WorkerContext()
        )
        self._time_limit = time_limit

    def submit(self, jobs: Sequence[Job]) -> Future[Any]:
        future: Future[Any]
        limit = self._time_limit * len(jobs)
        try:
            future = self._pool.schedule(execute_batch, args=(jobs, True), timeout=limit)
        except RuntimeError as error:  # the process died while it was idle
            future = Future()
            future.set_exception(BrokenProcessPool(str(error)))
        return future

    def outcomes(self, future: Future[Any]) -> list[Outcome]:
        try:
            outcomes: list[Outcome] = future.result()
            return outcomes
        except TimeoutError:
            return [timed_out(self._time_limit)]
        except ProcessExpired as error:
            return [process_ended(error.exitcode)]
        except BrokenProcessPool as error:
            raise BrokenWorker(
                f"{error}; a script that calls benchmarks.run needs the guard: "
                "if __name__ == '__main__'"
            ) from error
        except Exception as error:  # the outcomes could not be sent back
            reason = f"{type(error).__name__}: {' '.join(str(error).split())}"
            return [Outcome("failed", reason, traceback=format_traceback(error))]

    def alive(self) -> bool:
        return bool(self._pool.active)

    def stop(self, now: bool) -> None:
        if now:
            self._pool.stop()
        else:
            self._pool.close()
        self._pool.join()
