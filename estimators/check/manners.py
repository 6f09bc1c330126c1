"""Rules on output, cloning and pickling."""

from __future__ import annotations

import contextlib
import io
import pickle
import warnings

from sklearn.base import clone

from estimators.check.subject import Subject, estimates
from estimators.check.verdict import require, require_same


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
