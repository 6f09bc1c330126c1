"""Scorings: distributions over a domain from a language model's scores of a choice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from sdscm.lm.interface import Choice, ChoiceScores, LanguageModel
from sdscm.lm.score_cache import reference_scores


@dataclass(frozen=True)
class Scoring:
    """A scoring of the values of a choice.

    Attributes
    ----------
    name, summary
        Its name, and its definition in one line.
    of
        Function from a choice and the model's scores to the score of each value.
    unconditional
        Subtract the score of the same values without a context.
    reference
        Use the scores of the reference code.
    """

    name: str
    summary: str
    of: Callable[[Choice, ChoiceScores], np.ndarray]
    unconditional: bool = False
    reference: bool = False

    def __call__(self, lm: LanguageModel, choices: Sequence[Choice]) -> np.ndarray:
        """Scores of choices over one domain, of shape (number of choices, size of the domain)."""
        choices = list(choices)
        found = reference_scores(lm, choices) if self.reference else lm.score(choices)
        scores = np.stack([self.of(c, s) for c, s in zip(choices, found, strict=True)])
        if self.unconditional:
            alone = replace(choices[0], context=())
            scores = scores - self.of(alone, lm.score([alone])[0])
        return scores


def _sentence(choice: Choice, scores: ChoiceScores) -> np.ndarray:
    return scores.sentence


def _value(choice: Choice, scores: ChoiceScores) -> np.ndarray:
    return scores.value


def _per_token(choice: Choice, scores: ChoiceScores) -> np.ndarray:
    return scores.sentence / scores.sentence_tokens


def _per_byte(choice: Choice, scores: ChoiceScores) -> np.ndarray:
    sizes = [len(f"{value}{choice.suffix}".encode()) for value in choice.values]
    return scores.sentence / np.array(sizes)


SCORINGS = {
    scoring.name: scoring
    for scoring in (
        Scoring(
            "definition", "log-probability of the whole sentence (paper, section 3)", _sentence
        ),
        Scoring("value", "log-probability of the value, without what follows it", _value),
        Scoring("per-token", "mean log-probability over the sentence's scored tokens", _per_token),
        Scoring(
            "per-byte",
            "log-probability of the sentence over the bytes of value and suffix "
            "(acc_norm of lm-evaluation-harness, in bytes)",
            _per_byte,
        ),
        Scoring(
            "pmi",
            "log-probability given the parents minus that without them; roots are uniform "
            "(Holtzman et al., EMNLP 2021)",
            _sentence,
            unconditional=True,
        ),
        Scoring(
            "reference",
            "score of the reference code: mean over the value's tokens of their "
            "log-probability after the value",
            _sentence,
            reference=True,
        ),
    )
}


def domain_log_probabilities(score: np.ndarray, temperature: float) -> np.ndarray:
    """Domain-restricted distribution: log softmax of score / temperature over the last axis.

    Source: paper, section 3 (temperature 1). Above 1 the distribution is flatter.
    """
    scaled = score / temperature
    shifted = scaled - scaled.max(axis=-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)))
