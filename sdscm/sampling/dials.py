"""Dials for the maker of a benchmark: changes of mechanisms that keep the truth exact."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sdscm.errors import InputError


@dataclass(frozen=True)
class Dials:
    """How the mechanisms differ from the language model's own; the defaults change nothing.

    Attributes
    ----------
    overlap
        Share in [0, 1] of a uniform draw in the treatment's mechanism,
        P'(t | pa) = (1 - overlap) P(t | pa) + overlap / K with K values. At 1 it is randomised.
    confounding
        Power on the treatment's mechanism before that mixture, P'(t | pa) proportional to
        P(t | pa) ** confounding: it multiplies the log-odds. At 0 the treatment is independent of
        its parents and nothing confounds; above 1 it follows them more closely.
    effect
        Power on what the treatment changes. For each child c of the treatment,
        P'(c | pa, t) is proportional to P(c | pa, control) ** (1 - effect) P(c | pa, t) ** effect.
        At 0 no child depends on the treatment, so that every effect is exactly 0 (with
        ``coupling="redraw"``, which draws mediators afresh in each world, only on average); at 1 it
        is the language model's; above 1 it is magnified.
    """

    overlap: float = 0.0
    confounding: float = 1.0
    effect: float = 1.0

    def __post_init__(self) -> None:
        if not 0 <= self.overlap <= 1:
            raise InputError(f"overlap {self.overlap}: it is a share between 0 and 1")
        for name in ("confounding", "effect"):
            value = getattr(self, name)
            if not 0 <= value < np.inf:
                raise InputError(f"{name} {value}: it is a number from 0 (none) upwards")

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
    """``changed`` as log-probabilities, where what was impossible stays so (no 0 ** 0)."""
    changed = np.where(np.isneginf(logs), -np.inf, changed)
    shifted = changed - changed.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))
