"""Hints for a misspelt word, and words for an object of a wrong type."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Make a hint for an unknown word: the closest of the known words, or all of them."""
    known = list(known)
    by_lower_case = {candidate.lower(): candidate for candidate in reversed(known)}
    close = get_close_matches(word.lower(), by_lower_case, n=1)
    if close:
        return f"did you mean {by_lower_case[close[0]]!r}?"
    return f"known: {', '.join(known)}" if known else "none is defined"


def kind_of(thing: Any) -> str:
    """Describe an object by its type, for messages: ``a dict``, ``the class LinReg``, ``None``."""
    if thing is None:
        return "None"
    if isinstance(thing, type):
        return f"the class {thing.__name__}"
    name = type(thing).__name__
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"
