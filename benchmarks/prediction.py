"""What an estimator said about one dataset."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

Interval = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True, eq=False)
class Prediction:
    """Everything that scores are computed from, besides the truth; in units of y.

    Attributes
    ----------
    effect : array of shape (n,), optional
        The effect of each row.
    effect_interval, ite_interval : pair of arrays of shape (n,), optional
        Lower and upper ends.
    ate : float, optional
        The average effect over the rows.
    ate_interval : array of shape (2,), optional
        Lower and upper end.
    seconds : float, optional
        Wall-clock seconds of the fit and of the effects, intervals left out.
    peak_memory : float, optional
        MiB that the cell needed at its peak, intervals included, beside what its process held
        before.
    alpha : float, optional
        The intervals are meant to have level 1 - alpha. A fact of the cell, not of the answer: set
        when it is scored, and not stored.
    """

    effect: np.ndarray | None = None
    effect_interval: Interval | None = None
    ate: float | None = None
    ate_interval: np.ndarray | None = None
    ite_interval: Interval | None = None
    seconds: float | None = None
    peak_memory: float | None = None
    alpha: float | None = None

    def arrays(self) -> dict[str, np.ndarray]:
        """The parts that are there, as arrays to store; ``alpha`` is left out."""
        named = {
            field.name: getattr(self, field.name) for field in fields(self) if field.name != "alpha"
        }
        return {
            name: np.asarray(value, float) for name, value in named.items() if value is not None
        }

    @classmethod
    def from_arrays(cls, arrays: dict[str, np.ndarray]) -> Prediction:
        """The inverse of ``arrays``."""

        def pair(name: str) -> Interval | None:
            return (arrays[name][0], arrays[name][1]) if name in arrays else None

        def number(name: str) -> float | None:
            return float(arrays[name]) if name in arrays else None

        return cls(
            effect=arrays.get("effect"),
            effect_interval=pair("effect_interval"),
            ate=number("ate"),
            ate_interval=arrays.get("ate_interval"),
            ite_interval=pair("ite_interval"),
            seconds=number("seconds"),
            peak_memory=number("peak_memory"),
        )
