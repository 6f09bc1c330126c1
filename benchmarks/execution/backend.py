"""Interface of a backend: worker processes on this machine or on others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, Protocol

from benchmarks.execution.job import Job
from benchmarks.interface import Outcome


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
