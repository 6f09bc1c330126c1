"""DoWhy's estimators of the average effect, identified from a graph of the covariates.

In the graph every covariate causes treatment and outcome, so all of them are adjusted for. The
average effect is that of the rows of ``fit``, the same for every X.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import networkx as nx
import numpy as np
import pandas as pd
from dowhy import CausalModel

from estimators.base import ATEEstimator, ATEIntervals, Standardised
from estimators.baselines.weighting import propensity_model
from estimators.errors import EstimatorError
from estimators.interface import Need

#: Decimals in which tied propensity scores are equal: those of equal rows differ by rounding.
TIED_DIGITS = 9


def confounder_graph(covariates: list[str], treatment: str, outcome: str) -> nx.DiGraph:
    """The DAG in which each covariate causes treatment and outcome, and treatment the outcome."""
    graph = nx.DiGraph([(treatment, outcome)])
    for covariate in covariates:
        graph.add_edges_from([(covariate, treatment), (covariate, outcome)])
    return graph


def causal_model(
    X: np.ndarray, t: np.ndarray, y: np.ndarray
) -> tuple[pd.DataFrame, CausalModel, Any]:
    """A table of (X, t, y), DoWhy's model of it, and the average effect by back-door adjustment.

    Columns are named ``x0``, ``x1``, ..., ``t`` and ``y``; t is an integer, because some of DoWhy's
    methods fail with booleans.
    """
    covariates = [f"x{column}" for column in range(X.shape[1])]
    data = pd.DataFrame(X, columns=covariates).assign(t=t, y=y)
    model = CausalModel(data, "t", "y", graph=confounder_graph(covariates, "t", "y"))
    estimand = model.identify_effect(
        proceed_when_unidentifiable=True,
        # The default search grows with the subsets of the covariates: 4 s for 40 of them.
        method_name="maximal-adjustment",
    )
    # DoWhy takes them from a set, whose order, and with it the last digits, differs by process.
    for key in estimand.backdoor_variables:
        estimand.set_backdoor_variables(covariates.copy(), key)
    return data, model, estimand


class _DoWhy(Standardised, ATEEstimator):
    """One of DoWhy's back-door methods."""

    method: ClassVar[str]

    def _fit(self, X: np.ndarray, t: np.ndarray, y: np.ndarray) -> None:
        _, model, estimand = causal_model(X, t, y)
        estimate = model.estimate_effect(
            estimand, method_name=f"backdoor.{self.method}", method_params=self._options()
        )
        self._keep(estimate)

    def _options(self) -> dict[str, Any]:
        return {}

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
        # Without a degree of freedom the spread is unknown.
        return (-np.inf, np.inf) if np.isnan(lower) else (lower, upper)


class DoWhyWeighting(_DoWhy):
    """Propensity-score weighting: logistic regression, clipped at 0.05, DoWhy's defaults.

    There is no interval: DoWhy has only a bootstrap.
    """

    method = "propensity_score_weighting"


@dataclass(eq=False, repr=False)
class DoWhyStratification(_DoWhy):
    """Differences in means within strata of the propensity score (Rosenbaum and Rubin 1984).

    Rows are sorted by a logistic propensity into ``strata`` of equal size. DoWhy's rounding halves
    the first and the last one, so that there is one more. Strata with fewer than ``min_per_arm``
    rows in an arm are left out, and the average effect is that of the others. DoWhy's own default
    searches for a number of strata with more than 10 rows in each arm, and fails on small data.
    There is no interval: DoWhy has only a bootstrap.
    """

    method = "propensity_score_stratification"

    strata: int = 10
    min_per_arm: int = 1

    def _fit(self, X: np.ndarray, t: np.ndarray, y: np.ndarray) -> None:
        try:
            super()._fit(X, t, y)
        except ValueError as error:
            raise EstimatorError(
                f"DoWhy finds no strata of the propensity score ({error}); give more rows, fewer "
                "strata or a smaller min_per_arm"
            ) from error

    def _options(self) -> dict[str, Any]:
        return {
            "num_strata": self.strata,
            # DoWhy keeps the strata with more rows than this.
            "clipping_threshold": self.min_per_arm - 1,
            "propensity_score_model": propensity_model(),
        }


class DoWhyMatching(_DoWhy):
    """Compare each row with the rows of the other arm that have the nearest propensity score.

    Rosenbaum and Rubin 1983. One neighbour, with replacement, without a caliper; propensities from
    a logistic regression. Rows of one arm with the same propensity count as one neighbour, with
    their mean outcome (Abadie and Imbens 2006, section 2): DoWhy alone would match all rows of a
    stratum of discrete covariates with the same row. There is no interval: the bootstrap of
    matching is not valid (Abadie and Imbens 2008).
    """

    method = "propensity_score_matching"

    def _fit(self, X: np.ndarray, t: np.ndarray, y: np.ndarray) -> None:
        propensity = propensity_model().fit(X, t).predict_proba(X)[:, 1]
        # The mean of an arm stays the same, and each tied row becomes the mean of its ties.
        ties = pd.Series(y).groupby([t, propensity.round(TIED_DIGITS)])
        super()._fit(X, t, ties.transform("mean").to_numpy())

    def _options(self) -> dict[str, Any]:
        return {"propensity_score_model": propensity_model()}


class DoWhyInstrument(ATEEstimator):
    """DoWhy's method of instrumental variables, after identification from a graph.

    In the graph a hidden variable causes treatment and outcome, and the instrument the treatment
    only. With one binary instrument DoWhy's estimate is the ratio of `Wald`; it uses no covariates.
    There is no interval: DoWhy has only a bootstrap.
    """

    needs: ClassVar[tuple[Need, ...]] = ("instrument",)

    def _fit(self, X: np.ndarray, t: np.ndarray, y: np.ndarray, instrument: np.ndarray) -> None:
        if t[instrument == 0].mean() == t[instrument == 1].mean():
            raise EstimatorError(
                "instrument: the share of treated rows is the same under both values; the effect "
                "is not defined"
            )
        graph = confounder_graph(["hidden"], "t", "y")
        graph.add_edge("z", "t")
        data = pd.DataFrame({"z": instrument, "t": t, "y": y})
        model = CausalModel(data, "t", "y", graph=graph)
        estimand = model.identify_effect(
            proceed_when_unidentifiable=True, method_name="maximal-adjustment"
        )
        found = model.estimate_effect(estimand, method_name="iv.instrumental_variable")
        self.ate_ = float(found.value)
        self.warnings_ = [each for each in self.warnings_ if "assumed unobserved" not in each]

    def _ate(self, X: np.ndarray) -> float:
        return self.ate_
