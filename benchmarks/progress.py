"""Progress of a run: the interface of its reports, and progress bars in a terminal."""

from __future__ import annotations

import math
from typing import Protocol, Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bars
from rich.table import Column
from rich.text import Text


class Progress(Protocol):
    """Receives the progress of a run, in the process that runs the suite."""

    def begin(self, what: str, total: int) -> None:
        """End the previous stage, and start a stage of ``total`` rows or cells."""

    def advance(self, step: str, amount: float = 1, failed: bool = False) -> None:
        """Add ``amount`` finished rows or cells; ``step`` names the dataset or cell."""

    def eta(self, left: float, slowest: str) -> None:
        """Show the seconds until all cells are done (NaN if unknown), and the slowest cell."""

    def say(self, line: str) -> None:
        """Show a line to the user."""


def duration(seconds: float) -> str:
    """Format seconds with at most two units, such as ``1 h 5 min``; ``?`` for NaN."""
    if math.isnan(seconds):
        return "?"
    if seconds < 60:
        return f"{math.ceil(seconds)} s"
    hours, minutes = divmod(math.ceil(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


class _TimeLeft(TimeRemainingColumn):
    """Column of the remaining time: the run's estimate, or else one from the speed so far."""

    def render(self, task: Task) -> Text:
        left = task.fields["left"]
        if left is None or task.finished:
            return super().render(task)
        return Text(duration(left), style="progress.remaining")


def _fixed() -> Column:
    """Make a column that keeps its width in a narrow terminal."""
    return Column(no_wrap=True, min_width=4)


def _cut() -> Column:
    """Make a column that takes the remaining width, and cuts longer text."""
    return Column(ratio=1, no_wrap=True, overflow="ellipsis")


class Silent:
    """A `Progress` that shows nothing."""

    def begin(self, what: str, total: int) -> None: ...

    def advance(self, step: str, amount: float = 1, failed: bool = False) -> None: ...

    def eta(self, left: float, slowest: str) -> None: ...

    def say(self, line: str) -> None: ...


class RichProgress:
    """Progress bars in a terminal, to use with ``with``.

    They show the finished and failed cells, the elapsed and remaining time, and the slowest cell.
    """

    def __init__(self, console: Console | None = None) -> None:
        self._bars = Bars(
            TextColumn("{task.description}", table_column=_fixed()),
            BarColumn(bar_width=12),
            MofNCompleteColumn(table_column=_fixed()),
            TextColumn("{task.fields[failed]}", style="red", table_column=_fixed()),
            TimeElapsedColumn(table_column=_fixed()),
            TextColumn("left", table_column=_fixed()),
            _TimeLeft(table_column=_fixed()),
            TextColumn("{task.fields[step]}", style="dim", table_column=_cut()),
            TextColumn("{task.fields[slowest]}", style="dim", table_column=_cut()),
            console=console or Console(stderr=True),
            expand=True,
        )
        self._stage: TaskID | None = None
        self._failed = 0

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def begin(self, what: str, total: int) -> None:
        self._failed = 0
        self._stage = self._bars.add_task(
            what, total=total, failed="", step="", slowest="", left=None
        )

    def advance(self, step: str, amount: float = 1, failed: bool = False) -> None:
        assert self._stage is not None
        self._failed += failed
        failures = f"{self._failed} failed" if self._failed else ""
        self._bars.update(self._stage, advance=amount, failed=failures, step=step)

    def eta(self, left: float, slowest: str) -> None:
        assert self._stage is not None
        self._bars.update(self._stage, left=left, slowest=f"slowest: {slowest}" if slowest else "")

    def say(self, line: str) -> None:
        self._bars.console.print(line, markup=False, highlight=False)
