"""DoWhy's mediation by two linear regressions."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Self

import networkx as nx
import numpy as np
import pandas as pd

from benchmarks.mediation.registry import register
from sdscm.errors import InputError, MissingExtraError


def _dowhy(module: str) -> Any:
    """Import a module of DoWhy when it is needed: it takes seconds."""
    try:
        return import_module(module)
    except ImportError:
        raise MissingExtraError("mediation by DoWhy", "dowhy") from None


@register(
    "DoWhy two-stage",
    assumes="no hidden confounding; linear models without an interaction; codes of a mediator in "
    "the order of an equal scale",
    source="Baron and Kenny 1986, Journal of Personality and Social Psychology 51(6), in DoWhy",
)
class DoWhyTwoStage:
    """Product of the effect on the mediator and that of the mediator on the outcome.

    The direct effect is the total effect less this product.
    """

    def fit(self, X: pd.DataFrame, t: np.ndarray, m: pd.DataFrame, y: np.ndarray) -> Self:
        if m.shape[1] != 1:
            raise InputError(f"DoWhy takes one mediator, not {m.shape[1]}")
        names = [f"x{column}" for column in range(X.shape[1])]
        graph = nx.DiGraph([("t", "y"), ("t", "m"), ("m", "y")])
        graph.add_edges_from((name, of) for name in names for of in "tmy")
        data = pd.DataFrame(X.to_numpy(float), columns=names)
        data = data.assign(t=np.asarray(t, dtype=int), m=m.iloc[:, 0].to_numpy(), y=y)
        module = "dowhy.causal_estimators.linear_regression_estimator"
        linear = _dowhy(module).LinearRegressionEstimator
        model = _dowhy("dowhy").CausalModel(data, "t", "y", graph=graph)
        self._found = {}
        for kind in ("nde", "nie"):
            estimand = model.identify_effect(
                estimand_type=f"nonparametric-{kind}",
                # The default search grows with the subsets of the covariates.
                method_name="maximal-adjustment",
                proceed_when_unidentifiable=True,
            )
            # DoWhy takes them from sets, whose order differs by process.
            for adjusted in (
                estimand.backdoor_variables,
                estimand.mediation_first_stage_confounders,
                estimand.mediation_second_stage_confounders,
            ):
                for variables in adjusted.values():
                    variables.sort()
            estimate = model.estimate_effect(
                estimand,
                method_name="mediation.two_stage_regression",
                method_params={"first_stage_model": linear, "second_stage_model": linear},
            )
            self._found[kind] = float(estimate.value)
        return self

    def nde(self) -> float:
        return self._found["nde"]

    def nie(self) -> float:
        return self._found["nie"]
