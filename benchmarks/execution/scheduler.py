"""Gives cells to workers, the longest first, and has each recorded at once."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.execution.backend import BrokenWorker, Open, Worker
from benchmarks.execution.cells import Cell
from benchmarks.execution.job import Job
from benchmarks.execution.local_backend import LocalWorker
from benchmarks.execution.runtimes import Kind, Runtimes
from benchmarks.execution.worker import execute
from benchmarks.interface import Outcome
from benchmarks.process.sandbox import sweep_scratch
from benchmarks.process.threads import children_inherit

Task = tuple[Cell, Job]
Done = Callable[[Cell, Outcome], None]

#: A worker has a second cell at hand, so that it need not wait for the record of the first, if that
#: cell is shorter than this many seconds: another worker might fall idle beside a long one.
_SHORT = 1.0

#: Seconds without news, after which it is looked whether workers can still answer.
_LOOK = 5.0

#: Worker processes that may die in a row, in one place, before they run a cell.
_STILLBORN = 3


def run_here(tasks: Iterable[Task], done: Done) -> None:
    """Run cells in this process, one after the other, without a time limit: for a debugger."""
    for cell, job in tasks:
        done(cell, execute(job))


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
    open_worker = partial(LocalWorker, plugins, time_limit)
    try:
        with children_inherit(threads):
            run_with(open_worker, tasks, done, workers, runtimes or Runtimes())
    finally:
        sweep_scratch()


def run_with(
    open_worker: Open, tasks: Sequence[Task], done: Done, size: int, runtimes: Runtimes
) -> None:
    """Run cells in ``size`` workers; ``done`` is called in this process, as each ends.

    A cell that is not ready at its time limit is killed with its process, and a process that dies
    takes one cell with it; both are outcomes like others. Jobs of different isolation groups never
    meet in one process. Cells are begun in the order of their expected seconds, longest first.

    Raises
    ------
    RuntimeError
        If worker processes die again and again before they run a cell.
    """
    queue = _Queue(tasks, runtimes)
    slots = [_Slot(open_worker) for _ in range(min(size, len(tasks)))]
    pending: dict[Future[Any], tuple[_Slot, Task]] = {}

    def give_up(slot: _Slot, error: BrokenWorker) -> None:
        # What has broken may leave futures open for ever: none is waited for.
        for future in [future for future, (of, _) in pending.items() if of is slot]:
            queue.put_back(pending.pop(future)[1])
        slot.bury(error)

    try:
        while True:
            for slot in slots:
                for task in slot.take(queue, len(slots)):
                    pending[slot.submit(task)] = (slot, task)
            if not pending:
                break
            ended, _ = wait(pending, timeout=_LOOK, return_when=FIRST_COMPLETED)
            for slot in [] if ended else slots:
                if slot.busy and slot.worker is not None and not slot.worker.alive():
                    give_up(slot, BrokenWorker("it answers no more"))
            for future in [each for each in pending if each in ended]:  # in the order of the work
                if future not in pending:
                    continue
                slot, task = pending[future]
                try:
                    outcome = slot.outcome(future)
                except BrokenWorker as error:
                    give_up(slot, error)
                    continue
                del pending[future]
                queue.learn(task, outcome)
                done(task[0], outcome)
    except BaseException:
        for slot in slots:
            slot.leave(now=True)
        raise
    for slot in slots:
        slot.leave(now=False)


class _Queue:
    """The cells that are left, by isolation group and kind."""

    def __init__(self, tasks: Sequence[Task], runtimes: Runtimes) -> None:
        self._runtimes = runtimes
        self._groups: dict[str, dict[Kind, deque[Task]]] = defaultdict(lambda: defaultdict(deque))
        self._left = len(tasks)
        for task in tasks:
            self._groups[task[1].isolation_group][_kind(task)].append(task)

    def __len__(self) -> int:
        return self._left

    def put_back(self, task: Task) -> None:
        self._groups[task[1].isolation_group][_kind(task)].appendleft(task)
        self._left += 1

    def learn(self, task: Task, outcome: Outcome) -> None:
        self._runtimes.learn(_kind(task), outcome.wall)

    def longest_group(self) -> str | None:
        """The isolation group with most work left; None if there is none."""
        if not self._left:
            return None
        return max(self._groups, key=lambda group: self._runtimes.total(self._counts(group)) or 0)

    def longest(self, group: str) -> Task | None:
        """The longest cell of an isolation group; it stays in the queue."""
        kinds = self._groups.get(group)
        if not kinds:
            return None
        return kinds[max(kinds, key=self._runtimes.expect)][0]

    def expect(self, task: Task) -> float:
        return self._runtimes.expect(_kind(task))

    def remove(self, task: Task) -> None:
        group, kind = task[1].isolation_group, _kind(task)
        self._groups[group][kind].popleft()
        self._left -= 1
        if not self._groups[group][kind]:
            del self._groups[group][kind]
        if not self._groups[group]:
            del self._groups[group]

    def _counts(self, group: str) -> list[tuple[Kind, int]]:
        return [(kind, len(tasks)) for kind, tasks in self._groups[group].items()]


def _kind(task: Task) -> Kind:
    cell, job = task
    return cell.estimator, job.rows


@dataclass(eq=False)
class _Slot:
    """A place for a worker, of one isolation group at a time."""

    open_worker: Open
    worker: Worker | None = None
    group: str = ""
    busy: int = 0
    stillborn: int = 0

    def take(self, queue: _Queue, size: int) -> list[Task]:
        """The cells to run next here; at most one waits behind the one that runs."""
        taken: list[Task] = []
        while self.busy + len(taken) < 2:
            second = self.busy + len(taken) > 0
            task = queue.longest(self.group) if self.worker else None
            if task is None and not second:
                group = queue.longest_group()
                task = None if group is None else queue.longest(group)
            if task is None or (second and (len(queue) < size or queue.expect(task) > _SHORT)):
                break
            if self.worker is None or self.group != task[1].isolation_group:
                self._move(task[1].isolation_group)
            queue.remove(task)
            taken.append(task)
        return taken

    def _move(self, group: str) -> None:
        self.leave(now=False)
        self.worker, self.group = self.open_worker(), group

    def submit(self, task: Task) -> Future[Any]:
        assert self.worker is not None
        self.busy += 1
        return self.worker.submit(task[1])

    def outcome(self, future: Future[Any]) -> Outcome:
        assert self.worker is not None
        outcome = self.worker.outcome(future)
        self.busy -= 1
        self.stillborn = 0
        return outcome

    def bury(self, error: BrokenWorker) -> None:
        """Give up a worker that died for itself; all that it was to run has to run again."""
        self.leave(now=True)
        self.busy = 0
        self.stillborn += 1
        if self.stillborn == _STILLBORN:
            raise RuntimeError(
                f"the worker processes die before they run a cell: {error}"
            ) from error

    def leave(self, now: bool) -> None:
        if self.worker is not None:
            self.worker.stop(now)
        self.worker = None
