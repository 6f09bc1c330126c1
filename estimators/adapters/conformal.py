"""Conformal intervals for individual effects (Lei and Candes 2021, JRSS-B 83(5), 911-938).

The interval of the missing outcome of a unit comes from weighted split conformal quantile
regression: a quantile forest is fitted on one part of an arm, and calibrated on the other part with
weights for the covariates of the other arm. With known propensities, exchangeable units and no
hidden confounder, the interval covers with its nominal probability on average over units, for any
forest. With estimated propensities it covers approximately, if the propensities or the quantiles
are right (their Theorem 1 and Section 3).
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from quantile_forest import RandomForestQuantileRegressor
from sklearn.pipeline import Pipeline

from estimators.base import CATEEstimator, Ends, ITEIntervals, Standardised
from estimators.baselines.weighting import propensity_model
from estimators.errors import EstimatorError
from estimators.support.validation import is_number, require_level

#: Bounds of a weight, as multiples of the mean weight of the calibration rows.
LIGHTEST, HEAVIEST = 0.05, 20.0
#: Quantiles of the lower and upper ends predicted by the second stage of the nested method.
LOWER_END, UPPER_END = 0.4, 0.6


def weighted_cutoff(
    scores: np.ndarray, weights: np.ndarray, test_weights: np.ndarray, alpha: float
) -> np.ndarray:
    """Width to add to each end of an interval so that it has level 1 - alpha, shape (m,).

    It is the 1 - alpha quantile of the ``scores`` of n calibration rows, shape (n,), weighted by
    ``weights``, with a score of infinity for the test row, whose weight is in ``test_weights``,
    shape (m,) (Tibshirani, Barber, Candes and Ramdas 2019, equation 7). If that quantile is
    infinite, the largest score is used: the interval stays finite, and may then cover too little.
    """
    order = np.argsort(scores, kind="stable")
    cumulated = np.cumsum(weights[order])
    # Rounding must not miss a level that is reached exactly.
    needed = (1 - alpha) * (cumulated[-1] + test_weights) * (1 - 1e-12)
    position = np.searchsorted(cumulated, needed)
    return scores[order][np.minimum(position, len(scores) - 1)]


def stratified_split(
    t: np.ndarray, share: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Row numbers of two random parts: the first has ``share`` of each arm, rounded down.

    Each part has a row of each arm with at least two rows.

    Raises
    ------
    EstimatorError
        If ``share`` is not a number between 0 and 1: each part needs rows.
    """
    if not is_number(share) or not 0 < share < 1:
        raise EstimatorError(f"train_share: is {share!r}, must be between 0 and 1")
    first, second = [], []
    for arm in (0, 1):
        rows = rng.permutation(np.flatnonzero(t == arm))
        size = max(1, int(len(rows) * share))
        first.append(rows[:size])
        second.append(rows[size:])
    return np.sort(np.concatenate(first)), np.sort(np.concatenate(second))


@dataclass(frozen=True)
class CounterfactualIntervals:
    """Intervals for the outcome under ``arm`` of units of the other arm.

    Attributes
    ----------
    arm
        0 or 1: the treatment whose outcome is missing.
    forest
        Quantile forest of y given X, fitted on training rows of ``arm``.
    propensity
        Classifier of t given X, fitted on the training rows of both arms.
    X, y
        Calibration rows of ``arm``, shapes (n, p) and (n,).
    """

    arm: int
    forest: RandomForestQuantileRegressor
    propensity: Pipeline
    X: np.ndarray
    y: np.ndarray

    def median(self, X: np.ndarray) -> np.ndarray:
        """Conditional median of the outcome under ``arm``, shape (n,)."""
        return self.forest.predict(X, quantiles=[0.5]).reshape(len(X))

    def interval(self, X: np.ndarray, alpha: float) -> Ends:
        """Lower and upper ends of level 1 - alpha, two arrays of shape (n,).

        Quantiles alpha / 2 and 1 - alpha / 2 of the forest, both moved by the calibrated cutoff
        (Romano, Patterson and Candes 2019).
        """
        lower, upper = self._quantiles(self.X, alpha)
        scores = np.maximum(lower - self.y, self.y - upper)
        odds = self._odds(self.X)
        mean = odds.mean()
        cutoff = weighted_cutoff(
            scores,
            np.clip(odds / mean, LIGHTEST, HEAVIEST),
            np.clip(self._odds(X) / mean, LIGHTEST, HEAVIEST),
            alpha,
        )
        lower, upper = self._quantiles(X, alpha)
        return _ordered(lower - cutoff, upper + cutoff)

    def _quantiles(self, X: np.ndarray, alpha: float) -> Ends:
        ends = self.forest.predict(X, quantiles=[alpha / 2, 1 - alpha / 2])
        return ends[:, 0], ends[:, 1]

    def _odds(self, X: np.ndarray) -> np.ndarray:
        """Odds of being in the other arm: the ratio of the densities of X, up to a factor."""
        probabilities = self.propensity.predict_proba(X)
        # A logistic regression can give a probability of exactly 0.
        return probabilities[:, 1 - self.arm] / np.maximum(probabilities[:, self.arm], 1e-12)


