"""Interventions ``do(...)``: each target gets one value, one value per unit, or a distribution."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from sdscm.arguments import shown
from sdscm.errors import InputError
from sdscm.spec import Spec, Variable


class Distribution(Enum):
    """Distributions of an intervention that have a name."""

    UNIFORM = "uniform"


UNIFORM = Distribution.UNIFORM
FixedTarget = str | Mapping[str, float] | Distribution
DoTarget = FixedTarget | Sequence[str] | np.ndarray | pd.Series
Do = Mapping[str, DoTarget]


def parse_do(spec: Spec, do: Do, n: int) -> dict[str, np.ndarray]:
    """Log-weights of each target, of shape (n, size of its domain); 0 and -inf for a fixed value.

    Raises
    ------
    InputError
        If a target is unknown or exogenous, a value is not in its domain, the number of values is
        not that of the units, or weights are not a distribution.
    """
    check_do(spec, do)
    return {name: _log_weights(spec.variable(name), target, n) for name, target in do.items()}


def check_do(spec: Spec, do: Do) -> None:
    """Raise an InputError if ``do`` is not a mapping, or a target is unknown or exogenous."""
    if not isinstance(do, Mapping):
        raise InputError(f"do: {shown(do)} names no target; write {{'variable': 'value'}}")
    for name in do:
        if variable_of(spec, name, "do").role == "exogenous":
            raise InputError(
                f"do: '{name}' is exogenous; set an endogenous variable, or ask for units given "
                f"'{name}'"
            )


def weights_of(spec: Spec, name: str, target: FixedTarget) -> np.ndarray:
    """Weights of a target that is the same for all units, of shape (size of its domain,)."""
    return np.exp(parse_do(spec, {name: target}, 1)[name][0])


def variable_of(spec: Spec, name: str, where: str) -> Variable:
    """The variable of that name; an InputError begins with ``where``."""
    if not isinstance(name, str) or name not in spec.order:
        raise InputError(
            f"{where}: {shown(name)} is not a variable of '{spec.name}'; "
            f"the variables are {', '.join(spec.order)}"
        )
    return spec.variable(name)


def code_of(variable: Variable, value: str | int, where: str) -> int:
    """The position of a value in a variable's domain; an InputError begins with ``where``.

    A number means its text, as in a spec, since tables from files hold such values as numbers.
    """
    try:
        return variable.values.index(str(value))
    except ValueError:
        raise InputError(
            f"{where}: '{' '.join(str(value).split())}' is not a value of '{variable.name}'; "
            f"its values are {', '.join(variable.values)}"
        ) from None


def contrast_of(spec: Spec, contrast: Sequence[str] | None) -> tuple[str, str]:
    """Values (control, treated) of the treatment, by default its first two.

    Raises
    ------
    InputError
        If they are not two different values of its domain.
    """
    treatment = spec.treatment
    one = isinstance(contrast, str) or not isinstance(contrast, Iterable)
    chosen = list(treatment.values[:2]) if contrast is None else [] if one else list(contrast)
    if len(chosen) != 2:
        raise InputError(f"contrast: give two values of '{treatment.name}', the control first")
    control, treated = map(str, chosen)
    for value in (control, treated):
        code_of(treatment, value, "contrast")
    if control == treated:
        raise InputError(f"contrast: give two values of '{treatment.name}', not '{control}' twice")
    return control, treated


def _log_weights(variable: Variable, target: DoTarget, n: int) -> np.ndarray:
    size = len(variable.values)
    if isinstance(target, Distribution):
        return np.full((n, size), -np.log(size))
    if isinstance(target, Mapping):
        weights = np.zeros(size)
        for value, weight in target.items():
            number = isinstance(weight, Real)
            weights[code_of(variable, value, "do")] = weight if number else np.nan
        if not (np.isfinite(weights).all() and (weights >= 0).all()) or not np.isclose(
            weights.sum(), 1
        ):
            raise InputError(
                f"do: the weights of '{variable.name}' must be at least 0 and sum to 1; "
                f"they are {', '.join(f'{k}: {v}' for k, v in target.items())}"
            )
        with np.errstate(divide="ignore"):
            return np.tile(np.log(weights / weights.sum()), (n, 1))
    one = isinstance(target, str) or not isinstance(target, Iterable)  # a number, say
    labels: list[Any] = [target] * n if one else list(target)
    if len(labels) != n:
        raise InputError(f"do: '{variable.name}' has {len(labels)} values for {n} units")
    codes = {label: code_of(variable, label, "do") for label in dict.fromkeys(labels)}
    logs = np.full((n, size), -np.inf)
    logs[np.arange(n), [codes[label] for label in labels]] = 0.0
    return logs
