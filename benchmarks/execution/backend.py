"""What runs jobs: one worker process at a time, wherever it is."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Protocol

from benchmarks.execution.job import Job
from benchmarks.interface import Outcome


class BrokenWorker(RuntimeError):
    """A worker died before or between cells, so that no cell is to blame."""


class Worker(Protocol):
    """A process that runs jobs one after the other, and is replaced when a job ends it."""

    def submit(self, job: Job) -> Future[Any]:
        """Have a job run; jobs queue up."""

    def outcome(self, future: Future[Any]) -> Outcome:
        """How a job ended, of a future that is done; raises `BrokenWorker`."""

    def alive(self) -> bool:
        """Whether it can still answer."""

    def stop(self, now: bool) -> None:
        """End the process: ``now``, whatever it does, or when its jobs are done."""


#: Makes a worker.
Open = Callable[[], Worker]
