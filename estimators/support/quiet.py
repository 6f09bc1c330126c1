"""Libraries' warnings and printed lines become notes."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Iterable, Iterator

LONGEST = 200
MOST_PRINTED = 20
DEPRECATIONS = (DeprecationWarning, PendingDeprecationWarning, FutureWarning)


def _shorten(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else line[: LONGEST - 3] + "..."


def add_notes(notes: list[str], new: Iterable[str]) -> None:
    """Append each new note to ``notes`` once."""
    for note in new:
        if note not in notes:
            notes.append(note)


@contextlib.contextmanager
def quiet(notes: list[str]) -> Iterator[None]:
    """Catch warnings and whatever Python code prints; append each distinct one to ``notes``.

    A warning becomes ``Category: message``, a printed line ``printed: line``; both are cut at
    200 characters, and at most 20 printed lines are kept. Notices of deprecation between libraries
    are left out: they say nothing about the estimate. The block takes over the process's
    warning filters and standard streams, so it must not run in two threads at once.
    """
    out = io.StringIO()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
                yield
        finally:
            printed = [line for line in map(_shorten, out.getvalue().splitlines()) if line]
            told = (w for w in caught if not issubclass(w.category, DEPRECATIONS))
            add_notes(notes, (_shorten(f"{w.category.__name__}: {w.message}") for w in told))
            add_notes(notes, (f"printed: {line}" for line in printed[:MOST_PRINTED]))
