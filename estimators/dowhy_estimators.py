"""DoWhy's estimators of the average effect, identified from a graph of the covariates.

In the graph every covariate causes both treatment and outcome: all of them are adjusted for.
The average effect is that of the rows of ``fit``, whatever X is asked for.
"""

from __future__ import annotations

from typing import Any, ClassVar

import networkx as nx
import numpy as np
import pandas as pd
from dowhy import CausalModel

from estimators.base import ATEEstimator, ATEIntervals
from estimators.errors import EstimatorError


def confounder_graph(covariates: list[str], treatment: str, outcome: str) -> nx.DiGraph:
    """The DAG in which each covariate causes treatment and outcome, and treatment the outcome."""
    graph = nx.DiGraph([(treatment, outcome)])
    for covariate in covariates:
        graph.add_edges_from([(covariate, treatment), (covariate, outcome)])
    return graph


class _DoWhy(ATEEstimator):
    """One of DoWhy's back-door methods."""

    method: ClassVar[str]

    def _fit(self, X: np.ndarray, t: np.ndarray, y: np.ndarray) -> None:
        if X.shape[1] == 0:
            raise EstimatorError(f"{type(self).__name__}: X has no column; give a covariate")
        covariates = [f"x{column}" for column in range(X.shape[1])]
        data = pd.DataFrame(X, columns=covariates).assign(t=t, y=y)
        model = CausalModel(data, "t", "y", graph=confounder_graph(covariates, "t", "y"))
        estimand = model.identify_effect(
            proceed_when_unidentifiable=True,
            # The default search grows with the subsets of the covariates: 4 s for 40 of them.
            method_name="maximal-adjustment",
        )
        estimate = model.estimate_effect(estimand, method_name=f"backdoor.{self.method}")
        self._keep(estimate)

    def _keep(self, estimate: Any) -> None:
        self.ate_ = float(estimate.value)

    def _ate(self, X: np.ndarray) -> float:
        return self.ate_


class DoWhyLinear(_DoWhy, ATEIntervals):
    """Linear regression on treatment and covariates, with the interval of least squares."""

    method = "linear_regression"

    def _keep(self, estimate: Any) -> None:
        super()._keep(estimate)
        self._estimate = estimate

    def _ate_interval(self, X: np.ndarray, alpha: float) -> tuple[float, float]:
        ends = self._estimate.get_confidence_intervals(confidence_level=1 - alpha)
        lower, upper = np.asarray(ends, dtype=float).reshape(2)
        return lower, upper


class DoWhyWeighting(_DoWhy):
    """Propensity-score weighting: logistic regression, clipped at 0.05, DoWhy's defaults.

    There is no interval: DoWhy would bootstrap it.
    """

    method = "propensity_score_weighting"
