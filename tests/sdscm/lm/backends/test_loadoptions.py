"""Options of models that this process loads: devices, and refusals in one line."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import torch

from sdscm.errors import InputError, MissingExtraError
from sdscm.lm import Choice, load_lm
from sdscm.lm.backends import loadoptions
from sdscm.lm.backends.huggingface import HuggingFaceLM
from sdscm.lm.backends.loadoptions import LoadOptions
from sdscm.lm.engine.attention import input_device, is_offloaded
from sdscm.lm.engine.packed import default_workers

Bits = Callable[[Any], list[bytes]]

CHOICES = [
    Choice((), "The patient is ", ("young", "old"), "."),
    Choice(("The patient is old.",), "She says ", ("yes", "no", "not known yet"), "."),
]


def loaded(folder: Path, **options: str) -> HuggingFaceLM:
    lm = load_lm(str(folder), store=False, options=options)
    assert isinstance(lm, HuggingFaceLM)
    return lm


@pytest.mark.parametrize("device_map", ["cpu", "auto", '{"": "cpu"}'])
def test_a_device_map_changes_no_score(folder: Path, bits: Bits, device_map: str) -> None:
    if device_map == "auto" and torch.accelerator.is_available():
        pytest.skip("the model would be on the accelerator")
    usual, mapped = loaded(folder), loaded(folder, device_map=device_map)
    assert bits(mapped.score(CHOICES)) == bits(usual.score(CHOICES))
    assert mapped.revision == usual.revision


def test_layers_on_disk(folder: Path, bits: Bits) -> None:
    """Weights are fetched when a layer runs: passes side by side would disturb each other."""
    places = {
        "model.embed_tokens": "disk",
        "model.layers.0": "cpu",
        "model.layers.1": "disk",
        "model.norm": "cpu",
        "model.rotary_emb": "cpu",
        "lm_head": "cpu",
    }
    usual, mapped = loaded(folder), loaded(folder, device_map=json.dumps(places))
    assert is_offloaded(mapped._model)
    assert input_device(mapped._model).type == "cpu"
    before = torch.get_num_threads()
    torch.set_num_threads(4)
    try:
        assert default_workers(usual._model) == 4
        assert default_workers(mapped._model) == 1
        assert bits(mapped.score(CHOICES)) == bits(usual.score(CHOICES))
    finally:
        torch.set_num_threads(before)
    assert mapped.scorer == "packed"
    assert mapped.revision == usual.revision


def test_refusals(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refusal(device: str = "cpu", **options: str) -> str:
        with pytest.raises(InputError) as caught:
            load_lm(str(folder), store=False, device=device, options=options)
        assert "\n" not in str(caught.value)
        return str(caught.value)

    assert "quantize '16': choose 8 or 4" in refusal(quantize="16")
    assert "device 'warp:9' cannot be used here" in refusal(device_map="warp:9")
    assert "device 'warp' cannot be used here" in refusal(device_map='{"": "warp"}')
    assert "is not JSON" in refusal(device_map="{model: cpu}")
    assert "give one of them" in refusal(device="meta", device_map="cpu")
    found = refusal(dtype="bfloat16")
    assert "no option 'dtype'; options of the backend 'huggingface': device_map, quantize" in found
    monkeypatch.setattr(loadoptions, "find_spec", lambda name: None)
    for option in ({"quantize": "8"}, {"adapter": "a"}):
        with pytest.raises(MissingExtraError, match=r"needs the extra 'large': pip install"):
            load_lm(str(folder), store=False, options=option)


def test_the_revision_names_what_changes_numbers() -> None:
    def revision(**options: Any) -> str:
        return LoadOptions(**options).revision("0")

    assert revision() == "0"
    assert revision(device_map="cpu") == "0"
    assert revision(quantize="4", precision="bfloat16") == "0+4bit+bfloat16"
    assert revision(device_map='{"a": "cuda:1", "b": "cuda:0", "c": "disk"}') == "0+cuda:0,cuda:1"


@pytest.mark.skipif(find_spec("accelerate") is None, reason="layers on devices need accelerate")
def test_plans_follow_the_layers(tiny: Callable[..., Any]) -> None:
    """Another device gets the plan of a pass; the meta device stands for it here."""
    from sdscm.lm.engine.plan import ChoiceNodes, PassBuilder
    from sdscm.lm.engine.trie import TokenTrie

    trie = TokenTrie(100)
    builder = PassBuilder(trie, trie.next_tick(), 1, torch.float32, 44_000)
    builder.add(ChoiceNodes.of(tiny("llama").lm()._tokenize(CHOICES[0]), trie))
    plan = builder.build(1)
    moved = plan.on(torch.device("meta"))
    assert plan.on(torch.device("cpu")) is plan
    tensors = [moved.tokens, moved.positions, moved.slots, moved.outputs]
    for bucket in moved.buckets:
        tensors += [
            bucket.queries,
            bucket.rows,
            bucket.places,
            *(t for pair in bucket.chunks for t in pair),
        ]
    assert {tensor.device.type for tensor in tensors} == {"meta"}
    assert len(tensors) > 7
    assert moved.rows == plan.rows
