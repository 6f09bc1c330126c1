"""The key/value cache keeps its limit, and no limit is too small for a choice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import transformers

from sdscm.lm import Choice
from sdscm.lm.backends.huggingface import HuggingFaceLM
from sdscm.lm.engine import attention
from sdscm.lm.engine.attention import token_bytes
from sdscm.lm.engine.packed import PackedScorer, default_memory
from sdscm.lm.engine.tokens import CandidateTokens, ChoiceTokens

Bits = Callable[[Any], list[bytes]]

LONG = Choice(
    ("She lives in the old town.",),
    "She says ",
    tuple(f"no, no, {i} " + "and the statin at home " * 6 for i in range(12)),
    ".",
)
CHOICES = [LONG, Choice(("She is old.", "He is not."), "She says ", ("yes", "no"), ".")]


@pytest.fixture
def caches(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, bool]]:
    """Slots of each cache that is made, and whether it holds one layer only."""
    made, init = [], attention.KeyValueCache.__init__

    def watched(self: Any, capacity: int, one_layer: bool = False) -> None:
        made.append((capacity, one_layer))
        init(self, capacity, one_layer)

    monkeypatch.setattr(attention.KeyValueCache, "__init__", watched)
    return made


def test_the_budget_is_kept_by_the_self_test_too(
    tiny: Callable[..., Any], caches: list[tuple[int, bool]]
) -> None:
    model = tiny("llama")
    budget = 100 * token_bytes(model.model)
    lm = model.lm(memory=budget)
    lm.score(CHOICES[1:])
    assert lm.scorer == "packed"
    assert max(slots for slots, one_layer in caches if not one_layer) == 100
    assert any(one_layer for _, one_layer in caches), "the long probes did not fit"


def test_an_ample_budget_is_not_taken_by_the_self_test(
    tiny: Callable[..., Any], caches: list[tuple[int, bool]]
) -> None:
    model = tiny("llama")
    model.lm(memory=10**6 * token_bytes(model.model)).score(CHOICES)
    trial, own = caches
    assert trial[0] < 10_000
    assert own[0] == 10**6


@pytest.mark.usefixtures("fixed_row_bits")
@pytest.mark.parametrize("slots", [0, 5, 50, 70, 150, 400])
@pytest.mark.parametrize("workers", [1, 2])
def test_no_choice_is_too_large_for_a_cache(
    tiny: Callable[..., Any], caches: list[tuple[int, bool]], slots: int, workers: int
) -> None:
    """Split by candidates, and recomputed if one candidate is too long: the same bits."""
    model = tiny("llama")
    tokenize = model.lm()._tokenize
    tokens = [tokenize(choice) for choice in CHOICES]
    assert 50 < tokens[0].length < 70
    assert tokens[0].size > 400
    expected = PackedScorer(model.model, workers=workers).score(tokens)
    caches.clear()
    scorer = PackedScorer(model.model, slots * token_bytes(model.model), workers=workers)
    found = scorer.score(tokens)
    for one, other in zip(found, expected, strict=True):
        assert [a.tobytes() for a in one] == [b.tobytes() for b in other]
    assert all(capacity == slots for capacity, one_layer in caches if not one_layer)
    assert any(one_layer for _, one_layer in caches) == (slots < tokens[0].length)


@pytest.mark.usefixtures("fixed_row_bits")
def test_a_pass_of_many_candidates_is_cut(tiny: Callable[..., Any], bits: Bits) -> None:
    """500 long values are split over passes, even if the cache could hold all of them."""
    model = tiny("llama")
    lm = model.lm(batch_tokens=128)
    expected = bits(model.lm(batch_tokens=10**6).score(CHOICES))
    sizes, forward = [], model.model.base_model.forward

    def watched(**given: Any) -> Any:
        sizes.append(given["input_ids"].shape[1])
        return forward(**given)

    lm.scorer  # noqa: B018 - its own passes are not of interest
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(model.model.base_model, "forward", watched)
        assert bits(lm.score(CHOICES)) == expected
    assert max(sizes) < 3 * 128


def test_choices_are_cut_by_candidates() -> None:
    candidates = tuple(CandidateTokens((1, 2, i)[:n], 0, 1) for i, n in enumerate([3, 3, 1, 2, 3]))
    choice = ChoiceTokens((0,), candidates)
    expected = {6: [2, 3], 7: [3, 2], 9: [4, 1], 12: [5], 2: [1] * 5, -1: [1] * 5}
    for size, counts in expected.items():
        parts = choice.cut(size)
        assert [len(part.candidates) for part in parts] == counts
        assert sum((part.candidates for part in parts), ()) == candidates
        assert {part.context for part in parts} == {(0,)}


def test_the_default_is_a_quarter_of_what_is_free_on_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    device = torch.device("cuda", 1)
    free = {device: 40 * 2**30}
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda asked: (free[asked], 80 * 2**30))
    assert default_memory(device) == 10 * 2**30


def test_the_default_is_at_most_4_gib_of_a_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    class Memory:
        total = 6 * 2**30

    cpu = torch.device("cpu")
    monkeypatch.setattr("psutil.virtual_memory", Memory)
    assert default_memory(cpu) == 1.5 * 2**30
    Memory.total = 2**40
    assert default_memory(cpu) == 4 * 2**30


def test_the_bytes_of_a_token_are_those_of_the_cache(
    tokenizers: dict[str, Any], tiny: Callable[..., Any]
) -> None:
    """Also with latent attention, whose keys are larger than the configured size of a head."""
    tokenizer = tokenizers["byte-level"]
    latent = transformers.DeepseekV3Config(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=96,
        moe_intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=4,
        n_routed_experts=4,
        n_group=2,
        topk_group=1,
        num_experts_per_tok=2,
        kv_lora_rank=16,
        q_lora_rank=16,
        qk_rope_head_dim=8,
        qk_nope_head_dim=24,
        v_head_dim=16,
        first_k_dense_replace=1,
    )
    torch.manual_seed(0)
    for model in (tiny("llama").model, transformers.DeepseekV3ForCausalLM(latent)):
        lm = HuggingFaceLM(model, tokenizer, id="m", revision="1", memory=500_000)
        lm.score(CHOICES[1:])
        assert lm.scorer == "packed"
        cache = lm._scorer._cache
        used = sum(each.nbytes for pair in cache.layers.values() for each in pair)
        assert used == cache.capacity * token_bytes(model)
        assert used <= 500_000
