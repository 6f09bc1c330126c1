"""The conformance check: what every estimator must do to be run by the harness."""

from __future__ import annotations

import contextlib
import copy
import inspect
import io
import pickle
import random
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone

from estimators.errors import EstimatorError
from estimators.function_estimator import FunctionEffect
from estimators.interface import HasATE, HasATEInterval, HasEffect, HasEffectInterval
from estimators.interface import HasITEInterval as HasITE
from estimators.registry import REGISTRY

#: Mean change of the effects that a shift of y may cause, in standard deviations of y: the splits
#: of trees may change by rounding.
SHIFT_TOLERANCE = 0.05
#: By how much the average effects of t and 1 - t may fail to cancel, as a share of the larger.
RELABEL_TOLERANCE = 0.5


class ConformanceError(EstimatorError):
    """An estimator breaks a rule; the message names both."""


@dataclass(frozen=True)
class CheckReport:
    """What an estimator has passed.

    Attributes
    ----------
    estimator
        Its name.
    passed
        The rules, in the order in which they were checked.
    """

    estimator: str
    passed: tuple[str, ...]


@dataclass(frozen=True)
class CheckData:
    """Confounded data of a linear-Gaussian model whose effects are known.

    ``X`` has shape (n, 4); ``t``, ``y`` and ``ite`` have shape (n,).
    """

    X: pd.DataFrame
    t: np.ndarray
    y: np.ndarray
    ite: np.ndarray


