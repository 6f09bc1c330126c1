"""Features of texts become covariates of another estimator."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer

from estimators.base import EffectEstimator, Ends
from estimators.errors import EstimatorError
from estimators.interface import Need
from estimators.registry import REGISTRY
from estimators.support.validation import as_texts, require_level
from estimators.text.featurisers import featuriser


@dataclass(eq=False, repr=False)
class TfidfFeatures(TransformerMixin, BaseEstimator):
    """Frequencies of words and pairs of words, reduced to a few columns.

    TF-IDF weights (Salton and Buckley, Information Processing and Management 1988) by scikit-learn,
    then the first ``components`` of a truncated singular value decomposition (latent semantic
    analysis), as many as the texts allow.
    """

    components: int = 20
    random_state: int | None = 0

    def fit(self, texts: list[str], y: Any = None) -> TfidfFeatures:
        """Fit on texts; an `EstimatorError` if none of them has a word."""
        if not any(map(re.compile(r"\w").search, texts)):
            raise EstimatorError("text: no row has a word; give texts that say something")
        self.weights_ = TfidfVectorizer(ngram_range=(1, 2), token_pattern=r"(?u)\b\w+\b")
        table = self.weights_.fit_transform(texts)
        count = max(min(self.components, min(table.shape) - 1), 1)
        self.reduced_ = TruncatedSVD(count, random_state=self.random_state).fit(table)
        return self

    def transform(self, texts: list[str]) -> np.ndarray:
        """Features of texts, of shape (n, number of components)."""
        return np.asarray(self.reduced_.transform(self.weights_.transform(texts)))


class _Text(EffectEstimator):
    """Fits another estimator with features of texts as further covariates."""

    estimator: Any
    featuriser: Any

    needs: ClassVar[tuple[Need, ...]] = ("text",)

    def _wrapped(self) -> Any:
        """The estimator that gets the features, unfitted, with the seed of the fit."""
        if not isinstance(self.estimator, str):
            return clone(self.estimator)
        has_seed = "random_state" in REGISTRY.parameters(self.estimator)
        return REGISTRY.get(self.estimator, **({"random_state": self.seed_} if has_seed else {}))

    def _unfitted(self) -> Any:
        """The featuriser, unfitted."""
        if self.featuriser is None:
            return TfidfFeatures()
        if isinstance(self.featuriser, str):
            return featuriser(self.featuriser)
        return clone(self.featuriser)

    def prepare(self, *, text: Any) -> None:
        """Compute what the fits on these texts share, such as embeddings, if there is any."""
        unfitted = self._unfitted()
        if hasattr(unfitted, "prepare"):
            unfitted.prepare(list(text))

    def _fit(self, X: np.ndarray, t: np.ndarray, y: np.ndarray, text: list[str]) -> None:
        unfitted = self._unfitted()
        own = not isinstance(self.featuriser, str | None)
        if not own and "random_state" in getattr(unfitted, "get_params", dict)():
            unfitted.set_params(random_state=self.seed_)
        self.featuriser_ = unfitted.fit(text)
        self.model_ = self._wrapped().fit(self._with_features(X, text), t, y)
        self.warnings_ += getattr(self.model_, "warnings_", [])

    def _with_features(self, X: np.ndarray, text: list[str]) -> np.ndarray:
        return np.column_stack([X, self.featuriser_.transform(text)])

    def _rows(self, X: pd.DataFrame | np.ndarray, text: Any) -> np.ndarray:
        matrix = self._covariates(X)
        return self._with_features(matrix, as_texts(text, len(matrix)))

    def ate(self, X: pd.DataFrame | np.ndarray, *, text: Any) -> float:
        """Average effect over the rows, in units of y; ``text`` has n texts."""
        return float(self.model_.ate(self._rows(X, text)))


class _Intervals(_Text):
    """The wrapped estimator has an interval for the average effect."""

    def ate_interval(
        self, X: pd.DataFrame | np.ndarray, alpha: float = 0.05, *, text: Any
    ) -> tuple[float, float]:
        """Lower and upper end of level 1 - alpha for the average effect."""
        require_level(alpha)
        lower, upper = self.model_.ate_interval(self._rows(X, text), alpha)
        return float(lower), float(upper)


@dataclass(eq=False, repr=False)
class Text(_Text):
    """An estimator of effects, with features of texts as further covariates.

    Parameters
    ----------
    estimator
        A registered name, or an object with ``fit(X, t, y)`` that scikit-learn can clone.
    featuriser
        A transformer of scikit-learn from a list of texts to an array of shape (n, k), or the name
        of one that a package offers (`estimators.text.featurisers`); by default `TfidfFeatures`.
    """

    estimator: Any = "RF"
    featuriser: Any = None
    random_state: int | None = 0

    def effect(self, X: pd.DataFrame | np.ndarray, *, text: Any) -> np.ndarray:
        """Effect of each row, of shape (n,), in units of y."""
        return np.asarray(self.model_.effect(self._rows(X, text)))


@dataclass(eq=False, repr=False)
class TextIntervals(Text, _Intervals):
    """As `Text`, for an estimator that has intervals of both kinds."""

    estimator: Any = "ConstantEffect"

    def effect_interval(
        self, X: pd.DataFrame | np.ndarray, alpha: float = 0.05, *, text: Any
    ) -> Ends:
        """Lower and upper ends of level 1 - alpha, two arrays of shape (n,)."""
        require_level(alpha)
        lower, upper = self.model_.effect_interval(self._rows(X, text), alpha)
        return lower, upper


@dataclass(eq=False, repr=False)
class TextAverage(_Intervals):
    """As `Text`, for an estimator of the average effect that has an interval."""

    estimator: Any = "AIPW"
    featuriser: Any = None
    random_state: int | None = 0
