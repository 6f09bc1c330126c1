"""Packed weights keep the rule of equal bits, and are left out where they cannot be used."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch

from sdscm.lm.engine import weights
from sdscm.lm.engine.products import products
from sdscm.lm.engine.weights import PackedWeights


@pytest.mark.usefixtures("fixed_row_bits")
@pytest.mark.parametrize("rows", [16, 33, 300, 1024])
def test_bits_of_a_row_do_not_depend_on_the_other_rows(rows: int) -> None:
    generator = torch.Generator().manual_seed(0)
    for inside, outside in ((64, 192), (576, 1536), (1536, 576)):
        model = torch.nn.Sequential(torch.nn.Linear(inside, outside, bias=inside == 64))
        packed = PackedWeights(model)
        if not len(packed):
            pytest.skip("torch cannot pack weights here")
        x = torch.randn(1024, inside, generator=generator)
        exact = copy.deepcopy(model).double()
        with torch.inference_mode(), products(torch.device("cpu"), "float32"), packed.in_use():
            found = model(x)
            assert torch.equal(model(x[-rows:].contiguous()), found[-rows:])
            assert (found - exact(x.double())).abs().max() < 1e-4


def test_layers_are_as_before(tiny: Callable[..., Any]) -> None:
    model = copy.deepcopy(tiny("llama").model)
    packed = PackedWeights(model)
    if not len(packed):
        pytest.skip("torch cannot pack weights here")
    with packed.in_use():
        assert any("forward" in vars(module) for module in model.modules())
    with pytest.raises(ZeroDivisionError), packed.in_use():
        raise ZeroDivisionError
    assert all("forward" not in vars(module) for module in model.modules())


def test_weights_are_not_packed(tiny: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 16 bits, of a large model, or where torch has other functions."""
    model = tiny("llama").model
    assert len(PackedWeights(copy.deepcopy(model).bfloat16())) == 0
    with monkeypatch.context() as patch:
        patch.setattr(weights, "_SHARE", 1e-9)
        assert len(PackedWeights(model)) == 0
    for broken in (lambda *_: 1 / 0, lambda weight, bias, x: x @ torch.zeros_like(weight).T):
        with monkeypatch.context() as patch:
            patch.setattr(weights, "_linear", broken)
            assert len(PackedWeights(model)) == 0
