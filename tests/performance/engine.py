"""How fast the engine is: a ratio to the reference's algorithm, measured in the same run.

    python tests/performance/engine.py                 # everything, about 20 minutes on 2 cores
    python tests/performance/engine.py speed --rows 200

Prints Markdown tables; docs/explanation/performance.md holds what one run of it printed.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

import sdscm
from sdscm.lm.backends.embedded import EMBEDDED
from sdscm.lm.backends.huggingface import HuggingFaceLM
from sdscm.lm.interface import Choice
from sdscm.lm.score_cache import CachedLM, ScoreCache
from sdscm.spec import Spec, spec_from_yaml

EMBEDDED_LM = "smollm2-135m"


def naive_row(model: Any, tokenizer: Any, scm: sdscm.SDSCM, generator: np.random.Generator) -> None:
    """One unit as the reference makes it: observed, then both worlds of the treatment.

    One forward pass for each prefix and one for each candidate behind its cache, batch 1; variables
    that are set cost nothing.
    """
    spec = scm.spec

    def draw(name: str, codes: dict[str, int]) -> int:
        phrasing = scm.phrased.phrasing(name)
        before = " ".join([scm.phrased.context(name, codes), phrasing.prefix])
        ids = tokenizer(before, return_tensors="pt").input_ids
        cache = model(ids, use_cache=True).past_key_values
        scores = []
        for value in spec.variable(name).values:
            candidate = tokenizer(value, return_tensors="pt").input_ids
            logits = model(candidate, past_key_values=cache).logits[0, -1]
            scores.append(float(logits.log_softmax(-1)[candidate[0]].mean()))
            cache.crop(-candidate.shape[1])  # a fresh cache for each candidate
        weights = np.exp(np.array(scores) - max(scores))
        return int(generator.choice(len(scores), p=weights / weights.sum()))

    codes: dict[str, int] = {}
    for name in spec.order:
        codes[name] = draw(name, codes)
    after = spec.descendants(spec.treatment.name)
    for world in (0, 1):
        other = {**codes, spec.treatment.name: world}
        for name in after:
            other[name] = draw(name, other)


def seconds(run: Callable[[], object]) -> float:
    begin = time.perf_counter()
    run()
    return time.perf_counter() - begin


class Engine:
    """A fresh engine: no score known, an empty cache."""

    def __init__(self, precision: str = "float32") -> None:
        folder = EMBEDDED[EMBEDDED_LM].folder()
        self.model = HuggingFaceLM.from_pretrained(
            str(folder), id=EMBEDDED_LM, revision=precision, precision=precision
        )
        self._tmp = tempfile.TemporaryDirectory()
        cache = ScoreCache(Path(self._tmp.name) / "scores.sqlite")
        self.lm = CachedLM(lambda: self.model, id=EMBEDDED_LM, revision=precision, cache=cache)
        self.model.score([Choice((), "Hello ", ("you", "me"), ".")])  # the self-test, once

    def dataset(self, spec: Spec, rows: int, **options: Any) -> dict[str, float]:
        """Make a dataset and say what it took."""
        before, scored = self.model.tokens, self.lm.scored
        scm = sdscm.SDSCM(spec, self.lm, **options)
        taken = seconds(lambda: scm.dataset(rows, seed=1, cate_contexts=0))
        tokens = self.model.tokens - before
        return {
            "seconds a row": taken / rows,
            "contexts a row": (self.lm.scored - scored) / rows,
            "tokens a row": tokens / rows,
            "tokens a second": tokens / taken,
        }


def raw_throughput(engine: Engine, length: int) -> float:
    """Tokens a second of bare forward passes of the model's body: 1,024 tokens in equal rows.

    As many passes run side by side as the engine lets run, one thread each.
    """
    model = engine.model._model
    ids = torch.randint(100, 40_000, (max(1024 // length, 1), length))
    threads, passes = torch.get_num_threads(), 6
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("medium")  # as the engine has it

    def run(count: int) -> None:
        torch.set_num_threads(1)
        with torch.inference_mode():
            for _ in range(count):
                model.base_model(ids)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(run, [1] * threads))
        taken = seconds(lambda: list(pool.map(run, [passes] * threads)))
    torch.set_num_threads(threads)
    torch.set_float32_matmul_precision(before)
    return threads * passes * ids.numel() / taken


def table(title: str, rows: list[dict[str, object]]) -> None:
    def shown(value: object) -> str:
        return (
            f"{value:,.3g}"
            if isinstance(value, float) and value < 100
            else (f"{value:,.0f}" if isinstance(value, float) else str(value))
        )

    print(f"\n### {title}\n")
    print("| " + " | ".join(rows[0]) + " |")
    print("|" + " --- |" * len(rows[0]))
    for row in rows:
        print("| " + " | ".join(map(shown, row.values())) + " |", flush=True)


def speed(arguments: argparse.Namespace) -> None:
    spec = sdscm.load_spec(arguments.scenario)
    folder = EMBEDDED[EMBEDDED_LM].folder()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    plain = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    generator = np.random.default_rng(0)
    scm = sdscm.SDSCM(spec, sdscm.TabularLM(lambda c: [1.0] * len(c.values)))

    def naive() -> float:
        """Seconds a row of the naive loop."""
        with torch.inference_mode():
            naive_row(plain, tokenizer, scm, generator)
            count = arguments.naive_rows
            run = partial(naive_row, plain, tokenizer, scm, generator)
            return seconds(lambda: [run() for _ in range(count)]) / count

    rows: list[dict[str, object]] = []
    for temperature in (1.0, 3.0):
        for precision in ("float32", "bfloat16"):
            engine = Engine(precision)
            # Where nearly every context is distinct, cost hardly falls with the number of rows.
            count = arguments.rows if temperature == 1 else max(arguments.rows // 4, 1)
            before = naive()
            found = engine.dataset(spec, count, temperature=temperature)
            raw = raw_throughput(engine, 256)
            slow = (before + naive()) / 2  # machines change their pace
            rows.append(
                {
                    "engine": precision,
                    "temperature": temperature,
                    "rows": count,
                    "naive s a row": slow,
                    "s a row": found["seconds a row"],
                    "times": slow / found["seconds a row"],
                    "contexts a row": found["contexts a row"],
                    "tokens a row": found["tokens a row"],
                    "tokens/s": found["tokens a second"],
                    "of raw": found["tokens a second"] / raw,
                }
            )
            print(rows[-1], file=sys.stderr, flush=True)
    table(f"Speed: {spec.name}", rows)


def growth(arguments: argparse.Namespace) -> None:
    spec = sdscm.load_spec(arguments.scenario)
    by_rows: list[dict[str, object]] = []
    for count in (100, 250, 500, 1000, 2000):
        if count <= 2 * arguments.rows:
            by_rows.append({"rows": count, **Engine().dataset(spec, count)})
    table(f"Rows: {spec.name}, float32, temperature 1", by_rows)
    by_variables: list[dict[str, object]] = []
    for count in (5, 10, 20, 30):
        found = Engine().dataset(chain(count), 100, temperature=3.0)
        by_variables.append({"variables": count, **found})
    table("Variables: each listens to all before it, float32, 100 rows", by_variables)


def chain(count: int) -> Spec:
    """A spec of so many variables, each with all earlier ones as parents."""
    names = [f"v{i}" for i in range(count)]
    words = ["red", "green", "blue", "black"]
    lines = ["name: chain", "variables:"]
    for i, name in enumerate(names):
        role = {count - 2: "treatment", count - 1: "outcome", 0: "exogenous"}.get(i, "covariate")
        values = words[:2] if role == "treatment" else words
        lines += [
            f"  - name: {name}",
            f"    role: {role}",
            f"    parents: [{', '.join(names[:i])}]",
            f"    values: [{', '.join(values)}]",
            f'    phrasings: ["The lamp of room number {i + 1} is {{value}}."]',
        ]
    return spec_from_yaml("\n".join(lines), "chain")


def precision(arguments: argparse.Namespace) -> None:
    """Error of each precision in a candidate's log-probability, against float64 at batch 1."""
    spec = sdscm.load_spec(arguments.scenario)
    folder = EMBEDDED[EMBEDDED_LM].folder()
    double = HuggingFaceLM.from_pretrained(str(folder), id="double")
    double._model.double()
    scm = sdscm.SDSCM(spec, sdscm.TabularLM(lambda c: [1.0] * len(c.values)))
    units = scm.sample(2, seed=0)
    choices = [
        scm.mechanisms.choice(
            name, units.codes.loc[i, list(spec.parents(name))].to_numpy(dtype=int)
        )
        for i in range(len(units))
        for name in spec.order
    ]
    from sdscm.lm.engine.plain import PlainScorer

    tokens = [double._tokenize(choice) for choice in choices]
    truth = [np.array([v.sum() for v in c]) for c in PlainScorer(double._model, 1).score(tokens)]
    rows: list[dict[str, object]] = []
    for name in ("float32", "float32-fast", "bfloat16"):
        found = Engine(name).model.score(choices)
        pairs = list(zip(truth, found, strict=True))
        errors = np.concatenate([np.abs(f.sentence - t) for t, f in pairs])
        chance = np.concatenate([np.abs(_softmax(f.sentence) - _softmax(t)) for t, f in pairs])
        rows.append({"precision": name, "candidates": len(errors),
                     "largest error of log p": f"{errors.max():.1e}",
                     "mean": f"{errors.mean():.1e}",
                     "largest error of p": f"{chance.max():.1e}"})  # fmt: skip
    table("Precision, against float64 one candidate at a time", rows)


def _softmax(scores: np.ndarray) -> np.ndarray:
    weights = np.exp(scores - scores.max())
    return np.asarray(weights / weights.sum())


def main() -> None:
    parts = {"speed": speed, "growth": growth, "precision": precision}
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="|".join(parts), help="default: all")
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--naive-rows", type=int, default=3)
    parser.add_argument("--scenario", default="breast_cancer")
    arguments = parser.parse_args()
    print(f"{os.cpu_count()} cores, {torch.get_num_threads()} threads, torch {torch.__version__}")
    unknown = set(arguments.parts) - set(parts)
    if unknown:
        parser.error(f"no part {min(unknown)!r}; choose among {', '.join(parts)}")
    for part in arguments.parts or parts:
        parts[part](arguments)


if __name__ == "__main__":
    main()
