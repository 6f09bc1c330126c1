"""Workers on this machine."""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

from pebble import ProcessExpired, ProcessPool

from benchmarks.execution.backend import BrokenWorker
from benchmarks.execution.job import Job
from benchmarks.execution.worker import execute
from benchmarks.interface import Outcome
from benchmarks.process.lifetime import died, start_worker, stopped


class LocalWorker:
    """A pool of one process: it can be killed in a cell, and is started anew then."""

    def __init__(self, plugins: Sequence[Path], time_limit: float) -> None:
        # Spawned, not forked: a fork of a process whose libraries hold threads may deadlock.
        context = multiprocessing.get_context("spawn")
        self._pool = ProcessPool(1, initializer=start_worker, initargs=(plugins,), context=context)
        self._time_limit = time_limit

    def submit(self, job: Job) -> Future[Any]:
        future: Future[Any]
        try:
            future = self._pool.schedule(execute, args=(job, True), timeout=self._time_limit)
        except RuntimeError as error:  # its process has died while it had nothing to do
            future = Future()
            future.set_exception(BrokenProcessPool(str(error)))
        return future

    def outcome(self, future: Future[Any]) -> Outcome:
        try:
            outcome: Outcome = future.result()
            return outcome
        except TimeoutError:
            return stopped(self._time_limit)
        except ProcessExpired as error:
            return died(error.exitcode)
        except BrokenProcessPool as error:
            raise BrokenWorker(
                f"{error}; a script that calls benchmarks.run needs the guard: "
                "if __name__ == '__main__'"
            ) from error
        except Exception as error:  # the answer did not survive the way back
            return Outcome("failed", f"{type(error).__name__}: {' '.join(str(error).split())}")

    def alive(self) -> bool:
        return bool(self._pool.active)

    def stop(self, now: bool) -> None:
        if now:
            self._pool.stop()
        else:
            self._pool.close()
        self._pool.join()
