"""Arithmetic in float64, in which all processors give the same scores after rounding."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch.overrides import TorchFunctionMode

#: Scores are rounded to multiples of this. Processors differ by about 1e-13 in float64, so that a
#: score is rounded to another multiple with a probability of about 1e-7.
QUANTUM = 2.0**-20


@contextmanager
def keep_float64(dtype: torch.dtype) -> Iterator[None]:
    """Compute in float64 where the code of a model converts to float32; only for that ``dtype``.

    Normalisation layers and rotary embeddings of ``transformers`` always compute in float32, where
    kernels of different processors differ in the last digit. The mode belongs to the thread.
    """
    if dtype != torch.float64:
        yield
        return
    with _Float64():
        yield


class _Float64(TorchFunctionMode):
    """Replace float32 by float64 in conversions and in the arguments of functions."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = dict(kwargs or {})
        if func is torch.Tensor.float:
            return args[0].double()
        if kwargs.get("dtype") is torch.float32:
            kwargs["dtype"] = torch.float64
        return func(*(torch.float64 if a is torch.float32 else a for a in args), **kwargs)


def rounded(scores: np.ndarray) -> np.ndarray:
    """Round scores to multiples of `QUANTUM`."""
    return np.round(scores / QUANTUM) * QUANTUM
