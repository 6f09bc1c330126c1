"""Report how far a language model is with a list of choices."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from sdscm.lm.interface import Choice
from sdscm.number_format import duration

#: Letters of a token on average, in English.
_LETTERS = 4
#: Seconds of scoring after which the speed is known.
_EVIDENCE = 5.0


def letter_count(choice: Choice) -> int:
    """Number of letters of all candidates, each with its context."""
    context = sum(len(sentence) + 1 for sentence in choice.context)
    return sum(context + len(sentence) for sentence in choice.sentences)


def token_estimate(letters: int) -> int:
    """Number of tokens of so many letters."""
    return letters // _LETTERS


class ScoringProgress:
    """Count contexts, texts and tokens that are scored, and estimate the time left.

    Parameters
    ----------
    id
        Name of the model.
    choices
        All choices to score.
    clock
        Function that returns the time in seconds.
    """

    def __init__(
        self, id: str, choices: Iterable[Choice], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._id, self._clock = id, clock
        self._began: float | None = None
        self._done = self._total = (0, 0, 0)  # contexts, texts, letters
        for choice in choices:
            self._total = _sum(self._total, choice)

    def add(self, choice: Choice) -> None:
        """Count a choice as scored."""
        self._done = _sum(self._done, choice)

    def line(self) -> str:
        """Describe the progress; the time counts from the first call."""
        if self._began is None:
            self._began = self._clock()
        contexts, texts, tokens = (
            f"{done:,} of {total:,}"
            for done, total in zip(_counts(self._done), _counts(self._total), strict=True)
        )
        line = f"{self._id}: {contexts} contexts scored ({texts} texts, {tokens} tokens)"
        elapsed, done = self._clock() - self._began, self._done[2]
        if done and elapsed >= _EVIDENCE:
            line += f", about {duration(elapsed * (self._total[2] - done) / done)} left for them"
        return line


def _sum(counts: tuple[int, int, int], choice: Choice) -> tuple[int, int, int]:
    contexts, texts, letters = counts
    return contexts + 1, texts + len(choice.values), letters + letter_count(choice)


def _counts(counts: tuple[int, int, int]) -> tuple[int, int, int]:
    contexts, texts, letters = counts
    return contexts, texts, token_estimate(letters)