def _ordered(lower: np.ndarray, upper: np.ndarray) -> Ends:
    """Replace empty intervals by points: with a negative cutoff the ends can change places."""
    middle = (lower + upper) / 2
    return np.minimum(lower, middle), np.maximum(upper, middle)


class _ConformalEstimator(Standardised, ITEIntervals, CATEEstimator):
    """Counterfactual intervals of both arms; the effect is the contrast of their medians."""

    control_: CounterfactualIntervals
    treated_: CounterfactualIntervals
    n_estimators: int
    min_samples_leaf: int
    max_samples: float
    train_share: float

    @abstractmethod
    def _fit(self, X: np.ndarray, t: np.ndarray, y: np.ndarray) -> None:
        """Call ``_fit_counterfactuals`` on the rows for the counterfactual intervals."""

    def _forest(self) -> RandomForestQuantileRegressor:
        return RandomForestQuantileRegressor(
            n_estimators=self.n_estimators,
            min_samples_leaf=self.min_samples_leaf,
            max_samples=self.max_samples,
            # Use every training row of a leaf, not a random one.
            max_samples_leaf=None,
            random_state=self.seed_,
            n_jobs=1,
        )

    def _fit_counterfactuals(
        self, X: np.ndarray, t: np.ndarray, y: np.ndarray, rng: np.random.Generator
    ) -> Self:
        train, calibration = stratified_split(t, self.train_share, rng)
        propensity = propensity_model().fit(X[train], t[train])

        def of_arm(arm: int) -> CounterfactualIntervals:
            rows, held_out = train[t[train] == arm], calibration[t[calibration] == arm]
            forest = self._forest().fit(X[rows], y[rows])
            return CounterfactualIntervals(arm, forest, propensity, X[held_out], y[held_out])

        self.control_, self.treated_ = of_arm(0), of_arm(1)
        return self

    def _effect(self, X: np.ndarray) -> np.ndarray:
        return self.treated_.median(X) - self.control_.median(X)

    def _observed_unit_intervals(
        self, X: np.ndarray, t: np.ndarray, y: np.ndarray, alpha: float
    ) -> Ends:
        """Contrast of the observed outcome and the interval of the other one (Section 4.1)."""
        lower, upper = np.empty(len(y)), np.empty(len(y))
        for arm, missing in ((0, self.treated_), (1, self.control_)):
            rows = np.flatnonzero(t == arm)
            if rows.size == 0:
                continue
            low, high = missing.interval(X[rows], alpha)
            if arm == 1:
                lower[rows], upper[rows] = y[rows] - high, y[rows] - low
            else:
                lower[rows], upper[rows] = low - y[rows], high - y[rows]
        return lower, upper


@dataclass(eq=False, repr=False)
class CQR(_ConformalEstimator):
    """Counterfactual intervals for observed units by weighted conformal quantile regression.

    The paper's CQR (arXiv 2411.08019, section 4.2): Lei and Candes 2021, Section 3 for the missing
    outcome, Section 4.1 for the effect. ``ite_interval(X, t, y, alpha)`` contrasts the observed
    outcome of each unit with the interval of its missing one; ``X``, ``t`` and ``y`` may be those
    of ``fit``, because the interval of a unit depends on outcomes of the other arm only.

    ``effect`` is not part of the method. It is the contrast of the two forests' conditional
    medians. The average effect is its mean over the rows of X.

    The share ``train_share`` of each arm trains its forest of ``n_estimators`` trees, and the rest
    calibrates it; each tree gets the share ``max_samples`` of the training rows. Propensities are
    those of a logistic regression; weights are clipped at 0.05 and 20 times their mean.
    """

    n_estimators: int = 300
    min_samples_leaf: int = 10
    max_samples: float = 0.25
    train_share: float = 0.75
    random_state: int | None = 0

    # One row for training and one for calibration.
    rows_per_arm = 2

    def _fit(self, X: np.ndarray, t: np.ndarray, y: np.ndarray) -> None:
        self._fit_counterfactuals(X, t, y, np.random.default_rng(self.seed_))

    def _ite_interval(self, X: np.ndarray, t: np.ndarray, y: np.ndarray, alpha: float) -> Ends:
        return self._observed_unit_intervals(X, t, y, alpha)


