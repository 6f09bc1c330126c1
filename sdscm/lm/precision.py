"""Precision of a language model's arithmetic."""

from __future__ import annotations

from typing import get_args

from sdscm.errors import InputError
from sdscm.literals import Precision as Precision


def check_precision(precision: str) -> None:
    """Raise an InputError for an unknown precision."""
    known = get_args(Precision)
    if precision not in known:
        raise InputError(f"precision '{precision}': choose {', '.join(known[:-1])} or {known[-1]}")


def with_arithmetic(revision: str, precision: str, device: str) -> str:
    """The revision of a model with this arithmetic; another arithmetic gives other digits."""
    marks = [precision] * (precision != "float32") + [device] * (device != "cpu")
    return "+".join([revision, *marks])
