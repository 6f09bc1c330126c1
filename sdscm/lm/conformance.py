"""Check that a language model scores as a probability distribution over texts does.

The checks need no other model: equal texts must have equal scores however they are asked for, and
the probabilities of different texts after one context cannot add up to more than 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from sdscm.errors import InputError
from sdscm.lm.interface import Choice, ChoiceScores, LanguageModel

#: Largest accepted difference, in nats, of scores that must be equal.
TOLERANCE = 0.02
_CONTEXT = ("Kim works as a nurse.", "After work Kim is calm.")
_PLAIN = Choice(_CONTEXT, "Then Kim has a cup of ", ("tea", "coffee", "water"), " at home.")
#: Values that tokenizers split in unusual ways.
_AWKWARD = (
    Choice((), "", ("Yes", "No"), "."),
    Choice(_CONTEXT, "", ("7:45", "12", "3.5"), " is the time."),
    Choice(_CONTEXT, "She says ", ('"yes"', "no, never", "..."), ""),
    Choice(("Zażółć gęślą jaźń.",), "Straße: ", ("東京", "naïve", "Œuvre"), " 🙂."),
    Choice(_CONTEXT, "The line is\n", ("long", "  short"), "\nand ends."),
    Choice(_CONTEXT, "Kim has ", ("tea", "tea and milk", "teas"), "."),
)


@dataclass(frozen=True)
class Check:
    """Result of one check: its name, the largest difference in nats, and what is wrong."""

    name: str
    difference: float
    problem: str = ""


def check_lm(lm: LanguageModel, tolerance: float = TOLERANCE) -> list[Check]:
    """Run all checks of a language model.

    Parameters
    ----------
    lm
        The language model. Give it without a cache of scores, so that it is asked each time.
    tolerance
        Largest accepted difference of scores that must be equal, in nats.

    Returns
    -------
    One result for each check, also where it passed.

    Examples
    --------
    >>> import sdscm
    >>> from sdscm.lm.conformance import check_lm
    >>> lm = sdscm.TabularLM(lambda choice: [0.6] * len(choice.values))
    >>> [each.name for each in check_lm(lm) if each.problem][0]
    'the context counts'
    """
    results = []
    for name, check in _CHECKS.items():
        try:
            size = float(check(lm))
            problem = "" if size <= tolerance else f"scores differ by {size:.3g}"
        except _WrongError as error:
            size, problem = np.inf, str(error)
        except InputError as error:
            size, problem = np.inf, f"it refuses: {error}"
        results.append(Check(name, size, problem))
    return results


class _WrongError(Exception):
    """A check found what no distribution over texts does."""


def _one(lm: LanguageModel, choice: Choice) -> ChoiceScores:
    scores = lm.score([choice])
    if len(scores) != 1:
        raise _WrongError(f"it returns {len(scores)} scores for one choice")
    found, size = scores[0], len(choice.values)
    for part in (found.sentence, found.value, found.sentence_tokens, found.value_tokens):
        if np.shape(part) != (size,):
            raise _WrongError(f"it returns scores of shape {np.shape(part)} for {size} values")
    return found


def _contrasts(scores: np.ndarray) -> np.ndarray:
    return np.asarray(scores) - scores[0]


def _largest(one: np.ndarray, other: np.ndarray) -> float:
    difference = np.abs(np.asarray(one) - np.asarray(other))
    return np.inf if np.isnan(difference).any() else float(difference.max(initial=0.0))


def _finite(lm: LanguageModel) -> float:
    """Awkward texts have finite scores of at most 0, and at least one token."""
    for choice in (_PLAIN, *_AWKWARD):
        found = _one(lm, choice)
        text = f"'{choice.sentences[0][:40]}'"
        for part in (found.sentence, found.value):
            if not np.isfinite(part).all():
                raise _WrongError(f"a score of {text} is not a finite number")
            if (part > 1e-3).any():
                raise _WrongError(f"a log-probability of {text} is above 0: {part.max():.3g}")
        if (found.value_tokens < 1).any() or (found.sentence_tokens < found.value_tokens).any():
            raise _WrongError(f"the numbers of tokens of {text} are impossible")
        if (found.sentence > found.value + 1e-3).any():
            raise _WrongError(f"{text} is more probable than its begin")
    return 0.0


def _sums(lm: LanguageModel) -> float:
    """Probabilities of texts of which none begins another add up to 1 at most."""
    words = ("tea", "coffee", "water", "milk", "soup", "juice", "wine", "beer", "cocoa", "broth")
    found = _one(lm, Choice(_CONTEXT, "Then Kim has a cup of ", words, "."))
    if not np.isfinite(found.sentence).all():
        raise _WrongError("a score is not a finite number")
    return max(0.0, float(np.logaddexp.reduce(found.sentence)))


def _repeated(lm: LanguageModel) -> float:
    """The same question has the same answer again."""
    return _largest(_one(lm, _PLAIN).sentence, _one(lm, _PLAIN).sentence)


def _values_in_another_order(lm: LanguageModel) -> float:
    """The order of the values changes no score."""
    sizes = []
    for choice in (_PLAIN, *_AWKWARD):
        turned = Choice(choice.context, choice.prefix, choice.values[::-1], choice.suffix)
        sizes.append(_largest(_one(lm, choice).sentence, _one(lm, turned).sentence[::-1]))
    return max(sizes)


def _in_a_batch(lm: LanguageModel) -> float:
    """Other choices of the same call, and their order, change no score."""
    choices = [_PLAIN, *_AWKWARD]
    alone = [_one(lm, choice).sentence for choice in choices]
    together = [found.sentence for found in lm.score(choices)]
    turned = [found.sentence for found in lm.score(choices[::-1])][::-1]
    return max(
        _largest(one, other)
        for found in (together, turned)
        for one, other in zip(alone, found, strict=True)
    )


def _context_counts(lm: LanguageModel) -> float:
    """Every sentence of the context changes the scores, as does the prefix."""
    values = ("tea", "coffee", "water")
    contexts: list[tuple[str, ...]] = [
        ("Kim hates coffee.", "It is hot."),
        ("Kim hates tea.", "It is hot."),
        ("Kim hates coffee.", "Kim buys water."),
    ]
    found = [_contrasts(_one(lm, Choice(c, "Kim drinks ", values, ".")).sentence) for c in contexts]
    prefix = _one(lm, Choice(contexts[0], "Kim spills ", values, ".")).sentence
    found.append(_contrasts(prefix))
    for other in found[1:]:
        if _largest(found[0], other) < 1e-4:
            raise _WrongError("another context or prefix gives the same scores")
    return 0.0


def _suffix_counts(lm: LanguageModel) -> float:
    """The suffix is scored, and changes no score of the value alone."""
    without = _one(lm, Choice(_CONTEXT, "Kim has ", ("tea", "soup"), " in the morning."))
    other = _one(lm, Choice(_CONTEXT, "Kim has ", ("tea", "soup"), " on the moon with pigs."))
    if _largest(without.sentence, other.sentence) < 1e-4:
        raise _WrongError("another suffix gives the same scores")
    return _largest(without.value, other.value)


def _same_text(lm: LanguageModel) -> float:
    """Two sentences of a context, and one sentence that holds both, are the same text."""
    one = _one(lm, _PLAIN)
    joined = Choice((" ".join(_CONTEXT),), _PLAIN.prefix, _PLAIN.values, _PLAIN.suffix)
    return _largest(one.sentence, _one(lm, joined).sentence)


def _adds_up(lm: LanguageModel) -> float:
    """A word that all values begin with may stand in the prefix: it cancels."""
    whole = _one(lm, Choice(_CONTEXT, "Kim drinks ", ("hot tea", "hot milk"), "."))
    part = _one(lm, Choice(_CONTEXT, "Kim drinks hot ", ("tea", "milk"), "."))
    return _largest(_contrasts(whole.sentence), _contrasts(part.sentence))


def _letters_count(lm: LanguageModel) -> float:
    """Capital letters and accents are read."""
    found = _one(lm, Choice(_CONTEXT, "Kim says ", ("rose", "Rose", "rosé"), ".")).sentence
    if len(set(np.round(found, 6))) < 3:
        raise _WrongError("values that differ in a capital letter or an accent have equal scores")
    return 0.0


def _far_context(lm: LanguageModel) -> float:
    """The first sentence of a longer context is read."""
    middle = ("Then it rained for a while.",) * 12
    values = ("Rome", "Oslo", "Bonn")
    found = [
        _one(lm, Choice((f"Kim lives in {town}.", *middle), "The home of Kim is ", values, "."))
        for town in ("Rome", "Oslo")
    ]
    if _largest(*(_contrasts(each.sentence) for each in found)) < 1e-4:
        raise _WrongError("the begin of a text of about 100 tokens is not read")
    return 0.0


def _too_long(lm: LanguageModel) -> float:
    """A text beyond the window is refused; not checked for models that do not state a window."""
    window = getattr(lm, "window", None)
    if not isinstance(window, int) or window > 20_000:
        return 0.0
    long = ("one two three four five six seven eight nine ten.",) * (window // 8 + 1)
    try:
        lm.score([Choice(long, "It is ", ("so", "not so"), ".")])
    except InputError:
        return 0.0
    raise _WrongError(f"it scores a text that is longer than its window of {window} tokens")


_CHECKS: dict[str, Callable[[LanguageModel], float]] = {
    "finite log-probabilities": _finite,
    "probabilities add up to 1 at most": _sums,
    "the same again": _repeated,
    "order of the values": _values_in_another_order,
    "alone and in a batch": _in_a_batch,
    "the context counts": _context_counts,
    "the suffix counts": _suffix_counts,
    "one text, two ways": _same_text,
    "a shared word cancels": _adds_up,
    "letters count": _letters_count,
    "the far context counts": _far_context,
    "too long a text": _too_long,
}


def failed(results: Sequence[Check]) -> Iterator[str]:
    """One line for each failed check."""
    return (f"{each.name}: {each.problem}" for each in results if each.problem)
