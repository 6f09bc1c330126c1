"""Workers on this machine."""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

from pebble import ProcessExpired, ProcessPool

from benchmarks.crew import BrokenWorker
from benchmarks.outcome import Outcome
from benchmarks.worker import Job, execute, start_worker

_MEMORY_SIGNALS = (-9, -6)  # the kernel's, and that of a C++ library whose allocation failed


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


def stopped(time_limit: float) -> Outcome:
    """The outcome of a cell that took too long."""
    return Outcome("timeout", f"stopped after {time_limit:g} s", wall=time_limit)


def died(exit_code: int) -> Outcome:
    """The outcome of a cell whose process ended."""
    how = f"signal {-exit_code}" if exit_code < 0 else f"exit code {exit_code}"
    hint = "; it may have run out of memory" if exit_code in _MEMORY_SIGNALS else ""
    return Outcome("failed", f"its process died ({how}){hint}")
