"""Result of a check: the rules that are kept, or the first broken one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from estimators.errors import EstimatorError


class ConformanceError(EstimatorError):
    """An estimator breaks a rule; the message names both."""


@dataclass(frozen=True)
class CheckReport:
    """The rules that an estimator keeps.

    Attributes
    ----------
    estimator
        Name of the estimator.
    passed
        The rules, in the order in which they were checked.
    """

    estimator: str
    passed: tuple[str, ...]


class Broken(Exception):
    """A rule is broken; the message describes how."""


def require(condition: Any, otherwise: str) -> None:
    """Raise `Broken` with the message ``otherwise`` unless the condition holds."""
    if not condition:
        raise Broken(otherwise)


def difference(first: np.ndarray, second: np.ndarray) -> str:
    """Describe the difference of two sets of answers."""
    if np.shape(first) != np.shape(second):
        return f"they have the shapes {np.shape(first)} and {np.shape(second)}"
    # Infinite ends of intervals are equal if both are infinite.
    apart = np.subtract(first, second, out=np.zeros(np.shape(first)), where=first != second)
    return f"they differ by up to {np.max(np.abs(apart)):.3g}"
