"""Measures: the scales of an effect on the outcome."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

import numpy as np
from scipy.special import logsumexp

from sdscm.arguments import check_choice
from sdscm.inference.outcome import OutcomeFunction, OutcomeKind
from sdscm.literals import MeasureKind as MeasureKind
from sdscm.spec import Spec


@dataclass(frozen=True)
class Measure:
    """A rule that turns the outcome variable into a number.

    The number belongs to a unit: ``log-odds`` and ``log-probability`` are averaged over units, so
    that every effect is a mean of unit effects. The log-odds of the population's probability are
    another quantity (odds ratios are not collapsible; Greenland, Robins and Pearl, "Confounding and
    collapsibility in causal inference", Statistical Science 1999).

    Attributes
    ----------
    kind
        ``probability``, ``log-odds`` or ``log-probability`` (natural logarithms) of one value given
        the parents; the ``expected-score`` given the parents; or the score of the sampled value
        (``category``), which has the same mean and a larger sampling error.
    value
        The value of interest; empty if scores are given.
    scores
        The score of each value, in the order of the domain.
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
        """Make a measure of a spec's outcome; arguments as in `OutcomeFunction.of`.

        Raises
        ------
        InputError
            If the kind or the value is unknown, or the scores do not fit.
        """
        check_choice("measure", kind, get_args(MeasureKind))
        plain: OutcomeKind = "probability" if kind == "log-odds" else kind
        outcome = OutcomeFunction.of(spec, plain, value, scores)
        name = "" if scores is not None else spec.outcome.values[outcome.code]
        return cls(kind, name, tuple(map(float, outcome.scores)))

    @property
    def label(self) -> str:
        """The measure as text."""
        if not self.value:
            return "expected score" if self.kind == "expected-score" else "score"
        if self.kind in ("expected-score", "category"):
            return f"P({self.value})"
        return {"probability": "P", "log-odds": "log-odds", "log-probability": "log P"}[
            self.kind
        ] + f"({self.value})"

    def mean(self, logs: np.ndarray) -> np.ndarray:
        """Compute the expectation of the measure given the parents.

        ``logs`` has shape (..., size of the domain) and holds normalised log-probabilities; the
        result has shape (...).
        """
        if self.kind in ("expected-score", "category"):
            return np.asarray(np.exp(logs) @ np.array(self.scores))
        code = self.scores.index(1.0)
        own = logs[..., code]
        if self.kind == "probability":
            return np.asarray(np.exp(own))
        if self.kind == "log-probability":
            return np.asarray(own)
        # log(1 - p) from the other values: 1 - p rounds to 0 for a very confident model.
        return np.asarray(own - logsumexp(np.delete(logs, code, axis=-1), axis=-1))

    def drawn(self, logs: np.ndarray, codes: np.ndarray) -> np.ndarray:
        """Compute the measure of units, an array of shape (n,).

        ``logs`` of shape (n, size of the domain) is the outcome's mechanism in one world; ``codes``
        of shape (n,) are the sampled values.
        """
        return np.array(self.scores)[codes] if self.kind == "category" else self.mean(logs)
