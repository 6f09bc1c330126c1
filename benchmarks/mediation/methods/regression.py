"""Natural effects from a regression of the outcome and a model of the mediators."""

from __future__ import annotations

from typing import Self

import numpy as np
import pandas as pd

from benchmarks.mediation.methods.nuisances import Rows, chances, least_squares
from benchmarks.mediation.registry import register

_RESAMPLES = 200


@register(
    "Regression with interaction",
    assumes="no hidden confounding; outcome linear in treatment, mediators, their product and "
    "covariates; logistic mediators",
    source="VanderWeele, Explanation in Causal Inference, 2015, chapter 2",
)
class RegressionWithInteraction:
    """Mean of the regression of the outcome over the modelled mediators of each treatment.

    The categories of the mediators have a coefficient each, and another one under treatment. The
    intervals are percentiles of a bootstrap of the rows.
    """

    def __init__(self, random_state: int = 0) -> None:
        self.random_state = random_state

    def fit(self, X: pd.DataFrame, t: np.ndarray, m: pd.DataFrame, y: np.ndarray) -> Self:
        rows = Rows.of(X, t, m, y)
        self._effects = _effects(rows)
        draw = np.random.default_rng(self.random_state)
        self._resampled = np.array(
            [_effects(rows.take(draw.integers(0, len(y), len(y)))) for _ in range(_RESAMPLES)]
        )
        return self

    def nde(self) -> float:
        return self._effects[0]

    def nie(self) -> float:
        return self._effects[1]

    def nde_interval(self, alpha: float = 0.05) -> tuple[float, float]:
        return self._interval(0, alpha)

    def nie_interval(self, alpha: float = 0.05) -> tuple[float, float]:
        return self._interval(1, alpha)

    def _interval(self, place: int, alpha: float) -> tuple[float, float]:
        ends = np.quantile(self._resampled[:, place], [alpha / 2, 1 - alpha / 2])
        return float(ends[0]), float(ends[1])


def _effects(rows: Rows) -> tuple[float, float]:
    """The mediation formula (Pearl 2001) with the two fitted models: direct, indirect."""
    level = np.eye(rows.levels)
    treated = rows.t[:, None].astype(float)
    outcome = least_squares(_design(level[rows.m], treated, rows.X), rows.y)
    mediator = chances(rows.m, np.column_stack([treated, rows.X]), rows.levels)
    mean = {
        arm: np.column_stack(
            [
                _design(np.tile(one, (len(treated), 1)), np.full_like(treated, arm), rows.X)
                @ outcome
                for one in level
            ]
        )
        for arm in (0, 1)
    }
    chance = {
        arm: mediator(np.column_stack([np.full_like(treated, arm), rows.X])) for arm in (0, 1)
    }
    direct = ((mean[1] - mean[0]) * chance[0]).sum(axis=1).mean()
    indirect = (mean[0] * (chance[1] - chance[0])).sum(axis=1).mean()
    return float(direct), float(indirect)


def _design(level: np.ndarray, treated: np.ndarray, X: np.ndarray) -> np.ndarray:
    """Columns for each level of the mediators, each level under treatment, and the covariates."""
    return np.column_stack([level, treated * level, X])
