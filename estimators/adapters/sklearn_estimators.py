"""Causal effects by regressions of scikit-learn: the simple methods of the paper."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats
from sklearn.base import clone
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression

from estimators.base import CATEEstimator, OneEffect, Standardised
from estimators.many_arms import ManyArms


class _TreatmentCoefficient(OneEffect):
    """Least squares of y on an intercept, t and some covariates: one effect for every row.

    The standard error is the classical one, s^2 (Z'Z)^+, with n - rank(Z) degrees of freedom; the
    interval is Student's. It is unbounded if there is no degree of freedom.
    """

    @abstractmethod
    def _regressors(self, X: np.ndarray, t: np.ndarray) -> np.ndarray:
        """Columns of the regression; the second one is t."""

    def _fit(self, X: np.ndarray, t: np.ndarray, y: np.ndarray) -> None:
        Z = self._regressors(X, t)
        inverse = np.linalg.pinv(Z)
        coefficients = inverse @ y
        residuals = y - Z @ coefficients
        self.degrees_of_freedom_ = len(y) - int(np.linalg.matrix_rank(Z))
        self.coefficient_ = float(coefficients[1])
        # (Z'Z)^+ is the product of the pseudo-inverse with its transpose.
        spread = float(np.sum(inverse[1] ** 2) * (residuals @ residuals))
        known = self.degrees_of_freedom_ > 0
        self.standard_error_ = np.sqrt(spread / self.degrees_of_freedom_) if known else np.inf

    def _ate(self, X: np.ndarray) -> float:
        return self.coefficient_

    def _ate_interval(self, X: np.ndarray, alpha: float) -> tuple[float, float]:
        freedom = max(self.degrees_of_freedom_, 1)
        half = float(stats.t.ppf(1 - alpha / 2, freedom) * self.standard_error_)
        return self.coefficient_ - half, self.coefficient_ + half


class TreatmentOnlyOLS(_TreatmentCoefficient):
    """Least squares of y on t alone: the difference in means as a regression."""

    def _regressors(self, X: np.ndarray, t: np.ndarray) -> np.ndarray:
        return np.column_stack([np.ones(len(t)), t])


class LinReg(Standardised, _TreatmentCoefficient):
    """Least squares of y on t and all covariates; the effect is the coefficient of t.

    With collinear covariates the solution has the least norm.
    """

    def _regressors(self, X: np.ndarray, t: np.ndarray) -> np.ndarray:
        return np.column_stack([np.ones(len(t)), t, X])


@dataclass(eq=False, repr=False)
class RF(Standardised, CATEEstimator):
    """One random forest on (t, X); the effect is the change of its prediction when t is toggled."""

    n_estimators: int = 100
    min_samples_leaf: int = 1
    random_state: int | None = 0

    def _fit(self, X: np.ndarray, t: np.ndarray, y: np.ndarray) -> None:
        self.model_ = RandomForestRegressor(
            self.n_estimators,
            min_samples_leaf=self.min_samples_leaf,
            random_state=self.seed_,
            n_jobs=1,
        ).fit(np.column_stack([t, X]), y)

    def _effect(self, X: np.ndarray) -> np.ndarray:
        n = len(X)
        treated = self.model_.predict(np.column_stack([np.ones(n), X]))
        return treated - self.model_.predict(np.column_stack([np.zeros(n), X]))


class _SLearner(Standardised, CATEEstimator):
    """One regression on (X, 1 - t, t); the effect toggles t (Kuenzel et al. 2019, section 2)."""

    @abstractmethod
    def _regression(self) -> Any:
        """The unfitted regression."""

    def _fit(self, X: np.ndarray, t: np.ndarray, y: np.ndarray) -> None:
        self.model_ = self._regression().fit(np.column_stack([X, 1 - t, t]), y)

    def _effect(self, X: np.ndarray) -> np.ndarray:
        one, zero = np.ones(len(X)), np.zeros(len(X))
        treated = self.model_.predict(np.column_stack([X, zero, one]))
        return treated - self.model_.predict(np.column_stack([X, one, zero]))


class _TLearner(Standardised, ManyArms):
    """One regression for each arm, and their differences (Kuenzel et al. 2019, section 2)."""

    @abstractmethod
    def _regression(self) -> Any:
        """The unfitted regression."""

    def _fit(self, X: np.ndarray, t: np.ndarray, y: np.ndarray) -> None:
        self.models_ = [
            clone(self._regression()).fit(X[t == arm], y[t == arm]) for arm in range(self.n_arms_)
        ]

    def _effects(self, X: np.ndarray) -> np.ndarray:
        reference, *others = (model.predict(X) for model in self.models_)
        return np.column_stack([each - reference for each in others])


class _Linear:
    """Least squares as the regression."""

    def _regression(self) -> Any:
        return LinearRegression()


@dataclass(eq=False, repr=False)
class _Trees(Standardised):
    """The parameters of a random forest."""

    n_estimators: int = 100
    random_state: int | None = 0


class _Forest(_Trees):
    """A random forest with scikit-learn's defaults as the regression."""

    seed_: int

    def _regression(self) -> Any:
        return RandomForestRegressor(self.n_estimators, random_state=self.seed_, n_jobs=1)


class LinearS(_Linear, _SLearner):
    """S-learner with least squares: one effect for every row, equal to that of ``LinReg``."""


class LinearT(_Linear, _TLearner):
    """T-learner with least squares."""


class ForestS(_Forest, _SLearner):
    """S-learner with a random forest."""


class ForestT(_Forest, _TLearner):
    """T-learner with a random forest."""
