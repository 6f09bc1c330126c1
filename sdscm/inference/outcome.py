"""Functions that turn the outcome variable into a number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from typing import get_args

import numpy as np

from sdscm.arguments import check_choice, check_type
from sdscm.errors import InputError
from sdscm.literals import OutcomeKind as OutcomeKind
from sdscm.sampling.interventions import code_of
from sdscm.spec import Spec


@dataclass(frozen=True, eq=False)
class OutcomeFunction:
    """A function from the outcome variable to a number.

    Attributes
    ----------
    kind
        ``log-probability`` or ``probability`` that the mechanism gives to one value (paper, section
        4), ``expected-score`` of the mechanism, or the score of the sampled ``category``.
    code
        Position of that value in the domain.
    scores
        The number for each value, of shape (size of the domain,).
    """

    kind: OutcomeKind
    code: int
    scores: np.ndarray

    @classmethod
    def of(
        cls,
        spec: Spec,
        kind: OutcomeKind = "log-probability",
        value: str | None = None,
        scores: Mapping[str, float] | None = None,
    ) -> OutcomeFunction:
        """The outcome function of a spec.

        Parameters
        ----------
        kind
            See the attributes.
        value
            The value; by default the spec's ``outcome_value``.
        scores
            A number for each value, for ``expected-score`` and ``category``; by default 1 for
            ``value`` and 0 for the others.

        Raises
        ------
        InputError
            If the kind or the value is unknown, a value has no score or a score that is not a
            number, or both a value and scores are given.
        """
        check_choice("outcome", kind, get_args(OutcomeKind))
        variable = spec.outcome
        code = spec.outcome_code if value is None else code_of(variable, value, "outcome")
        numbers = np.zeros(len(variable.values))
        if scores is None:
            numbers[code] = 1.0
        else:
            if kind in ("log-probability", "probability"):
                raise InputError(
                    f"outcome '{kind}' takes no scores; choose expected-score or category"
                )
            if value is not None:
                raise InputError(f"outcome: give scores, or the value '{value}', but not both")
            check_type("outcome scores", scores, Mapping, "write {'value': number, ...}")
            scores = {str(label): number for label, number in scores.items()}
            for label, number in scores.items():
                place = code_of(variable, label, "outcome scores")
                if not isinstance(number, Real) or not np.isfinite(number):
                    raise InputError(
                        f"outcome scores: '{label}' has {number}, which is not a number"
                    )
                numbers[place] = number
            missing = [label for label in variable.values if label not in scores]
            if missing:
                raise InputError(
                    f"outcome scores: give '{missing[0]}' a number, too; "
                    f"the values are {', '.join(variable.values)}"
                )
        return cls(kind, code, numbers)

    def value(self, logs: np.ndarray, codes: np.ndarray) -> np.ndarray:
        """Outcome of each unit, of shape (n,).

        ``logs``, of shape (n, K), is the outcome's mechanism in a world; ``codes``, of shape (n,),
        are the values that were sampled in it.
        """
        return self.scores[codes] if self.kind == "category" else self.mean(logs)

    def mean(self, logs: np.ndarray) -> np.ndarray:
        """Expected outcome given the parents, of the shape of ``logs`` without its last axis."""
        if self.kind == "log-probability":
            return np.asarray(logs[..., self.code])
        # Not a matrix product: its rounding of a row can depend on the other rows.
        return np.asarray((np.exp(logs) * self.scores).sum(axis=-1))
