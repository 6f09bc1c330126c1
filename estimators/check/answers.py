"""Rules on answers: capabilities, shapes, accuracy and intervals."""

from __future__ import annotations

import numpy as np

from estimators.check.subject import Subject, fit, interval_methods
from estimators.check.subject import ate as ate_of
from estimators.check.subject import effect as effect_of
from estimators.check.verdict import require
from estimators.interface import HasATE, HasEffect

#: Largest error of the average effect, as a share of it.
LARGEST_ERROR = 0.5
#: Share of rows in which an interval must contain its estimate: ends may be quantiles.
LEAST_SHARE = 0.5
#: Rounding of the ends, in units of y.
ROUNDING = 1e-6


def can_be_fitted(subject: Subject) -> None:
    """It can be made and fitted on ordinary data."""
    subject.fit(subject.data)


def has_a_capability(subject: Subject) -> None:
    """It offers effect(X) or ate(X)."""
    require(isinstance(subject.fitted, HasEffect | HasATE), "it has neither")


def returns_itself(subject: Subject) -> None:
    """Fit returns the estimator itself."""
    estimator, data = subject.new(subject.data.ite), subject.data
    require(fit(estimator, data.X, data.t, data.y) is estimator, "end fit with: return self")


def answers_in_shape(subject: Subject) -> None:
    """Effects are floats of shape (n,), the average effect is one float, and all are finite."""
    estimator, X = subject.fitted, subject.data.X
    if isinstance(estimator, HasEffect):
        effect = effect_of(estimator, X)
        require(isinstance(effect, np.ndarray), f"effect returned {type(effect).__name__}")
        require(effect.shape == (len(X),), f"effect returned shape {effect.shape}, not ({len(X)},)")
        require(effect.dtype == np.float64, f"effect returned type {effect.dtype}")
        require(np.isfinite(effect).all(), "effect returned NaN or infinity")
    if isinstance(estimator, HasATE):
        ate = ate_of(estimator, X)
        require(isinstance(ate, float), f"ate returned {type(ate).__name__}")
        require(np.isfinite(ate), f"ate returned {ate}")


def finds_an_easy_effect(subject: Subject) -> None:
    """On easy randomised data its average effect has the right sign and about the right size."""
    estimator, data = subject.fitted_on_easy, subject.easy
    if not getattr(estimator, "learns", True):
        return
    truth = float(np.mean(data.ite))
    found = {}
    if isinstance(estimator, HasEffect):
        found["the mean of effect(X)"] = float(np.mean(effect_of(estimator, data.X)))
    if isinstance(estimator, HasATE):
        found["ate(X)"] = float(ate_of(estimator, data.X))
    for what, value in found.items():
        require(
            abs(value - truth) <= LARGEST_ERROR * abs(truth),
            f"{what} is {value:.3g}, the truth {truth:.3g}; set learns = False on the class if "
            "its answers do not depend on the data",
        )


def orders_intervals(subject: Subject) -> None:
    """Intervals have the right shape, the lower end first, and widen with their level."""
    data = subject.data
    for method, interval in interval_methods(subject.fitted, data).items():
        shape = () if method == "ate_interval" else (len(data.X),)
        widths, ends = [], []
        for alpha in (0.5, 0.05):
            lower, upper = (np.asarray(end, dtype=float) for end in interval(alpha))
            require(
                lower.shape == upper.shape == shape,
                f"{method} returned shapes {lower.shape} and {upper.shape}, not {shape}",
            )
            require(
                not (np.isnan(lower).any() or np.isnan(upper).any()),
                f"{method} returned NaN for an end",
            )
            require(np.all(lower <= upper), f"{method} returned a lower end above the upper one")
            widths.append(upper - lower)
            ends.append((lower, upper))
        narrow, wide = widths
        require(np.all(wide >= narrow - 1e-9), f"{method} is wider at alpha 0.5 than at alpha 0.05")
        for end, inner, outer in zip(("lower", "upper"), *ends, strict=True):
            # Only intervals of width 0 and infinite ends may be the same at each level.
            may_move = (narrow > 0) & np.isfinite(inner)
            require(
                not may_move.any() or (inner != outer)[may_move].any(),
                f"{method} has the same {end} end at alpha 0.5 as at alpha 0.05",
            )


def holds_its_estimate(subject: Subject) -> None:
    """On easy data most intervals of level 0.95 contain the estimate, those of units the effect."""
    estimator, data = subject.fitted_on_easy, subject.easy
    targets = {"ite_interval": data.ite}
    if isinstance(estimator, HasEffect):
        targets["effect_interval"] = effect_of(estimator, data.X)
    if isinstance(estimator, HasATE):
        targets["ate_interval"] = np.asarray(ate_of(estimator, data.X))
    for method, interval in interval_methods(estimator, data).items():
        if method in targets:
            lower, upper = (np.asarray(end, dtype=float) for end in interval(0.05))
            inside = (lower - ROUNDING <= targets[method]) & (targets[method] <= upper + ROUNDING)
            require(
                np.mean(inside) >= LEAST_SHARE,
                f"{method} contains it in {np.mean(inside):.0%} of rows, not {LEAST_SHARE:.0%}",
            )