@dataclass(eq=False, repr=False)
class NestedCQR(_ConformalEstimator):
    """Intervals for the effects of units without a known outcome (the nested method).

    Lei and Candes 2021, Sections 4.2 and 4.3. One half of the units trains counterfactual
    intervals, which give intervals for the effects of the other half; a second stage predicts the
    ends of those from X. With ``exact`` the second stage is calibrated and the level is split in
    two halves: the interval keeps the guarantee, and is wide. Without it, the interval is the
    forests' prediction of the ends: narrower, without a guarantee.

    ``new_unit_interval(X, alpha)`` needs covariates only. ``ite_interval(X, t, y, alpha)`` gives
    the same and does not use ``t`` and ``y``, so that the two methods can be compared. It is an
    interval for the individual effect, not for its conditional mean, so there is no
    ``effect_interval``. ``effect`` and the other parameters are as in `CQR`.
    """

    exact: bool = True
    n_estimators: int = 300
    min_samples_leaf: int = 10
    max_samples: float = 0.25
    train_share: float = 0.75
    random_state: int | None = 0

    # Two in each half.
    rows_per_arm = 4

    def _fit(self, X: np.ndarray, t: np.ndarray, y: np.ndarray) -> None:
        rng = np.random.default_rng(self.seed_)
        first, second = stratified_split(t, 0.5, rng)
        self._fit_counterfactuals(X[first], t[first], y[first], rng)
        self._second = X[second], t[second], y[second]
        self._second_split = stratified_split(t[second], self.train_share, rng)

    def new_unit_interval(self, X: Any, alpha: float = 0.05) -> Ends:
        """Intervals of level 1 - alpha for the effects of units with known covariates only.

        ``X`` has shape (n, p); returns the lower and upper ends, two arrays of shape (n,). Each
        call fits the second stage again, because its targets depend on alpha.
        """
        require_level(alpha)
        matrix = self._covariates(X)
        with self._library_code():
            return self._ends_in_units_of_y(self._second_stage(matrix, alpha))

    def _ite_interval(self, X: np.ndarray, t: np.ndarray, y: np.ndarray, alpha: float) -> Ends:
        return self._second_stage(X, alpha)

    def _second_stage(self, X: np.ndarray, alpha: float) -> Ends:
        seen, t, y = self._second
        if not self.exact:
            everyone = np.arange(len(y))
            lower, upper = self._observed_unit_intervals(seen, t, y, alpha)
            return _ordered(*self._predicted_ends(seen, lower, upper, everyone, X))
        lower, upper = self._observed_unit_intervals(seen, t, y, alpha / 2)
        train, calibration = self._second_split
        both = np.concatenate([seen[calibration], X])
        low, high = self._predicted_ends(seen, lower, upper, train, both)
        size = len(calibration)
        scores = np.maximum(low[:size] - lower[calibration], upper[calibration] - high[:size])
        cutoff = weighted_cutoff(scores, np.ones(size), np.ones(len(X)), alpha / 2)
        return _ordered(low[size:] - cutoff, high[size:] + cutoff)

    def _predicted_ends(
        self,
        X: np.ndarray,
        lower: np.ndarray,
        upper: np.ndarray,
        rows: np.ndarray,
        wanted: np.ndarray,
    ) -> Ends:
        low = self._forest().fit(X[rows], lower[rows]).predict(wanted, quantiles=[LOWER_END])
        high = self._forest().fit(X[rows], upper[rows]).predict(wanted, quantiles=[UPPER_END])
        return low.reshape(len(wanted)), high.reshape(len(wanted))
