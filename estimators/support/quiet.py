"""Collect the warnings and printed lines of libraries as notes."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Iterable, Iterator

LONGEST_NOTE = 200
MOST_PRINTED_LINES = 20
DEPRECATIONS = (DeprecationWarning, PendingDeprecationWarning, FutureWarning)


def _shorten(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_NOTE else line[: LONGEST_NOTE - 3] + "..."


def add_notes(notes: list[str], new: Iterable[str]) -> None:
    """Append each element of ``new`` to ``notes`` unless it is there already."""
    for note in new:
        if note not in notes:
            notes.append(note)


@contextlib.contextmanager
def quiet(notes: list[str]) -> Iterator[None]:
    """Catch warnings and lines printed by Python code; append each distinct one to ``notes``.

    A warning becomes ``Category: message``, a printed line ``printed: line``. Both are cut at 200
    characters, and at most 20 printed lines are kept. Deprecation warnings between libraries are
    left out, because they do not concern the estimate. The block replaces the warning filters and
    standard streams of the process, so it must not run in two threads at once.
    """
    out = io.StringIO()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
                yield
        finally:
            printed = [line for line in map(_shorten, out.getvalue().splitlines()) if line]
            kept = (w for w in caught if not issubclass(w.category, DEPRECATIONS))
            add_notes(notes, (_shorten(f"{w.category.__name__}: {w.message}") for w in kept))
            add_notes(notes, (f"printed: {line}" for line in printed[:MOST_PRINTED_LINES]))