def check_data(n: int, seed: int = 0) -> CheckData:
    """Draw n rows: two normal covariates, a binary one and a code from 0 to 3."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(
        {
            "age": rng.normal(size=n),
            "dose": rng.normal(size=n),
            "smokes": rng.integers(0, 2, n),
            "stage": rng.integers(0, 4, n),
        }
    )
    t = (rng.random(n) < 1 / (1 + np.exp(-0.8 * X["age"].to_numpy()))).astype(np.int64)
    ite = 2 + 0.5 * X["dose"].to_numpy()
    base = X["age"].to_numpy() + 0.5 * X["stage"].to_numpy() + rng.normal(scale=0.3, size=n)
    # Multiples of 2**-10 stay exact when a moderate integer is added.
    return CheckData(X=X, t=t, y=np.round((base + t * ite) * 1024) / 1024, ite=ite)


def check_estimator(estimator: Any, large: bool = False) -> CheckReport:
    """Check an estimator against the rules of the project, on small synthetic data.

    Parameters
    ----------
    estimator
        A registered name, an object, a class that can be made without arguments, or a function
        ``(X, t, y) -> effects``.
    large
        Whether to fit 20,000 rows as well.

    Raises
    ------
    ConformanceError
        At the first rule that is broken: one line that names the estimator, the rule and what
        happened.
    EstimatorError
        If the estimator cannot be made (unknown name, missing library).
    """
    name, make = _maker(estimator)
    subject = _Subject(make, check_data(240))
    passed = []
    for rule in (*RULES, fits_many_rows) if large else RULES:
        title = (inspect.getdoc(rule) or "").rstrip(".")
        try:
            rule(subject)
        except _Broken as broken:
            raise ConformanceError(f"{name}: {title}: {broken}") from broken
        # Whatever a stranger's estimator raises here is a broken rule, told in one line.
        except Exception as error:
            reason = " ".join(str(error).split())
            raise ConformanceError(
                f"{name}: {title}: raised {type(error).__name__}: {reason}"
            ) from error
        passed.append(title)
    return CheckReport(name, tuple(passed))


def _maker(estimator: Any) -> tuple[str, Callable[[], Any]]:
    if isinstance(estimator, str):
        REGISTRY.get(estimator)
        return estimator, lambda: REGISTRY.get(estimator)
    if inspect.isclass(estimator):
        return estimator.__name__, estimator
    if inspect.isfunction(estimator):
        return estimator.__name__, lambda: FunctionEffect(estimator)
    if hasattr(estimator, "get_params"):
        return type(estimator).__name__, lambda: clone(estimator)
    return type(estimator).__name__, lambda: copy.deepcopy(estimator)


class _Broken(Exception):
    """A rule is broken."""


def _require(condition: Any, otherwise: str) -> None:
    if not condition:
        raise _Broken(otherwise)


class _Subject:
    """Makes and fits the estimator under test."""

    def __init__(self, make: Callable[[], Any], data: CheckData) -> None:
        self._make = make
        self._data = data

    @property
    def data(self) -> CheckData:
        """A fresh copy, so that an estimator that changes its input spoils one rule alone."""
        return copy.deepcopy(self._data)

    def new(self, ite: np.ndarray) -> Any:
        """An unfitted one with a fixed seed; the Oracle is shown the effects."""
        estimator = self._make()
        if hasattr(estimator, "get_params"):
            seed = estimator.get_params(deep=False).get("random_state", 0)
            if seed is None:
                estimator.set_params(random_state=0)
        if hasattr(estimator, "reveal"):
            estimator.reveal(ite)
        return estimator

    def fit(self, data: CheckData) -> Any:
        return self.new(data.ite).fit(data.X, data.t, data.y)

    @cached_property
    def fitted(self) -> Any:
        """One that was fitted on the data, for the rules that only look."""
        return self.fit(self.data)


def _estimates(estimator: Any, X: Any) -> np.ndarray:
    """Effects of the rows, or the average effect alone, as a vector."""
    if isinstance(estimator, HasEffect):
        return np.asarray(estimator.effect(X), dtype=float)
    return np.array([estimator.ate(X)], dtype=float)


def _outcomes_differ(first: np.ndarray, second: np.ndarray) -> str:
    return f"they differ by up to {np.max(np.abs(first - second)):.3g}"


def _global_generators() -> dict[str, bytes]:
    return {
        "numpy.random": pickle.dumps(np.random.get_state()),  # noqa: NPY002
        "random": pickle.dumps(random.getstate()),
    }


def returns_itself(subject: _Subject) -> None:
    """Fit returns the estimator itself."""
    estimator, data = subject.new(subject.data.ite), subject.data
    _require(estimator.fit(data.X, data.t, data.y) is estimator, "end fit with: return self")


def has_a_capability(subject: _Subject) -> None:
    """It offers effect(X) or ate(X)."""
    _require(isinstance(subject.fitted, HasEffect | HasATE), "it has neither")


def answers_in_shape(subject: _Subject) -> None:
    """Effects are floats of shape (n,), the average effect is one float, and all are finite."""
    estimator, X = subject.fitted, subject.data.X
    if isinstance(estimator, HasEffect):
        effect = estimator.effect(X)
        _require(isinstance(effect, np.ndarray), f"effect gave {type(effect).__name__}")
        _require(effect.shape == (len(X),), f"effect gave shape {effect.shape} for {len(X)} rows")
        _require(effect.dtype == np.float64, f"effect gave type {effect.dtype}")
        _require(np.isfinite(effect).all(), "effect gave NaN or infinity")
    if isinstance(estimator, HasATE):
        ate = estimator.ate(X)
        _require(isinstance(ate, float), f"ate gave {type(ate).__name__}")
        _require(np.isfinite(ate), f"ate gave {ate}")


def orders_intervals(subject: _Subject) -> None:
    """Intervals have the right shape, the lower end first, and grow with their level."""
    estimator, data = subject.fitted, subject.data
    n = len(data.X)
    answers: list[tuple[str, tuple[int, ...], Callable[[float], Any]]] = []
    if isinstance(estimator, HasEffectInterval):
        answers.append(("effect_interval", (n,), lambda a: estimator.effect_interval(data.X, a)))
    if isinstance(estimator, HasATEInterval):
        answers.append(("ate_interval", (), lambda a: estimator.ate_interval(data.X, a)))
    if isinstance(estimator, HasITE):
        answers.append(
            ("ite_interval", (n,), lambda a: estimator.ite_interval(data.X, data.t, data.y, a))
        )
    for method, shape, interval in answers:
        widths = []
        for alpha in (0.5, 0.05):
            lower, upper = (np.asarray(end, dtype=float) for end in interval(alpha))
            _require(
                lower.shape == upper.shape == shape,
                f"{method} gave shapes {lower.shape} and {upper.shape}, not {shape}",
            )
            _require(np.all(lower <= upper), f"{method} gave a lower end above the upper one")
            widths.append(upper - lower)
        _require(
            np.all(widths[1] >= widths[0] - 1e-9),
            f"{method} is wider at alpha 0.5 than at alpha 0.05",
        )


def leaves_inputs_alone(subject: _Subject) -> None:
    """X, t and y are the same after a fit as before."""
    data = subject.data
    given = subject.data
    _estimates(subject.fit(given), given.X)
    _require(given.X.equals(data.X), "it changed X; work on a copy")
    _require(np.array_equal(given.t, data.t), "it changed t; work on a copy")
    _require(np.array_equal(given.y, data.y), "it changed y; work on a copy")


def is_deterministic(subject: _Subject) -> None:
    """The same random_state gives the same numbers, and global generators are left alone."""
    data = subject.data
    numpy_state, python_state = (
        np.random.get_state(),  # noqa: NPY002 - restored below
        random.getstate(),
    )
    try:
        # Another global state than that of the first fit.
        np.random.seed(20240607)  # noqa: NPY002
        random.seed(20240607)
        before = _global_generators()
        again = _estimates(subject.fit(data), data.X)
        after = _global_generators()
    finally:
        np.random.set_state(numpy_state)  # noqa: NPY002
        random.setstate(python_state)
    first = _estimates(subject.fitted, data.X)
    _require(np.array_equal(first, again), _outcomes_differ(first, again))
    for module, instead in (
        ("numpy.random", "numpy.random.default_rng"),
        ("random", "random.Random"),
    ):
        _require(
            before[module] == after[module],
            f"it drew from or seeded the module {module}; use {instead}(seed)",
        )


def takes_arrays(subject: _Subject) -> None:
    """An array of the same numbers gives the same effects as a DataFrame."""
    data = subject.data
    X = data.X.to_numpy(dtype=float)
    estimator = subject.new(data.ite).fit(X, data.t, data.y)
    frame, array = _estimates(subject.fitted, data.X), _estimates(estimator, X)
    _require(np.allclose(frame, array, rtol=1e-9, atol=1e-9), _outcomes_differ(frame, array))


def is_quiet(subject: _Subject) -> None:
    """It prints nothing and lets no warning out."""
    out = io.StringIO()
    with (
        warnings.catch_warnings(record=True) as caught,
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(out),
    ):
        warnings.simplefilter("always")
        _estimates(subject.fit(subject.data), subject.data.X)
    printed = " ".join(out.getvalue().split())
    _require(not printed, f"it printed {printed[:80]!r}")
    _require(not caught, f"it warned: {caught[0].message}" if caught else "")


def ignores_a_shift(subject: _Subject) -> None:
    """A constant added to y leaves the effects where they are, unless it says otherwise."""
    if not getattr(subject.fitted, "shift_invariant", True):
        return
    data = subject.data
    shifted = _estimates(subject.fit(replace(data, y=data.y + 8)), data.X)
    change = np.mean(np.abs(shifted - _estimates(subject.fitted, data.X)))
    limit = SHIFT_TOLERANCE * np.std(data.y)
    _require(
        change <= limit,
        f"with y + 8 they change by {change:.3g} on average, more than {limit:.3g}; "
        "set shift_invariant = False on the class if that is its nature",
    )


def flips_signs(subject: _Subject) -> None:
    """Effects change their sign when the names of the two treatments are swapped."""
    data = subject.data
    swapped = replace(data, t=1 - data.t, ite=-data.ite)
    ate = float(np.mean(_estimates(subject.fitted, data.X)))
    other = float(np.mean(_estimates(subject.fit(swapped), data.X)))
    _require(
        abs(ate + other) <= RELABEL_TOLERANCE * max(abs(ate), abs(other)),
        f"the average effect is {ate:.3g} for t and {other:.3g} for 1 - t",
    )


def refuses_bad_input(subject: _Subject) -> None:
    """An empty arm, NaN, infinity and unequal lengths raise EstimatorError."""
    data = subject.data
    X_with_nan = data.X.assign(dose=data.X["dose"].where(data.X["dose"] < 1))
    y_infinite = np.where(np.arange(len(data.y)) == 3, np.inf, data.y)
    bad = {
        "no treated row": replace(data, t=np.zeros_like(data.t)),
        "no control row": replace(data, t=np.ones_like(data.t)),
        "NaN in X": replace(data, X=X_with_nan),
        "infinity in y": replace(data, y=y_infinite),
        "a y that is shorter than X": replace(data, y=data.y[:-1]),
    }
    for what, case in bad.items():
        try:
            subject.fit(case)
        except EstimatorError:
            continue
        except Exception as error:
            raise _Broken(f"{what} raised {type(error).__name__} instead") from error
        raise _Broken(f"{what} raised nothing")


def survives_a_constant_column(subject: _Subject) -> None:
    """A constant covariate does no harm."""
    data = replace(subject.data, X=subject.data.X.assign(constant=1.0))
    _require(np.isfinite(_estimates(subject.fit(data), data.X)).all(), "effects are not finite")


def fits_few_rows(subject: _Subject) -> None:
    """It can be fitted on 30 rows."""
    data = check_data(30)
    _require(np.isfinite(_estimates(subject.fit(data), data.X)).all(), "effects are not finite")


def fits_many_rows(subject: _Subject) -> None:
    """It can be fitted on 20,000 rows."""
    data = check_data(20_000)
    _require(np.isfinite(_estimates(subject.fit(data), data.X)).all(), "effects are not finite")


def can_be_cloned(subject: _Subject) -> None:
    """sklearn.base.clone copies its parameters."""
    estimator = subject.fitted
    _require(hasattr(estimator, "get_params"), "inherit estimators.CATEEstimator or BaseEstimator")
    copied = clone(estimator)
    _require(
        repr(copied.get_params()) == repr(estimator.get_params()), "the parameters are not the same"
    )


def can_be_pickled(subject: _Subject) -> None:
    """A fitted one can be pickled, and gives the same effects after."""
    copied = pickle.loads(pickle.dumps(subject.fitted))
    first, second = (_estimates(e, subject.data.X) for e in (subject.fitted, copied))
    _require(np.array_equal(first, second), _outcomes_differ(first, second))


#: The rules, in the order in which they are checked.
RULES: tuple[Callable[[_Subject], None], ...] = (
    has_a_capability,
    returns_itself,
    answers_in_shape,
    orders_intervals,
    leaves_inputs_alone,
    is_deterministic,
    takes_arrays,
    is_quiet,
    ignores_a_shift,
    flips_signs,
    refuses_bad_input,
    survives_a_constant_column,
    fits_few_rows,
    can_be_cloned,
    can_be_pickled,
)
