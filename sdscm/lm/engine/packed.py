"""Score choices with packed forward passes over one shared key/value cache."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import psutil
import torch

from sdscm.lm.engine.attention import (
    ATTENTION,
    KeyValueCache,
    UnsupportedModelError,
    attention_of,
    input_device,
    is_offloaded,
    token_bytes,
)
from sdscm.lm.engine.passes import Passes, Sizes
from sdscm.lm.engine.tokens import ChoiceTokens
from sdscm.lm.engine.trie import TokenTrie
from sdscm.lm.engine.weights import PackedWeights

# Number of choices whose passes are planned together.
_AT_ONCE = 4096


def _check_positions(model: Any) -> None:
    """Raise an UnsupportedModelError if rotary angles depend on the length of the text.

    Texts of different lengths share a pass and the cache.
    """
    kinds = {"longrope", "dynamic"} & set(_rope_kinds(model.config.to_dict()))
    if kinds:
        raise UnsupportedModelError(f"its rotary positions are '{min(kinds)}'")


def _rope_kinds(config: Any) -> Iterator[str]:
    """The names of all rotary embeddings in a nested configuration."""
    if isinstance(config, dict):
        if isinstance(config.get("rope_type"), str):
            yield config["rope_type"]
        for inner in config.values():
            yield from _rope_kinds(inner)


class PackedScorer:
    """Scores choices with a shared key/value cache.

    A choice that is too large for the cache or for one pass is split by candidates. A candidate
    that alone is longer than the cache is computed from its first token, in a pass that holds the
    keys and values of one layer at a time. Splitting changes no bit of a score on the same machine
    (see docs/explanation/performance.md for the processors where this holds).

    Parameters
    ----------
    model
        A causal language model of ``transformers`` in evaluation mode.
    memory
        Bytes for the key/value cache; by default `default_memory`.
    batch_tokens
        Approximate number of new tokens in one forward pass; by default those of `Sizes`.
    workers
        Number of passes that run side by side, each with a share of the threads; by default
        `default_workers`.

    Raises
    ------
    UnsupportedModelError
        If the model's positions cannot be packed.
    """

    #: What computes the passes, and with them one result for each candidate.
    passes = Passes

    def __init__(
        self,
        model: Any,
        memory: int | None = None,
        batch_tokens: int | None = None,
        workers: int | None = None,
    ) -> None:
        _check_positions(model)
        self._model = model
        self._memory = default_memory(input_device(model)) if memory is None else memory
        self._batch_tokens = batch_tokens or Sizes.of(input_device(model)).batch
        self._workers = workers
        self._weights = PackedWeights(model)
        self._trie: TokenTrie | None = None
        self._cache: KeyValueCache | None = None
        self.tokens = 0

    def score(self, choices: Sequence[ChoiceTokens]) -> list[list[np.ndarray]]:
        """Log-probabilities of the scored tokens: for each choice, one array for each candidate.

        Raises
        ------
        UnsupportedModelError
            If the model's attention cannot be packed.
        """
        workers = self._workers or default_workers(self._model)
        parts, owners = self._cut(choices)
        results: list[list[np.ndarray]] = [[] for _ in choices]
        with attention_of(self._model, ATTENTION), self._weights.in_use():
            # Sorted by context: neighbours share a beginning and a pass.
            order = sorted(range(len(parts)), key=lambda i: parts[i].context)
            fits = [i for i in order if parts[i].size <= self._capacity]
            large = [i for i in order if parts[i].size > self._capacity]
            found: dict[int, list[np.ndarray]] = {}
            for begin in range(0, len(fits), _AT_ONCE):
                places = fits[begin : begin + _AT_ONCE]
                scores = self._pass([parts[i] for i in places], *self._room(), workers)
                found.update(zip(places, scores, strict=True))
            for i in large:
                size = parts[i].size
                alone = TokenTrie(size), KeyValueCache(size, one_layer=True)
                found[i] = self._pass([parts[i]], *alone, 1)[0]
        for i, owner in enumerate(owners):
            results[owner] += found[i]
        return results

    def _pass(
        self, choices: list[ChoiceTokens], trie: TokenTrie, cache: KeyValueCache, workers: int
    ) -> list[list[np.ndarray]]:
        passes = self.passes(self._model, trie, cache, choices, self._batch_tokens, workers)
        try:
            found = passes.run()
        except BaseException:
            # Some slots are allocated but not filled, and after a second interrupt other passes may
            # still write to the cache.
            self._trie = self._cache = None
            raise
        self.tokens += passes.tokens
        return found

    def _cut(self, choices: Sequence[ChoiceTokens]) -> tuple[list[ChoiceTokens], list[int]]:
        """Parts of choices that fit into a pass, and the position of each part's choice."""
        parts: list[ChoiceTokens] = []
        owners: list[int] = []
        for place, choice in enumerate(choices):
            context = len(choice.context)
            if choice.size <= self._capacity and choice.size - context <= self._batch_tokens:
                cut = [choice]
            else:
                # Half of the cache, so that two passes fit side by side.
                cut = choice.cut(min(self._batch_tokens, self._capacity // 2 - context))
            parts += cut
            owners += [place] * len(cut)
        return parts, owners

    @cached_property
    def _capacity(self) -> int:
        """Number of slots of the cache."""
        return self._memory // token_bytes(self._model)

    def _room(self) -> tuple[TokenTrie, KeyValueCache]:
        """The trie and its cache, created at the first use."""
        if self._trie is None or self._cache is None:
            self._trie, self._cache = TokenTrie(self._capacity), KeyValueCache(self._capacity)
        if self._trie.size > 8 * self._trie.capacity:
            self._trie.clear()
        return self._trie, self._cache


def default_workers(model: Any) -> int:
    """Number of passes that run side by side.

    On a CPU one for each thread, up to eight, since threads that share a pass wait for each other.
    Elsewhere two: the host plans one pass while the device computes the other.
    """
    if is_offloaded(model):
        return 1
    return min(torch.get_num_threads(), 8) if input_device(model).type == "cpu" else 2


def default_memory(device: torch.device) -> int:
    """A quarter of the memory, at most 4 GiB; on a CUDA device a quarter of its free memory."""
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        return int(free // 4)
    return int(min(4 * 2**30, psutil.virtual_memory().total // 4))
