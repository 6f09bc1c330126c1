"""Result of a check: the rules that are kept, or the first broken one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from estimators.errors import EstimatorError


class ConformanceError(EstimatorError):
    """An estimator breaks a rule; the message names both.

    Examples
    --------
    >>> class Wrong:
    ...     def fit(self, X, t, y):
    ...         return None
    >>> try:
    ...     estimators.check_estimator(Wrong())
    ... except estimators.ConformanceError as error:
    ...     print(str(error).partition(":")[0])
    Wrong
    """


@dataclass(frozen=True)
class CheckReport:
    """The rules that an estimator keeps.

    Attributes
    ----------
    estimator
        Name of the estimator.
    passed
        The rules, in the order in which they were checked.

    Examples
    --------
    >>> report = estimators.check_estimator("DiffInMeans")
    >>> report.estimator
    'DiffInMeans'
    >>> report.passed[0]
    'It can be made and fitted on ordinary data'
    """

    estimator: str
    passed: tuple[str, ...]


class Broken(Exception):
    """A rule is broken; the message describes how."""


def require(condition: Any, otherwise: str) -> None:
    """Raise `Broken` with the message ``otherwise`` unless the condition holds."""
    if not condition:
        raise Broken(otherwise)


#: Largest difference, relative and in units of y, of numbers that are the same: the kernels of some
#: processors round by the position of the data in memory.
ROUNDING = 1e-6


def require_same(first: np.ndarray, second: np.ndarray, what: str) -> None:
    """Raise `Broken` unless two answers are the same up to `ROUNDING`; ``what`` describes them."""
    same = np.shape(first) == np.shape(second) and np.allclose(first, second, ROUNDING, ROUNDING)
    require(same, f"{what}: {difference(first, second)}")


def difference(first: np.ndarray, second: np.ndarray) -> str:
    """Describe the difference of two sets of answers."""
    if np.shape(first) != np.shape(second):
        return f"they have the shapes {np.shape(first)} and {np.shape(second)}"
    # Infinite ends of intervals are equal if both are infinite.
    apart = np.subtract(first, second, out=np.zeros(np.shape(first)), where=first != second)
    return f"they differ by up to {np.max(np.abs(apart)):.3g}"
