"""A language model that scores each choice once."""

from __future__ import annotations

from collections.abc import Sequence

from sdscm.lm.interface import Choice, ChoiceScores, LanguageModel
from sdscm.lm.score_cache import reference_scores


class MemoizedLM:
    """Wrapper that keeps the scores of another language model in memory."""

    def __init__(self, lm: LanguageModel) -> None:
        self._lm = lm
        self._known: dict[tuple[str, Choice], ChoiceScores] = {}

    @property
    def id(self) -> str:
        return self._lm.id

    @property
    def revision(self) -> str:
        return self._lm.revision

    def score(self, choices: Sequence[Choice]) -> list[ChoiceScores]:
        """Score choices as the wrapped model does."""
        new = [each for each in dict.fromkeys(choices) if ("", each) not in self._known]
        if new:
            scores = zip(new, self._lm.score(new), strict=True)
            self._known |= {("", each): score for each, score in scores}
        return [self._known["", each] for each in choices]

    def score_reference(self, choices: Sequence[Choice]) -> list[ChoiceScores]:
        """Score choices with the reference scoring; InputError if the wrapped model has none."""
        key = "reference"
        new = [each for each in dict.fromkeys(choices) if (key, each) not in self._known]
        if new:
            scores = zip(new, reference_scores(self._lm, new), strict=True)
            self._known |= {(key, each): score for each, score in scores}
        return [self._known[key, each] for each in choices]
