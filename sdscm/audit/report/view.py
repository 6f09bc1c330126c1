"""What a report shows, before it is Markdown or HTML."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Table:
    """A table; ``right`` are the places of the columns of numbers, aligned and never broken."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    right: tuple[int, ...] = ()
    caption: str = ""


@dataclass(frozen=True)
class Section:
    """A heading with text, a list and tables below it; ``folded`` ones are closed on a page."""

    id: str
    title: str
    text: tuple[str, ...]
    tables: tuple[Table, ...] = ()
    lines: tuple[str, ...] = ()
    folded: bool = False


@dataclass(frozen=True)
class Picture:
    """A figure, as SVG for the page and as PNG for a file beside it."""

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
    """A whole report. ``verdicts`` come first, then ``pictures``, then ``sections``."""

    title: str
    kicker: str
    lead: str
    warnings: tuple[str, ...]
    sentences: tuple[str, ...]
    verdicts: Table
    pictures: tuple[Picture, ...]
    sections: tuple[Section, ...]
