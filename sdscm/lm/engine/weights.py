"""Weights of linear layers on a CPU, packed once in the layout of the products.

Otherwise oneDNN, and more so MKL, packs them again at each product. The functions are those that
``torch.compile`` uses; they are private, so that they are tried before they are used. The bits of
a row do not depend on the other rows, as in usual products (tests/sdscm/lm/engine/test_weights.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import psutil
import torch

from sdscm.lm.engine.group import ROWS

#: Largest share of the machine's memory for packed weights, which are copies.
_SHARE = 1 / 8
#: Number of rows for which oneDNN chooses the layout; other numbers are right as well.
_TYPICAL_ROWS = 1024
_TOLERANCE = 1e-3


class PackedWeights:
    """Packed copies of the weights of a model's linear layers.

    There are none on other devices than a CPU, in other types than float32, for a model that
    takes a large part of the memory, or where torch has no such functions.
    """

    def __init__(self, model: Any) -> None:
        layers = [layer for layer in model.modules() if _can_be_packed(layer)]
        size = sum(layer.weight.numel() * layer.weight.element_size() for layer in layers)
        fits = size <= _SHARE * psutil.virtual_memory().total
        self._packed: list[tuple[torch.nn.Linear, torch.Tensor]] = []
        if layers and fits and _works(layers[0]):
            self._packed = [(layer, _pack(layer)) for layer in layers]

    def __len__(self) -> int:
        """Number of packed layers."""
        return len(self._packed)

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Let the layers multiply with the packed weights within this context."""
        for layer, weight in self._packed:
            vars(layer)["forward"] = partial(_linear, weight, layer.bias)
        try:
            yield
        finally:
            for layer, _ in self._packed:
                del vars(layer)["forward"]


def _can_be_packed(layer: torch.nn.Module) -> bool:
    return (
        type(layer) is torch.nn.Linear
        and "forward" not in vars(layer)  # another library has changed it
        and layer.weight.device.type == "cpu"
        and layer.weight.dtype == torch.float32
    )


def _pack(layer: torch.nn.Linear) -> torch.Tensor:
    packed: torch.Tensor = torch.ops.mkldnn._reorder_linear_weight(
        layer.weight.detach(), _TYPICAL_ROWS
    )
    return packed


def _linear(weight: torch.Tensor, bias: torch.Tensor | None, x: torch.Tensor) -> torch.Tensor:
    product: torch.Tensor = torch.ops.mkldnn._linear_pointwise(x, weight, bias, "none", [], "")
    return product


def _works(layer: torch.nn.Linear) -> bool:
    """True if torch has these functions, and they give the layer's products."""
    x = torch.randn(ROWS, layer.in_features, generator=torch.Generator().manual_seed(0))
    try:
        with torch.inference_mode():
            expected = layer(x)
            error = (_linear(_pack(layer), layer.bias, x) - expected).abs().max()
    except Exception:  # its kind depends on the version of torch
        return False
    return bool(error <= _TOLERANCE * expected.abs().max())
