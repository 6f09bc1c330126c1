"""Models whose linear layers have weights of 8 or 4 bits (bitsandbytes).

Only the weights are quantised. Each layer dequantises them and multiplies in the precision of the
model. The own products of bitsandbytes are not used: with 8 bits the tokens of a pass decide
together which columns are rounded, so that a score depends on later tokens and on other texts; with
4 bits some processors multiply in bfloat16.
"""

from __future__ import annotations

import logging
from types import MethodType
from typing import Any

import torch
from torch.nn.functional import linear
from transformers import BitsAndBytesConfig


def quantization(bits: str, dtype: torch.dtype) -> BitsAndBytesConfig:
    """Arguments of ``from_pretrained`` for weights of 8 or 4 bits."""
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)  # it warns at each product
    if bits == "8":
        return BitsAndBytesConfig(load_in_8bit=True)
    return BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=dtype
    )


def multiply_exactly(model: torch.nn.Module) -> None:
    """Let the quantised layers of a model multiply with dequantised weights."""
    from bitsandbytes.nn.modules import Linear4bit, Linear8bitLt

    for module in model.modules():
        if isinstance(module, Linear8bitLt):
            forward = _forward_8bit
        elif isinstance(module, Linear4bit):
            forward = _forward_4bit
        else:
            continue
        # accelerate keeps the function that it wraps.
        name = "_old_forward" if hasattr(module, "_old_forward") else "forward"
        setattr(module, name, MethodType(forward, module))


def _forward_8bit(layer: Any, x: torch.Tensor) -> torch.Tensor:
    from bitsandbytes.functional import int8_vectorwise_dequant

    weight = int8_vectorwise_dequant(layer.weight.data, layer.weight.SCB)
    return linear(x, weight.to(x.dtype), layer.bias)


def _forward_4bit(layer: Any, x: torch.Tensor) -> torch.Tensor:
    from bitsandbytes.functional import dequantize_4bit

    weight = dequantize_4bit(layer.weight.data, layer.weight.quant_state)
    return linear(x, weight.to(x.dtype), layer.bias)
