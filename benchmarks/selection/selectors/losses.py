"""Select by a loss of the estimated effects that needs no truth (a tau-risk)."""

from __future__ import annotations

import numpy as np
from sklearn.neighbors import KDTree
from sklearn.preprocessing import StandardScaler

from benchmarks.metrics.formulas import policy_value
from benchmarks.selection.definition import Scores, Shown
from benchmarks.selection.registry import selector

_SCHULER = "Schuler et al. 2018, arXiv 1804.05146, section 3"
_MAHAJAN = "Mahajan et al. 2024, arXiv 2211.01939, section 3"


@selector("t_score", "T-score", better="lower", source=_MAHAJAN)
def t_score(shown: Shown) -> Scores:
    """Mean squared distance of the effects from those of a T-learner, cross-fitted."""
    found = shown.nuisances
    return _squared_distance(shown, found.mean1 - found.mean0)


@selector("dr_score", "DR-score", better="lower", source=_MAHAJAN)
def dr_score(shown: Shown) -> Scores:
    """Mean squared distance of the effects from doubly robust pseudo-outcomes."""
    return _squared_distance(shown, shown.nuisances.pseudo_outcomes(shown.t, shown.y))


@selector(
    "r_score", "R-score", better="lower", source="Nie and Wager 2021, Biometrika 108, equation 4"
)
def r_score(shown: Shown) -> Scores:
    """Mean squared error of the residual of y, predicted by effect times residual of treatment."""
    rows, found = shown.compared, shown.nuisances
    outcome = (shown.y - found.mean)[rows]
    treatment = (shown.t - found.propensity)[rows]
    return shown.of_each(lambda effect: np.mean((outcome - treatment * effect) ** 2))


@selector("matching", "Matching", better="lower", source=_SCHULER)
def matching(shown: Shown) -> Scores:
    """Mean squared distance of the effects from differences between nearest neighbours.

    The neighbours of a row are the rows of the other arm, fitted or held out, with the smallest
    Euclidean distance of standardised covariates; the mean outcome of equally near ones counts.
    """
    Z = StandardScaler().fit_transform(shown.X.to_numpy(dtype=float))
    difference = np.empty(len(shown.y))
    for arm in (0, 1):
        own, other = shown.t == arm, shown.t != arm
        tree, outcomes = KDTree(Z[other]), shown.y[other]
        nearest = tree.query(Z[own])[0][:, 0]
        # Distances of equal rows are 0 up to rounding.
        neighbours = tree.query_radius(Z[own], nearest * (1 + 1e-9) + 1e-9)
        matched = np.array([outcomes[each].mean() for each in neighbours])
        difference[own] = (2 * arm - 1) * (shown.y[own] - matched)
    return _squared_distance(shown, difference)


@selector(
    "dr_policy", "DR policy value", better="higher", source="Athey and Wager 2021, equation 8"
)
def dr_policy(shown: Shown) -> Scores:
    """Doubly robust estimate of the value of treating the rows with a positive effect."""
    pseudo = shown.nuisances.pseudo_outcomes(shown.t, shown.y)[shown.compared]
    return shown.of_each(lambda effect: policy_value(effect, pseudo))


def _squared_distance(shown: Shown, target: np.ndarray) -> Scores:
    """Score effects by their mean squared distance from ``target``, of shape (n,)."""
    rows = shown.compared
    return shown.of_each(lambda effect: np.mean((target[rows] - effect) ** 2))
