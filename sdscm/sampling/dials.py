"""Dials: changes of the mechanisms that make a benchmark harder or easier."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sdscm.arguments import check_number


@dataclass(frozen=True)
class Dials:
    """Changes of the language model's mechanisms, with an exact truth; no change by default.

    Attributes
    ----------
    overlap
        Share in [0, 1] of a uniform draw in the treatment's mechanism,
        P'(t | pa) = (1 - overlap) P(t | pa) + overlap / K with K values. At 1 it is randomised.
    confounding
        Power on the treatment's mechanism before that mixture, P'(t | pa) proportional to
        P(t | pa) ** confounding: it multiplies the log-odds. At 0 the treatment is independent of
        its parents, without confounding; above 1 it depends on them more strongly.
    effect
        Power on the treatment's effect on its children. For each child c of the treatment,
        P'(c | pa, t) is proportional to P(c | pa, control) ** (1 - effect) P(c | pa, t) ** effect.
        At 0 no child depends on the treatment, so that every effect is exactly 0 (only on average
        with ``coupling="redraw"``, which draws new mediators in each world). At 1 the effect is
        the language model's; above 1 it is larger.
    """

    overlap: float = 0.0
    confounding: float = 1.0
    effect: float = 1.0

    def __post_init__(self) -> None:
        check_number("overlap", self.overlap, 0, 1, "give a share between 0 and 1")
        for name in ("confounding", "effect"):
            value = getattr(self, name)
            check_number(name, value, 0, np.inf, "give a number of 0 (none) or more")

    def treatment(self, logs: np.ndarray) -> np.ndarray:
        """The treatment's log-probabilities, of shape (n, K), under these dials."""
        if self.confounding != 1:
            with np.errstate(invalid="ignore"):
                logs = _normalised(logs, self.confounding * logs)
        if self.overlap:
            with np.errstate(divide="ignore"):
                logs = np.log((1 - self.overlap) * np.exp(logs) + self.overlap / logs.shape[1])
        return logs

    def child(self, logs: np.ndarray, under_control: np.ndarray) -> np.ndarray:
        """Log-probabilities of a child of the treatment, both of shape (n, K)."""
        with np.errstate(invalid="ignore"):
            return _normalised(logs, (1 - self.effect) * under_control + self.effect * logs)


def _normalised(logs: np.ndarray, changed: np.ndarray) -> np.ndarray:
    """``changed`` as log-probabilities; values with probability 0 keep it (no 0 ** 0)."""
    changed = np.where(np.isneginf(logs), -np.inf, changed)
    shifted = changed - changed.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))
