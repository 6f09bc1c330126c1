"""DoubleML's bounds of the average effect under hidden confounding.

Source: Chernozhukov, Cinelli, Newey, Sharma and Syrgkanis, "Long story short: omitted variable bias
in causal machine learning", 2022, arXiv 2112.13398. The correlation of both errors is the worst
one, 1.
"""

from __future__ import annotations

import numpy as np

from estimators.adapters.doubleml_estimators import DoubleMLInteractive, DoubleMLPartiallyLinear
from estimators.bounds import ATEBounds

#: DoubleML refuses a share of 1, which an outcome without noise has.
_MOST = 1 - 1e-9


class DoubleMLSensitivity(ATEBounds):
    """The sensitivity analysis of a fitted model; a mixin."""

    model_: object

    def _ate_bounds(
        self, X: np.ndarray, strength: tuple[float, float], alpha: float | None
    ) -> tuple[float, float]:
        level = 0.5 if alpha is None else 1 - alpha / 2  # its intervals have one side each
        outcome, treatment = (min(each, _MOST) for each in strength)
        self.model_.sensitivity_analysis(cf_y=outcome, cf_d=treatment, rho=1.0, level=level)  # type: ignore[attr-defined]
        found = self.model_.sensitivity_params["theta" if alpha is None else "ci"]  # type: ignore[attr-defined]
        return float(found["lower"][0]), float(found["upper"][0])


class DoubleMLPartiallyLinearBounds(DoubleMLSensitivity, DoubleMLPartiallyLinear):
    """Partially linear regression, with the bias that hidden confounders of a strength can cause.

    The strength is the pair of partial R2 of the outcome and of the treatment. Parameters are those
    of DoubleML PLR. If the effect varies, the bounds are those of its mean with weights e(1 - e).
    """

    strength = "partial_r2"


class DoubleMLInteractiveBounds(DoubleMLSensitivity, DoubleMLInteractive):
    """The doubly robust average effect, with the bias that hidden confounders can cause.

    The strength is the partial R2 of the outcome, and the share of the variance of the weights
    (Riesz representer) that hidden confounders explain. Parameters are those of DoubleML IRM.
    """

    strength = "riesz_r2"
