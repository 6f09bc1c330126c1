"""Scorings: from a language model's scores of a choice to the distribution over a domain."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sdscm.lm.interface import ChoiceScores

Scoring = Callable[[ChoiceScores], np.ndarray]


def whole_sentence(scores: ChoiceScores) -> np.ndarray:
    """The definition: log-probability of the whole sentence (paper, section 3)."""
    return scores.sentence


def per_token(scores: ChoiceScores) -> np.ndarray:
    """Mean over the sentence's scored tokens, so that long values are not punished."""
    return scores.sentence / scores.sentence_tokens


def value_only(scores: ChoiceScores) -> np.ndarray:
    """Log-probability of the value, without what follows it in the sentence."""
    return scores.value


SCORINGS: dict[str, Scoring] = {
    "definition": whole_sentence,
    "per-token": per_token,
    "value": value_only,
}


def domain_log_probabilities(score: np.ndarray, temperature: float) -> np.ndarray:
    """Domain-restricted distribution: log softmax of score / temperature over the last axis.

    Source: paper, section 3 (temperature 1). Above 1 the distribution is flatter.
    """
    scaled = score / temperature
    shifted = scaled - scaled.max(axis=-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)))
