"""Records that all parts of the harness share: predictions, outcomes of cells, and true effects."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Literal

import numpy as np

Interval = tuple[np.ndarray, np.ndarray]
Target = Literal["CATE", "ITE"]
#: Targets of metrics that exist where an instrument is shown.
IV_TARGETS = ("LATE", "complier CATE")
Status = Literal["ok", "failed", "timeout", "skipped", "missing"]


@dataclass(frozen=True, eq=False)
class Prediction:
    """Answers of an estimator, in units of y. Scores are computed from them.

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
        Wall-clock seconds of the fit and of the effects, without the intervals.
    peak_memory : float, optional
        Peak memory of the cell in MiB, intervals included, in addition to the memory that its
        process had before.
    ate_bounds : array of shape (k, 3), optional
        Multiples of the true strength of hidden confounding, and the lower and upper bound of the
        average effect at each; see `benchmarks.execution.strengths`.
    alpha : float, optional
        The nominal level of the intervals is 1 - alpha. Set for scoring, not stored.
    """

    effect: np.ndarray | None = None
    effect_interval: Interval | None = None
    ate: float | None = None
    ate_interval: np.ndarray | None = None
    ite_interval: Interval | None = None
    seconds: float | None = None
    peak_memory: float | None = None
    ate_bounds: np.ndarray | None = None
    alpha: float | None = None

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the parts that are not None as arrays to store, without ``alpha``."""
        named = {
            field.name: getattr(self, field.name) for field in fields(self) if field.name != "alpha"
        }
        return {
            name: np.asarray(value, float) for name, value in named.items() if value is not None
        }

    @classmethod
    def from_arrays(cls, arrays: dict[str, np.ndarray]) -> Prediction:
        """Make a prediction from the result of `arrays`."""

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
            ate_bounds=arrays.get("ate_bounds"),
        )


@dataclass(frozen=True)
class Outcome:
    """Result of a cell: its status, warnings and predictions.

    Attributes
    ----------
    status
        ``ok``, ``failed``, ``timeout``, ``skipped`` (its library is not installed, or it needs a
        truth that is not known), or ``missing`` (not run yet; never stored).
    reason
        Cause of any status but ``ok``, in one line; else empty.
    warnings
        Warnings of libraries, each once.
    prediction
        Answers for the rows of the fit, if the status is ``ok``. None also if the outcome is read
        from a record without predictions.
    held_out
        Answers for the held-out rows, if there are any.
    wall
        Seconds of the whole cell; NaN if it did not end.
    traceback
        Traceback of a failed cell, shortened; empty if no exception was caught, or if the outcome
        is read from a record without predictions.
    """

    status: Status
    reason: str = ""
    warnings: tuple[str, ...] = ()
    prediction: Prediction | None = None
    held_out: Prediction | None = None
    wall: float = float("nan")
    traceback: str = ""


@dataclass(frozen=True, eq=False)
class Truth:
    """True effects of one dataset in one setting, in units of y.

    Attributes
    ----------
    ite : array of shape (n,)
        Individual effects; their mean is the SATE.
    effect : array of shape (n,)
        Effect of each row. Estimates are scored against it.
    target : "CATE" or "ITE"
        Kind of ``effect``.
    sd : float
        Standard deviation of the observed outcome (divisor n), the unit of normalised errors.
    ate : float, optional
        Average effect, if only this is known. The effects of the rows are then NaN.
    compliers : boolean array of shape (n,), optional
        The compliers, if the setting shows an instrument.
    complier_effect : array of shape (n,), optional
        E[y1 - y0 | covariates, complier] of each row; NaN where no unit complies.
    """

    ite: np.ndarray
    effect: np.ndarray
    target: Target
    sd: float
    ate: float | None = None
    compliers: np.ndarray | None = None
    complier_effect: np.ndarray | None = None

    @property
    def late(self) -> float:
        """The average effect of the compliers; NaN if it is not known, or none complies."""
        if self.compliers is None or not self.compliers.any():
            return float("nan")
        return float(self.ite[self.compliers].mean())

    @property
    def sate(self) -> float:
        return float(self.ite.mean()) if self.ate is None else self.ate

    def of_rows(self, rows: np.ndarray) -> Truth:
        """Return the truth of some rows; ``sd`` stays that of the whole dataset.

        ``rows`` is a boolean array of shape (n,).
        """
        return replace(
            self,
            ite=self.ite[rows],
            effect=self.effect[rows],
            compliers=None if self.compliers is None else self.compliers[rows],
            complier_effect=None if self.complier_effect is None else self.complier_effect[rows],
        )

    def tells(self, target: str) -> bool:
        """Return whether metrics with this target can be computed; ``none`` needs no truth."""
        if target == "none":
            return True
        if target == "LATE":
            return bool(np.isfinite(self.late))
        if target == "complier CATE":
            effect = self.complier_effect
            return effect is not None and bool(np.any(self.compliers))
        return bool(np.isfinite(self.sate if target == "SATE" else self.effect).all())
