"""Sentences that state a value: a plain one for a name, and more by frames around a sentence."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from sdscm.spec import Phrasing, Variable
from sdscm.spec.phrasing import PLACE

#: Texts around a sentence that leave its meaning as it is.
FRAMES = (
    "{}",
    "We know that {}",
    "The record says that {}",
    "It is known that {}",
    "As far as we know, {}",
    "According to the file, {}",
    "The notes say that {}",
    "In this case, {}",
    "One learns that {}",
    "From the file we learn that {}",
    "The report states that {}",
    "As the record shows, {}",
    "We are told that {}",
    "By all accounts, {}",
    "It was found that {}",
    "The data show that {}",
    "It turned out that {}",
    "To be exact, {}",
    "As we have read, {}",
    "The summary says that {}",
    "It has been noted that {}",
    "On record, {}",
    "As it is, {}",
    "It is reported that {}",
)
#: First words that are written with a small letter within a sentence.
_SMALL = re.compile(
    r"an?|the|this|that|these|those|his|her|its|their|our|my|your|s?he|it|they|we|you|who|what|in"
    r"|on|at|by|for|of|to|from|with|after|before|during|since|when|while|as|if|there|here|most|all"
    r"|some|one|two|last|next|every|each|no|not|about|among|under|over",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True)
class Dropped:
    """A sentence that was not kept, and why."""

    sentence: str
    reason: str


def plain_sentence(name: str) -> str:
    """The sentence of a variable that has a name only."""
    return f"The {label(name)} is {PLACE}."


def label(name: str) -> str:
    """The words of a name such as ``years_of_school`` or ``yearsOfSchool``."""
    words = re.sub(r"([a-z])([A-Z][a-z])", r"\1 \2", name).replace("_", " ").replace(".", " ")
    return " ".join(words.split())


def framed(sentence: str, frames: Sequence[str] = FRAMES) -> list[str]:
    """The sentence in each frame."""
    first = _WORD.match(sentence)
    inner = sentence
    if first and _SMALL.fullmatch(first[0]):
        inner = sentence[0].lower() + sentence[1:]
    return [sentence if frame == "{}" else frame.replace("{}", inner) for frame in frames]


def more_sentences(
    variable: Variable, candidates: Iterable[str], wanted: int
) -> tuple[list[str], list[Dropped]]:
    """Add sentences to those of a variable, until it has ``wanted``.

    A candidate is kept if it holds ``{value}`` once and no other field, ends as a sentence, and
    differs from the others in more than capitals, blanks and the last mark.
    """
    kept = [each.template for each in variable.phrasings]
    seen = {_normal(each) for each in kept}
    dropped = []
    for candidate in candidates:
        if len(kept) >= wanted:
            break
        reason = _problem(candidate)
        if not reason and _normal(candidate) in seen:
            reason = "says the same as another one"
        if reason:
            dropped.append(Dropped(candidate, reason))
            continue
        seen.add(_normal(candidate))
        kept.append(candidate)
    return kept, dropped


def _problem(template: str) -> str:
    try:
        Phrasing.from_template(template)
    except ValidationError as error:
        return str(error.errors()[0]["ctx"]["error"])
    if not template.rstrip().endswith((".", "!", "?", '."', ".'")):
        return "does not end as a sentence"
    return ""


def _normal(template: str) -> str:
    return " ".join(template.casefold().split()).rstrip(".!?")
