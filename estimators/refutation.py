"""DoWhy's refuters for any estimator of the project, with a report."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

import joblib
import numpy as np
import pandas as pd
from dowhy.causal_estimator import CausalEstimate, CausalEstimator
from dowhy.causal_refuters import (
    refute_bootstrap,
    refute_data_subset,
    refute_placebo_treatment,
    refute_random_common_cause,
    sensitivity_simulation,
)
from dowhy.causal_refuters.placebo_treatment_refuter import PlaceboType
from sklearn.base import clone

from estimators.adapters.dowhy_estimators import causal_model
from estimators.errors import EstimatorError
from estimators.interface import HasATE
from estimators.registry import REGISTRY
from estimators.support.quiet import quiet
from estimators.support.seeds import guarded_global_generators, resolve_seed
from estimators.support.validation import as_matrix, as_outcome, as_treatment, require_arms

#: The unobserved common cause is standard normal. It flips the treatment in this share of rows,
#: those with its largest values, and each unit of it lowers y by this many standard deviations.
FLIPPED_SHARE, OUTCOME_SHIFT = 0.05, 0.1


class _AsDoWhy(CausalEstimator):
    """An estimator of the project with the interface that DoWhy's refuters refit."""

    def __init__(self, estimand: Any, make: Callable[[], Any]) -> None:
        super().__init__(estimand)
        self._make = make
        self._target_units = "ate"

    def fit(self, data: pd.DataFrame, effect_modifier_names: Any = None) -> _AsDoWhy:
        self._set_effect_modifiers(data, effect_modifier_names)
        self._ate = self._average(data)
        return self

    def estimate_effect(
        self, data: pd.DataFrame, treatment_value: Any = 1, control_value: Any = 0, **_: Any
    ) -> CausalEstimate:
        estimate = CausalEstimate(
            data=data,
            treatment_name=self._target_estimand.treatment_variable,
            outcome_name=self._target_estimand.outcome_variable,
            estimate=self._ate,
            target_estimand=self._target_estimand,
            realized_estimand_expr="",
            control_value=control_value,
            treatment_value=treatment_value,
        )
        estimate.add_estimator(self)
        return estimate

    def _average(self, data: pd.DataFrame) -> float:
        X = data[self._target_estimand.get_adjustment_set()].to_numpy(dtype=float)
        t = data[self._target_estimand.treatment_variable[0]].to_numpy()
        y = data[self._target_estimand.outcome_variable[0]].to_numpy(dtype=float)
        estimator = self._make().fit(X, t, y)
        if isinstance(estimator, HasATE):
            return float(estimator.ate(X))
        return float(np.mean(estimator.effect(X)))


def _placebo(data: pd.DataFrame, estimand: Any, estimate: Any, num_simulations: int) -> Any:
    return refute_placebo_treatment(
        data,
        estimand,
        estimate,
        treatment_names=["t"],
        num_simulations=num_simulations,
        placebo_type=PlaceboType.PERMUTE,
    )


def _unobserved(data: pd.DataFrame, estimand: Any, estimate: Any, simulations: int) -> float:
    found = [
        sensitivity_simulation(
            data,
            estimand,
            estimate,
            treatment_name=["t"],
            outcome_name=["y"],
            kappa_t=FLIPPED_SHARE,
            kappa_y=OUTCOME_SHIFT * float(data["y"].std()),
        ).new_effect
        for _ in range(simulations)
    ]
    return float(np.mean(found))


#: Refuters with a test, by name, and the average effect that is expected.
_TESTS: dict[str, tuple[Callable[..., Any], str]] = {
    "random common cause": (refute_random_common_cause, "estimate"),
    "placebo treatment": (_placebo, "0"),
    "data subset": (refute_data_subset, "estimate"),
    "bootstrap": (refute_bootstrap, "estimate"),
}
UNOBSERVED = "unobserved common cause"
#: The refuters, by name.
REFUTERS: tuple[str, ...] = (*_TESTS, UNOBSERVED)


