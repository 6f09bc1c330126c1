"""Synthetic truths whose effects are known by formula.

In each, the average effect of the population is 1, the noises of the two potential outcomes are
independent normals, and only ``a`` confounds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

#: The average effect of the population, in each truth.
POPULATION_ATE = 1.0
_NOISE = 0.5


@dataclass(frozen=True, eq=False)
class Truth:
    """One draw.

    Attributes
    ----------
    X
        Covariates ``a``, ``b``, ``c`` and others that do nothing, shape (n, p).
    t, y
        Treatment and outcome, shape (n,).
    cate
        Mean effect given the covariates, shape (n,).
    ite
        Effect of each unit, noise included, shape (n,).
    """

    X: pd.DataFrame
    t: np.ndarray
    y: np.ndarray
    cate: np.ndarray
    ite: np.ndarray


Draw = Callable[[int, int, int], Truth]


def _normal(rng: np.random.Generator, n: int, p: int) -> pd.DataFrame:
    return pd.DataFrame(rng.normal(size=(n, p)), columns=_names(p))


def _uniform(rng: np.random.Generator, n: int, p: int) -> pd.DataFrame:
    return pd.DataFrame(rng.uniform(-2, 2, size=(n, p)), columns=_names(p))


def _names(p: int) -> list[str]:
    return [*"abc", *(f"d{number}" for number in range(p - 3))]


def _outcomes(
    rng: np.random.Generator,
    X: pd.DataFrame,
    propensity: np.ndarray,
    control: np.ndarray,
    cate: np.ndarray,
) -> Truth:
    n = len(X)
    t = (rng.random(n) < propensity).astype(np.int64)
    y0 = control + rng.normal(scale=_NOISE, size=n)
    y1 = control + cate + rng.normal(scale=_NOISE, size=n)
    return Truth(X, t, np.where(t == 1, y1, y0), cate, y1 - y0)


def _linear_means(X: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    control = 3 + X["a"].to_numpy() + 0.5 * X["c"].to_numpy()
    return control, POPULATION_ATE + 0.5 * X["b"].to_numpy()


def draw_randomised(n: int, seed: int, p: int = 5) -> Truth:
    """Linear-Gaussian outcomes, and a fair coin for the treatment."""
    rng = np.random.default_rng([seed, 0])
    X = _normal(rng, n, p)
    return _outcomes(rng, X, np.full(n, 0.5), *_linear_means(X))


def draw_linear(n: int, seed: int, p: int = 5) -> Truth:
    """Linear-Gaussian outcomes, logistic propensities: linear models are right."""
    rng = np.random.default_rng([seed, 1])
    X = _normal(rng, n, p)
    propensity = 1 / (1 + np.exp(-0.8 * X["a"].to_numpy()))
    return _outcomes(rng, X, propensity, *_linear_means(X))


def draw_nonlinear(n: int, seed: int, p: int = 5) -> Truth:
    """A wave for confounding, a soft step for the effect: linear models are wrong.

    Propensities lie between 0.23 and 0.77.
    """
    rng = np.random.default_rng([seed, 2])
    X = _uniform(rng, n, p)
    wave = np.sin(2 * X["a"].to_numpy())
    control = 3 + 2 * wave + np.abs(X["c"].to_numpy())
    cate = POPULATION_ATE + np.tanh(2 * X["b"].to_numpy())
    return _outcomes(rng, X, 1 / (1 + np.exp(-1.2 * wave)), control, cate)


#: The truths by name: functions of the number of rows, the seed and the number of covariates.
TRUTHS: dict[str, Draw] = {
    "randomised": draw_randomised,
    "linear": draw_linear,
    "nonlinear": draw_nonlinear,
}
