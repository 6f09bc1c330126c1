"""An independent scorer, and random models that are small enough for brute force."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from sdscm.lm import Choice, ChoiceScores
from sdscm.lm.backends.huggingface import HuggingFaceLM

CORPUS = [
    "The patient is young and lives in the old town of Rome.",
    "The patient is old, and she takes the statin every morning at 7:45.",
    "Her doctor gives her the placebo; she says yes, no, or not known yet.",
    "A month later she recovers at home. In the end she worsens.",
    "Zażółć gęślą jaźń. Œuvre, naïve, Straße, 東京, и так далее. 🙂",
]


class BruteForce:
    """Scores by the definition: full text, float64, one pass for each candidate, no cache.

    It uses no code of the engine. The layers of ``transformers`` that compute in float32 whatever
    the model's type (the root mean square norms) are replaced by true float64 ones.
    """

    def __init__(self, model: Any, tokenizer: Any, copied: bool = True) -> None:
        self.model = (copy.deepcopy(model) if copied else model).double().eval()
        self.model.set_attn_implementation(_exact_attention(self.model))
        for module in self.model.modules():
            if type(module).__name__.endswith("RMSNorm"):
                module.forward = _rms_norm(module)
        self.tokenizer = tokenizer
        self.start = tokenizer.bos_token_id
        if self.start is None:
            self.start = tokenizer.eos_token_id

    def __call__(self, choice: Choice) -> ChoiceScores:
        before = "".join(sentence + " " for sentence in choice.context)
        texts = [before + choice.prefix + value + choice.suffix for value in choice.values]
        read = [
            self.tokenizer(t, add_special_tokens=False, return_offsets_mapping=True) for t in texts
        ]
        ids = [each["input_ids"] for each in read]
        ends = [[end for _, end in each["offset_mapping"]] for each in read]
        begins = [[begin for begin, _ in each["offset_mapping"]] for each in read]
        value_start = len(before) + len(choice.prefix)
        first = 0
        while all(len(each) > first for each in ids):
            if len({each[first] for each in ids}) > 1:
                break
            if any(each[first] > value_start for each in ends):
                break
            first += 1
        first = min(
            [first, *(next(i for i, e in enumerate(each) if e > value_start) for each in ends)]
        )
        sentence, value, counts, inside = [], [], [], []
        for k, text in enumerate(texts):
            logs = self.log_probabilities(ids[k], first)
            value_stop = len(text) - len(choice.suffix)
            last = max(i for i, begin in enumerate(begins[k]) if begin < value_stop)
            sentence.append(logs.sum())
            value.append(logs[: last + 1 - first].sum())
            counts.append(len(logs))
            inside.append(last + 1 - first)
        return ChoiceScores(*map(np.array, (sentence, value, counts, inside)))

    def log_probabilities(self, tokens: list[int], first: int = 0) -> np.ndarray:
        """Of each token from ``first`` on, given the start token and all tokens before it."""
        with torch.inference_mode():
            text = torch.tensor([[self.start, *tokens]])
            hidden = self.model.base_model(input_ids=text, use_cache=False).last_hidden_state
            logits = self.model.get_output_embeddings()(hidden[0, first:-1])
            logs = torch.log_softmax(logits.double(), dim=-1)
            picked = logs.gather(-1, text[0, first + 1 :, None])[:, 0]
        return picked.numpy()

    def text(self, text: str) -> float:
        """log P(text | start token)."""
        return float(
            self.log_probabilities(
                self.tokenizer(text, add_special_tokens=False)["input_ids"]
            ).sum()
        )


def _exact_attention(model: Any) -> str:
    # The eager attention of most models takes its softmax in float32.
    return "sdpa" if getattr(model, "_supports_sdpa", False) else "eager"


def _rms_norm(module: Any) -> Callable[[torch.Tensor], torch.Tensor]:
    epsilon = module.variance_epsilon

    def forward(hidden: torch.Tensor) -> torch.Tensor:
        assert hidden.dtype == torch.float64
        return module.weight * hidden * torch.rsqrt(hidden.pow(2).mean(-1, keepdim=True) + epsilon)

    return forward


@pytest.fixture(scope="session")
def bfloat16_attention() -> None:
    """Skip the test where PyTorch cannot compute long texts in bfloat16.

    On a processor with AMX, ``ATEN_CPU_CAPABILITY=avx2`` makes PyTorch choose an attention kernel
    that it then refuses to run ("pack_vnni2 is only supported when avx512 is supported").
    """
    rows = torch.zeros(1, 1, 600, 64, dtype=torch.bfloat16)
    try:
        torch.nn.functional.scaled_dot_product_attention(rows, rows, rows, is_causal=True)
    except RuntimeError as error:
        pytest.skip(f"PyTorch cannot compute attention in bfloat16 here: {error}")


@pytest.fixture(scope="session")
def brute_force() -> type[BruteForce]:
    return BruteForce


def _byte_level(use_regex: bool) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=use_regex)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=420,
        special_tokens=["<s>", "</s>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    return tokenizer


def _metaspace() -> Tokenizer:
    tokenizer = Tokenizer(models.BPE(byte_fallback=True, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first")
    tokenizer.decoder = decoders.Sequence(
        [
            decoders.Replace("▁", " "),
            decoders.ByteFallback(),
            decoders.Fuse(),
            decoders.Strip(" ", 1, 0),
        ]
    )
    tokenizer_bytes = [f"<0x{i:02X}>" for i in range(256)]
    trainer = trainers.BpeTrainer(
        vocab_size=600,
        special_tokens=["<unk>", "<s>", "</s>", *tokenizer_bytes],
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    return tokenizer


@pytest.fixture(scope="session")
def tokenizers() -> dict[str, PreTrainedTokenizerFast]:
    """Families of tokenizers: byte-level (GPT-2), the same across spaces, sentencepiece-like."""
    return {
        "byte-level": PreTrainedTokenizerFast(
            tokenizer_object=_byte_level(True), bos_token="<s>", eos_token="</s>"
        ),
        "no-bos": PreTrainedTokenizerFast(tokenizer_object=_byte_level(True), eos_token="</s>"),
        "across-spaces": PreTrainedTokenizerFast(
            tokenizer_object=_byte_level(False), bos_token="<s>", eos_token="</s>"
        ),
        "metaspace": PreTrainedTokenizerFast(
            tokenizer_object=_metaspace(), bos_token="<s>", eos_token="</s>", unk_token="<unk>"
        ),
    }


# Random weights this wide make distributions as uneven as a trained model's.
_WIDE = 0.4

_FAMILIES: dict[str, tuple[str, dict[str, Any]]] = {
    "llama": (
        "LlamaConfig",
        {
            "hidden_size": 128,
            "intermediate_size": 192,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "num_key_value_heads": 1,
            "max_position_embeddings": 1024,
            "initializer_range": 0.15,
        },
    ),
    "gpt2": (
        "GPT2Config",
        {"n_embd": 128, "n_layer": 2, "n_head": 2, "n_positions": 1024, "initializer_range": 0.15},
    ),
    "mistral": (
        "MistralConfig",
        {
            "hidden_size": 64,
            "intermediate_size": 128,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "num_key_value_heads": 1,
            "max_position_embeddings": 1024,
            "sliding_window": 8,
            "initializer_range": _WIDE,
        },
    ),
    "bloom": (
        "BloomConfig",
        {"hidden_size": 64, "n_layer": 2, "n_head": 4, "initializer_range": _WIDE},
    ),
    "mamba": (
        "MambaConfig",
        {
            "hidden_size": 64,
            "state_size": 8,
            "num_hidden_layers": 2,
            "max_position_embeddings": 1024,
            "initializer_range": _WIDE,
        },
    ),
    "phi3": (
        "Phi3Config",
        {
            "hidden_size": 128,
            "intermediate_size": 192,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "num_key_value_heads": 1,
            "max_position_embeddings": 1024,
            "original_max_position_embeddings": 32,
            "pad_token_id": None,
            "initializer_range": 0.15,
            "rope_parameters": {
                "rope_type": "longrope",
                "rope_theta": 10_000.0,
                "short_factor": [1.0] * 32,
                "long_factor": [4.0] * 32,
            },
        },
    ),
    "mpt": ("MptConfig", {"d_model": 64, "n_layers": 2, "n_heads": 4, "initializer_range": _WIDE}),
}


@dataclass(frozen=True, eq=False)
class Tiny:
    """A random model with its tokenizer, and the independent scorer."""

    model: Any
    tokenizer: PreTrainedTokenizerFast
    oracle: BruteForce

    known: dict[Choice, ChoiceScores] = field(default_factory=dict)

    def expected(self, choices: Iterable[Choice]) -> list[ChoiceScores]:
        """Scores by brute force."""
        return [self.known.setdefault(c, self.known.get(c) or self.oracle(c)) for c in choices]

    def lm(self, **options: Any) -> HuggingFaceLM:
        return HuggingFaceLM(self.model, self.tokenizer, id="tiny", revision="0", **options)


@pytest.fixture(scope="session")
def tiny(tokenizers: dict[str, PreTrainedTokenizerFast]) -> Callable[..., Tiny]:
    """Makes a random model of a family; ``changes`` go into its configuration."""
    made: dict[Any, Tiny] = {}

    def make(family: str, tokenizer: str = "byte-level", **changes: Any) -> Tiny:
        key = (family, tokenizer, tuple(sorted(changes.items())))
        if key not in made:
            name, options = _FAMILIES[family]
            chosen = tokenizers[tokenizer]
            config = getattr(transformers, name)(
                **{"vocab_size": len(chosen), "bos_token_id": 0, "eos_token_id": 1}
                | options
                | changes
            )
            with torch.random.fork_rng():
                torch.manual_seed(0)
                model = transformers.AutoModelForCausalLM.from_config(config).eval()
            made[key] = Tiny(model, chosen, BruteForce(model, chosen))
        return made[key]

    return make
