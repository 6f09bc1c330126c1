"""In which arithmetic a language model computes."""

from __future__ import annotations

from typing import Literal, get_args

from sdscm.errors import InputError

#: ``float32`` is exact: products of matrices are true float32. ``float32-fast`` lets the processor
#: round their factors (to TF32 or bfloat16, on GPUs and on CPUs with AMX; on others it is the
#: same). ``bfloat16`` keeps weights and activations in 16 bits. docs/performance.md has the errors.
Precision = Literal["float32", "float32-fast", "bfloat16"]


def check_precision(precision: str) -> None:
    """An InputError if there is no such precision."""
    known = get_args(Precision)
    if precision not in known:
        raise InputError(f"precision '{precision}': choose {', '.join(known[:-1])} or {known[-1]}")


def with_arithmetic(revision: str, precision: str, device: str) -> str:
    """The revision of a model that computes so: other digits, other revision."""
    marks = [precision] * (precision != "float32") + [device] * (device != "cpu")
    return "+".join([revision, *marks])
