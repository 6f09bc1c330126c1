"""The engine against forward passes in float64, on every architecture that can be made tiny.

Some models put a window or sparse attention into their mask alone, so that it shows only in texts
that are longer. Each model gets a window between the lengths of the texts.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch
import transformers
from transformers import CONFIG_MAPPING
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

from sdscm.lm import Choice
from sdscm.lm.backends.huggingface import HuggingFaceLM
from sdscm.lm.backends.loadcheck import check_model
from sdscm.lm.engine.selftest import PROBES
from sdscm.lm.engine.tokens import ChoiceTokenizer

#: Between the two lengths of texts in tokens.
WINDOW = 640
SIZES = {"short": 24, "long": 110}
#: Names of sizes, in the words of the configurations.
SMALL = {
    4: "num_hidden_layers num_attention_heads n_layer n_head num_layers num_heads num_experts "
    "num_local_experts n_routed_experts",
    2: "num_key_value_heads num_experts_per_tok index_n_heads max_window_layers",
    1: "n_group topk_group first_k_dense_replace",
    8: "qk_rope_head_dim",
    16: "head_dim kv_lora_rank q_lora_rank v_head_dim index_head_dim",
    24: "qk_nope_head_dim",
    32: "moe_intermediate_size shared_expert_intermediate_size",
    64: "hidden_size d_model n_embd",
    96: "intermediate_size ffn_dim",
    4096: "max_position_embeddings n_positions",
    WINDOW: "sliding_window sliding_window_size keep_window_size window_size index_topk "
    "attention_window_size attention_chunk_size local_attention floor_scale",
}
SPECIAL: dict[str, dict[str, Any]] = {
    "gpt_neo": {"attention_types": [[["global", "local"], 2]]},
    "minimax_m3_vl_text": {
        "layer_types": ["minimax_m3_sparse"] * 4,
        "index_topk_blocks": 5,
        "index_block_size": 128,
    },
}
#: Their scans take minutes without kernels of their own; they have no attention to pack, or little.
SCANS = ("mamba", "bamba", "zamba", "nemotron_h", "falcon_h1", "jamba", "xlstm", "rwkv", "lfm")


def choice(sentences: int) -> Choice:
    context = ("We were told so by Bob on Monday.",) * sentences
    return Choice(context, "The answer is ", ("yes", "no"), ".")


def small(kind: str, size: int) -> Any:
    """A random model of an architecture, with weights so wide that it attends unevenly."""
    config = CONFIG_MAPPING[kind]
    known = config().to_dict()
    named = {name: value for value, names in SMALL.items() for name in names.split()}
    values = {name: value for name, value in named.items() if name in known}
    values |= {"use_sliding_window": True} if "use_sliding_window" in known else {}
    values["is_decoder"] = True
    values |= SPECIAL.get(kind, {}) | {"vocab_size": size, "bos_token_id": 0, "eos_token_id": 1}
    made = config(**values, pad_token_id=None)
    with torch.device("meta"):  # without memory, since parts of some keep their usual size
        shapes = transformers.AutoModelForCausalLM.from_config(made)
    if sum(weight.numel() for weight in shapes.parameters()) > 30e6:
        raise ValueError("it is too large")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = transformers.AutoModelForCausalLM.from_config(made, dtype=torch.float32)
        with torch.no_grad():
            for weight in model.parameters():
                if weight.dim() > 1:
                    weight.normal_(0, 0.15)
    return model.eval()


def worst(kind: str, tokenizer: Any) -> tuple[float, list[bool]]:
    """Largest error of a score, and whether short and long texts are packed."""
    model = small(kind, len(tokenizer))
    check_model(model, None)  # as at load: models that read later tokens are refused
    lm = HuggingFaceLM(model, tokenizer, id=kind, revision="0")
    errors, packed = [], []
    exact = copy.deepcopy(model).double()
    exact.config._experts_implementation = "eager"  # the product of groups has no float64
    for sentences in SIZES.values():
        asked = choice(sentences)
        found = lm.score([asked])[0].sentence
        expected = []
        for sentence in asked.sentences:
            text = " ".join([*asked.context, sentence])
            ids = torch.tensor([[0, *tokenizer(text, add_special_tokens=False)["input_ids"]]])
            with torch.inference_mode():
                logs = exact(input_ids=ids, use_cache=False).logits[0].double().log_softmax(-1)
            expected.append(float(logs[:-1].gather(-1, ids[0, 1:, None]).sum()))
        errors.append(abs((found[0] - found[1]) - (expected[0] - expected[1])))
        packed.append(lm._selftests.packs(ids.shape[1]))
    return max(errors), packed


@pytest.fixture(scope="module")
def tokenizer(tiny: Callable[..., Any]) -> Any:
    """One that knows the words, so that the probe of the self-test is shorter than the window."""
    words = [sentence for probe in PROBES for sentence in probe.sentences + probe.context[:1]]
    return tiny("llama").tokenizer.train_new_from_iterator(words + list(choice(2).sentences), 420)


def test_the_window_lies_between_the_texts(tokenizer: Any) -> None:
    read = ChoiceTokenizer(tokenizer)
    short, long = (read(choice(n)).length for n in SIZES.values())
    assert short < WINDOW - 100 < WINDOW + 100 < long
    assert max(read(probe).length for probe in PROBES) < WINDOW


@pytest.mark.parametrize("kind", ["qwen2_moe", "phimoe", "doge", "minimax_m3_vl_text", "llama"])
def test_windows_that_only_a_mask_holds(tokenizer: Any, kind: str) -> None:
    """Texts that are longer have plain passes; those of a model without a window are packed."""
    error, packed = worst(kind, tokenizer)
    assert error < 1e-3
    assert packed[1] == (kind == "llama")
    if kind != "minimax_m3_vl_text":  # its indexer reads a cache of its own
        assert packed[0]


@pytest.mark.slow
def test_all_architectures_agree_with_brute_force(tokenizer: Any) -> None:
    """It prints the list, and the models that cannot be made tiny or be read."""
    wrong, right, packed = {}, 0, 0
    for kind in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES:
        if any(scan in kind for scan in SCANS):
            continue
        try:
            error, packs = worst(kind, tokenizer)
        except Exception as reason:  # of the configuration, or of the model's code
            print(f"{kind}: left out, {type(reason).__name__} {str(reason).splitlines()[:1]}")
            continue
        print(f"{kind}: error {error:.1e}, packed {packs}")
        right += error < 1e-3
        packed += packs[1]
        if not error < 1e-3:
            wrong[kind] = error
    print(f"{right} agree, {packed} of them packed")
    assert not wrong
    assert right >= 60
    assert packed >= 20
