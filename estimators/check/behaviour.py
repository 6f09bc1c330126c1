"""Rules on behaviour: reproducible numbers, no output, cloning and pickling."""

from __future__ import annotations

import contextlib
import io
import pickle
import random
import warnings

import numpy as np
from sklearn.base import clone

from estimators.check.subject import Subject, all_answers, check_data, estimates, fit
from estimators.check.verdict import require, require_same


def _global_generators() -> dict[str, bytes]:
    return {
        "numpy.random": pickle.dumps(np.random.get_state()),  # noqa: NPY002
        "random": pickle.dumps(random.getstate()),
    }


def is_deterministic(subject: Subject) -> None:
    """The same random_state gives the same numbers; global generators are not used."""
    data = subject.data
    numpy_state, python_state = (
        np.random.get_state(),  # noqa: NPY002 - restored below
        random.getstate(),
    )
    try:
        # A global state that differs from that of the first fit.
        np.random.seed(20240607)  # noqa: NPY002
        random.seed(20240607)
        before = _global_generators()
        second = subject.fit(data)
        again, once_more = all_answers(second, data), all_answers(second, data)
        after = _global_generators()
    finally:
        np.random.set_state(numpy_state)  # noqa: NPY002
        random.setstate(python_state)
    for when, other in (
        ("in a second call", once_more),
        ("after a second fit", all_answers(subject.fitted, data)),
    ):
        for method, answer in again.items():
            require_same(answer, other[method], f"{method} {when}")
    for module, instead in (
        ("numpy.random", "numpy.random.default_rng"),
        ("random", "random.Random"),
    ):
        require(
            before[module] == after[module],
            f"it drew from or seeded the module {module}; use {instead}(seed)",
        )


def forgets_an_earlier_fit(subject: Subject) -> None:
    """A second fit of the same object gives the same numbers as a first one."""
    data, earlier = subject.data, check_data(160, seed=1)
    estimator = subject.fit(earlier)
    if hasattr(estimator, "reveal"):
        estimator.reveal(data.ite)
    again = all_answers(fit(estimator, data.X, data.t, data.y), data)
    for method, answer in all_answers(subject.fitted, data).items():
        require_same(answer, again[method], f"{method} after a fit on other data")


def is_quiet(subject: Subject) -> None:
    """It prints nothing and raises no warning."""
    out = io.StringIO()
    with (
        warnings.catch_warnings(record=True) as caught,
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(out),
    ):
        warnings.simplefilter("always")
        estimates(subject.fit(subject.data), subject.data.X)
    printed = " ".join(out.getvalue().split())
    require(not printed, f"it printed {printed[:80]!r}")
    require(not caught, f"it warned: {caught[0].message}" if caught else "")


def can_be_cloned(subject: Subject) -> None:
    """sklearn.base.clone copies its parameters."""
    estimator = subject.fitted
    require(hasattr(estimator, "get_params"), "inherit estimators.CATEEstimator or BaseEstimator")
    copied = clone(estimator)
    require(
        repr(copied.get_params()) == repr(estimator.get_params()), "the parameters are not the same"
    )


def can_be_pickled(subject: Subject) -> None:
    """It can be pickled after a fit, and then gives the same effects."""
    copied = pickle.loads(pickle.dumps(subject.fitted))
    first, second = (estimates(e, subject.data.X) for e in (subject.fitted, copied))
    require_same(first, second, "effects after pickling")
