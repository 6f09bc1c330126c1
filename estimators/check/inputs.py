"""Rules on input: what is accepted or refused, and which changes of it change the effects."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd

from estimators.check.subject import (
    CheckData,
    Subject,
    all_answers,
    answer_methods,
    check_data,
    estimates,
    interval_methods,
)
from estimators.check.verdict import Broken, difference, require
from estimators.errors import EstimatorError

#: Largest difference of answers in single precision, relative and in units of y.
SINGLE_PRECISION = 1e-5
#: Largest mean change of the answers by other units of X or y, in standard deviations of y. For an
#: estimator with a ``random_state`` it is the change by another seed, if that is larger: rounding
#: may change the splits of trees.
SAME_UNITS = 1e-6
OTHER_SEEDS = (101, 102, 103)
#: Largest sum of the average effects of t and 1 - t, as a share of the larger one: with swapped
#: arms, folds, subsamples and initial weights are other ones.
RELABEL_TOLERANCE = 0.5


def leaves_inputs_alone(subject: Subject) -> None:
    """A fit and each answer leave X, t and y unchanged."""
    data, given = subject.data, subject.data
    estimator = subject.fit(given)
    _require_same(given, data, "fit")
    for method, answer in answer_methods(estimator, given).items():
        answer()
        _require_same(given, data, method)


def _require_same(given: CheckData, data: CheckData, method: str) -> None:
    for name, same in (
        ("X", given.X.equals(data.X)),
        ("t", np.array_equal(given.t, data.t)),
        ("y", np.array_equal(given.y, data.y)),
    ):
        require(same, f"{method} changed {name}; work on a copy")


def takes_arrays(subject: Subject) -> None:
    """An array of the same numbers gives the same effects as a DataFrame."""
    data = subject.data
    X = data.X.to_numpy(dtype=float)
    estimator = subject.new(data.ite).fit(X, data.t, data.y)
    frame, array = estimates(subject.fitted, data.X), estimates(estimator, X)
    require(np.allclose(frame, array, rtol=1e-9, atol=1e-9), difference(frame, array))


def takes_other_types(subject: Subject) -> None:
    """Row labels, a boolean t and a y of float32 change nothing."""
    data = subject.data
    X = data.X.set_axis(range(len(data.X), 0, -1), axis=0)
    estimator = subject.new(data.ite).fit(X, data.t.astype(bool), data.y.astype(np.float32))
    usual, other = estimates(subject.fitted, data.X), estimates(estimator, X)
    require(
        np.allclose(usual, other, rtol=SINGLE_PRECISION, atol=SINGLE_PRECISION),
        difference(usual, other),
    )


def refuses_bad_input(subject: Subject) -> None:
    """An empty arm, NaN, infinity, other treatments, lengths or levels raise EstimatorError."""
    data = subject.data
    X_with_nan = data.X.assign(dose=data.X["dose"].where(data.X["dose"] < 1))
    third = np.arange(len(data.y)) == 3
    bad = {
        "no treated row": replace(data, t=np.zeros_like(data.t)),
        "no control row": replace(data, t=np.ones_like(data.t)),
        "NaN in X": replace(data, X=X_with_nan),
        "NaN in y": replace(data, y=np.where(third, np.nan, data.y)),
        "infinity in y": replace(data, y=np.where(third, np.inf, data.y)),
        "a treatment of 2": replace(data, t=np.where(third, 2, data.t)),
        "a y that is shorter than X": replace(data, y=data.y[:-1]),
    }
    for what, case in bad.items():
        _refuses(what, partial(subject.fit, case))
    for method, interval in interval_methods(subject.fitted, data).items():
        for alpha in (1.5, 0, -0.1):
            _refuses(f"{method} with alpha {alpha}", partial(interval, alpha))


def _refuses(what: str, call: Callable[[], object]) -> None:
    try:
        call()
    except EstimatorError:
        return
    except Exception as error:
        raise Broken(f"{what} raised {type(error).__name__} instead") from error
    raise Broken(f"{what} raised nothing")


def survives_a_constant_column(subject: Subject) -> None:
    """A constant covariate does no harm."""
    data = replace(subject.data, X=subject.data.X.assign(constant=1.0))
    require(np.isfinite(estimates(subject.fit(data), data.X)).all(), "effects are not finite")


def fits_few_rows(subject: Subject) -> None:
    """It can be fitted on 30 rows."""
    _fits(subject, 30)


def fits_many_rows(subject: Subject) -> None:
    """It can be fitted on 20,000 rows."""
    _fits(subject, 20_000)


def _fits(subject: Subject, n: int) -> None:
    data = check_data(n)
    require(np.isfinite(estimates(subject.fit(data), data.X)).all(), "effects are not finite")


def scales_with_y(subject: Subject) -> None:
    """Scale of y: c times y gives c times the effects."""
    _ignores_units(subject, "scale of y", scale=-1e-4)


def ignores_a_shift(subject: Subject) -> None:
    """Shift of y: a constant added to y leaves the effects as they are."""
    _ignores_units(subject, "shift of y", shift=2.0**20)


def ignores_units_of_X(subject: Subject) -> None:
    """Scale of X: other units of the covariates leave the effects as they are."""
    # An age as a date in milliseconds, and a dose that falls where it rose, in other units.
    units = {"age": (8.64e7, 1.7e12), "dose": (-1e-3, 3.0)}
    X = {name: shift + scale * subject.data.X[name] for name, (scale, shift) in units.items()}
    _ignores_units(subject, "scale of X", X=X)


def _ignores_units(
    subject: Subject,
    change: str,
    scale: float = 1.0,
    shift: float = 0.0,
    X: Mapping[str, pd.Series] | None = None,
) -> None:
    """Compare all answers for y in other units, or for other units of X, with the usual ones."""
    if getattr(subject.fitted, "depends_on_units", {}).get(change):
        return
    data = subject.data
    other = replace(
        data, X=data.X.assign(**(X or {})), y=shift + scale * data.y, ite=scale * data.ite
    )
    usual, answers = all_answers(subject.fitted, data), all_answers(subject.fit(other), other)
    spread = np.std(data.y)
    for method, answer in answers.items():
        back = answer / scale
        if method.endswith("_interval") and scale < 0:
            back = back[::-1]
        difference_in_sd = _distance(back, usual[method]) / spread
        limit = SAME_UNITS
        if difference_in_sd > limit:
            limit = max(limit, _spread_over_seeds(subject, method, usual[method]) / spread)
        require(
            difference_in_sd <= limit,
            f"{method} changes by {difference_in_sd:.2g} SD(y) on average, more than {limit:.2g}; "
            "inherit estimators.Standardised, or give the reason in depends_on_units of the class",
        )


def _distance(first: np.ndarray, second: np.ndarray) -> float:
    """Mean distance of answers; infinite ends of intervals are the same if both are infinite."""
    apart = np.subtract(first, second, out=np.zeros(np.shape(first)), where=first != second)
    return float(np.mean(np.abs(apart)))


def _spread_over_seeds(subject: Subject, method: str, usual: np.ndarray) -> float:
    """Largest mean distance of the answers with other seeds; 0 without ``random_state``."""
    data = subject.data
    estimator = subject.new(data.ite)
    parameters = estimator.get_params(deep=False) if hasattr(estimator, "get_params") else {}
    # A function has its parameters in one.
    arguments = parameters.get("arguments") or {}
    if "random_state" not in parameters | arguments:
        return 0.0
    distances = []
    for seed in OTHER_SEEDS:
        changed = {"random_state": seed}
        estimator.set_params(**({"arguments": arguments | changed} if arguments else changed))
        answers = all_answers(estimator.fit(data.X, data.t, data.y), data)
        distances.append(_distance(answers[method], usual))
    return max(distances)


def flips_signs(subject: Subject) -> None:
    """Effects change their sign when the names of the two treatments are swapped."""
    data = subject.data
    swapped = replace(data, t=1 - data.t, ite=-data.ite)
    ate = float(np.mean(estimates(subject.fitted, data.X)))
    other = float(np.mean(estimates(subject.fit(swapped), data.X)))
    require(
        abs(ate + other) <= RELABEL_TOLERANCE * max(abs(ate), abs(other)),
        f"the average effect is {ate:.3g} for t and {other:.3g} for 1 - t",
    )
