"""A model that is not what its files say, or that cannot be scored, is refused in one line."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from sdscm.errors import InputError
from sdscm.lm import Choice, load_lm
from sdscm.lm.backends import loadcheck, pretrained
from sdscm.lm.backends.huggingface import HuggingFaceLM
from sdscm.lm.backends.loadcheck import LoadError, check_model
from sdscm.lm.score_cache import CachedLM

CHOICES = [Choice(("No.",), "The answer is ", ("yes", "no"), ".")]


def refusal(folder: Path) -> str:
    with pytest.raises(InputError) as caught:
        load_lm(str(folder), store=False)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(f"language model '{folder}' cannot be loaded (")
    return str(caught.value)


SIZES = {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
TWO_SIDED = {
    "roberta": lambda size: transformers.RobertaForMaskedLM(
        transformers.RobertaConfig(vocab_size=size, intermediate_size=96, pad_token_id=1, **SIZES)
    ),
    "bert": lambda size: transformers.BertLMHeadModel(
        transformers.BertConfig(vocab_size=size, intermediate_size=96, **SIZES)
    ),
    "xlnet": lambda size: transformers.XLNetLMHeadModel(
        transformers.XLNetConfig(vocab_size=size, d_model=64, n_layer=2, n_head=4, d_inner=96)
    ),
}


@pytest.mark.parametrize("family", TWO_SIDED)
def test_models_that_read_later_tokens_are_refused(
    tokenizers: dict[str, PreTrainedTokenizerFast], tmp_path: Path, family: str
) -> None:
    torch.manual_seed(0)
    tokenizer = tokenizers["byte-level"]
    model = TWO_SIDED[family](len(tokenizer))
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(5)
    model.save_pretrained(tmp_path / family)
    tokenizer.save_pretrained(tmp_path / family)
    assert "depend on later tokens" in refusal(tmp_path / family)


class Scores(torch.nn.Module):
    """Logits of a function of the tokens, in place of a model."""

    def __init__(self, function: Callable[[torch.Tensor], torch.Tensor]) -> None:
        super().__init__()
        self.table = torch.nn.Embedding(300, 8)
        self.function = function
        self.dtype, self.device = torch.float32, torch.device("cpu")

    def get_input_embeddings(self) -> torch.nn.Embedding:
        return self.table

    def forward(self, input_ids: torch.Tensor, use_cache: bool) -> Any:
        return transformers.utils.ModelOutput(logits=self.function(self.table(input_ids)))


def within_chunks(chunk: int, rows: torch.Tensor) -> torch.Tensor:
    parts = [part.mean(1, keepdim=True).expand_as(part) for part in rows.split(chunk, 1)]
    return rows + torch.cat(parts, 1)


def test_the_rules_one_by_one() -> None:
    check_model(Scores(lambda rows: rows.cumsum(1)), None)
    check_model(Scores(lambda rows: rows.cumsum(1)), 1)
    with pytest.raises(LoadError, match="later tokens"):
        check_model(Scores(lambda rows: rows.flip(1).cumsum(1).flip(1)), None)
    for chunk in (2, 8, 16, 48, 64, 512):  # a token reads all tokens of its chunk
        with pytest.raises(LoadError, match="later tokens"):
            check_model(Scores(partial(within_chunks, chunk)), None)
    with pytest.raises(LoadError, match="two passes over the same text differ"):
        check_model(Scores(lambda rows: rows + 0.1 * torch.randn_like(rows)), None)
    with pytest.raises(LoadError, match="not numbers"):
        check_model(Scores(lambda rows: rows / 0), None)


def add_weights(folder: Path, **weights: torch.Tensor) -> None:
    file = folder / "model.safetensors"
    found = load_file(file) | {f"model.layers.0.{k}": v for k, v in weights.items()}
    save_file(found, file, metadata={"format": "pt"})


def test_weights_that_the_model_does_not_use_are_refused(folder: Path) -> None:
    add_weights(folder, **{"self_attn.q_proj.bias": torch.ones(64), "a.lora_A": torch.ones(2)})
    found = refusal(folder)
    assert "hold the weights model.layers.0.a.lora_A and 1 more" in found
    with pytest.warns(UserWarning, match=r"lora_A and 1 more, which LlamaForCausalLM does not use"):
        HuggingFaceLM.from_pretrained(str(folder))


def test_buffers_of_positions_are_no_weights(folder: Path) -> None:
    add_weights(folder, **{"self_attn.rotary_emb.inv_freq": torch.ones(8)})
    assert len(load_lm(str(folder), store=False).score(CHOICES)) == 1


def test_an_adapter_that_is_not_in_use_is_refused(folder: Path) -> None:
    (folder / "adapter_config.json").write_text(json.dumps({"peft_type": "LORA"}))
    assert "adapter" in refusal(folder)


def test_a_tokenizer_of_another_model_is_refused(
    folder: Path, tokenizers: dict[str, PreTrainedTokenizerFast]
) -> None:
    """It gives tokens beyond the embeddings."""
    config = json.loads((folder / "config.json").read_text())
    small = transformers.LlamaForCausalLM(transformers.LlamaConfig(**config | {"vocab_size": 60}))
    small.save_pretrained(folder)
    with pytest.raises(InputError, match=r"has 60 embeddings, but its tokenizer gives the token"):
        load_lm(str(folder), store=False).score(CHOICES)


@pytest.mark.parametrize("named", ["GPT2Tokenizer", "Qwen2Tokenizer", "PreTrainedTokenizerFast"])
def test_texts_are_split_as_the_tokenizer_file_says(
    tiny: Callable[..., Any], tmp_path: Path, named: str
) -> None:
    """Up to three digits are a token here; the named class would join four and more."""
    inner = Tokenizer(models.BPE())
    inner.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(r"\p{N}{1,3}"), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    inner.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=500,
        special_tokens=["<s>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    inner.train_from_iterator(["The month is in 1950, 2010 or 123456."] * 9, trainer)
    PreTrainedTokenizerFast(
        tokenizer_object=inner, bos_token="<s>", eos_token="<s>"
    ).save_pretrained(tmp_path)
    file = tmp_path / "tokenizer_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"tokenizer_class": named}))
    model = transformers.LlamaForCausalLM(
        transformers.LlamaConfig(
            vocab_size=inner.get_vocab_size(), intermediate_size=96, bos_token_id=0, **SIZES
        )
    )
    model.save_pretrained(tmp_path)
    lm = HuggingFaceLM.from_pretrained(str(tmp_path))
    (tokens,) = [lm._tokenize(Choice((), "The month is in ", ("1950", "2010"), "."))]
    for year, found in zip(("1950", "2010"), tokens.candidates, strict=True):
        expected = Tokenizer.from_file(str(tmp_path / "tokenizer.json")).encode(
            f"The month is in {year}.", add_special_tokens=False
        )
        assert list(found.tokens) == expected.ids


def test_added_tokens_decide_how_a_text_is_split(
    folder: Path,
) -> None:
    """A tokenizer that lacks one of the file is replaced; special tokens may come on top."""
    path = folder / "tokenizer.json"
    file = Tokenizer.from_file(str(path))
    file.add_tokens(["1950"])
    file.save(str(path))
    source = {"local_files_only": True}

    def loaded(change: Callable[[Any], object]) -> tuple[bool, list[str]]:
        made = PreTrainedTokenizerFast.from_pretrained(str(folder), **source)
        change(made)
        auto = SimpleNamespace(from_pretrained=lambda *_, **__: made)
        found = loadcheck.load_tokenizer(auto, str(folder), source)
        return found is made, found.tokenize("in 1950")[-1:]

    def bare(tokenizer: Any) -> None:
        content = json.loads(tokenizer.backend_tokenizer.to_str())
        content["added_tokens"] = [t for t in content["added_tokens"] if t["content"] != "1950"]
        tokenizer._tokenizer = Tokenizer.from_str(json.dumps(content))

    assert loaded(lambda tokenizer: None) == (True, ["1950"])
    assert loaded(bare) == (False, ["1950"])
    assert loaded(lambda t: t.add_special_tokens({"pad_token": "<pad>"})) == (True, ["1950"])
    assert loaded(lambda t: t.add_tokens(["in"])) == (False, ["1950"])


def test_the_embedded_model_keeps_its_tokenizer(embedded_folder: Path) -> None:
    loaded = AutoTokenizer.from_pretrained(embedded_folder)
    assert loadcheck._splits_as(
        loaded, Tokenizer.from_file(str(embedded_folder / "tokenizer.json"))
    )


def change(file: Path, **keys: Any) -> None:
    file.write_text(json.dumps(json.loads(file.read_text()) | keys))


@pytest.mark.parametrize("keys", [{"intermediate_size": 7}, {"num_key_value_heads": 2}])
def test_weights_of_another_shape_are_named(folder: Path, keys: dict[str, int]) -> None:
    change(folder / "config.json", **keys)
    assert "weights model.layers.0." in (found := refusal(folder))
    assert "have another shape than its configuration" in found


@pytest.mark.parametrize("limit", ["2020-01-01", [512]])
def test_a_tokenizer_that_cannot_read_is_one_line(folder: Path, limit: object) -> None:
    change(folder / "tokenizer_config.json", model_max_length=limit)
    with pytest.raises(InputError, match=r"^language model 'tiny'.* tokenizer cannot read .*\("):
        load_lm(str(folder), store=False).score(CHOICES)


def test_a_tokenizer_without_a_first_token_names_the_model(folder: Path) -> None:
    (folder / "tokenizer_config.json").unlink()
    with pytest.raises(InputError, match=r"^language model 'tiny': .* neither a BOS nor an EOS"):
        load_lm(str(folder), store=False).score(CHOICES)


def test_what_is_wrong_is_told_after_its_heading(folder: Path) -> None:
    tokenizer = (folder / "tokenizer.json").read_text()
    (folder / "tokenizer.json").write_text("{}")
    assert "(a file lacks the key '" in refusal(folder)
    (folder / "tokenizer.json").write_text(tokenizer)
    change(folder / "config.json", num_attention_heads=7)
    assert "(Class validation error for validator 'validate_architecture': " in refusal(folder)


def test_code_of_the_folder_is_never_run(folder: Path) -> None:
    """Neither is the user asked on the terminal whether to run it."""
    config = json.loads((folder / "config.json").read_text())
    config |= {
        "model_type": "mine",
        "auto_map": {"AutoConfig": "mine.C", "AutoModelForCausalLM": "mine.M"},
    }
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "mine.py").write_text("raise SystemExit('it ran')")
    assert "it ran" not in refusal(folder)


def test_cached_scores_are_those_of_the_tokenizer_and_the_versions(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The files stay the same; another version of a library splits or computes anew."""
    cache = folder.parent / "scores.sqlite"

    def scored() -> int:
        lm = load_lm(str(folder), store=cache)
        lm.score(CHOICES)
        assert isinstance(lm, CachedLM)
        return lm.scored

    assert [scored(), scored()] == [1, 0]
    # Not the module by name: an import of peft replaces it.
    monkeypatch.setattr(loadcheck.transformers, "__version__", "99.0")
    assert [scored(), scored()] == [1, 0]
    monkeypatch.setattr(loadcheck.tokenizers, "__version__", "99.0")
    assert [scored(), scored()] == [1, 0]
    plain = loadcheck.load_tokenizer

    def lower(*arguments: Any) -> Any:
        tokenizer = plain(*arguments)
        tokenizer.backend_tokenizer.normalizer = normalizers.Lowercase()
        return tokenizer

    monkeypatch.setattr(pretrained, "load_tokenizer", lower)
    assert [scored(), scored()] == [1, 0]
