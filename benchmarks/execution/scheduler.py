"""Distribute cells to workers, the longest first, and report each as it ends."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.execution.backend import BrokenWorker, LocalWorker, StartWorker, Worker
from benchmarks.execution.batches import Batch, Task, batches_of, execute_batch
from benchmarks.execution.cells import Cell
from benchmarks.execution.runtimes import Kind, Runtimes
from benchmarks.interface import Outcome
from benchmarks.process.sandbox import remove_stale_folders
from benchmarks.process.threads import children_inherit

Done = Callable[[Cell, Outcome], None]

#: Longest expected seconds of a batch that a worker gets in advance, so that it does not wait while
#: its first batch is recorded. A longer batch goes to the worker that is free first.
_SHORT = 1.0

#: Seconds without an outcome after which the scheduler checks that the workers are alive.
_CHECK_INTERVAL = 5.0

#: The run fails when this many processes in a row, in one slot, die before they run a cell.
_MOST_BROKEN = 3


def run_here(tasks: Iterable[Task], done: Done) -> None:
    """Run cells in this process, one after the other and without a time limit, for debugging."""
    waiting = deque(batches_of(tasks))
    while waiting:
        batch = waiting.popleft()
        outcomes = execute_batch([job for _, job in batch])
        if len(outcomes) < len(batch):
            waiting.extendleft((task,) for task in reversed(batch))
        for (cell, _), outcome in zip(batch, outcomes, strict=False):
            done(cell, outcome)


def run_in_pool(
    tasks: Sequence[Task],
    done: Done,
    *,
    workers: int,
    threads: int,
    time_limit: float,
    plugins: Sequence[Path],
    runtimes: Runtimes | None = None,
) -> None:
    """Run cells in ``workers`` processes of this machine; see `run_with`."""
    start_worker = partial(LocalWorker, plugins, time_limit)
    try:
        with children_inherit(threads):
            run_with(start_worker, tasks, done, workers, runtimes or Runtimes())
    finally:
        remove_stale_folders()


def run_with(
    start_worker: StartWorker, tasks: Sequence[Task], done: Done, size: int, runtimes: Runtimes
) -> None:
    """Run cells in ``size`` workers, and call ``done`` in this process as each cell ends.

    A cell that reaches its time limit is killed with its process, and has the status ``timeout``.
    If a process dies, its cell has the status ``failed``. Jobs of different isolation groups never
    share a process. Batches start in the order of their expected seconds, longest first. A batch
    that fails as a whole is run again cell by cell.

    Raises
    ------
    RuntimeError
        If worker processes repeatedly die before they run a cell.
    """
    queue = _Queue(batches_of(tasks), runtimes)
    slots = [_Slot(start_worker) for _ in range(min(size, len(queue)))]
    pending: dict[Future[Any], tuple[_Slot, Batch]] = {}

    def replace_worker(slot: _Slot, error: BrokenWorker) -> None:
        # A broken worker may never complete its futures, so that all of them are dropped.
        for future in [future for future, (of, _) in pending.items() if of is slot]:
            queue.put_back(pending.pop(future)[1])
        slot.discard_worker(error)

    try:
        while True:
            for slot in slots:
                for batch in slot.take(queue, len(slots)):
                    pending[slot.submit(batch)] = (slot, batch)
            if not pending:
                break
            ended, _ = wait(pending, timeout=_CHECK_INTERVAL, return_when=FIRST_COMPLETED)
            for slot in [] if ended else slots:
                if slot.busy and slot.worker is not None and not slot.worker.alive():
                    replace_worker(slot, BrokenWorker("no answer"))
            for future in [each for each in pending if each in ended]:  # in the order of submission
                if future not in pending:
                    continue
                slot, batch = pending[future]
                try:
                    outcomes = slot.outcomes(future)
                except BrokenWorker as error:
                    replace_worker(slot, error)
                    continue
                del pending[future]
                if len(outcomes) < len(batch):
                    for task in reversed(batch):
                        queue.put_back((task,))
                    continue
                for task, outcome in zip(batch, outcomes, strict=True):
                    runtimes.learn(_kind(task), outcome.wall)
                    done(task[0], outcome)
    except BaseException:
        for slot in slots:
            slot.stop(now=True)
        raise
    for slot in slots:
        slot.stop(now=False)


class _Queue:
    """Waiting batches, by isolation group and by the kinds of their cells."""

    def __init__(self, batches: Sequence[Batch], runtimes: Runtimes) -> None:
        self._runtimes = runtimes
        self._groups: dict[str, dict[tuple[Kind, ...], deque[Batch]]] = {}
        self._left = 0
        for batch in batches:
            self._same_kind(batch).append(batch)
            self._left += 1

    def __len__(self) -> int:
        return self._left

    def put_back(self, batch: Batch) -> None:
        """Add a batch in front of those of its kind."""
        self._same_kind(batch).appendleft(batch)
        self._left += 1

    def remove(self, batch: Batch) -> None:
        """Remove a batch that `longest` has returned."""
        group, waiting = _group(batch), self._same_kind(batch)
        waiting.popleft()
        self._left -= 1
        if not waiting:
            del self._groups[group][_kinds(batch)]
        if not self._groups[group]:
            del self._groups[group]

    def longest_group(self) -> str | None:
        """Return the isolation group with the most work left; None if no batch waits."""
        return max(self._groups, key=self._seconds_of_group, default=None)

    def longest(self, group: str) -> Batch | None:
        """Return the longest batch of an isolation group, without removing it."""
        kinds = self._groups.get(group)
        return kinds[max(kinds, key=self._seconds)][0] if kinds else None

    def expect(self, batch: Batch) -> float:
        """Return the seconds that a batch will take, or infinity."""
        return self._seconds(_kinds(batch))

    def _same_kind(self, batch: Batch) -> deque[Batch]:
        return self._groups.setdefault(_group(batch), {}).setdefault(_kinds(batch), deque())

    def _seconds(self, kinds: tuple[Kind, ...]) -> float:
        return sum(map(self._runtimes.expect, kinds))

    def _seconds_of_group(self, group: str) -> float:
        counts: Counter[Kind] = Counter()
        for kinds, batches in self._groups[group].items():
            for kind in kinds:
                counts[kind] += len(batches)
        return self._runtimes.total(counts.items())


def _kind(task: Task) -> Kind:
    cell, job = task
    return cell.estimator, job.rows


def _kinds(batch: Batch) -> tuple[Kind, ...]:
    return tuple(map(_kind, batch))


def _group(batch: Batch) -> str:
    return batch[0][1].isolation_group


@dataclass(eq=False)
class _Slot:
    """Slot for one worker, which runs one isolation group at a time."""

    start_worker: StartWorker
    worker: Worker | None = None
    group: str = ""
    busy: int = 0
    broken: int = 0

    def take(self, queue: _Queue, size: int) -> list[Batch]:
        """Take the next batches of this slot from the queue: one to run, and one in advance."""
        taken: list[Batch] = []
        while self.busy + len(taken) < 2:
            second = self.busy + len(taken) > 0
            batch = queue.longest(self.group) if self.worker else None
            if batch is None and not second:
                group = queue.longest_group()
                batch = None if group is None else queue.longest(group)
            if batch is None or (second and (len(queue) < size or queue.expect(batch) > _SHORT)):
                break
            if self.worker is None or self.group != _group(batch):
                self.stop(now=False)
                self.worker, self.group = self.start_worker(), _group(batch)
            queue.remove(batch)
            taken.append(batch)
        return taken

    def submit(self, batch: Batch) -> Future[Any]:
        assert self.worker is not None
        self.busy += 1
        return self.worker.submit([job for _, job in batch])

    def outcomes(self, future: Future[Any]) -> list[Outcome]:
        assert self.worker is not None
        outcomes = self.worker.outcomes(future)
        self.busy -= 1
        self.broken = 0
        return outcomes

    def discard_worker(self, error: BrokenWorker) -> None:
        """Stop a broken worker; raise a RuntimeError after too many in a row."""
        self.stop(now=True)
        self.busy = 0
        self.broken += 1
        if self.broken == _MOST_BROKEN:
            raise RuntimeError(f"worker processes die before they run a cell: {error}") from error

    def stop(self, now: bool) -> None:
        if self.worker is not None:
            self.worker.stop(now)
        self.worker = None
