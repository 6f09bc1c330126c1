"""Count the warnings that libraries gave in cells, such as those of invalid inference."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from benchmarks.storage.store import Record

#: Explanation for readers.
NOTE = (
    "Warnings of estimators and their libraries, the most frequent first. They are grouped by "
    "their text, with # in the place of numbers. Warnings about code (deprecations) are left out; "
    "each record has its own."
)

#: Beginnings of notes that concern the code of a library, or are no warnings: a name of a class.
_OF_CODE = re.compile(
    r"(?:\w*Deprecat|FutureW|ImportW|ResourceW|SyntaxW|BytesW|EncodingW|printed:)"
)
_NUMBER = re.compile(r"(?<!\w)(?:0x[0-9a-f]+|[-+]?(?:\d[\d.,]*\d|\d)(?:e[-+]?\d+)?)", re.I)
_LONGEST = 200


@dataclass(frozen=True)
class LibraryWarning:
    """A warning of libraries.

    Attributes
    ----------
    text
        Class and message, with ``#`` in the place of numbers, at most 200 characters.
    methods
        Labels of the methods, sorted.
    cells
        Number of cells.
    """

    text: str
    methods: tuple[str, ...]
    cells: int


def library_warnings(records: Iterable[Record]) -> tuple[LibraryWarning, ...]:
    """Group the warnings of records by text, the most frequent first; see `NOTE`."""
    found: dict[str, list[str]] = {}
    for record in records:
        texts = {_grouped(note) for note in record.outcome.warnings if not _OF_CODE.match(note)}
        for text in texts:
            found.setdefault(text, []).append(record.cell.estimator)
    listed = [LibraryWarning(text, tuple(sorted(set(of))), len(of)) for text, of in found.items()]
    return tuple(sorted(listed, key=lambda each: (-each.cells, each.text)))


def _grouped(note: str) -> str:
    text = without_numbers(note)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def without_numbers(text: str) -> str:
    """Put ``#`` in the place of numbers, so that texts that differ in them alone are equal."""
    return _NUMBER.sub("#", text)
