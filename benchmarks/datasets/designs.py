"""Simulated datasets whose effects are known by a formula.

In each design the average effect of the population is 1, the noises of the two potential outcomes
are independent normals, and the covariate ``a`` is the only confounder.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from sdscm.data.dataset import CausalDataset, Provenance

#: Average effect of the population in every design.
POPULATION_ATE = 1.0
_NOISE = 0.5

_Arrays = tuple[np.ndarray, ...]


def _randomised(rng: np.random.Generator, shape: tuple[int, int]) -> _Arrays:
    """Linear outcomes, and a treatment decided by a fair coin."""
    X = rng.normal(size=shape)
    return X, np.full(len(X), 0.5), *_linear_means(X)


def _linear(rng: np.random.Generator, shape: tuple[int, int]) -> _Arrays:
    """Linear outcomes and logistic propensities: linear models are right."""
    X = rng.normal(size=shape)
    return X, 1 / (1 + np.exp(-0.8 * X[:, 0])), *_linear_means(X)


def _linear_means(X: np.ndarray) -> _Arrays:
    return 3 + X[:, 0] + 0.5 * X[:, 2], POPULATION_ATE + 0.5 * X[:, 1]


def _nonlinear(rng: np.random.Generator, shape: tuple[int, int]) -> _Arrays:
    """A sine wave for confounding and a smooth step for the effect: linear models are wrong.

    Propensities lie between 0.23 and 0.77.
    """
    X = rng.uniform(-2, 2, size=shape)
    wave = np.sin(2 * X[:, 0])
    control = 3 + 2 * wave + np.abs(X[:, 2])
    return X, 1 / (1 + np.exp(-1.2 * wave)), control, POPULATION_ATE + np.tanh(2 * X[:, 1])


#: Functions of a generator and the shape of X. They return X, and for each row the propensity, the
#: mean outcome under control, and the effect, which does not depend on ``a``. New ones go to the
#: end: the place of a design is part of its seed.
DESIGNS: dict[str, Callable[[np.random.Generator, tuple[int, int]], _Arrays]] = {
    "randomised": _randomised,
    "linear": _linear,
    "nonlinear": _nonlinear,
}


def simulated(design: str, n: int, seed: int, covariates: int = 5) -> CausalDataset:
    """Draw a dataset of a design. The setting ``hidden`` removes its confounder ``a``."""
    rng = np.random.default_rng([seed, list(DESIGNS).index(design)])
    X, propensity, control, cate = DESIGNS[design](rng, (n, covariates))
    return CausalDataset(
        X=pd.DataFrame(X, columns=[*"abc", *(f"d{number}" for number in range(covariates - 3))]),
        t=(rng.random(n) < propensity).astype(np.int64),
        y0=control + rng.normal(scale=_NOISE, size=n),
        y1=control + cate + rng.normal(scale=_NOISE, size=n),
        propensity=propensity,
        exogenous=("a",),
        cates={"all": cate, "hidden": cate},
        meta=Provenance(scenario=f"simulation {design}", seed=seed),
    )
