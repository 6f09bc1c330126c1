"""Define figures, before they are files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.boards.table import ReportTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Layout:
    """Hold the room that a figure has.

    Attributes
    ----------
    name
        ``wide`` for screens, paper and files, ``narrow`` for phones.
    width
        In inches. A browser shows 96 pixels an inch, so that letters keep their size.
    across
        Panels side by side, at most.
    title
        Drawn above the panels; empty where a page shows it.
    """

    name: str
    width: float
    across: int
    title: str = ""

    def grid(self, rows: int, columns: int) -> tuple[int, int]:
        """Give the rows and columns of panels: one column where there is no room for more."""
        return (rows, columns) if columns <= self.across else (rows * columns, 1)


WIDE = Layout("wide", width=10.4, across=3)
NARROW = Layout("narrow", width=3.75, across=1)


@dataclass(frozen=True)
class Drawing:
    """Hold a figure.

    Attributes
    ----------
    name
        Stem of the names of its files.
    title
        Heading: what the figure shows.
    reading
        How to read the figure.
    alt
        Text for readers who cannot see the figure.
    table
        The numbers of the figure.
    make
        Draws the figure.
    """

    name: str
    title: str
    reading: str
    alt: str
    table: ReportTable
    make: Callable[[Layout], Figure]
