"""What a figure is, before it is a file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.report.html.view import Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Layout:
    """The room that a figure has.

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
        """Rows and columns of panels: all below each other where there is no room beside."""
        return (rows, columns) if columns <= self.across else (rows * columns, 1)


WIDE = Layout("wide", width=10.4, across=3)
NARROW = Layout("narrow", width=3.75, across=1)


@dataclass(frozen=True)
class Drawing:
    """A figure.

    Attributes
    ----------
    name
        Stem of its files.
    title
        What it shows, as a heading.
    reading
        How to read it.
    alt
        What a reader who cannot see it should know.
    table
        Its numbers.
    make
        Draws it.
    """

    name: str
    title: str
    reading: str
    alt: str
    table: Table
    make: Callable[[Layout], Figure]
