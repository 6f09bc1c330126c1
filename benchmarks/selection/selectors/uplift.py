"""Select by how well the estimated effects order the rows, as in uplift modelling."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from benchmarks.metrics import formulas
from benchmarks.selection.definition import Scores, Shown
from benchmarks.selection.registry import selector

#: Curve of gains from the numbers of treated and control rows so far, and their sums of y.
_Gain = Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray], np.ndarray]


@selector("qini", "Qini", better="higher", source="Radcliffe 2007, section 5")
def qini(shown: Shown) -> Scores:
    """Area under the Qini curve of observed outcomes, which does not adjust for covariates.

    The curve is the outcome of the treated rows so far, less what as many controls would have had.
    The area of a random order is the same for all methods and is not subtracted.
    """
    return shown.of_each(
        lambda effect: _area(shown, effect, lambda n1, n0, y1, y0: y1 - y0 * _ratio(n1, n0))
    )


@selector("auuc", "AUUC", better="higher", source="Gutierrez and Gerardy 2017, section 4")
def auuc(shown: Shown) -> Scores:
    """Area under the uplift curve of observed outcomes, which does not adjust for covariates.

    The curve is the difference of the arms' mean outcomes so far, times the number of rows so far.
    """

    def gain(n1: np.ndarray, n0: np.ndarray, y1: np.ndarray, y0: np.ndarray) -> np.ndarray:
        return (_ratio(y1, n1) - _ratio(y0, n0)) * (n1 + n0)

    return shown.of_each(lambda effect: _area(shown, effect, gain))


@selector(
    "dr_qini", "DR Qini", better="higher", source="Radcliffe 2007, with doubly robust outcomes"
)
def dr_qini(shown: Shown) -> Scores:
    """Area under the uplift curve of doubly robust pseudo-outcomes."""
    pseudo = shown.nuisances.pseudo_outcomes(shown.t, shown.y)[shown.compared]
    sd = float(shown.y.std())
    return shown.of_each(lambda effect: formulas.auuc(effect, pseudo, sd))


def _area(shown: Shown, effect: np.ndarray, gain: _Gain) -> float:
    """Compute the area under a curve of gains per row, over the share of rows, the largest first.

    Rows with equal effects are in random order: the curve is a straight line there.
    """
    t, y = shown.t[shown.compared], shown.y[shown.compared]
    steps = -np.round(effect / (formulas.TOLERANCE * (float(shown.y.std()) or 1.0)))
    place = np.unique(steps, return_inverse=True)[1]
    columns = (t, 1 - t, t * y, (1 - t) * y)
    sums = [np.cumsum(np.bincount(place, weights=each)) for each in columns]
    share = np.concatenate([[0.0], sums[0] + sums[1]]) / len(t)
    return float(np.trapezoid(np.concatenate([[0.0], gain(*sums)]) / len(t), share))


def _ratio(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Divide; 0 where there is nothing to divide by."""
    return np.divide(one, other, out=np.zeros(len(one)), where=other > 0)
