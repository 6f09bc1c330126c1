"""Progress on standard error: bars in a terminal, a few lines in a log."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from benchmarks.cli.output import bystander

if TYPE_CHECKING:
    import benchmarks

#: A log gets a line for every so many per cent of a stage.
_STEP = 10


def in_terminal() -> bool:
    """Whether somebody looks at standard error."""
    return sys.stderr.isatty()


@contextmanager
def rows_bar(total: int) -> Iterator[Callable[[float], None]]:
    """A bar over ``total`` rows with the time left, where there is a terminal.

    Yields what to call with the number of rows that are done.
    """
    if not in_terminal():
        yield lambda done: None
        return
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=bystander(),
        transient=True,
    ) as bars:
        task = bars.add_task("rows", total=total)
        yield lambda done: bars.update(task, completed=done)


def working(what: str) -> AbstractContextManager[object]:
    """A sign of life beside ``what``, where there is a terminal."""
    return bystander().status(what) if in_terminal() else nullcontext()


@contextmanager
def run_progress() -> Iterator[benchmarks.Progress]:
    """How a run of a suite tells what it does."""
    if not in_terminal():
        yield LogProgress()
        return
    from benchmarks import RichProgress

    with RichProgress() as bars:
        yield bars


class LogProgress:
    """Tells a log of every tenth of a stage, and whatever else the user should read."""

    def __init__(self) -> None:
        self._what = ""
        self._total = 0
        self._done = 0.0
        self._failed = 0
        self._told = 0
        self._eta = ""

    def begin(self, what: str, total: int) -> None:
        self._what, self._total = what, total
        self._done, self._failed, self._told, self._eta = 0.0, 0, 0, ""

    def advance(self, step: str, amount: float = 1, failed: bool = False) -> None:
        self._done += amount
        self._failed += failed
        reached = int(100 * self._done / self._total) // _STEP * _STEP
        if reached > self._told:
            self._told = reached
            failures = f", {self._failed} failed" if self._failed else ""
            eta = self._eta if reached < 100 else ""
            self.say(f"{self._what}: {self._done:.0f} of {self._total}{failures}{eta}")

    def eta(self, left: float, slowest: str) -> None:
        from benchmarks.progress import duration

        self._eta = f", {duration(left)} left" + (f"; slowest: {slowest}" if slowest else "")

    def say(self, line: str) -> None:
        print(line, file=sys.stderr, flush=True)
