"""Embeddings of texts by a language model, as features of estimators."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.decomposition import PCA

from sdscm.lm.interface import EmbeddingLanguageModel, LanguageModel
from sdscm.lm.load import DEFAULT_LM, find_lm, with_store
from sdscm.lm.registry import LMOptions, ModelHandle
from sdscm.lm.score_cache import embedding


class Embeddings(TransformerMixin, BaseEstimator):
    """Means of the last hidden states of a language model, reduced to a few columns.

    A transformer of scikit-learn from n texts to an array of shape (n, k). A text is the mean of
    the last hidden states over its tokens, as in the mean pooling of Reimers and Gurevych (EMNLP
    2019); then come the first ``components`` principal components of the texts of ``fit``, as many
    as these texts allow. The vectors are computed once, and stay in the user's cache.

    Parameters
    ----------
    lm
        Name of a local language model, or one that `load_lm` returned.
    components
        Largest number of columns.
    random_state
        Seed of the principal components.

    Examples
    --------
    >>> from sdscm.embeddings import Embeddings
    >>> Embeddings(components=4)
    Embeddings(components=4)
    """

    def __init__(
        self,
        lm: str | LanguageModel = DEFAULT_LM,
        components: int = 20,
        random_state: int | None = 0,
    ) -> None:
        self.lm = lm
        self.components = components
        self.random_state = random_state

    def prepare(self, texts: Sequence[str]) -> None:
        """Compute the vectors of texts, so that later calls find them in the cache."""
        self._vectors(texts)

    def fit(self, texts: Sequence[str], y: Any = None) -> Embeddings:
        """Fit the principal components on texts."""
        vectors = self._vectors(texts)
        # Equal texts span no direction.
        count = max(min(self.components, len(set(texts)) - 1, vectors.shape[1]), 1)
        with np.errstate(invalid="ignore"):  # equal texts have no variance to share out
            self.reduced_ = PCA(count, random_state=self.random_state).fit(vectors)
        return self

    def transform(self, texts: Sequence[str]) -> np.ndarray:
        """Features of texts, of shape (n, number of components)."""
        return np.asarray(self.reduced_.transform(self._vectors(texts)))

    def _vectors(self, texts: Sequence[str]) -> np.ndarray:
        return _model(self.lm).embed(list(texts)).astype(float)


def _model(lm: str | LanguageModel) -> EmbeddingLanguageModel:
    # A name is loaded anew for each call that lacks a vector, so that no weights stay in memory.
    return embedding(with_store(_handle(lm)) if isinstance(lm, str) else lm)


@lru_cache(maxsize=4)
def _handle(name: str) -> ModelHandle:
    return find_lm(name, LMOptions())
