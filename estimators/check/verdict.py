"""What a check says: which rules are kept, or the first that is broken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from estimators.errors import EstimatorError


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


class Broken(Exception):
    """A rule is broken; the message says how."""


def require(condition: Any, otherwise: str) -> None:
    """Raise `Broken` with the text ``otherwise`` unless the condition holds."""
    if not condition:
        raise Broken(otherwise)


def difference(first: np.ndarray, second: np.ndarray) -> str:
    """How far two sets of answers are apart, in words."""
    if np.shape(first) != np.shape(second):
        return f"they have the shapes {np.shape(first)} and {np.shape(second)}"
    # Ends of intervals may be infinite in both, and are then equal.
    apart = np.subtract(first, second, out=np.zeros(np.shape(first)), where=first != second)
    return f"they differ by up to {np.max(np.abs(apart)):.3g}"
