"""The unit of normalised errors."""

from __future__ import annotations

from benchmarks.interface import Truth


def in_sd(value: float, truth: Truth) -> float:
    """In units of SD(y), as in the paper, section 4.2; NaN if y is constant."""
    return value / truth.sd if truth.sd > 0 else float("nan")
