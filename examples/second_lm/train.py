"""Train the second embedded language model: ``make second-lm``.

A run that was stopped goes on from its last checkpoint. The model is written into the user's cache.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from corpus import CausalTables, Document, chapters, documents, random
from recipe import Recipe
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from sdscm import load_spec
from sdscm.lm.backends.embedded import EMBEDDED

_START = "<|endoftext|>"


class Corpus:
    """Rows of tokens: those of a step depend on the seed and the step only."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self.tables = [CausalTables(load_spec(s), recipe.seed) for s in recipe.scenarios]
        book, held_out = chapters()
        self.tokenizer = self._tokenizer(book)
        self._start = self.tokenizer.token_to_id(_START)
        self._book = {"train": self._joined(book), "held-out": self._joined(held_out)}

    @property
    def fingerprint(self) -> str:
        """Hash of the scenarios and the tokenizer: other texts begin another training."""
        specs = [load_spec(name).content_hash for name in self.recipe.scenarios]
        content = json.dumps([specs, self.tokenizer.to_str()])
        return hashlib.blake2b(content.encode(), digest_size=16).hexdigest()

    def _tokenizer(self, book: list[str]) -> Tokenizer:
        """A byte-level BPE tokenizer; scenarios and book have equal weight in its training."""
        draws = random(self.recipe.seed, "tokenizer")
        size, texts = sum(map(len, book)), list(book)
        for document in documents(self.tables, draws):
            texts.append(document.text)
            size -= len(document.text)
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

    def rows(self, part: str, step: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Rows of one step, scenarios first, and which of their tokens belong to a value.

        ``part`` is ``train`` or ``held-out``. Values are those that the text before helps to
        predict.
        """
        length = self.recipe.length(step) + 1
        books = self.recipe.books(step)
        draws = random(self.recipe.seed, part, step)
        texts = documents(self.tables, draws, step >= self.recipe.effects_from)
        rows = [self._packed(texts, length) for _ in range(self.recipe.rows(step) - books)]
        book = self._book[part]
        for begin in draws.integers(len(book) - length, size=books):
            tokens = book[begin : begin + length]
            rows.append(np.stack([tokens, np.zeros_like(tokens)]))
        tokens, values = torch.from_numpy(np.stack(rows, axis=1))
        return tokens, values.bool()

    def _packed(self, texts: Iterator[Document], length: int) -> np.ndarray:
        """Whole documents, each after a start token, up to a length; and the marks of values."""
        tokens: list[int] = []
        values: list[bool] = []
        while len(tokens) < length:
            document = next(texts)
            found = self.tokenizer.encode(document.text)
            tokens += [self._start, *found.ids]
            values.append(False)
            for left, right in found.offsets:
                values.append(any(left < end and begin < right for begin, end in document.spans))
        return np.array([tokens[:length], values[:length]])


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
        same_texts = saved.get("texts") == corpus.fingerprint
        if same_texts and saved["state"] == recipe.state(saved["step"]):
            model.load_state_dict(saved["model"])
            optimizer.load_state_dict(saved["optimizer"])
            first = saved["step"]
            print(f"going on after step {first}", flush=True)
    begin, last = time.monotonic(), min(recipe.steps, stop_after or recipe.steps)
    for step in range(first, last):
        for group in optimizer.param_groups:
            group["lr"] = recipe.rate_at(step)
        tokens, values = corpus.rows("train", step)
        weights = 1.0 + values[:, 1:] * (recipe.value_weight(step) - 1)
        loss = (losses_of(model, tokens) * weights).sum() / weights.sum()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        if (step + 1) % every == 0 or step + 1 == last:
            state = {
                "state": recipe.state(step + 1),
                "texts": corpus.fingerprint,
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


def losses_of(model: Any, tokens: torch.Tensor) -> torch.Tensor:
    """Cross entropy of each next token, in nats, with products in bfloat16 if the CPU can."""
    capable = torch.cpu.get_capabilities()
    fast = bool(capable.get("avx512_bf16") or capable.get("amx_bf16"))
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=fast):
        logits = model(input_ids=tokens[:, :-1]).logits
    return torch.nn.functional.cross_entropy(
        logits.float().transpose(1, 2), tokens[:, 1:], reduction="none"
    )


@torch.no_grad()
def held_out_losses(corpus: Corpus, model: Any, steps: int = 40) -> dict[str, float]:
    """Loss in nats a token on new scenario texts, their values, and chapters held out."""
    model.eval()
    found: dict[str, list[torch.Tensor]] = {"scenarios": [], "values": [], "book": []}
    for step in range(steps):
        if books := corpus.recipe.books(step):
            tokens, values = corpus.rows("held-out", step)
            losses = losses_of(model, tokens)
            found["scenarios"].append(losses[:-books].flatten())
            found["values"].append(losses[values[:, 1:]])
            found["book"].append(losses[-books:].flatten())
    return {name: torch.cat(each).mean().item() for name, each in found.items()}


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
