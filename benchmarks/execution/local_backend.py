"""Workers on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

from pebble import ProcessExpired, ProcessPool

from benchmarks.execution.backend import BrokenWorker
from benchmarks.execution.batches import execute_batch
from benchmarks.execution.job import Job
from benchmarks.interface import Outcome
from benchmarks.process.lifetime import WorkerContext, process_ended, start_worker, timed_out


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
            return [Outcome("failed", f"{type(error).__name__}: {' '.join(str(error).split())}")]

    def alive(self) -> bool:
        return bool(self._pool.active)

    def stop(self, now: bool) -> None:
        if now:
            self._pool.stop()
        else:
            self._pool.close()
        self._pool.join()
