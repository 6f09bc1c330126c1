"""Define the parts of a report, before they are formatted as Markdown or HTML."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Table:
    """A table; ``right`` holds the positions of number columns, which are right-aligned."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    right: tuple[int, ...] = ()
    caption: str = ""


@dataclass(frozen=True)
class Section:
    """A heading with text, a list and tables; a ``folded`` section is closed on an HTML page."""

    id: str
    title: str
    text: tuple[str, ...]
    tables: tuple[Table, ...] = ()
    lines: tuple[str, ...] = ()
    folded: bool = False


@dataclass(frozen=True)
class Picture:
    """A figure: SVG for the HTML page, PNG for a separate file."""

    name: str
    title: str
    reading: str
    alt: str
    svg: bytes
    png: bytes
    width: int
    height: int


@dataclass(frozen=True)
class Page:
    """A report: ``verdicts`` first, then ``pictures``, then ``sections``."""

    title: str
    kicker: str
    lead: str
    warnings: tuple[str, ...]
    sentences: tuple[str, ...]
    verdicts: Table
    pictures: tuple[Picture, ...]
    sections: tuple[Section, ...]
