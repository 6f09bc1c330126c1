"""How a cell ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from benchmarks.prediction import Prediction

Status = Literal["ok", "failed", "timeout", "skipped", "missing"]


@dataclass(frozen=True)
class Outcome:
    """How a cell ended.

    Attributes
    ----------
    status
        ``ok``, ``failed``, ``timeout``, ``skipped`` (its library is not installed, or there is no
        truth to show it), or ``missing`` (not run yet; no record says so).
    reason
        One line on what went wrong; empty if nothing did.
    warnings
        What libraries warned of, each once.
    prediction
        What it said of the rows it was fitted on; present if and only if the status is ``ok``.
    held_out
        What it said of the rows it was not fitted on, if there are any.
    wall
        Seconds that the whole cell took; NaN where it did not end.
    """

    status: Status
    reason: str = ""
    warnings: tuple[str, ...] = ()
    prediction: Prediction | None = None
    held_out: Prediction | None = None
    wall: float = float("nan")
