"""What the templates show: plain frozen values, with nothing left to decide."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

First = Literal["ascending", "descending"]


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes
    ----------
    title
        Shown in the head of the table.
    note
        One line under the title, e.g. which direction is better.
    numeric
        Numbers are aligned to the right and sorted as such.
    first
        The direction of the first sorting: the best on top.
    key
        Whether a leaderboard shows it before a reader asks for all columns.
    """

    title: str
    note: str = ""
    numeric: bool = True
    first: First = "ascending"
    key: bool = True


@dataclass(frozen=True)
class Cell:
    """A cell: what is read, what is sorted by (empty sorts last), and a smaller second line.

    ``best`` if no other of the column is better.
    """

    text: str
    value: str = ""
    detail: str = ""
    best: bool = False


@dataclass(frozen=True)
class Row:
    """A row.

    Attributes
    ----------
    cells
        One a column.
    family
        What the filter by family compares with.
    aside
        Shown apart, as an Oracle that has no rank.
    """

    cells: tuple[Cell, ...]
    family: str = ""
    aside: bool = False


@dataclass(frozen=True)
class Table:
    """A table, whose column ``head`` names the row."""

    id: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    head: int = 0
    filtered: bool = False


@dataclass(frozen=True)
class BoardView:
    """A leaderboard with its heading and what is to be known before reading it."""

    heading: str
    note: str
    table: Table
    test: str
    wins: Table


@dataclass(frozen=True)
class FigureView:
    """A figure: two drawings of it as data URIs, in words, and in numbers."""

    id: str
    title: str
    reading: str
    alt: str
    wide: str
    narrow: str
    width: int
    height: int
    table: Table
    files: tuple[str, ...]


@dataclass(frozen=True)
class Fact:
    """A name and its value; ``code`` if it is to be typed."""

    name: str
    value: str
    code: bool = False


@dataclass(frozen=True)
class Page:
    """The whole report."""

    title: str
    kicker: str
    summary: str
    findings: tuple[str, ...]
    families: tuple[str, ...]
    boards: tuple[BoardView, ...]
    figures: tuple[FigureView, ...]
    rules: tuple[str, ...]
    metrics: Table
    datasets: Table
    trouble: Table | None
    commands: tuple[Fact, ...]
    provenance: tuple[Fact, ...]
    suite: str
    versions: Table
