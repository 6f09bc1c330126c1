"""How a run tells what it is doing."""

from __future__ import annotations

from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bars


class Progress(Protocol):
    """Told of each step, in the process that runs the suite."""

    def begin(self, what: str, total: int) -> None:
        """A stage of ``total`` rows or cells starts; the stage before it is over."""

    def advance(self, step: str, amount: float = 1, failed: bool = False) -> None:
        """``amount`` of the stage's total is done, by ``step``."""

    def say(self, line: str) -> None:
        """Something that the user should read."""


class Silent:
    """Says nothing."""

    def begin(self, what: str, total: int) -> None: ...

    def advance(self, step: str, amount: float = 1, failed: bool = False) -> None: ...

    def say(self, line: str) -> None: ...


class RichProgress:
    """Bars in a terminal: done of all, failed, elapsed and left. Use it in a ``with`` block."""

    def __init__(self, console: Console | None = None) -> None:
        self._bars = Bars(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[failed]}", style="red"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[step]}", style="dim"),
            console=console or Console(stderr=True),
        )
        self._stage: TaskID | None = None
        self._failed = 0

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bars.stop()

    def begin(self, what: str, total: int) -> None:
        self._failed = 0
        self._stage = self._bars.add_task(what, total=total, failed="", step="")

    def advance(self, step: str, amount: float = 1, failed: bool = False) -> None:
        assert self._stage is not None
        self._failed += failed
        told = f"{self._failed} failed" if self._failed else ""
        self._bars.update(self._stage, advance=amount, failed=told, step=step)

    def say(self, line: str) -> None:
        self._bars.console.print(line, markup=False, highlight=False)
