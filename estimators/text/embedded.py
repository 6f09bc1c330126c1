"""Estimators with embeddings of a language model as further covariates.

The featuriser ``lm`` is found by its entry point; `sdscm.embeddings` has it.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from estimators.text.wrapped import Text, TextAverage, TextIntervals

for library in ("torch", "transformers"):
    if find_spec(library) is None:
        raise ModuleNotFoundError(f"no module named {library!r}", name=library)


@dataclass(eq=False, repr=False)
class Embedding(Text):
    """As `Text`, with embeddings: means of the last hidden states, and their components."""

    featuriser: Any = "lm"


@dataclass(eq=False, repr=False)
class EmbeddingIntervals(TextIntervals):
    """As `Embedding`, for an estimator that has intervals of both kinds."""

    featuriser: Any = "lm"


@dataclass(eq=False, repr=False)
class EmbeddingAverage(TextAverage):
    """As `Embedding`, for an estimator of the average effect that has an interval."""

    featuriser: Any = "lm"