def refute(
    estimator: Any,
    X: pd.DataFrame | np.ndarray,
    t: np.ndarray,
    y: np.ndarray,
    refuters: Sequence[str] = REFUTERS,
    simulations: int = 20,
    random_state: int | None = 0,
) -> pd.DataFrame:
    """Refit an estimator on changed data whose answer is known, and compare (DoWhy's refuters).

    A refuter cannot show that an estimate is right. It can show that the estimator is not reliable
    on these data. No truth is used. Source: Sharma and Kiciman 2020, arXiv 2011.04216.

    - ``random common cause``: a covariate of noise is added; the estimate should not change.
    - ``placebo treatment``: t is permuted; the estimate should be 0.
    - ``data subset``: 80 % of the rows; the estimate should not change.
    - ``bootstrap``: rows drawn with replacement, a tenth of a standard deviation of noise
      on each covariate; the estimate should not change.
    - ``unobserved common cause``: a hidden normal variable flips 5 % of the treatments and shifts y
      by 0.1 of its standard deviation; the more the estimate changes, the more fragile it is.

    Parameters
    ----------
    estimator
        A registered name, or an unfitted object with ``fit`` and ``ate`` or ``effect``.
    X, t, y
        Covariates of shape (n, p), 0 or 1 and outcomes of shape (n,).
    refuters
        Names of the refuters to run.
    simulations
        Number of fits for each. With fewer than 100, DoWhy assumes that they are normal.
    random_state
        Seed of the simulations. The global generators are restored afterwards.

    Returns
    -------
    DataFrame
        A row for each refuter: ``refuter``, ``estimate`` (average effect on the unchanged data),
        ``expected``, ``refuted`` (mean over the simulations), all in units of y, and ``p_value``:
        DoWhy's one-sided p-value of the expected value among the simulations (two-sided with 100 or
        more), 0.5 where they do not differ from it, NaN where there is no test.
        ``attrs["warnings"]`` holds the warnings of the libraries.

    Raises
    ------
    EstimatorError
        If the data are not valid input of an estimator, or a refuter is unknown.
    """
    if isinstance(refuters, str):
        raise EstimatorError(f"refuters: give a list of names, [{refuters!r}]")
    for name in refuters:
        if name not in REFUTERS:
            raise EstimatorError(f"refuters: there is no {name!r}, only {', '.join(REFUTERS)}")
    if simulations < 2:
        raise EstimatorError(f"simulations: is {simulations}, must be at least 2")
    matrix = as_matrix(X)
    treatment, outcome = as_treatment(t, len(matrix)), as_outcome(y, len(matrix))
    require_arms(treatment)
    seed = resolve_seed(random_state)
    notes: list[str] = []
    rows = []
    with quiet(notes), joblib.parallel_config(backend="sequential"):
        data, _, estimand = causal_model(matrix, treatment, outcome)
        estimand.set_identifier_method("backdoor")
        with guarded_global_generators(seed):
            adapter = _AsDoWhy(estimand, _maker(estimator)).fit(data)
            estimate = adapter.estimate_effect(data)
        for name in refuters:
            # Each refuter starts from the seed, so that its result does not depend on the others.
            with guarded_global_generators(seed):
                rows.append(_row(name, data, estimand, estimate, simulations))
    report = pd.DataFrame(rows)
    report.attrs["warnings"] = notes
    return report


def _row(
    name: str, data: pd.DataFrame, estimand: Any, estimate: Any, simulations: int
) -> dict[str, Any]:
    value = float(estimate.value)
    if name == UNOBSERVED:
        refuted, expected, p = _unobserved(data, estimand, estimate, simulations), value, np.nan
    else:
        run, should_be = _TESTS[name]
        found = run(data, estimand, estimate, num_simulations=simulations)
        refuted, p = float(found.new_effect), float(found.refutation_result["p_value"])
        expected = 0.0 if should_be == "0" else value
        if np.isclose(refuted, expected, rtol=1e-9, atol=0):
            # The simulations differ by rounding only, and DoWhy would test that difference.
            p = 0.5
    return {
        "refuter": name,
        "estimate": value,
        "expected": expected,
        "refuted": refuted,
        "p_value": p,
    }


def _maker(estimator: Any) -> Callable[[], Any]:
    if isinstance(estimator, str):
        REGISTRY.get(estimator)
        return lambda: REGISTRY.get(estimator)
    if hasattr(estimator, "get_params"):
        return lambda: clone(estimator)
    return lambda: copy.deepcopy(estimator)
