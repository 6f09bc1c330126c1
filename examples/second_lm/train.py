"""Train the second embedded language model: ``make second-lm``.

A run that was stopped goes on from its last checkpoint. The model is written into the user's cache.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from corpus import CausalTables, chapters, documents, random
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from sdscm import load_spec, scenario_names
from sdscm.lm.backends.embedded import EMBEDDED

_START = "<|endoftext|>"


@dataclass(frozen=True)
class Recipe:
    """Shape of the model and of its training; a step reads ``tokens`` tokens."""

    scenarios: tuple[str, ...] = tuple(scenario_names())
    seed: int = 0
    vocabulary: int = 2048
    hidden: int = 320
    inner: int = 896
    layers: int = 4
    window: int = 1024
    short: int = 256
    tokens: int = 2048
    steps: int = 3000
    warmup: int = 100
    decay: int = 300
    rate: float = 1.2e-3
    book_share: float = 0.125

    def length(self, step: int) -> int:
        """Tokens of a row: every eighth step fills the window, so that its places are trained."""
        return self.window if step % 8 == 7 else self.short

    def rows(self, step: int) -> int:
        """Number of rows."""
        return self.tokens // self.length(step)

    def books(self, step: int) -> int:
        """Number of rows that are from the book, the last ones."""
        return round(self.rows(step) * self.book_share)

    def rate_at(self, step: int) -> float:
        """Learning rate: it rises in a line, stays, and falls in a line over the last steps.

        Source: Hu et al., MiniCPM, arXiv 2404.06395, section 4. Unlike with a cosine, no step
        before the fall depends on the number of steps, so that a run can be made longer.
        """
        rising = (step + 1) / self.warmup
        falling = (self.steps - step) / self.decay
        return self.rate * min(rising, 1.0, falling)

    def state(self, step: int) -> str:
        """All that the weights after a number of steps depend on."""
        fallen = step > self.steps - self.decay
        return json.dumps({**asdict(self), "steps": self.steps if fallen else None})


class Corpus:
    """Rows of tokens: those of a step depend on the seed and the step only."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self.tables = [CausalTables(load_spec(s), recipe.seed) for s in recipe.scenarios]
        book, held_out = chapters()
        self.tokenizer = self._tokenizer(book)
        self._start = self.tokenizer.token_to_id(_START)
        self._book = {"train": self._joined(book), "held-out": self._joined(held_out)}

    def _tokenizer(self, book: list[str]) -> Tokenizer:
        """A byte-level BPE tokenizer; scenarios and book have equal weight in its training."""
        draws = random(self.recipe.seed, "tokenizer")
        size, texts = sum(map(len, book)), list(book)
        for text in documents(self.tables, draws):
            texts.append(text)
            size -= len(text)
            if size < 0:
                break
        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(False)]
        )
        tokenizer.decoder = decoders.ByteLevel()
        trainer = trainers.BpeTrainer(
            vocab_size=self.recipe.vocabulary,
            special_tokens=[_START],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        )
        tokenizer.train_from_iterator(texts, trainer)
        return tokenizer

    def _joined(self, texts: list[str]) -> np.ndarray:
        found = self.tokenizer.encode_batch(texts)
        return np.concatenate([[self._start, *each.ids] for each in found])

    def rows(self, part: str, step: int) -> torch.Tensor:
        """Rows of one step, scenarios first; ``part`` is ``train`` or ``held-out``."""
        length = self.recipe.length(step) + 1
        books = self.recipe.books(step)
        draws = random(self.recipe.seed, part, step)
        texts = documents(self.tables, draws)
        rows = [self._packed(texts, length) for _ in range(self.recipe.rows(step) - books)]
        book = self._book[part]
        for begin in draws.integers(len(book) - length, size=books):
            rows.append(book[begin : begin + length])
        return torch.from_numpy(np.stack(rows))

    def _packed(self, texts: Iterator[str], length: int) -> np.ndarray:
        """Whole documents, each after a start token, up to a length."""
        row: list[int] = []
        while len(row) < length:
            row += [self._start, *self.tokenizer.encode(next(texts)).ids]
        return np.array(row[:length])


def new_model(recipe: Recipe) -> LlamaForCausalLM:
    """An untrained model of the recipe's shape, with heads of 64 as the packed engine wants."""
    torch.manual_seed(recipe.seed)
    heads = recipe.hidden // 64
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=recipe.vocabulary,
            hidden_size=recipe.hidden,
            intermediate_size=recipe.inner,
            num_hidden_layers=recipe.layers,
            num_attention_heads=heads,
            num_key_value_heads=heads // 3 or 1,
            head_dim=64,
            max_position_embeddings=recipe.window,
            tie_word_embeddings=True,
            bos_token_id=0,
            eos_token_id=0,
        )
    )


