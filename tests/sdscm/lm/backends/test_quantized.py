"""Weights of 8 and 4 bits: only they are rounded, so that a score depends on its own text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from sdscm.errors import InputError
from sdscm.lm import Choice, load_lm
from sdscm.lm.backends.huggingface import HuggingFaceLM

pytest.importorskip("bitsandbytes", reason="it needs bitsandbytes: pip install 'sdscm[large]'")

CHOICES = [
    Choice((), "The patient is ", ("young", "old"), "."),
    Choice(("The patient is old.",), "She says ", ("yes", "no", "not known yet"), "."),
]


def loaded(folder: Path, **options: Any) -> HuggingFaceLM:
    precision = options.pop("precision", "float32")
    lm = load_lm(str(folder), store=False, precision=precision, options=options)
    assert isinstance(lm, HuggingFaceLM)
    return lm


def largest_difference(one: Any, other: Any) -> float:
    return max(
        float(np.abs(a.sentence - b.sentence).max()) for a, b in zip(one, other, strict=True)
    )


def quantised_8bit(weight: torch.Tensor) -> torch.Tensor:
    """Each row in steps of 1/127 of its largest weight (Dettmers et al., 2022, section 2.1)."""
    largest = weight.half().float().abs().amax(1, keepdim=True)
    return (weight.half() * (127 / largest)).round() * (largest / 127)


def test_8_bits_are_rounded_rows(folder: Path) -> None:
    """Equal to a model whose weights are rounded by hand; its products are in float32."""
    lm, exact = loaded(folder, quantize="8"), loaded(folder)
    file = folder / "model.safetensors"
    weights = load_file(file)
    for name, weight in weights.items():
        if "_proj" in name:
            weights[name] = quantised_8bit(weight)
    save_file(weights, file, metadata={"format": "pt"})
    found = lm.score(CHOICES)
    assert lm.scorer == "packed"
    assert largest_difference(found, loaded(folder).score(CHOICES)) < 1e-3
    assert 1e-3 < largest_difference(found, exact.score(CHOICES)) < 0.2
    assert lm.revision.endswith("+8bit")


def test_4_bits(folder: Path) -> None:
    lm, exact = loaded(folder, quantize="4"), loaded(folder)
    found = lm.score(CHOICES)
    assert lm.scorer == "packed"
    assert 1e-2 < largest_difference(found, exact.score(CHOICES)) < 3
    assert lm.revision.endswith("+4bit")
    weight = lm._model.model.layers[0].mlp.up_proj.weight
    assert weight.numel() * weight.element_size() == 128 * 192 // 2


@pytest.mark.parametrize("bits", ["8", "4"])
def test_precision_is_that_of_the_products(folder: Path, bits: str) -> None:
    usual = loaded(folder, quantize=bits).score(CHOICES)
    coarse = loaded(folder, quantize=bits, precision="bfloat16").score(CHOICES)
    assert 1e-4 < largest_difference(usual, coarse) < 0.5
    with pytest.raises(InputError, match=r"quantize '.' and precision float64"):
        loaded(folder, quantize=bits, precision="float64")


def test_layers_that_accelerate_wraps(folder: Path) -> None:
    from accelerate.hooks import AlignDevicesHook, add_hook_to_module

    from sdscm.lm.backends.quantized import multiply_exactly

    lm = loaded(folder, quantize="8")
    expected = lm.score(CHOICES)
    calls = []
    for layer in lm._model.model.layers:
        for module in (layer.mlp.up_proj, layer.mlp.down_proj):
            del module.forward  # the product of bitsandbytes again
            add_hook_to_module(module, AlignDevicesHook("cpu"))
            module._hf_hook.pre_forward = lambda m, *a, **k: (calls.append(m), (a, k))[1]
    multiply_exactly(lm._model)
    fresh = HuggingFaceLM(lm._model, lm._tokenize.tokenizer, id="a", revision="0")
    assert largest_difference(fresh.score(CHOICES), expected) == 0
    assert calls
