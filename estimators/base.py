"""The base classes of estimators: checked input, quiet libraries, one seed.

A subclass writes methods with a leading underscore that see clean arrays; the public methods
here check what they are given, keep warnings in ``warnings_`` and guard the global generators.
An estimator has a capability when it inherits it: see `CATEEstimator`, `ATEEstimator`,
`EffectIntervals`, `ATEIntervals` and `ITEIntervals`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, Self

import joblib
import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from estimators.errors import EstimatorError
from estimators.support.quiet import add_notes, quiet
from estimators.support.seeds import guarded_global_generators, resolve_seed
from estimators.support.validation import (
    as_matrix,
    as_outcome,
    as_treatment,
    require_both_arms,
    require_level,
)

Interval = tuple[np.ndarray, np.ndarray]


class EffectEstimator(BaseEstimator, ABC):
    """Base of every estimator: parameters and cloning of scikit-learn, and a checked ``fit``.

    Parameters are stored by the constructor as they are. A parameter ``random_state`` is an
    integer or None; every draw of the fit, nuisance models included, follows from it.

    Attributes
    ----------
    warnings_
        What the libraries warned of or printed, one short string each.
    seed_
        The seed in use.
    """

    #: Whether adding a constant to y leaves the effects where they are (up to rounding).
    shift_invariant: ClassVar[bool] = True
    #: Whether the answers follow from the data; the conformance check asks no sense of the others.
    learns: ClassVar[bool] = True
    #: The fewest rows in each arm with which ``fit`` can work.
    rows_per_arm: ClassVar[int] = 1

    columns_: tuple[str, ...] | None
    n_features_in_: int
    seed_: int
    warnings_: list[str]

    def fit(self, X: pd.DataFrame | np.ndarray, t: np.ndarray, y: np.ndarray) -> Self:
        """Fit on X of shape (n, p), t of 0 and 1 and y of floats, both of shape (n,).

        Raises
        ------
        EstimatorError
            If lengths differ, a value is NaN, infinite or text, or an arm has too few rows.
        """
        arrays = self._checked(X, t, y)
        with self._library_code():
            self._fit(*arrays)
        self._remember_columns(X)
        return self

    def _checked(
        self, X: pd.DataFrame | np.ndarray, t: np.ndarray, y: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Clean arrays of what ``fit`` was given; settles the seed."""
        matrix = as_matrix(X)
        treatment = as_treatment(t, len(matrix))
        outcome = as_outcome(y, len(matrix))
        require_both_arms(treatment, self.rows_per_arm)
        self.warnings_ = []
        self.seed_ = resolve_seed(getattr(self, "random_state", None))
        return matrix, treatment, outcome

    def _remember_columns(self, X: pd.DataFrame | np.ndarray) -> None:
        """Note the covariates of a fit that has succeeded."""
        self.columns_ = tuple(map(str, X.columns)) if isinstance(X, pd.DataFrame) else None
        self.n_features_in_ = X.shape[1]

    @abstractmethod
    def _fit(self, X: np.ndarray, t: np.ndarray, y: np.ndarray) -> None:
        """Fit on clean arrays."""

    @contextmanager
    def _library_code(self) -> Iterator[None]:
        """Run a library: quietly, seeded, and without worker processes of its own."""
        notes: list[str] = []
        try:
            with (
                quiet(notes),
                guarded_global_generators(self.seed_),
                # Some libraries ask for every core whatever one passes (CausalML's R-learner).
                joblib.parallel_config(backend="sequential"),
            ):
                yield
        finally:
            add_notes(self.warnings_, notes)

    def _covariates(self, X: pd.DataFrame | np.ndarray) -> np.ndarray:
        if not hasattr(self, "n_features_in_"):
            raise EstimatorError(f"{type(self).__name__}: not fitted yet; call fit(X, t, y) first")
        matrix = as_matrix(X, self.columns_)
        if matrix.shape[1] != self.n_features_in_:
            raise EstimatorError(
                f"X: has {matrix.shape[1]} columns, but fit saw {self.n_features_in_}"
            )
        return matrix


class ATEEstimator(EffectEstimator):
    """Estimates the average effect."""

    def ate(self, X: pd.DataFrame | np.ndarray) -> float:
        """Average effect over the rows of X, in units of y."""
        matrix = self._covariates(X)
        with self._library_code():
            return float(self._ate(matrix))

    @abstractmethod
    def _ate(self, X: np.ndarray) -> float:
        """Average effect, from clean covariates."""


class CATEEstimator(ATEEstimator):
    """Estimates the effect of each row; the average effect is the mean of those."""

    def effect(self, X: pd.DataFrame | np.ndarray) -> np.ndarray:
        """Effect of each row of X, shape (n,), in units of y."""
        matrix = self._covariates(X)
        with self._library_code():
            return _per_row(self._effect(matrix), len(matrix))

    @abstractmethod
    def _effect(self, X: np.ndarray) -> np.ndarray:
        """Effect of each row, from clean covariates."""

    def _ate(self, X: np.ndarray) -> float:
        return float(np.mean(self._effect(X)))


class EffectIntervals(CATEEstimator):
    """Has intervals for the effect of each row."""

    def effect_interval(self, X: pd.DataFrame | np.ndarray, alpha: float = 0.05) -> Interval:
        """Lower and upper ends of level 1 - alpha, two arrays of shape (n,)."""
        require_level(alpha)
        matrix = self._covariates(X)
        with self._library_code():
            lower, upper = self._effect_interval(matrix, alpha)
        return _per_row(lower, len(matrix)), _per_row(upper, len(matrix))

    @abstractmethod
    def _effect_interval(self, X: np.ndarray, alpha: float) -> Interval:
        """Intervals of each row, from clean covariates."""


class ATEIntervals(ATEEstimator):
    """Has an interval for the average effect."""

    def ate_interval(
        self, X: pd.DataFrame | np.ndarray, alpha: float = 0.05
    ) -> tuple[float, float]:
        """Lower and upper end of level 1 - alpha for the average effect over the rows of X."""
        require_level(alpha)
        matrix = self._covariates(X)
        with self._library_code():
            lower, upper = self._ate_interval(matrix, alpha)
        return float(lower), float(upper)

    @abstractmethod
    def _ate_interval(self, X: np.ndarray, alpha: float) -> tuple[float, float]:
        """Interval of the average effect, from clean covariates."""


class ITEIntervals(EffectEstimator):
    """Has intervals for the effects of units whose t and y were observed."""

    def ite_interval(
        self, X: pd.DataFrame | np.ndarray, t: np.ndarray, y: np.ndarray, alpha: float = 0.05
    ) -> Interval:
        """Lower and upper ends of level 1 - alpha, two arrays of shape (n,).

        ``t`` and ``y`` are those of the rows of X, shape (n,) each.
        """
        require_level(alpha)
        matrix = self._covariates(X)
        treatment, outcome = as_treatment(t, len(matrix)), as_outcome(y, len(matrix))
        with self._library_code():
            lower, upper = self._ite_interval(matrix, treatment, outcome, alpha)
        return _per_row(lower, len(matrix)), _per_row(upper, len(matrix))

    @abstractmethod
    def _ite_interval(self, X: np.ndarray, t: np.ndarray, y: np.ndarray, alpha: float) -> Interval:
        """Intervals of each unit, from clean arrays."""


def _per_row(values: Any, n: int) -> np.ndarray:
    """Libraries answer with shapes (n,), (n, 1) or (n, 1, 1): make it (n,)."""
    return np.asarray(values, dtype=float).reshape(n)
