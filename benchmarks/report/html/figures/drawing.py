"""Define figures before they are exported to files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.boards.table import ReportTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Layout:
    """Hold the space that a figure has.

    Attributes
    ----------
    name
        ``wide`` for screens, paper and files, ``narrow`` for phones.
    width
        Width in inches. A browser shows 96 pixels per inch, so that letters keep their size.
    across
        Largest number of panels side by side.
    title
        Title above the panels; empty if the page shows it.
    """

    name: str
    width: float
    across: int
    title: str = ""

    def grid(self, rows: int, columns: int) -> tuple[int, int]:
        """Compute the numbers of rows and columns of panels; one column if the figure is narrow."""
        return (rows, columns) if columns <= self.across else (rows * columns, 1)


WIDE = Layout("wide", width=10.4, across=3)
NARROW = Layout("narrow", width=3.75, across=1)


@dataclass(frozen=True)
class Drawing:
    """Hold a figure.

    Attributes
    ----------
    name
        Name of its files, without the suffix.
    title
        Heading above the figure.
    reading
        Explanation of the figure.
    alt
        Alternative text for readers who cannot see the figure.
    table
        The numbers of the figure.
    make
        Function that draws the figure.
    """

    name: str
    title: str
    reading: str
    alt: str
    table: ReportTable
    make: Callable[[Layout], Figure]
