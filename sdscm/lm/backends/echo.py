"""Texts of choices, and the tokens that a server returns for them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from sdscm.lm.interface import Choice


def full_texts(choice: Choice) -> list[str]:
    """The text of each candidate with its context."""
    return [" ".join((*choice.context, sentence)) for sentence in choice.sentences]


def offsets(tokens: Sequence[str]) -> list[tuple[int, int]]:
    """Places of the letters of each token.

    A letter may be split over tokens. Then vLLM gives the text of all of them to the last one, and
    the others an empty text: they have the place of the last one.
    """
    ends = list(accumulate(map(len, tokens)))
    places = list(zip([0, *ends[:-1]], ends, strict=True))
    for k in range(len(places) - 2, -1, -1):
        if not tokens[k]:
            places[k] = places[k + 1]
    return places


def spelling(tokens: Sequence[str], text: str) -> tuple[int, int] | None:
    """Begin and end of the tokens that spell a text; one token before and one after may be more."""
    for head in (0, 1):
        for end in (len(tokens) - 1, len(tokens)):
            if head < end and "".join(tokens[head:end]) == text:
                return head, end
    return None


def of_ids(tokens: Sequence[str], text: str, ids: Sequence[int]) -> tuple[int, int] | None:
    """Begin and end of the tokens of a text that was sent as token ids.

    Spaces are not compared, since decoders treat them differently; nor are other letters than
    ASCII, of which a token may be a part.
    """
    if len(tokens) not in (len(ids), len(ids) + 1):
        return None
    spelled = "".join(tokens[: len(ids)])
    if text.isascii() and "".join(spelled.split()) != "".join(text.split()):
        return None
    return 0, len(ids)
