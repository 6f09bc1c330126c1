"""How exactly matrices are multiplied while a model is scored."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import torch

from sdscm.lm.precision import Precision


@contextmanager
def products(device: torch.device, precision: Precision) -> Iterator[None]:
    """Let oneDNN multiply float32 matrices on the CPU where that is exact enough.

    It is faster than MKL, and, unlike MKL, gives a row the same bits whatever stands beside it.
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
    """Whether ``medium`` keeps float32 products exact on this CPU (with AMX it may round)."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("medium")
    generator = torch.Generator().manual_seed(0)
    a, b = (torch.randn(64, 512, generator=generator) for _ in range(2))
    error = (a @ b.T - (a.double() @ b.double().T).float()).abs().max()
    torch.set_float32_matmul_precision(before)
    return bool(error < 1e-3)
