"""Natural effects by the efficient influence function, which is robust to one wrong model."""

from __future__ import annotations

from typing import Self

import numpy as np
import pandas as pd
from scipy.stats import norm
from sklearn.model_selection import StratifiedKFold

from benchmarks.mediation.methods.nuisances import Rows, chances, least_squares
from benchmarks.mediation.registry import register

_FOLDS = 5
#: Smallest modelled probability of a treatment, or of a category of the mediators.
_LEAST = 0.01


@register(
    "Multiply robust",
    assumes="no hidden confounding, overlap; two of the models of treatment, mediators and outcome "
    "right",
    source="Tchetgen Tchetgen and Shpitser 2012, Annals of Statistics 40(3)",
)
class MultiplyRobust:
    """Mean of the efficient influence function with models of other folds.

    The models are logistic regressions of the treatment and of the mediators, and a linear
    regression of the outcome in each arm. The intervals are normal, with the variance of the
    influence function.
    """

    def __init__(self, random_state: int = 0) -> None:
        self.random_state = random_state

    def fit(self, X: pd.DataFrame, t: np.ndarray, m: pd.DataFrame, y: np.ndarray) -> Self:
        rows = Rows.of(X, t, m, y)
        folds = StratifiedKFold(
            max(2, min(_FOLDS, np.bincount(rows.t, minlength=2).min())),
            shuffle=True,
            random_state=self.random_state,
        )
        self._scores = np.zeros((len(y), 2))
        for train, test in folds.split(rows.X, rows.t):
            self._scores[test] = _scores(rows.take(train), rows.take(test))
        return self

    def nde(self) -> float:
        return float(self._scores[:, 0].mean())

    def nie(self) -> float:
        return float(self._scores[:, 1].mean())

    def nde_interval(self, alpha: float = 0.05) -> tuple[float, float]:
        return self._interval(0, alpha)

    def nie_interval(self, alpha: float = 0.05) -> tuple[float, float]:
        return self._interval(1, alpha)

    def _interval(self, place: int, alpha: float) -> tuple[float, float]:
        values = self._scores[:, place]
        half = float(norm.isf(alpha / 2) * values.std(ddof=1) / np.sqrt(len(values)))
        return float(values.mean()) - half, float(values.mean()) + half


def _scores(train: Rows, test: Rows) -> np.ndarray:
    """Uncentred influence of each row on the direct and the indirect effect, of shape (n, 2)."""
    level, n = np.eye(train.levels), len(test.y)
    propensity = chances(train.t, train.X, 2)(test.X).clip(_LEAST)
    mean, chance = {}, {}
    mediator = chances(train.m, np.column_stack([train.t, train.X]), train.levels)
    for arm in (0, 1):
        own = train.take(np.flatnonzero(train.t == arm))
        outcome = least_squares(np.column_stack([level[own.m], own.X]), own.y)
        columns = [np.column_stack([np.tile(one, (n, 1)), test.X]) @ outcome for one in level]
        mean[arm] = np.column_stack(columns)
        chance[arm] = mediator(np.column_stack([np.full(n, arm), test.X]))
    place = np.arange(n), test.m

    def score(value: int, copied: int) -> np.ndarray:
        """Influence on E[Y(value, M(copied))]; equation 6 of the source."""
        expected = (mean[value] * chance[copied]).sum(axis=1)
        here, other = test.t == value, test.t == copied
        ratio = chance[copied][place] / chance[value][place].clip(_LEAST)
        rest = here / propensity[:, value] * ratio * (test.y - mean[value][place])
        inner = other / propensity[:, copied] * (mean[value][place] - expected)
        return np.asarray(rest + inner + expected)

    base = score(0, 0)
    return np.column_stack([score(1, 0) - base, score(0, 1) - base])
