"""Progress of a run: the interface of its reports, and progress bars in a terminal."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Protocol, Self

from rich.console import Console, Group, RenderableType
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.progress import Progress as Bars
from rich.table import Column, Table
from rich.text import Text

from sdscm.number_format import duration

if TYPE_CHECKING:
    from sdscm.report_page import ReportTable

#: Share of a stage after which its mean speed gives an estimate.
_LEAST_SHARE = 0.1

#: Frames a second: ten, as by default, take 3 % of a core.
_FRAMES = 4
#: Rows of a board in a terminal.
TOP = 5
#: Least seconds between two boards, and the most of the run's time that they may take.
_BOARD_INTERVAL, _BOARD_COST = 1.0, 0.01


class Progress(Protocol):
    """Receives the progress of a run, in the process that runs the suite.

    Examples
    --------
    >>> class Lines:
    ...     def begin(self, what, total):
    ...         print(f"{total} {what}")
    ...     def advance(self, step, amount=1, failed=False): ...
    ...     def eta(self, left, slowest): ...
    ...     def board(self, make): ...
    ...     def say(self, line): ...
    >>> _ = benchmarks.run(suite, workers=0, results_dir=None, progress=Lines())
    100 rows of data
    2 cells
    1 boards
    """

    def begin(self, what: str, total: int) -> None:
        """End the previous stage, and start a stage of ``total`` rows or cells."""

    def advance(self, step: str, amount: float = 1, failed: bool = False) -> None:
        """Add ``amount`` finished rows or cells; ``step`` names the dataset or cell.

        With the amount 0, ``step`` says what is done now, such as loading a language model.
        """

    def eta(self, left: float, slowest: str) -> None:
        """Show the seconds until all cells are done (NaN if unknown), and the slowest cell."""

    def board(self, make: Callable[[], ReportTable]) -> None:
        """Receive the function that makes the board of the cells so far, after each cell."""

    def say(self, line: str) -> None:
        """Show a line to the user."""


def time_left(
    done: float, elapsed: float, estimate: tuple[float, float] | None = None, waits: bool = False
) -> float:
    """Estimate the remaining seconds of a stage; NaN if that is not possible yet.

    Parameters
    ----------
    done
        Finished share of the stage.
    elapsed
        Seconds since its start.
    estimate
        The run's last estimate of the remaining seconds, and ``elapsed`` at that moment. None if
        the run has none: then the mean speed since the start counts, after a tenth of the stage.
    waits
        Whether work goes on that no step counts, such as loading a language model.
    """
    if estimate is not None:
        left = estimate[0] - (elapsed - estimate[1])
        return left if left > 0 else math.nan  # it takes longer than was expected
    if waits or done < _LEAST_SHARE:
        return math.nan
    return elapsed * (1 - done) / done


def describe_left(seconds: float) -> str:
    """Describe the remaining time; empty for NaN."""
    return "" if math.isnan(seconds) else f"about {duration(seconds)} left"


class _TimeLeft(ProgressColumn):
    """Column of the remaining time, empty if it is not known."""

    max_refresh = 0.5

    def render(self, task: Task) -> Text:
        fields, done = task.fields, task.percentage / 100
        left = time_left(done, task.elapsed or 0.0, fields["left"], fields["waits"])
        return Text("" if task.finished else describe_left(left), style="progress.remaining")


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

    def board(self, make: Callable[[], ReportTable]) -> None: ...

    def say(self, line: str) -> None: ...


class _BarsBelowBoard(Bars):
    """Progress bars, and above them the top of a board that is made again now and then."""

    make: Callable[[], ReportTable] | None = None
    _shown: RenderableType = ""
    _next = 0.0

    def get_renderables(self) -> Iterable[RenderableType]:
        make, began = self.make, time.monotonic()
        if make is not None and began >= self._next:
            self._shown, self.make = _top_of(make()), None
            ended = time.monotonic()
            self._next = ended + max(_BOARD_INTERVAL, (ended - began) / _BOARD_COST)
        if self._shown:
            yield self._shown
        yield from super().get_renderables()

    def stop(self) -> None:
        self.make, self._shown = None, ""  # the terminal keeps the bars only
        super().stop()


def _top_of(board: ReportTable) -> Group:
    columns, rows = board.only("terminal")
    shown = Table(box=None, pad_edge=False)
    for column in columns:
        shown.add_column(column.heading, justify="right" if column.numeric else "left")
    for row in rows[:TOP]:
        shown.add_row(*(Text(cell.full_text) for cell in row))
    return Group(Text(board.caption, style="bold"), shown)


class RichProgress:
    """Progress bars in a terminal, to use with ``with``.

    They show the finished and failed cells, the elapsed and remaining time, and the slowest cell.
    With ``live``, the best methods on the finished cells stand above them.

    Examples
    --------
    >>> with benchmarks.RichProgress() as progress:
    ...     progress.begin("cells", 2)
    ...     progress.advance("first cell")
    """

    def __init__(
        self, console: Console | None = None, transient: bool = False, live: bool = False
    ) -> None:
        self._live = live
        self._bars = _BarsBelowBoard(
            SpinnerColumn(finished_text=" "),
            TextColumn("{task.description}", table_column=_fixed()),
            BarColumn(bar_width=12),
            MofNCompleteColumn(table_column=_fixed()),
            TextColumn("{task.fields[failed]}", style="red", table_column=_fixed()),
            TimeElapsedColumn(table_column=_fixed()),
            _TimeLeft(table_column=_fixed()),
            TextColumn("{task.fields[step]}", style="dim", table_column=_cut()),
            TextColumn("{task.fields[slowest]}", style="dim", table_column=_cut()),
            console=console or Console(stderr=True),
            expand=True,
            transient=transient,
            refresh_per_second=_FRAMES,
        )
        self._stage: TaskID | None = None
        self._failed = 0

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def begin(self, what: str, total: int | None) -> None:
        self._failed = 0
        self._stage = self._bars.add_task(
            what, total=total, failed="", step="", slowest="", left=None, waits=False
        )

    def advance(self, step: str, amount: float = 1, failed: bool = False) -> None:
        assert self._stage is not None
        self._failed += failed
        failures = f"{self._failed} failed" if self._failed else ""
        self._bars.update(
            self._stage, advance=amount, failed=failures, step=step, waits=amount == 0
        )

    def resize(self, total: int) -> None:
        """Change the total of the stage."""
        assert self._stage is not None
        self._bars.update(self._stage, total=total)

    def eta(self, left: float, slowest: str) -> None:
        assert self._stage is not None
        elapsed = self._bars.tasks[self._stage].elapsed or 0.0
        shown = f"slowest: {slowest}" if slowest else ""
        self._bars.update(self._stage, left=(left, elapsed), slowest=shown)

    def board(self, make: Callable[[], ReportTable]) -> None:
        if self._live:
            self._bars.make = make

    def say(self, line: str) -> None:
        self._bars.console.print(line, markup=False, highlight=False)
