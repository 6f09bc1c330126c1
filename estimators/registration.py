"""Checks of what is registered as an estimator, and its parameters."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, get_args

from estimators.errors import EstimatorError
from estimators.interface import Estimand, EstimatorInfo, FitMany, Need, Strength

#: A class with ``fit``, or a function ``(X, t, y) -> effects``.
Target = Callable[..., Any]

_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
_NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def parameters_of(target: Target) -> dict[str, Any]:
    """Parameters of a class, or of a function beyond (X, t, y), with their defaults.

    Raises
    ------
    EstimatorError
        If a function does not take three positional arguments, or another one has no default.
    ValueError
        If the signature of a class cannot be read.
    """
    if inspect.isclass(target):
        if target.__init__ is object.__init__:
            return {}
        parameters = inspect.signature(target).parameters.values()
        return {each.name: each.default for each in parameters if each.kind in _NAMED}
    arguments = list(inspect.signature(target).parameters.values())
    first, rest = arguments[:3], arguments[3:]
    if len(first) < 3 or any(each.kind not in _POSITIONAL for each in first):
        raise EstimatorError(f"function {target.__name__}: must take (X, t, y)")
    without_default = [each.name for each in rest if each.default is inspect.Parameter.empty]
    if without_default:
        raise EstimatorError(
            f"function {target.__name__}: give {', '.join(without_default)} a default; "
            "only X, t and y are passed"
        )
    return {each.name: each.default for each in rest}


def check_name(name: Any) -> None:
    """Raise `EstimatorError` unless ``name`` is text on one line."""
    if inspect.isclass(name) or inspect.isfunction(name):
        raise EstimatorError(
            f"register: {name.__name__} was given where a name belongs; write "
            f'@estimators.register("{name.__name__}") above it'
        )
    if not isinstance(name, str) or not name.strip() or not name.isprintable():
        raise EstimatorError(
            "register: the name of an estimator must be text on one line, not "
            + " ".join(f"{name!r}".split())
        )


def check_estimand(name: str, estimand: Any) -> None:
    """Raise `EstimatorError` if ``estimand`` is unknown."""
    if estimand not in get_args(Estimand):
        raise EstimatorError(
            f"register {name!r}: estimand is {estimand!r}, must be one of "
            f"{', '.join(get_args(Estimand))}"
        )


def check_target(name: str, target: Any, estimand: Estimand) -> None:
    """Raise `EstimatorError` if ``target`` cannot be an estimator of ``estimand``."""
    if inspect.isclass(target):
        problem = _problem_of_class(target, estimand)
    elif inspect.isfunction(target):
        problem = "a function estimates the ATE or the CATE" if estimand == "ITE" else ""
        parameters_of(target)
    else:
        problem = f"decorate a class or a function, not {target!r}"
    if problem:
        raise EstimatorError(f"register {name!r}: {problem}")


def _problem_of_class(target: type, estimand: Estimand) -> str:
    """Describe why a class cannot be an estimator; empty if it can, as far as that can be seen."""
    title = f"class {target.__name__}"
    if not callable(getattr(target, "fit", None)):
        return f"{title} has no method fit"
    if not hasattr(target, "effect") and not hasattr(target, "ate"):
        return f"{title} has neither effect(X) nor ate(X)"
    if estimand != "ATE" and not any(hasattr(target, m) for m in ("effect", "ite_interval")):
        return f"{title} has no effect(X); register it with estimand='ATE'"
    if inspect.isabstract(target):
        missing = ", ".join(sorted(getattr(target, "__abstractmethods__", ())))
        return f"{title} is abstract; write {missing}"
    try:
        parameters = parameters_of(target)
    except ValueError:  # the signature of a constructor in C may be hidden
        return f"the arguments of {title} cannot be read; write an __init__"
    needed = [key for key, default in parameters.items() if default is inspect.Parameter.empty]
    if needed:
        return f"{title} needs {', '.join(needed)}; give each argument of __init__ a default"
    return ""


def check_declarations(info: EstimatorInfo, target: Target) -> None:
    """Raise `EstimatorError` if ``target`` lacks intervals or a `fit_many` that it declares."""
    problem = ""
    for kind in info.intervals.kinds:
        if not hasattr(target, f"{kind}_interval"):
            problem = (
                f"declares {kind} intervals, but has no {kind}_interval; write that method or "
                "leave the declaration out"
            )
    if info.fit_many not in get_args(FitMany):
        problem = f"fit_many is {info.fit_many!r}, must be 'datasets' or 'methods'"
    elif info.fit_many and not hasattr(target, "fit_many"):
        problem = "declares fit_many, but has no class method fit_many"
    elif (info.fit_many == "methods") != bool(info.fit_group):
        problem = "fit_many='methods' and fit_group go together; give both or neither"
    if info.many_arms and not (hasattr(target, "effects") and hasattr(target, "ates")):
        problem = "has many_arms = True, but not effects(X) and ates(X)"
    if isinstance(getattr(target, "needs", ()), str):
        raise EstimatorError(f'register {info.name!r}: needs is a text; write needs = ("...",)')
    unknown = [need for need in info.needs if need not in get_args(Need)]
    if unknown:
        problem = f"needs {unknown[0]!r}; choose among {', '.join(get_args(Need))}"
    if info.bounds and info.bounds not in get_args(Strength):
        problem = f"strength is {info.bounds!r}; choose among {', '.join(get_args(Strength))}"
    if problem:
        raise EstimatorError(f"register {info.name!r}: {problem}")
