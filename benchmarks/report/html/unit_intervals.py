"""Hold intervals for the units of one dataset, in the order of their true effects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from benchmarks.interface import Prediction, Truth


@dataclass(frozen=True, eq=False)
class UnitIntervals:
    """Hold the intervals of one method for the n units of one dataset, in units of y.

    Attributes
    ----------
    method, setting
        Label of the method, and setting.
    made_for, target
        Effect that the intervals are made for, and true effect that they are compared with: the
        ITE if the CATE is not known.
    truth, lower, upper : arrays of shape (n,)
        True effects, and ends of the intervals, sorted by the true effect.
    """

    method: str
    setting: str
    made_for: Literal["CATE", "ITE"]
    target: Literal["CATE", "ITE"]
    truth: np.ndarray
    lower: np.ndarray
    upper: np.ndarray

    @property
    def covered(self) -> np.ndarray:
        """True for each interval that contains the true effect, of shape (n,)."""
        return (self.lower <= self.truth) & (self.truth <= self.upper)

    def thinned(self, most: int) -> np.ndarray:
        """Return the positions of at most ``most`` units, evenly spaced in the order."""
        n = len(self.truth)
        return np.unique(np.linspace(0, n - 1, min(n, most)).round().astype(int))


def unit_intervals(
    method: str, setting: str, prediction: Prediction, truth: Truth
) -> UnitIntervals | None:
    """Return the intervals of a prediction for the ITE, or else for the CATE.

    None if the prediction has neither, or the true effects are not known.
    """
    made_for: Literal["CATE", "ITE"]
    if prediction.ite_interval is not None:
        (lower, upper), made_for, target, effect = prediction.ite_interval, "ITE", "ITE", truth.ite
    elif prediction.effect_interval is not None:
        (lower, upper), made_for = prediction.effect_interval, "CATE"
        target, effect = truth.target, truth.effect
    else:
        return None
    if not np.isfinite(effect).all():
        return None
    order = np.argsort(effect, kind="stable")
    return UnitIntervals(
        method=method,
        setting=setting,
        made_for=made_for,
        target="ITE" if target == "ITE" else "CATE",
        truth=effect[order],
        lower=lower[order],
        upper=upper[order],
    )
