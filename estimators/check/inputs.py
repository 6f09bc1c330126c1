"""Rules on input: what is accepted or refused, and which changes of it change the effects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from estimators.check.subject import (
    CheckData,
    Subject,
    answer_methods,
    check_data,
    estimates,
    fit,
    interval_methods,
)
from estimators.check.verdict import Broken, difference, require
from estimators.errors import EstimatorError
from estimators.interface import HasArmEffects

#: Largest difference of answers in single precision, relative and in units of y.
SINGLE_PRECISION = 1e-5
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
    estimator = fit(subject.new(data.ite), X, data.t, data.y)
    frame, array = estimates(subject.fitted, data.X), estimates(estimator, X)
    require(np.allclose(frame, array, rtol=1e-9, atol=1e-9), difference(frame, array))


def takes_other_types(subject: Subject) -> None:
    """Row labels, a boolean t and a y of float32 change nothing."""
    data = subject.data
    X = data.X.set_axis(range(len(data.X), 0, -1), axis=0)
    estimator = fit(subject.new(data.ite), X, data.t.astype(bool), data.y.astype(np.float32))
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
    # Estimators of several arms refuse that arm 2 is missing.
    beyond = 3 if isinstance(subject.fitted, HasArmEffects) else 2
    bad = {
        "no treated row": replace(data, t=np.zeros_like(data.t)),
        "no control row": replace(data, t=np.ones_like(data.t)),
        "NaN in X": replace(data, X=X_with_nan),
        "NaN in y": replace(data, y=np.where(third, np.nan, data.y)),
        "infinity in y": replace(data, y=np.where(third, np.inf, data.y)),
        f"a treatment of {beyond}": replace(data, t=np.where(third, beyond, data.t)),
        "a y that is shorter than X": replace(data, y=data.y[:-1]),
    }
    for what, case in bad.items():
        refuses(what, partial(subject.fit, case))
    for method, interval in interval_methods(subject.fitted, data).items():
        for alpha in (1.5, 0, -0.1):
            refuses(f"{method} with alpha {alpha}", partial(interval, alpha))


def refuses(what: str, call: Callable[[], object]) -> None:
    """Raise `Broken` unless a call raises an EstimatorError; ``what`` describes the call."""
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
