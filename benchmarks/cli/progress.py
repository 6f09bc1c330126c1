"""Show progress on standard error: bars in a terminal, a few lines in a log."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from threading import Event, Thread
from typing import TYPE_CHECKING

from benchmarks.cli.output import error_console

if TYPE_CHECKING:
    import benchmarks
    from sdscm.report_page import ReportTable

#: A log gets a line for each tenth of a stage, at least this many seconds after the last one ...
_INTERVAL = 10.0
#: ... and without a new tenth after this many, or this share of the stage's time if that is longer.
_LONG_INTERVAL, _LONG_SHARE = 60.0, 0.05


def in_terminal() -> bool:
    """Return True if standard error is a terminal."""
    return sys.stderr.isatty()


@contextmanager
def bar(what: str, total: int | None) -> Iterator[Callable[..., None]]:
    """Show the finished steps, and what language models do: a bar in a terminal, lines in a log.

    Yields a function that takes the number of finished steps, and their total if it changes.
    """
    from benchmarks.progress import RichProgress
    from sdscm.lm.score_cache import reporting

    rich = RichProgress(error_console(), transient=True) if in_terminal() else None
    progress: RichProgress | LogProgress = rich or LogProgress(brief=True)
    finished, stage_total = 0.0, total
    progress.begin(what, total)

    def show(done: float, total: int | None = None) -> None:
        nonlocal finished, stage_total
        if total is not None and total != stage_total:
            stage_total = total
            progress.resize(total)
        progress.advance("", done - finished)
        finished = done

    with rich or nullcontext(), reporting(lambda doing: progress.advance(doing, 0)):
        yield show


@contextmanager
def working(what: str) -> Iterator[None]:
    """Show ``what`` as the current work; in a log only if it takes long, and how long."""
    if in_terminal():
        with error_console().status(what):
            yield
        return
    from sdscm.number_format import duration

    ended, began = Event(), time.monotonic()

    def tell() -> None:
        wait = _INTERVAL
        while not ended.wait(wait):
            elapsed = time.monotonic() - began
            print(f"{what}: {duration(elapsed)} so far", file=sys.stderr, flush=True)
            wait = max(_LONG_INTERVAL, _LONG_SHARE * elapsed)

    Thread(target=tell, daemon=True).start()
    try:
        yield
    finally:
        ended.set()


@contextmanager
def run_progress(live: bool = False, brief: bool = False) -> Iterator[benchmarks.Progress]:
    """Show the progress of a run; for ``live`` and ``brief`` see `LogProgress`."""
    if not in_terminal():
        yield LogProgress(brief, live)
        return
    from benchmarks import RichProgress

    with RichProgress(live=live) as bars:
        yield bars


class LogProgress:
    """Print a line for every tenth of a stage if it takes long, for its end, and each message.

    With ``brief``, a stage of a few seconds has no line. With ``live``, a second line has the best
    methods.
    """

    def __init__(
        self, brief: bool = False, live: bool = False, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._brief, self._live, self._clock = brief, live, clock
        self._make: Callable[[], ReportTable] | None = None
        self.begin("", 0)

    def begin(self, what: str, total: int | None) -> None:
        self._what, self._total = what, total
        self._done, self._failed, self._tenth = 0.0, 0, 0
        self._began = self._printed = self._clock()
        self._estimate: tuple[float, float] | None = None
        self._slowest = ""

    def resize(self, total: int) -> None:
        """Change the total of the stage."""
        self._total = total

    def advance(self, step: str, amount: float = 1, failed: bool = False) -> None:
        before, now = self._done, self._clock()
        self._done += amount
        self._failed += failed
        tenth = int(10 * self._done / self._total) if self._total else 0
        silent, elapsed = now - self._printed, now - self._began
        ended = self._total is not None and before < self._total <= self._done
        if (
            (ended and (not self._brief or elapsed >= _INTERVAL))
            or (tenth > self._tenth and silent >= _INTERVAL)
            or silent >= max(_LONG_INTERVAL, _LONG_SHARE * elapsed)
        ):
            self._tenth, self._printed = tenth, now
            self.say(self._line(step if amount == 0 else "", elapsed))
            if self._make is not None and not ended:
                self.say(_best(self._make()))

    def _line(self, doing: str, elapsed: float) -> str:
        from benchmarks.progress import describe_left, time_left
        from sdscm.number_format import duration

        line = f"{self._what}: {self._done:,.0f}"
        share = math.nan
        if self._total:
            line += f" of {self._total:,}"
            share = self._done / self._total
        parts = [line + f" after {duration(elapsed)}" * (elapsed >= 1)]
        parts += [f"{self._failed} failed"] * bool(self._failed)
        if share < 1:
            left = time_left(share, elapsed, self._estimate, waits=bool(doing))
            parts += [describe_left(left)] * (not math.isnan(left))
            parts += [f"slowest: {self._slowest}"] * bool(self._slowest)
        return ", ".join(parts) + f"; {doing}" * bool(doing)

    def eta(self, left: float, slowest: str) -> None:
        self._estimate, self._slowest = (left, self._clock() - self._began), slowest

    def board(self, make: Callable[[], ReportTable]) -> None:
        if self._live:
            self._make = make

    def say(self, line: str) -> None:
        print(line, file=sys.stderr, flush=True)


def _best(board: ReportTable) -> str:
    """Write the top of a board in one line, each method with its rank, score and cells."""
    from benchmarks.progress import TOP

    columns, rows = board.only("terminal")
    names = [column.name for column in columns]
    shown = [dict(zip(names, (cell.text for cell in row), strict=True)) for row in rows[:TOP]]
    best = (f"{each['rank']}. {each['method']} {each['score']} ({each['cells']})" for each in shown)
    return f"  {board.caption}: {'; '.join(best)}"
