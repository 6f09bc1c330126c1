"""Simulated datasets whose effects are known by a formula.

In each design the average effect of the population is 1, the noises of the two potential outcomes
are independent normals, and the covariate ``a`` is the only confounder.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sdscm.data.dataset import CausalDataset, Provenance

#: Average effect of the population in every design.
POPULATION_ATE = 1.0
_NOISE = 0.5


@dataclass(frozen=True, eq=False)
class Draw:
    """One draw of a design.

    Attributes
    ----------
    X
        Covariates ``a``, ``b``, ``c``, and others without any influence, shape (n, p).
    t
        Treatment, shape (n,).
    propensity
        Probability of treatment, shape (n,).
    y0, y1
        Potential outcomes, shape (n,) each.
    cate
        Mean effect given the covariates, shape (n,). It does not depend on ``a``.
    """

    X: pd.DataFrame
    t: np.ndarray
    propensity: np.ndarray
    y0: np.ndarray
    y1: np.ndarray
    cate: np.ndarray

    @property
    def y(self) -> np.ndarray:
        """Observed outcome, shape (n,)."""
        return np.where(self.t == 1, self.y1, self.y0)

    @property
    def ite(self) -> np.ndarray:
        """Effect of each unit, noise included, shape (n,)."""
        return self.y1 - self.y0


#: Function of the number of rows, the seed and the number of covariates.
Design = Callable[[int, int, int], Draw]


def _names(p: int) -> list[str]:
    return [*"abc", *(f"d{number}" for number in range(p - 3))]


def _draw(
    rng: np.random.Generator,
    X: pd.DataFrame,
    propensity: np.ndarray,
    control: np.ndarray,
    cate: np.ndarray,
) -> Draw:
    n = len(X)
    t = (rng.random(n) < propensity).astype(np.int64)
    y0 = control + rng.normal(scale=_NOISE, size=n)
    y1 = control + cate + rng.normal(scale=_NOISE, size=n)
    return Draw(X, t, propensity, y0, y1, cate)


def _normal(rng: np.random.Generator, n: int, p: int) -> pd.DataFrame:
    return pd.DataFrame(rng.normal(size=(n, p)), columns=_names(p))


def _linear_means(X: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    control = 3 + X["a"].to_numpy() + 0.5 * X["c"].to_numpy()
    return control, POPULATION_ATE + 0.5 * X["b"].to_numpy()


def draw_randomised(n: int, seed: int, p: int = 5) -> Draw:
    """Draw linear outcomes with normal noise, and a treatment decided by a fair coin."""
    rng = np.random.default_rng([seed, 0])
    X = _normal(rng, n, p)
    return _draw(rng, X, np.full(n, 0.5), *_linear_means(X))


def draw_linear(n: int, seed: int, p: int = 5) -> Draw:
    """Draw linear outcomes with normal noise and logistic propensities: linear models are right."""
    rng = np.random.default_rng([seed, 1])
    X = _normal(rng, n, p)
    propensity = 1 / (1 + np.exp(-0.8 * X["a"].to_numpy()))
    return _draw(rng, X, propensity, *_linear_means(X))


def draw_nonlinear(n: int, seed: int, p: int = 5) -> Draw:
    """Draw a sine wave for confounding and a smooth step for the effect: linear models are wrong.

    Propensities lie between 0.23 and 0.77.
    """
    rng = np.random.default_rng([seed, 2])
    X = pd.DataFrame(rng.uniform(-2, 2, size=(n, p)), columns=_names(p))
    wave = np.sin(2 * X["a"].to_numpy())
    control = 3 + 2 * wave + np.abs(X["c"].to_numpy())
    cate = POPULATION_ATE + np.tanh(2 * X["b"].to_numpy())
    return _draw(rng, X, 1 / (1 + np.exp(-1.2 * wave)), control, cate)


DESIGNS: dict[str, Design] = {
    "randomised": draw_randomised,
    "linear": draw_linear,
    "nonlinear": draw_nonlinear,
}


def simulated(design: str, n: int, seed: int, covariates: int = 5) -> CausalDataset:
    """Draw a dataset of a design. The setting ``hidden`` removes its confounder ``a``."""
    drawn = DESIGNS[design](n, seed, covariates)
    return CausalDataset(
        X=drawn.X,
        t=drawn.t,
        y0=drawn.y0,
        y1=drawn.y1,
        propensity=drawn.propensity,
        exogenous=("a",),
        cates={"all": drawn.cate, "hidden": drawn.cate},
        meta=Provenance(scenario=f"simulation {design}", seed=seed),
    )
