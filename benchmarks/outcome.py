"""How a cell ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from benchmarks.prediction import Prediction

Status = Literal["ok", "failed", "timeout", "skipped"]


@dataclass(frozen=True)
class Outcome:
    """How a cell ended.

    Attributes
    ----------
    status
        ``ok``, ``failed``, ``timeout``, or ``skipped`` (its library is not installed).
    reason
        One line on what went wrong; empty if nothing did.
    warnings
        What libraries warned of, each once.
    prediction
        Present if and only if the status is ``ok``.
    """

    status: Status
    reason: str = ""
    warnings: tuple[str, ...] = ()
    prediction: Prediction | None = None
