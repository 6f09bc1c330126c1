"""Sentences that state a value: a plain one for a name, and more by frames around a sentence."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
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


#: Most words after the value.
_AFTER = 4


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
    variable: Variable,
    candidates: Iterable[str],
    wanted: int,
    check: Callable[[str], str] | None = None,
) -> tuple[list[Phrasing], list[Dropped]]:
    """Add sentences to the scored ones of a variable, until it has ``wanted``.

    A candidate is kept if it holds ``{value}`` once and no other field, differs from the others
    (those for tuning as well) in more than articles, capitals and marks, and has no fault that none
    of the variable's own sentences has; see `FAULTS`.

    Parameters
    ----------
    variable
    candidates
        Texts with ``{value}``; only as many are taken as are needed.
    wanted
        Number of scored sentences.
    check
        Gives the reason to drop a candidate that has no such fault, or an empty text.
    """
    kept = list(variable.phrasings)
    own = [*variable.phrasings, *variable.tuning]
    seen = {_words(each.template) for each in own}
    faults = [(find, reason) for find, reason in FAULTS if not any(_finds(find, own, variable))]
    dropped: dict[str, str] = {}
    for candidate in candidates:
        if len(kept) >= wanted:
            break
        if candidate in dropped:
            continue
        try:
            phrasing = Phrasing.from_template(candidate)
        except ValidationError as error:
            dropped[candidate] = str(error.errors()[0]["ctx"]["error"])
            continue
        found = (reason for find, reason in faults if any(_finds(find, [phrasing], variable)))
        if _words(candidate) in seen:
            dropped[candidate] = "says the same as another one"
        elif reason := next(found, "") or (check(candidate) if check else ""):
            dropped[candidate] = reason
        else:
            seen.add(_words(candidate))
            kept.append(phrasing)
    return kept, [Dropped(*each) for each in dropped.items()]


def _words(template: str) -> tuple[str, ...]:
    """The words of a sentence without articles, capitals and marks."""
    words = re.findall(r"[^\W_]+|[{}]", template.casefold())
    return tuple(each for each in words if each not in ("a", "an", "the"))


Fault = Callable[[Phrasing, str], object]


def _finds(find: Fault, phrasings: Iterable[Phrasing], variable: Variable) -> Iterator[bool]:
    return (bool(find(each, value)) for each in phrasings for value in variable.values)


def _found(pattern: str, flags: int = 0) -> Fault:
    """Search the sentence of each value."""
    compiled = re.compile(pattern, flags)
    return lambda phrasing, value: compiled.search(phrasing.sentence(value))


def _around(pattern: str, flags: int = 0) -> Fault:
    """Search the text around the value."""
    compiled = re.compile(pattern, flags)
    return lambda phrasing, _: compiled.search(phrasing.template.replace(PLACE, "\0"))


def _small_first(phrasing: Phrasing, value: str) -> bool:
    return next((each for each in phrasing.sentence(value) if each.isalnum()), "").islower()


def _attached(phrasing: Phrasing, _: str) -> object:
    return re.search(r"\w$", phrasing.prefix) or re.match(r"\w", phrasing.suffix)


def _wrong_article(phrasing: Phrasing, value: str) -> bool:
    """``a`` before a vowel, or ``an`` before another sound; abbreviations may be either."""
    article = re.search(r"\b(an?) $", phrasing.prefix, re.IGNORECASE)
    first = re.match(r"[^\W_]+", value)
    if not article or not first or (len(first[0]) > 1 and first[0].isupper()):
        return False
    return (article[1].lower() == "an") != bool(_VOWEL.match(first[0]))


#: Words and numbers that begin with the sound of a vowel.
_VOWEL = re.compile(
    r"(?!uni(?![mn])|us[aeiu]|ut[eio]|eu|one\b|once\b|ubiq)[aeiou]|hour|hono|heir|honest"
    r"|8|1[18](?!\d)",
    re.IGNORECASE,
)


def _states_another(phrasing: Phrasing, value: str) -> object:
    text = phrasing.template.replace(PLACE, "\0")
    return re.search(rf"(?<!\w){re.escape(value)}(?!\w)", text, re.IGNORECASE)


#: Faults of a sentence for one of the values, each with the reason that is printed.
FAULTS: tuple[tuple[Fault, str], ...] = (
    (_found(r"[\x00-\x1f\x7f-\x9f\ufffd]"), "holds characters that are not text"),
    (_around(r"(?<![.!?])(?<![.!?][\"')\u201d\u2019])\s*$"), "does not end as a sentence"),
    (_small_first, "does not begin with a capital letter for each value"),
    (_around(r"\?\W*$"), "asks, and does not state"),
    (_around(r"[.!?][\"')]?\s+(?=[A-Z\0])"), "is more than one sentence"),
    (_attached, "has letters that touch {value}"),
    (
        lambda phrasing, _: len(phrasing.suffix.split()) > _AFTER,
        f"goes on for over {_AFTER} words "
        "after {value}; what follows it is scored once for each value",
    ),
    (_wrong_article, "has 'a' for 'an', or 'an' for 'a', before a value"),
    (
        _found(r"\b(?!(?:that|had)\b)([^\W\d_]+)\s+\1\b|\b(an?|the)\s+(an?|the)\b", re.IGNORECASE),
        "says a word twice",
    ),
    (_found(r"\s\s|\s[.,;!?](?!\w)|[({\[]\s|\s[)}\]]"), "has a blank too much"),
    (_states_another, "states one of the values as well"),
    (
        _around(
            r"\b(not|never|no|none|nobody|cannot|without|neither|nor|hardly)\b|n['\u2019]t\b",
            re.IGNORECASE,
        ),
        "denies something",
    ),
)
