"""The self-test detects models that cannot be packed, in every precision."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from sdscm.lm import Choice
from sdscm.lm.backends.huggingface import HuggingFaceLM
from sdscm.lm.engine import selftest
from sdscm.lm.engine.selftest import in_float32
from sdscm.lm.precision import Precision

CHOICE = Choice((), "She is ", ("old", "young"), "")


def coarse(model: Any) -> Any:
    return copy.deepcopy(model).to(torch.bfloat16)


def deaf(model: Any) -> Any:
    """A model that ignores its positions: correct for one text, wrong for several."""
    forward = model.base_model.forward
    model.base_model.forward = lambda *args, position_ids=None, **options: forward(*args, **options)
    return model


@pytest.mark.parametrize("precision", ["bfloat16", "float32-fast"])
@pytest.mark.parametrize(
    ("change", "scorer"), [(lambda model: model, "packed"), (deaf, "plain")], ids=["sound", "deaf"]
)
def test_a_coarse_precision_does_not_hide_a_model_that_packing_gets_wrong(
    tiny: Callable[..., Any],
    precision: Precision,
    change: Callable[[Any], Any],
    scorer: str,
    request: pytest.FixtureRequest,
) -> None:
    if precision == "bfloat16":
        request.getfixturevalue("bfloat16_attention")
    model = tiny("gpt2")
    own = coarse(model.model) if precision == "bfloat16" else copy.deepcopy(model.model)
    lm = HuggingFaceLM(change(own), model.tokenizer, id="a", revision="0", precision=precision)
    assert lm.scorer == scorer


def test_a_passed_selftest_is_not_repeated(
    tiny: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unless the arguments or the code differ; a failed one is."""
    tested: list[str] = []

    true = selftest.packs

    def packs(*arguments: Any) -> bool:
        tested.append("here")
        return true(*arguments)

    monkeypatch.setattr(selftest, "packs", packs)
    model = tiny("gpt2")

    def scorers(network: Any, folder: Path, **options: Any) -> tuple[list[str], int]:
        tested.clear()
        options |= {"id": "a", "revision": "0", "selftests": folder}
        made = [HuggingFaceLM(network, model.tokenizer, **options).scorer for _ in range(2)]
        return made, len(tested)

    sound, sick = tmp_path / "sound", tmp_path / "sick"
    assert scorers(model.model, sound) == (["packed"] * 2, 1)
    assert scorers(model.model, sound) == (["packed"] * 2, 0)
    assert scorers(model.model, sound, precision="float32-fast") == (["packed"] * 2, 1)
    assert scorers(deaf(copy.deepcopy(model.model)), sick) == (["plain"] * 2, 2)
    # Not the module by name: an import of peft replaces it.
    monkeypatch.setattr(selftest.transformers, "__version__", "0")
    assert scorers(model.model, sound) == (["packed"] * 2, 1)


def test_the_record_holds_what_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    before = selftest.fingerprint(None, "float32")
    usual = selftest.default_memory(torch.device("cpu"))
    assert selftest.fingerprint(usual, "float32") == before
    assert selftest.fingerprint(usual + 1, "float32") != before
    monkeypatch.setattr(selftest, "default_memory", lambda device: usual // 2)
    assert selftest.fingerprint(None, "float32") != before
    read = Path.read_bytes
    monkeypatch.setattr(
        Path, "read_bytes", lambda path: read(path) + b"#" * (path.name == "precision.py")
    )
    assert selftest.fingerprint(usual, "float32") != before


def content(model: Any) -> dict[str, tuple[torch.dtype, int]]:
    """Type and place of every weight and buffer."""
    named = [*model.named_parameters(), *model.named_buffers()]
    return {name: (tensor.dtype, tensor.data_ptr()) for name, tensor in named}


def test_a_model_in_float32_for_a_while(tiny: Callable[..., Any]) -> None:
    """It computes as its copy in float32, and then has its old weights, in the same memory."""
    model = coarse(tiny("llama").model)
    text = torch.tensor([[0, 5, 9, 7]])
    before = content(model)
    with torch.inference_mode():
        expected = copy.deepcopy(model).float()(text, use_cache=False).logits
        assert not torch.equal(model(text, use_cache=False).logits.float(), expected)
        with in_float32(model):
            assert torch.equal(model(text, use_cache=False).logits, expected)
    assert content(model) == before


def test_its_layers_are_converted_one_at_a_time(tiny: Callable[..., Any]) -> None:
    model = coarse(tiny("llama").model)
    layers = model.base_model.layers
    wide = []

    def look(*_: Any) -> None:
        wide.append([next(layer.mlp.parameters()).dtype == torch.float32 for layer in layers])

    for layer in layers:
        layer.mlp.register_forward_hook(look)
    with torch.inference_mode(), in_float32(model):
        model(torch.tensor([[0, 5]]), use_cache=False)
    assert wide == [[True, False], [False, True]]


def test_it_is_restored_after_a_break(tiny: Callable[..., Any]) -> None:
    model = coarse(tiny("llama").model)
    before = content(model)

    def fail(*_: Any) -> None:
        raise KeyboardInterrupt

    hook = model.base_model.layers[1].mlp.register_forward_hook(fail)
    with pytest.raises(KeyboardInterrupt), torch.inference_mode(), in_float32(model):
        model(torch.tensor([[0, 5]]), use_cache=False)
    assert content(model) == before
    hook.remove()
    model(torch.tensor([[0, 5]]), use_cache=False)
    assert content(model) == before
