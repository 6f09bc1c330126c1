"""vLLM in the process: a fake one with a tiny model, and (slow) a real one.

The real one runs in an environment of its own, see test_vllm_server.py.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from sdscm.errors import InputError, MissingExtraError
from sdscm.lm import Choice, load_lm, registry

_MODULE = "sdscm.lm.backends.vllm"
CHOICES = [
    Choice((), "The patient is ", ("young", "old"), "."),
    Choice(("The patient is old.",), "She takes the ", ("statin", "placebo", "tea"), " now."),
    Choice(("The patient is old.", "She lives in Rome."), "In the end she ", ("recovers", "w"), ""),
    Choice(("Zażółć gęślą.",), "Straße: ", ("東京", "naïve"), " 🙂."),
]


class FakeVllm:
    """Stands for the module: an engine with a prefix cache, whose rows are missing or stale."""

    __version__ = "1.2"
    SamplingParams = SimpleNamespace
    block = 4

    def __init__(self, tiny: Any, stale: bool) -> None:
        self.tiny, self.stale = tiny, stale
        self.known: set[tuple[int, ...]] = set()
        self.arguments: dict[str, Any] = {}
        self.asked: list[bool] = []
        self.change = lambda row: row

    def LLM(self, model: str, **arguments: Any) -> FakeVllm:
        self.arguments = arguments
        size = arguments.get("max_model_len", 1024)
        self.model_config = SimpleNamespace(max_model_len=size)
        return self

    def generate(self, prompts: Any, params: Any, use_tqdm: bool) -> list[Any]:
        return [self.answer(tuple(each["prompt_token_ids"]), params) for each in prompts]

    def answer(self, text: tuple[int, ...], params: Any) -> Any:
        assert len(text) + params.max_tokens <= self.model_config.max_model_len
        self.asked.append(not params.skip_reading_prefix_cache)
        blocks = [text[:end] for end in range(self.block, len(text), self.block)]
        cached = max((len(b) for b in blocks if b in self.known), default=0)
        if params.skip_reading_prefix_cache:
            cached = 0
        self.known.update(blocks)
        with torch.inference_mode():
            logits = self.tiny.model(torch.tensor([text])).logits[0].float()
        logs = torch.log_softmax(logits, -1)
        rows = [
            {text[k]: SimpleNamespace(logprob=float(logs[k - 1, text[k]]))}
            for k in range(cached + 1, len(text))
        ]
        stale = [{text[k]: SimpleNamespace(logprob=-0.5)} for k in range(1, cached + 1)]
        return SimpleNamespace(
            prompt_token_ids=list(text),
            num_cached_tokens=cached,
            prompt_logprobs=[None, *(stale if self.stale else []), *map(self.change, rows)],
        )


@pytest.fixture(params=["stale rows", "missing rows"])
def fake(
    request: Any, tiny: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[FakeVllm]:
    fake = FakeVllm(tiny("llama"), request.param == "stale rows")
    monkeypatch.setattr(registry, "_BACKENDS", dict(registry._BACKENDS))
    monkeypatch.setitem(sys.modules, "vllm", fake)
    fake.tiny.tokenizer.save_pretrained(tmp_path / "tiny")
    fake.tiny.model.save_pretrained(tmp_path / "tiny")
    fake.folder = tmp_path / "tiny"
    yield fake
    sys.modules.pop(_MODULE, None)


def opened(fake: FakeVllm, **options: str) -> Any:
    return load_lm(f"vllm:{fake.folder}", store=False, options=options)


def test_scores_are_those_of_the_definition(fake: FakeVllm) -> None:
    """Also those of tokens that are in the prefix cache."""
    lm = opened(fake, dtype="float32")
    for choices in (CHOICES, CHOICES[::-1]):
        expected = fake.tiny.expected(choices)
        for one, other in zip(lm.score(choices), expected, strict=True):
            np.testing.assert_allclose(one.sentence, other.sentence, atol=1e-3)
            np.testing.assert_allclose(one.value, other.value, atol=1e-3)
            np.testing.assert_array_equal(one.sentence_tokens, other.sentence_tokens)
            np.testing.assert_array_equal(one.value_tokens, other.value_tokens)
    assert lm.cached > 0
    assert False in fake.asked  # texts whose scored tokens were in the cache
    assert fake.arguments["dtype"] == "float32"


def test_the_revision_has_content_version_and_dtype(fake: FakeVllm) -> None:
    one, other = opened(fake), opened(fake, dtype="bfloat16")
    assert one.id == "tiny"
    assert one.revision.endswith("-vllm-1.2")
    assert other.revision == f"{one.revision}-dtype-bfloat16"
    (fake.folder / "config.json").write_text((fake.folder / "config.json").read_text() + "\n")
    assert opened(fake).revision != one.revision


def test_a_text_beyond_the_window_is_an_error(fake: FakeVllm) -> None:
    lm = opened(fake, max_model_len="40")
    assert lm.window == 39
    with pytest.raises(InputError, match="tokens, but 'tiny' reads 39 here"):
        lm.score([Choice(("The patient is old.",) * 20, "", ("yes", "no"), "")])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda row: {token + 1: log for token, log in row.items()}, "no log-probability"),
        (lambda row: None, "no log-probability"),
        (lambda row: dict.fromkeys(row, SimpleNamespace(logprob=0.5)), "above 0"),
        (lambda row: dict.fromkeys(row, SimpleNamespace(logprob=np.nan)), "not a number"),
    ],
)
def test_wrong_rows_are_one_line(fake: FakeVllm, one_line: Any, change: Any, message: str) -> None:
    fake.change = change
    with pytest.raises(InputError, match=message) as caught:
        opened(fake).score(CHOICES)
    assert "'tiny'" in one_line(caught.value)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"options": {"max_model_len": "long"}}, "max_model_len cannot be 'long'"),
        ({"options": {"enforce_eager": "yes"}}, "enforce_eager cannot be 'yes'"),
        ({"options": {"colour": "red"}}, "no option 'colour'"),
        ({"precision": "bfloat16"}, "option dtype"),
        ({"device": "cuda"}, "vLLM chooses the device"),
        ({"revision": "main"}, "only a Hugging Face id"),
    ],
)
def test_bad_options_are_one_line(fake: FakeVllm, one_line: Any, arguments, message) -> None:
    with pytest.raises(InputError, match=message) as caught:
        load_lm(f"vllm:{fake.folder}", store=False, **arguments)
    one_line(caught.value)


def test_an_adapter_is_not_left_out_in_silence(fake: FakeVllm) -> None:
    (fake.folder / "adapter_config.json").write_text("{}")
    with pytest.raises(InputError, match="an adapter"):
        opened(fake)


def test_errors_of_vllm_are_one_line(fake: FakeVllm, one_line: Any, monkeypatch) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise RuntimeError("engine core failed\nsee above")

    lm = opened(fake)
    monkeypatch.setattr(FakeVllm, "generate", fails)
    with pytest.raises(InputError, match="engine core failed") as caught:
        lm.score(CHOICES)
    one_line(caught.value)
    monkeypatch.setattr(FakeVllm, "LLM", fails)
    with pytest.raises(InputError, match=r"cannot be loaded \(engine core failed\)") as caught:
        opened(fake)
    one_line(caught.value)


def test_without_vllm_the_extra_is_named(fake: FakeVllm, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "vllm", None)
    with pytest.raises(MissingExtraError, match="vllm"):
        opened(fake)


_REAL = """
import json, sys
from sdscm.lm import Choice, load_lm

