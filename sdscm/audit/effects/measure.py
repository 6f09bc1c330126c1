"""The scales on which an effect on the outcome can be told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

import numpy as np
from scipy.special import logsumexp

from sdscm.errors import InputError
from sdscm.inference.outcome import Outcome, OutcomeKind
from sdscm.literals import MeasureKind as MeasureKind
from sdscm.spec import Spec


@dataclass(frozen=True)
class Measure:
    """How the outcome variable becomes a number.

    The number belongs to a unit: ``log-odds`` and ``log-probability`` are averaged over units, so
    that every effect is a mean of the units' effects. The log-odds of the population's probability
    are another quantity (odds ratios do not collapse; Greenland, Robins and Pearl, "Confounding and
    collapsibility in causal inference", Statistical Science 1999).

    Attributes
    ----------
    kind
        ``probability``, ``log-odds`` or ``log-probability`` (natural logarithms) of one value given
        the parents, the ``expected-score`` given the parents, or the score of the value drawn
        (``category``), whose mean is the same and whose sampling error is larger.
    value
        The value in question; empty where the scores say it all.
    scores
        The number of each value, in the order of the domain.
    """

    kind: MeasureKind
    value: str
    scores: tuple[float, ...]

    @classmethod
    def of(
        cls,
        spec: Spec,
        kind: MeasureKind = "probability",
        value: str | None = None,
        scores: Mapping[str, float] | None = None,
    ) -> Measure:
        """A measure of a spec's outcome; arguments as for `sdscm.inference.outcome.Outcome.of`.

        Raises
        ------
        InputError
            If the kind or the value is unknown, or the scores do not fit.
        """
        if kind not in get_args(MeasureKind):
            kinds = ", ".join(get_args(MeasureKind))
            raise InputError(f"unknown measure '{kind}': choose one of {kinds}")
        plain: OutcomeKind = "probability" if kind == "log-odds" else kind
        outcome = Outcome.of(spec, plain, value, scores)
        name = "" if scores is not None else spec.outcome.values[outcome.code]
        return cls(kind, name, tuple(map(float, outcome.scores)))

    @property
    def label(self) -> str:
        """The measure in words."""
        if not self.value:
            return "expected score" if self.kind == "expected-score" else "score"
        if self.kind in ("expected-score", "category"):
            return f"P({self.value})"
        return {"probability": "P", "log-odds": "log-odds", "log-probability": "log P"}[
            self.kind
        ] + f"({self.value})"

    def mean(self, logs: np.ndarray) -> np.ndarray:
        """The measure's expectation given the parents: ``logs``, normalised, without its last axis.

        ``logs`` of shape (..., size of the domain).
        """
        if self.kind in ("expected-score", "category"):
            return np.asarray(np.exp(logs) @ np.array(self.scores))
        code = self.scores.index(1.0)
        own = logs[..., code]
        if self.kind == "probability":
            return np.asarray(np.exp(own))
        if self.kind == "log-probability":
            return np.asarray(own)
        # Not 1 - p, which is 0 to the last bit for a model that is sure.
        return np.asarray(own - logsumexp(np.delete(logs, code, axis=-1), axis=-1))

    def drawn(self, logs: np.ndarray, codes: np.ndarray) -> np.ndarray:
        """The measure of units, of shape (n,).

        ``logs`` of shape (n, size of the domain) is the outcome's mechanism in a world, ``codes``
        of shape (n,) what was drawn in it.
        """
        return np.array(self.scores)[codes] if self.kind == "category" else self.mean(logs)
