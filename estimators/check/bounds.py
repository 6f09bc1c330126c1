"""Rules on bounds of the average effect under hidden confounding."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from estimators.check.inputs import refuses
from estimators.check.subject import STRENGTHS, Subject, ate
from estimators.check.verdict import require
from estimators.interface import HasATE, bounds_of

#: Rounding of the ends, in SD(y).
ROUNDING = 1e-6


def orders_bounds(subject: Subject) -> None:
    """Bounds are two floats, the lower first; they widen with the strength and with alpha given."""
    kind = bounds_of(subject.fitted)
    if not kind:
        return
    previous: dict[float | None, tuple[float, float]] = {}
    slack = ROUNDING * float(np.std(subject.data.y))
    for strength in STRENGTHS[kind]:
        for alpha in (None, 0.5, 0.05):
            lower, upper = _bounds(subject, strength, alpha)
            require(lower <= upper, f"ate_bounds gave ({lower:.4g}, {upper:.4g}) at {strength}")
            before = [previous[alpha]] if alpha in previous else []
            before += [previous[None]] if alpha else []
            for low, high in before:
                require(
                    lower <= low + slack and high - slack <= upper,
                    f"ate_bounds gave ({lower:.4g}, {upper:.4g}) at {strength} and alpha {alpha}; "
                    f"it must hold ({low:.4g}, {high:.4g}), the bounds at less strength or without "
                    "sampling error",
                )
            previous[alpha] = lower, upper


def starts_at_its_estimate(subject: Subject) -> None:
    """Without hidden confounding, its bounds hold its average effect."""
    estimator, data = subject.fitted, subject.data
    kind = bounds_of(estimator)
    if kind in ("", "none") or not isinstance(estimator, HasATE):
        return
    lower, upper = _bounds(subject, STRENGTHS[kind][0], None)
    found, slack = ate(estimator, data.X), ROUNDING * float(np.std(data.y))
    require(
        lower - slack <= found <= upper + slack,
        f"ate(X) is {found:.4g}, and ate_bounds gave ({lower:.4g}, {upper:.4g})",
    )


def refuses_impossible_strength(subject: Subject) -> None:
    """A strength that cannot be, and one that is missing, raise EstimatorError."""
    estimator, X = subject.fitted, subject.data.X
    bad: dict[str, list[Any]] = {"gamma": [0.5, -1.0, float("nan")], "none": []}
    kind = bounds_of(estimator)
    if not kind:
        return
    for value in bad.get(kind, [(0.1, -0.1), (1.5, 0.1), (0.1, float("nan"))]):
        call = partial(estimator.ate_bounds, X, **{kind: value})
        refuses(f"ate_bounds with {kind} = {value}", call)
    if kind != "none":
        refuses(f"ate_bounds without {kind}", partial(estimator.ate_bounds, X))


def _bounds(subject: Subject, strength: dict[str, Any], alpha: float | None) -> tuple[float, float]:
    given = {} if alpha is None else {"alpha": alpha}
    ends = subject.fitted.ate_bounds(subject.data.X, **strength, **given)
    require(
        len(ends) == 2 and all(isinstance(end, float) for end in ends),
        f"ate_bounds gave {ends!r}, not two floats",
    )
    require(not np.isnan(ends).any(), f"ate_bounds gave {ends!r}")
    return ends
