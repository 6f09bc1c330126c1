"""Measure overlap and balance of the covariates of two arms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from estimators.baselines.weighting import clipped, propensity_model

#: Largest standardised mean difference that is called balanced (Austin 2009).
BALANCED = 0.1
#: Propensities are clipped for the weights, as `estimators.baselines.weighting.IPW` does.
_CLIP = 0.01
OVERLAP_QUANTILES = (0.05, 0.5, 0.95)


@dataclass(frozen=True, eq=False)
class Arm:
    """Estimated propensities of the rows with one value of the treatment.

    Attributes
    ----------
    value
        The value.
    propensity : array of shape (rows,)
        Estimated probability of the treated value.
    effective
        Effective sample size under inverse propensity weights, (sum w)^2 / sum w^2 (Kish 1965).
    """

    value: str
    propensity: np.ndarray
    effective: float

    @property
    def quantiles(self) -> np.ndarray:
        """Quantiles of the propensities, at `OVERLAP_QUANTILES`."""
        return np.quantile(self.propensity, OVERLAP_QUANTILES)


@dataclass(frozen=True)
class Difference:
    """Means of a covariate, and their standardised difference before and after weighting.

    The difference is divided by the root of the mean of the unweighted variances of the arms, after
    weighting too. NaN if the covariate has no variance within the arms, but differs between them.
    Source: Austin 2009, Statistics in Medicine 28(25).
    """

    column: str
    treated: float
    control: float
    before: float
    after: float


def compare_arms(
    X: pd.DataFrame, t: np.ndarray, contrast: tuple[str, str]
) -> tuple[tuple[Arm, Arm], list[Difference]]:
    """Estimate propensities by a logistic regression, and compare treated and control rows.

    Parameters
    ----------
    X : DataFrame of shape (n, p)
    t : array of shape (n,)
        0 or 1.
    contrast
        The values of the treatment, control first.

    Returns
    -------
    The arms, treated first, and the differences, the largest first.
    """
    matrix, treated = X.to_numpy(dtype=float), t == 1
    propensity = propensity_model().fit(matrix, t).predict_proba(matrix)[:, 1]
    e = clipped(propensity, _CLIP)
    weights = np.where(treated, 1 / e, 1 / (1 - e))
    arms = tuple(
        Arm(value, propensity[rows], float(weights[rows].sum() ** 2 / (weights[rows] ** 2).sum()))
        for value, rows in ((contrast[1], treated), (contrast[0], ~treated))
    )
    found = [
        _difference(str(name), matrix[:, place], treated, weights) for place, name in enumerate(X)
    ]
    found.sort(key=lambda each: -np.nan_to_num(abs(each.before), nan=np.inf))
    return (arms[0], arms[1]), found


def _difference(
    name: str, values: np.ndarray, treated: np.ndarray, weights: np.ndarray
) -> Difference:
    ones, zeros = values[treated], values[~treated]
    scale = float(np.sqrt((ones.var(ddof=1) + zeros.var(ddof=1)) / 2))
    raw = float(ones.mean() - zeros.mean())
    weighted = float(
        np.average(ones, weights=weights[treated]) - np.average(zeros, weights=weights[~treated])
    )

    def standardised(difference: float) -> float:
        if scale > 0:
            return difference / scale
        alike = abs(difference) <= 1e-9 * np.abs(values).max()
        return 0.0 if alike else float("nan")

    return Difference(
        name, float(ones.mean()), float(zeros.mean()), standardised(raw), standardised(weighted)
    )
