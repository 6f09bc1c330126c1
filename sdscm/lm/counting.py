"""Count what a language model would have to score, without the model."""

from __future__ import annotations

from collections.abc import Sequence

from sdscm.lm.backends.tabular import TabularLM, random_table
from sdscm.lm.interface import Choice, ChoiceScores
from sdscm.lm.scoring_progress import letter_count, token_estimate


class CountingLM(TabularLM):
    """Stand in for a language model, and count the distinct choices that it is asked.

    The values that units get are random, so that the numbers are those of the model to within some
    per cent only.
    """

    def __init__(self, id: str) -> None:
        super().__init__(random_table(0), id=id)
        self._seen: set[Choice] = set()

    def score(self, choices: Sequence[Choice]) -> list[ChoiceScores]:
        """Random scores of each choice."""
        self._seen.update(choices)
        return super().score(choices)

    @property
    def choices(self) -> int:
        """Number of distinct choices."""
        return len(self._seen)

    @property
    def texts(self) -> int:
        """Number of candidates of the distinct choices, each a text with its context."""
        return sum(len(choice.values) for choice in self._seen)

    @property
    def tokens(self) -> int:
        """Number of tokens of these texts, by their letters."""
        return token_estimate(sum(map(letter_count, self._seen)))