if __name__ == "__main__":  # vLLM starts another process
    asked = json.load(sys.stdin)
    choices = [
        Choice(tuple(c["context"]), c["prefix"], tuple(c["values"]), c["suffix"]) for c in asked
    ]
    lm = load_lm(sys.argv[1], store=False, options=json.loads(sys.argv[2]))
    scores = [[each.sentence.tolist() for each in lm.score(choices)] for _ in range(2)]
    with open(sys.argv[3], "w") as file:
        json.dump({"scores": scores, "cached": lm.cached, "computed": lm.computed}, file)
"""


@pytest.mark.slow
def test_a_real_one_agrees_with_the_local_engine(
    embedded_folder: Path, converted_model: None, drawn_choices: Any, tmp_path: Path
) -> None:
    python = os.environ.get("SDSCM_VLLM_PYTHON")
    if not python:
        pytest.skip("SDSCM_VLLM_PYTHON names no Python with vLLM")
    local = load_lm(store=False)
    names = ("tea_or_coffee", "hiring", "coupon")
    choices = [each for name in names for each in drawn_choices(name, local, 200)[:70]]
    assert len(choices) == 210
    choices.sort(key=lambda choice: choice.context)  # as the cache of scores does
    (tmp_path / "real.py").write_text(_REAL)
    options = {"dtype": "float32", "max_model_len": "1024", "block_size": "32"}
    options["enforce_eager"] = "true"
    own = {"VLLM_CPU_KVCACHE_SPACE": "1", "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    own["PYTHONPATH"] = str(Path(__file__).parents[4])
    name, out = f"vllm:{embedded_folder}", tmp_path / "scores.json"
    subprocess.run(
        [python, tmp_path / "real.py", name, json.dumps(options), out],
        input=json.dumps([asdict(choice) for choice in choices]),
        env=os.environ | own,
        text=True,
        check=True,
        timeout=900,
    )
    found = json.loads(out.read_text())
    print(f"{found['cached']:,} tokens were in the prefix cache, {found['computed']:,} were not")
    assert found["cached"] > 0
    for scores in found["scores"]:
        pairs = list(zip(scores, local.score(choices), strict=True))
        largest = max(np.abs(np.array(one) - other.sentence).max() for one, other in pairs)
        print(f"largest difference: {largest:.1e} nats")
        assert largest < 1e-3
