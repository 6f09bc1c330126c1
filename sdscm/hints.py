"""Hints for a misspelt word."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Make a hint for an unknown word: the closest of the known words, or all of them."""
    known = list(known)
    by_lower_case = {candidate.lower(): candidate for candidate in reversed(known)}
    close = get_close_matches(word.lower(), by_lower_case, n=1)
    if close:
        return f"did you mean {by_lower_case[close[0]]!r}?"
    return f"known: {', '.join(known)}" if known else "none is defined"
