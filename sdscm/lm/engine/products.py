"""Precision of matrix products while a model scores."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import torch

from sdscm.lm.precision import Precision


@contextmanager
def products(device: torch.device, precision: Precision) -> Iterator[None]:
    """Let oneDNN multiply float32 matrices on the CPU if its products are exact there.

    oneDNN is faster than MKL, and the bits of a row do not depend on the other rows, as in MKL.
    """
    before = torch.get_float32_matmul_precision()
    fast = precision == "float32-fast" or (device.type == "cpu" and _medium_is_exact())
    torch.set_float32_matmul_precision("medium" if fast else "highest")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)


@cache
def _medium_is_exact() -> bool:
    """True if ``medium`` keeps float32 products exact on this CPU; with AMX it may round."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("medium")
    generator = torch.Generator().manual_seed(0)
    a, b = (torch.randn(64, 512, generator=generator) for _ in range(2))
    error = (a @ b.T - (a.double() @ b.double().T).float()).abs().max()
    torch.set_float32_matmul_precision(before)
    return bool(error < 1e-3)
