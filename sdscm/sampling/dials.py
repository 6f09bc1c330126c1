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
    strength
        Power on the effect of the instrument on the treatment: with g(t | pa) the geometric mean of
        P(t | pa, z) over the values z of the instrument, P'(t | pa, z) is proportional to
        g(t | pa) ** (1 - strength) P(t | pa, z) ** strength. At 0 the instrument is irrelevant.
    defiers
        Share in [0, 1] of units that respond to the instrument as if it had its other value. The
        draw is part of a unit's noise, and independent of all else.
    """

    overlap: float = 0.0
    confounding: float = 1.0
    effect: float = 1.0
    strength: float = 1.0
    defiers: float = 0.0

    def __post_init__(self) -> None:
        for name in ("overlap", "defiers"):
            check_number(name, getattr(self, name), 0, 1, "give a share between 0 and 1")
        for name in ("confounding", "effect", "strength"):
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

    def instrument(self, logs: np.ndarray, others: np.ndarray) -> np.ndarray:
        """Log-probabilities of the treatment, of shape (n, K), with the dial ``strength``.

        ``others`` has shape (number of values of the instrument, n, K): those of the same units
        under each value.
        """
        mean = others.mean(axis=0)
        mean = np.where(np.isneginf(mean), logs, mean)
        with np.errstate(invalid="ignore"):
            return _normalised(logs, mean + self.strength * (logs - mean))

    def mixed(self, own: np.ndarray, other: np.ndarray) -> np.ndarray:
        """Log-probabilities over units that respond to the instrument, and those that defy it.

        ``own`` and ``other`` have shape (n, K): those under the unit's value of the instrument, and
        under the other value.
        """
        with np.errstate(divide="ignore"):
            return np.logaddexp(np.log1p(-self.defiers) + own, np.log(self.defiers) + other)

    @property
    def of_instrument(self) -> dict[str, float]:
        """The dials of the instrument that differ from their defaults."""
        usual = {"strength": 1.0, "defiers": 0.0}
        return {n: getattr(self, n) for n, value in usual.items() if getattr(self, n) != value}


def _normalised(logs: np.ndarray, changed: np.ndarray) -> np.ndarray:
    """``changed`` as log-probabilities; values with probability 0 keep it (no 0 ** 0)."""
    changed = np.where(np.isneginf(logs), -np.inf, changed)
    shifted = changed - changed.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))
