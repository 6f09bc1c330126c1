"""Strengths of hidden confounding at which a method is asked for bounds.

The true strength is the only number of the truth that a method gets, and only if its bounds need
it. All strengths are multiples of it. At the multiple m, gamma is the m-th power of the
true one, so that its logarithm is m times as large. The partial R2 of the outcome, R, is m R, and
at most 1; that of the treatment or of the weights, C, has the odds m C / (1 - C). The largest bias,
which is proportional to the root of R C / (1 - C), is then m times as large.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Any

from estimators import Strength
from sdscm import HiddenConfounding

#: Multiples of the true strength, the true one and half of it among them.
MULTIPLES = (0.0, 0.125, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0)


@dataclass(frozen=True)
class Question:
    """Strength of hidden confounding, as the arguments of ``ate_bounds``.

    Attributes
    ----------
    multiple
        The strength as a multiple of the true one.
    arguments
        Arguments by name; none for a method whose bounds need no strength.
    """

    multiple: float
    arguments: dict[str, Any]


def questions(needed: Strength, truth: HiddenConfounding | None) -> tuple[Question, ...]:
    """List the strengths for a method; none if it needs the true one, which is unknown.

    A method whose bounds need no strength is asked once, as for the true one.
    """
    if needed == "none":
        return (Question(1.0, {}),)
    if truth is None or truth.gamma == inf or truth.riesz_r2 == 1:
        return ()
    return tuple(Question(m, {needed: _times(m, needed, truth)}) for m in MULTIPLES)


def _times(multiple: float, needed: Strength, truth: HiddenConfounding) -> Any:
    if needed == "gamma":
        return truth.gamma**multiple
    second = truth.treatment_r2 if needed == "partial_r2" else truth.riesz_r2
    odds = multiple * second / (1 - second)
    return min(multiple * truth.outcome_r2, 1.0), odds / (1 + odds)