def train(
    recipe: Recipe, work: Path, *, stop_after: int | None = None, every: int = 50
) -> tuple[Corpus, Any]:
    """Train up to the last step, or to ``stop_after``; checkpoints go into the folder ``work``.

    Returns the corpus and the model.
    """
    corpus, model = Corpus(recipe), new_model(recipe)
    decayed = [p for p in model.parameters() if p.dim() > 1]
    others = [p for p in model.parameters() if p.dim() <= 1]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}],
        betas=(0.9, 0.95),
        fused=True,
    )
    checkpoint, first = work / "checkpoint.pt", 0
    if checkpoint.is_file():
        saved = torch.load(checkpoint, weights_only=True)
        if saved["state"] == recipe.state(saved["step"]):
            model.load_state_dict(saved["model"])
            optimizer.load_state_dict(saved["optimizer"])
            first = saved["step"]
            print(f"going on after step {first}", flush=True)
    begin, last = time.monotonic(), min(recipe.steps, stop_after or recipe.steps)
    for step in range(first, last):
        for group in optimizer.param_groups:
            group["lr"] = recipe.rate_at(step)
        loss = loss_of(model, corpus.rows("train", step))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        if (step + 1) % every == 0 or step + 1 == last:
            state = {
                "state": recipe.state(step + 1),
                "step": step + 1,
                "model": model.state_dict(),
                "optimizer": optimizer.state_dict(),
            }
            torch.save(state, checkpoint.with_suffix(".new"))
            os.replace(checkpoint.with_suffix(".new"), checkpoint)
            speed = (step + 1 - first) * recipe.tokens / (time.monotonic() - begin)
            left = (last - step - 1) * recipe.tokens / speed / 60
            print(
                f"step {step + 1} of {recipe.steps}: loss {loss.item():.3f}, "
                f"{speed:,.0f} tokens/s, {left:.0f} min left",
                flush=True,
            )
    return corpus, model


def loss_of(model: Any, rows: torch.Tensor) -> torch.Tensor:
    """Mean cross entropy of the next token, in nats, with products in bfloat16 if the CPU can."""
    capable = torch.cpu.get_capabilities()
    fast = bool(capable.get("avx512_bf16") or capable.get("amx_bf16"))
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=fast):
        logits = model(input_ids=rows[:, :-1]).logits
    return torch.nn.functional.cross_entropy(logits.float().flatten(0, 1), rows[:, 1:].flatten())


@torch.no_grad()
def held_out_losses(corpus: Corpus, model: Any, steps: int = 40) -> dict[str, float]:
    """Loss in nats a token on new scenario texts, and on chapters that were held out."""
    model.eval()
    losses = []
    for step in range(steps):
        if books := corpus.recipe.books(step):
            rows = corpus.rows("held-out", step)
            parts = rows[:-books], rows[-books:]
            losses.append([loss_of(model, part).item() for part in parts])
    scenarios, book = np.mean(losses, axis=0)
    return {"scenarios": float(scenarios), "book": float(book)}


def save(corpus: Corpus, model: Any, folder: Path) -> None:
    """Write the model and its tokenizer; the folder appears whole."""
    temporary = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(temporary, ignore_errors=True)
    model.save_pretrained(temporary)
    PreTrainedTokenizerFast(
        tokenizer_object=corpus.tokenizer,
        bos_token=_START,
        eos_token=_START,
        model_max_length=corpus.recipe.window,
        clean_up_tokenization_spaces=False,
    ).save_pretrained(temporary)
    shutil.rmtree(folder, ignore_errors=True)
    temporary.rename(folder)


def main() -> None:
    """Train the model of the recipe, print its held-out losses, and write it into the cache."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--steps", type=int, default=Recipe.steps, help="for trials")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    folder = EMBEDDED["scenario-5m"].folder()
    work = folder.with_name(f".{folder.name}.training")
    work.mkdir(parents=True, exist_ok=True)
    corpus, model = train(Recipe(steps=options.steps), work)
    losses = held_out_losses(corpus, model)
    print(", ".join(f"held-out loss on {k} {v:.3f}" for k, v in losses.items()))
    save(corpus, model, folder)
    print(f"{folder} is ready")


if __name__ == "__main__":
    main()
