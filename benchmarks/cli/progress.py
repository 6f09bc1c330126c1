"""Show progress on standard error: bars in a terminal, a few lines in a log."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING

from benchmarks.cli.output import error_console

if TYPE_CHECKING:
    import benchmarks

#: Percentage of a stage after which a log gets the next line.
_STEP = 10


def in_terminal() -> bool:
    """Return True if standard error is a terminal."""
    return sys.stderr.isatty()


@contextmanager
def bar(what: str, total: int | None) -> Iterator[Callable[..., None]]:
    """Show a bar, and what language models do, if standard error is a terminal.

    Yields a function that takes the number of finished steps, and their total if it changes.
    """
    if not in_terminal():
        yield lambda done, total=None: None
        return
    from benchmarks.progress import RichProgress
    from sdscm.lm.score_cache import reporting

    with RichProgress(error_console(), transient=True) as progress:
        finished = 0.0
        stage_total = total
        progress.begin(what, total)

        def show(done: float, total: int | None = None) -> None:
            nonlocal finished, stage_total
            if total is not None and total != stage_total:
                stage_total = total
                progress.resize(total)
            progress.advance("", done - finished)
            finished = done

        with reporting(lambda doing: progress.advance(doing, 0)):
            yield show


def working(what: str) -> AbstractContextManager[object]:
    """Show ``what`` as the current work if standard error is a terminal."""
    return error_console().status(what) if in_terminal() else nullcontext()


@contextmanager
def run_progress() -> Iterator[benchmarks.Progress]:
    """Show the progress of a run: bars in a terminal, lines in a log."""
    if not in_terminal():
        yield LogProgress()
        return
    from benchmarks import RichProgress

    with RichProgress() as bars:
        yield bars


class LogProgress:
    """Print a line for every tenth of a stage, and each message."""

    def __init__(self) -> None:
        self.begin("", 0)

    def begin(self, what: str, total: int) -> None:
        self._what, self._total = what, total
        self._done, self._failed, self._printed, self._eta = 0.0, 0, 0, ""

    def advance(self, step: str, amount: float = 1, failed: bool = False) -> None:
        self._done += amount
        self._failed += failed
        reached = int(100 * self._done / self._total) // _STEP * _STEP
        if reached > self._printed:
            self._printed = reached
            failures = f", {self._failed} failed" if self._failed else ""
            eta = self._eta if reached < 100 else ""
            self.say(f"{self._what}: {self._done:.0f} of {self._total}{failures}{eta}")

    def eta(self, left: float, slowest: str) -> None:
        from benchmarks.progress import duration

        self._eta = "" if math.isnan(left) else f", {duration(left)} left"
        self._eta += f"; slowest: {slowest}" if slowest else ""

    def say(self, line: str) -> None:
        print(line, file=sys.stderr, flush=True)
