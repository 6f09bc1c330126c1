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
    """An estimator of effects, with embeddings of the texts as further covariates.

    An embedding is the mean of a language model's last hidden states over the tokens of the text,
    as in the mean pooling of Reimers and Gurevych (2019), reduced to principal components. The
    components are fitted on the texts of ``fit``. See ``featuriser`` in `Text`.
    """

    featuriser: Any = "lm"


@dataclass(eq=False, repr=False)
class EmbeddingIntervals(TextIntervals):
    """An estimator with intervals of both kinds, and with embeddings as further covariates.

    For the embeddings see `Embedding-RF`: ``sdscm estimators show Embedding-RF``.
    """

    featuriser: Any = "lm"


@dataclass(eq=False, repr=False)
class EmbeddingAverage(TextAverage):
    """An estimator of the average effect, with embeddings as further covariates.

    For the embeddings see `Embedding-RF`: ``sdscm estimators show Embedding-RF``.
    """

    featuriser: Any = "lm"
