"""The interface of a backend: a worker process, on this machine or another one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, Protocol

from benchmarks.execution.job import Job
from benchmarks.interface import Outcome


class BrokenWorker(RuntimeError):
    """A worker process died before or between cells, so that no cell has caused it."""


class Worker(Protocol):
    """A process that runs batches of jobs one after the other.

    It replaces its process when a batch ends it. The time limit of a batch is that of a cell times
    the number of jobs.
    """

    def submit(self, jobs: Sequence[Job]) -> Future[Any]:
        """Run a batch after those that were submitted before."""

    def outcomes(self, future: Future[Any]) -> list[Outcome]:
        """Return the outcomes of a batch whose future is done.

        Returns
        -------
        One for each job; fewer if the jobs have to be run one by one. A batch that ended the
        process has one outcome that says how.

        Raises
        ------
        BrokenWorker
        """

    def alive(self) -> bool:
        """Return whether the worker can still answer."""

    def stop(self, now: bool) -> None:
        """End the process: at once if ``now``, or after its last batch."""


#: Function without arguments that starts a worker.
StartWorker = Callable[[], Worker]
