"""Check an estimator against the rules, one after the other."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable
from typing import Any

from sklearn.base import clone

from estimators.base import EffectEstimator
from estimators.check import answers, arms, behaviour, bounds, declarations, inputs, units
from estimators.check.subject import Subject, check_data
from estimators.check.verdict import Broken, CheckReport, ConformanceError
from estimators.errors import EstimatorError, describe_error
from estimators.function_estimator import FunctionEffect
from estimators.registration import parameters_of
from estimators.registry import REGISTRY

Rule = Callable[[Subject], None]

#: The rules for every estimator, in the order in which they are checked.
RULES: tuple[Rule, ...] = (
    answers.can_be_fitted,
    answers.returns_itself,
    answers.has_a_capability,
    answers.answers_in_shape,
    inputs.leaves_inputs_alone,
    answers.orders_intervals,
    bounds.orders_bounds,
    bounds.starts_at_its_estimate,
    bounds.refuses_impossible_strength,
    behaviour.is_deterministic,
    behaviour.forgets_an_earlier_fit,
    answers.finds_an_easy_effect,
    answers.holds_its_estimate,
    inputs.takes_arrays,
    inputs.takes_other_types,
    behaviour.is_quiet,
    inputs.flips_signs,
    inputs.refuses_bad_input,
    inputs.survives_a_constant_column,
    inputs.fits_few_rows,
    behaviour.can_be_cloned,
    behaviour.can_be_pickled,
    units.scales_with_y,
    units.ignores_a_shift,
    units.ignores_units_of_X,
    arms.orders_arms,
)
#: Further rules for estimators that are checked by their registered name.
RULES_OF_REGISTERED: tuple[Rule, ...] = (
    declarations.gives_its_estimand,
    declarations.declares_its_intervals,
    declarations.declares_its_needs,
    declarations.declares_its_bounds,
    arms.declares_its_arms,
    declarations.gives_the_declared_average,
    declarations.fits_many_as_one_by_one,
)


#: Rules that the base classes keep for the classes that inherit from them.
_KEPT_BY_BASE: tuple[Rule, ...] = (
    answers.returns_itself,
    answers.answers_in_shape,
    behaviour.is_deterministic,
    inputs.takes_arrays,
    inputs.takes_other_types,
    behaviour.is_quiet,
    inputs.refuses_bad_input,
    behaviour.can_be_cloned,
)


def title(rule: Rule) -> str:
    """The demand of a rule: the sentence of its docstring, without the full stop."""
    return (inspect.getdoc(rule) or "").rstrip(".")


def check_estimator(estimator: Any, large: bool = False, **parameters: Any) -> CheckReport:
    """Check an estimator against the rules, on small synthetic data.

    Parameters
    ----------
    estimator
        A registered name, an object, a class that can be made without arguments, or a function
        ``(X, t, y) -> effects``.
    large
        Fit 20,000 rows as well.
    parameters
        Parameters of the estimator of that name, as for ``estimators.get``.

    Raises
    ------
    ConformanceError
        At the first broken rule: one line with the estimator, the rule and what happened.
    EstimatorError
        If the estimator cannot be made (unknown name, missing library, unknown parameter).

    Examples
    --------
    >>> len(estimators.check_estimator("DiffInMeans").passed) > 20
    True
    """
    name, make = _maker(estimator, parameters)
    info = REGISTRY.info(name) if isinstance(estimator, str) else None
    subject = Subject(make, check_data(240), info)
    rules = (
        RULES + (RULES_OF_REGISTERED if info else ()) + ((inputs.fits_many_rows,) if large else ())
    )
    for rule in rules:
        try:
            rule(subject)
        except Broken as broken:
            advice = _advice(rule, make)
            raise ConformanceError(f"{name}: {title(rule)}: {broken}{advice}") from broken
        # Any error of an estimator here breaks the rule.
        except Exception as error:
            advice = _advice(rule, make)
            raise ConformanceError(
                f"{name}: {title(rule)}: raised {describe_error(error)}{advice}"
            ) from error
    return CheckReport(name, tuple(map(title, rules)))


def _advice(rule: Rule, make: Callable[[], Any]) -> str:
    """Name the base class that keeps a broken rule, for an estimator that inherits from none."""
    if rule not in _KEPT_BY_BASE:
        return ""
    estimator = make()
    if isinstance(estimator, EffectEstimator):
        return ""
    base, method = ("CATE", "effect") if hasattr(estimator, "effect") else ("ATE", "ate")
    return (
        f"; inherit from estimators.{base}Estimator, and write _fit(X, t, y) and _{method}(X) "
        f"instead of fit and {method}: the base class refuses bad input, gives them clean arrays, "
        "puts answers in shape, and copies parameters"
    )


def _maker(estimator: Any, parameters: dict[str, Any]) -> tuple[str, Callable[[], Any]]:
    if isinstance(estimator, str):
        REGISTRY.get(estimator, **parameters)
        seeded = parameters | _seeded(REGISTRY.parameters(estimator) | parameters)
        return estimator, lambda: REGISTRY.get(estimator, **seeded)
    if parameters:
        raise EstimatorError(
            f"check_estimator: parameters ({', '.join(parameters)}) go with a name; "
            "give an object that has them"
        )
    if inspect.isclass(estimator):
        return estimator.__name__, estimator
    if inspect.isfunction(estimator):
        return estimator.__name__, lambda: FunctionEffect(
            estimator, _seeded(parameters_of(estimator))
        )
    if hasattr(estimator, "get_params"):
        return type(estimator).__name__, lambda: clone(estimator)
    return type(estimator).__name__, lambda: copy.deepcopy(estimator)


def _seeded(arguments: dict[str, Any]) -> dict[str, Any]:
    """A seed where there is none: without it, numbers may differ from fit to fit."""
    missing = "random_state" in arguments and arguments["random_state"] is None
    return {"random_state": 0} if missing else {}
