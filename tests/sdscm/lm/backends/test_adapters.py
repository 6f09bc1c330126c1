"""An adapter changes the weights as it says, or is refused in one line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file

from sdscm.errors import InputError
from sdscm.lm import CachedLM, Choice, load_lm
from sdscm.lm.backends.huggingface import HuggingFaceLM

pytest.importorskip("peft", reason="adapters need peft: pip install 'sdscm[large]'")

CHOICES = [
    Choice((), "The patient is ", ("young", "old"), "."),
    Choice(("The patient is old.",), "She says ", ("yes", "no", "not known yet"), "."),
]
_RANK, _ALPHA = 4, 6


def lora(layer: int, name: str, side: str) -> str:
    part = "self_attn" if name in ("q_proj", "v_proj") else "mlp"
    return f"base_model.model.model.layers.{layer}.{part}.{name}.lora_{side}.weight"


@pytest.fixture
def adapter(tiny: Callable[..., Any], tmp_path: Path) -> Path:
    """A LoRA adapter, written by hand in the format of PEFT."""
    folder = tmp_path / "adapter"
    folder.mkdir()
    settings = {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "r": _RANK,
        "lora_alpha": _ALPHA,
        "target_modules": ["q_proj", "down_proj"],
    }
    (folder / "adapter_config.json").write_text(json.dumps(settings))
    generator = torch.Generator().manual_seed(1)
    weights = {}
    for layer, each in enumerate(tiny("llama").model.model.layers):
        for name, module in (("q_proj", each.self_attn.q_proj), ("down_proj", each.mlp.down_proj)):
            rows, columns = module.weight.shape
            for side, shape in (("A", (_RANK, columns)), ("B", (rows, _RANK))):
                weights[lora(layer, name, side)] = torch.randn(shape, generator=generator) / 5
    save_file(weights, folder / "adapter_model.safetensors")
    return folder


def change(adapter: Path, edit: Callable[[dict[str, torch.Tensor]], object]) -> None:
    file = adapter / "adapter_model.safetensors"
    weights = load_file(file)
    edit(weights)
    save_file(weights, file)


def loaded(folder: Path, adapter: Path, **options: str) -> HuggingFaceLM:
    lm = load_lm(str(folder), store=False, options={"adapter": str(adapter), **options})
    assert isinstance(lm, HuggingFaceLM)
    return lm


def largest_difference(one: Any, other: Any) -> float:
    return max(
        float(np.abs(a.sentence - b.sentence).max()) for a, b in zip(one, other, strict=True)
    )


def test_an_adapter_is_the_sum_of_weights(folder: Path, adapter: Path, tmp_path: Path) -> None:
    """Equal to W + B A alpha / r, which is computed by hand and saved as a model of its own."""
    weights = load_file(adapter / "adapter_model.safetensors")
    file = folder / "model.safetensors"
    base, merged = load_lm(str(folder), store=False), load_file(file)
    lm = loaded(folder, adapter)
    for layer in range(2):
        for name, part in (("q_proj", "self_attn"), ("down_proj", "mlp")):
            a, b = (weights[lora(layer, name, side)] for side in "AB")
            merged[f"model.layers.{layer}.{part}.{name}.weight"] += b @ a * (_ALPHA / _RANK)
    save_file(merged, file, metadata={"format": "pt"})
    expected = load_lm(str(folder), store=False).score(CHOICES)
    found = lm.score(CHOICES)
    assert largest_difference(found, expected) < 1e-4
    assert largest_difference(found, base.score(CHOICES)) > 0.1
    assert lm.scorer == "packed"


def test_scores_of_the_base_and_of_adapters_never_mix(
    folder: Path, adapter: Path, tmp_path: Path
) -> None:
    cache = tmp_path / "scores.sqlite"

    def scored(options: dict[str, str]) -> tuple[int, str]:
        lm = load_lm(str(folder), store=cache, options=options)
        lm.score(CHOICES)
        assert isinstance(lm, CachedLM)
        return lm.scored, lm.revision

    chosen = {"adapter": str(adapter)}
    revisions = []
    for options in ({}, chosen):
        assert scored(options)[0] == len(CHOICES)
        count, revision = scored(options)
        assert count == 0
        revisions.append(revision)
    change(adapter, lambda weights: weights[lora(0, "q_proj", "B")].mul_(2))
    count, revision = scored(chosen)
    assert count == len(CHOICES)
    assert len({*revisions, revision}) == 3
    assert "adapter-" in revision
    assert loaded(folder, adapter).revision == revision, "the same without a cache"


def refusal(folder: Path, adapter: Path, **options: str) -> str:
    with pytest.raises(InputError) as caught:
        loaded(folder, adapter, **options)
    message = str(caught.value)
    assert "\n" not in message
    assert f"'{adapter}'" in message
    return message


def test_an_adapter_of_another_model_is_refused(folder: Path, adapter: Path) -> None:
    """Keys that match no module, only some, too few, or other shapes."""

    def renamed(weights: dict[str, torch.Tensor]) -> None:
        for key in list(weights):
            weights[key.replace("q_proj", "query")] = weights.pop(key)

    sound = (adapter / "adapter_model.safetensors").read_bytes()
    change(adapter, renamed)
    message = refusal(folder, adapter)
    assert "it lacks the weights base_model.model.model.layers.0.self_attn.q_proj" in message
    assert "and 3 more; it may be of another model" in message
    assert "leave out adapter, or give" in message
    (adapter / "adapter_model.safetensors").write_bytes(sound)
    change(adapter, lambda w: w.update({lora(0, "v_proj", "B"): torch.ones(64, _RANK)}))
    assert "holds the weights base_model.model.model.layers.0.self_attn.v_proj" in refusal(
        folder, adapter
    )
    (adapter / "adapter_model.safetensors").write_bytes(sound)
    change(adapter, lambda w: w.pop(lora(1, "q_proj", "A")))
    assert "it lacks the weights" in refusal(folder, adapter)
    (adapter / "adapter_model.safetensors").write_bytes(sound)
    change(adapter, lambda w: w.update({lora(1, "q_proj", "A"): torch.ones(_RANK, 7)}))
    assert "size mismatch" in refusal(folder, adapter)
    (adapter / "adapter_model.safetensors").unlink()
    assert "cannot be loaded" in refusal(folder, adapter)


def test_only_adapters_that_change_weights(folder: Path, adapter: Path) -> None:
    settings = {"peft_type": "PREFIX_TUNING", "task_type": "CAUSAL_LM", "num_virtual_tokens": 3}
    (adapter / "adapter_config.json").write_text(json.dumps(settings))
    assert "PREFIX_TUNING adds tokens and changes no weights" in refusal(folder, adapter)


def test_tied_embeddings_cannot_be_merged(tiny: Callable[..., Any], tmp_path: Path) -> None:
    """The adapter changes what is read only; merging would change what is written as well."""
    made, folder, adapter = tiny("llama", tie_word_embeddings=True), tmp_path / "m", tmp_path / "a"
    made.model.save_pretrained(folder)
    made.tokenizer.save_pretrained(folder)
    adapter.mkdir()
    settings = {
        "peft_type": "LORA",
        "r": _RANK,
        "lora_alpha": 8,
        "target_modules": ["embed_tokens"],
    }
    (adapter / "adapter_config.json").write_text(json.dumps(settings))
    rows, size = made.model.get_input_embeddings().weight.shape
    begin = "base_model.model.model.embed_tokens.lora_embedding_"
    weights = {f"{begin}A": torch.randn(_RANK, rows), f"{begin}B": torch.randn(size, _RANK)}
    save_file(weights, adapter / "adapter_model.safetensors")
    assert "cannot be merged" in refusal(folder, adapter)


def test_no_adapter(folder: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "has no adapter_config.json" in refusal(folder, empty)
    assert "cannot be found (" in refusal(folder, tmp_path / "a" / "b")


def test_an_adapter_beside_its_model_is_not_loaded(folder: Path, adapter: Path) -> None:
    """With peft, transformers would load it; without, it would not."""
    for file in adapter.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    with pytest.raises(InputError, match="an adapter lies in its folder and is not in use"):
        load_lm(str(folder), store=False)


def test_bfloat16(folder: Path, adapter: Path) -> None:
    exact = loaded(folder, adapter).score(CHOICES)
    coarse = load_lm(
        str(folder), store=False, precision="bfloat16", options={"adapter": str(adapter)}
    )
    assert 0 < largest_difference(exact, coarse.score(CHOICES)) < 0.5
    assert isinstance(coarse, HuggingFaceLM)
    assert coarse._model.dtype == torch.bfloat16
    assert isinstance(coarse._model, transformers.LlamaForCausalLM), "merged"
