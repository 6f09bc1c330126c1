"""DoWhy's bounds of a regression coefficient under hidden confounding."""

from __future__ import annotations

import numpy as np
from dowhy.causal_refuters.linear_sensitivity_analyzer import LinearSensitivityAnalyzer

from estimators.adapters.dowhy_estimators import causal_model
from estimators.base import Standardised
from estimators.bounds import ATEBounds

#: At a share of 1 the adjusted standard error is 0, and DoWhy divides by it.
MOST = 1 - 1e-9


class DoWhyLinearBounds(Standardised, ATEBounds):
    """Linear regression, with the bias that hidden confounders of a partial R2 can cause.

    Cinelli and Hazlett, "Making sense of sensitivity", JRSS B 82(1), 2020, equation 5, in both
    directions; with ``alpha``, the ends of the intervals of the adjusted coefficient. The strength
    is the pair of partial R2 of the outcome and of the treatment. The average effect is that of the
    rows of ``fit``, the same for every X.
    """

    strength = "partial_r2"

    def _fit(self, X: np.ndarray, t: np.ndarray, y: np.ndarray) -> None:
        data, model, estimand = causal_model(X, t, y)
        self._estimate = model.estimate_effect(estimand, method_name="backdoor.linear_regression")
        covariates = list(data.columns.drop(["t", "y"]))
        self._analyzer = LinearSensitivityAnalyzer(
            estimator=self._estimate.estimator,
            data=data,
            treatment_name=["t"],
            # Strength is given as numbers, not as multiples of that of a covariate.
            benchmark_common_causes=covariates[:1],
            frac_strength_treatment=[0.0],
            frac_strength_outcome=[0.0],
            common_causes_order=covariates,
        ).check_sensitivity(plot=False)

    def _ate(self, X: np.ndarray) -> float:
        return float(self._estimate.value)

    def _ate_bounds(
        self, X: np.ndarray, strength: tuple[float, float], alpha: float | None
    ) -> tuple[float, float]:
        outcome, treatment = min(strength[0], MOST), strength[1]
        if alpha is not None:
            self._analyzer.significance_level = alpha
        ends = []
        for self._analyzer.confounder_increases_estimate in (True, False):
            found = self._analyzer.compute_bias_adjusted(treatment, outcome)
            names = ("estimate",) * 2 if alpha is None else ("lower_CI", "upper_CI")
            ends += [float(found[f"bias_adjusted_{name}"]) for name in names]
        return min(ends), max(ends)
