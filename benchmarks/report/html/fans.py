"""Intervals for the units of one dataset, in the order of their true effects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from benchmarks.interface import Prediction, Truth


@dataclass(frozen=True, eq=False)
class Fan:
    """The intervals of one method for the units of one dataset; in units of y.

    Attributes
    ----------
    method, setting
    made_for, target
        What the intervals are made for, and what they are compared with: the ITE stands for a
        CATE that is not known.
    truth, lower, upper : arrays of shape (n,)
        Sorted by the truth.
    estimate : array of shape (n,), optional
        The method's effects in the same order.
    """

    method: str
    setting: str
    made_for: Literal["CATE", "ITE"]
    target: Literal["CATE", "ITE"]
    truth: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    estimate: np.ndarray | None

    @property
    def covered(self) -> np.ndarray:
        """Whether each interval holds the truth, of shape (n,)."""
        return (self.lower <= self.truth) & (self.truth <= self.upper)

    def thinned(self, most: int) -> np.ndarray:
        """Positions of at most ``most`` units, evenly spaced in the order."""
        n = len(self.truth)
        return np.unique(np.linspace(0, n - 1, min(n, most)).round().astype(int))


def fan_of(method: str, setting: str, prediction: Prediction, truth: Truth) -> Fan | None:
    """The fan of a prediction: of its intervals for the ITE, else for the CATE, else None.

    None, too, where the true effects are not known.
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
    return Fan(
        method=method,
        setting=setting,
        made_for=made_for,
        target="ITE" if target == "ITE" else "CATE",
        truth=effect[order],
        lower=lower[order],
        upper=upper[order],
        estimate=None if prediction.effect is None else prediction.effect[order],
    )
