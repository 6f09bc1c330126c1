"""Scoring through one packed forward pass at a time, over a shared key/value cache.

The tokens of many texts stand in one row; an attention function of our own, plugged into the
model's layers through the attention interface of ``transformers``, lets each token see its own
ancestors in the trie and nothing else (as in RadixAttention: Zheng et al., SGLang, 2024).
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cached_property
from typing import Any

import numpy as np
import psutil
import torch
from transformers import AttentionInterface
from transformers.masking_utils import AttentionMaskInterface

from sdscm.lm.engine.group import ROWS
from sdscm.lm.engine.plan import Bucket, Job, Plan, PlanBuilder
from sdscm.lm.engine.tokens import ChoiceTokens
from sdscm.lm.engine.trie import TokenTrie

ATTENTION = "sdscm_packed"
# A smaller pass costs more a token.
_LEAST_BATCH = 192
# Rows of logits that are computed at once, and that stay in a processor's cache while summed.
_HEAD_ROWS = 128
_SUMMED_ROWS = 8
# Powers are of 2, not of e: torch computes them several times as fast on a CPU.
_LOG2E = math.log2(math.e)
# Choices whose passes are planned together.
_AT_ONCE = 4096


class UnsupportedModelError(Exception):
    """The model's attention cannot be packed; it must be scored the plain way."""


# Columns of ones behind the values: the normaliser of the attention is then a part of the same
# product, whose order of summation does not depend on where keys stand that are not seen.
_ONES = 16


class _Cache:
    """Keys and values of the tokens in the slots, one tensor of (heads, slots, size) a layer.

    With ``one_layer`` those of a layer are given up where the next one begins: enough for a pass
    that computes all that it reads.
    """

    def __init__(self, capacity: int, one_layer: bool = False) -> None:
        self.capacity = capacity
        self._one_layer = one_layer
        self.layers: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}
        self._lock = threading.Lock()

    def write(
        self, layer: int, slots: torch.Tensor, key: torch.Tensor, value: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Write the first of the keys and values to the slots; all keys, all values and ones."""
        with self._lock:
            if layer not in self.layers:
                if self._one_layer:
                    self.layers.clear()
                heads, _, size = value.shape
                self.layers[layer] = (
                    key.new_empty(heads, self.capacity, key.shape[2]),
                    value.new_empty(heads, self.capacity, size + _ONES),
                )
                # Padding reads it, in a pass that may overtake the one that first writes to it.
                for each in self.layers[layer]:
                    each[:, 0] = 0
        keys, values = self.layers[layer]
        keys[:, slots] = key[:, : len(slots)]
        values[:, slots] = torch.nn.functional.pad(value[:, : len(slots)], (0, _ONES), value=1)
        return keys, values


_ACTIVE: ContextVar[tuple[Plan, _Cache] | None] = ContextVar("sdscm_packed_plan", default=None)


def _attention(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    **options: Any,
) -> tuple[torch.Tensor, None]:
    """Attention over the trie; (1, heads, M, size) in, (1, M, heads, size) out."""
    active = _ACTIVE.get()
    if active is None:
        raise RuntimeError("packed attention was called outside of a packed pass")
    for name in ("sliding_window", "softcap", "s_aux", "position_bias", "alibi"):
        if options.get(name) is not None:
            raise UnsupportedModelError(f"its attention uses {name}")
    layer = getattr(module, "layer_idx", None)
    if layer is None or query.shape[0] != 1:
        raise UnsupportedModelError("its attention layers have no index")
    plan, cache = active
    keys, values = cache.write(layer, plan.slots, key[0], value[0])
    heads, tokens, size = query[0].shape
    shared = keys.shape[0]
    scale = size**-0.5 if scaling is None else scaling
    grouped = (query[0] * scale).view(shared, heads // shared, tokens, size)
    output = torch.zeros(
        tokens, shared, heads // shared, value.shape[3], dtype=query.dtype, device=query.device
    )
    for bucket in plan.buckets:
        places = bucket.queries.view(-1)[bucket.rows]
        output[places] = _attend(bucket, grouped, keys, values)[bucket.rows]
    return output.view(1, tokens, heads, value.shape[3]), None


def _attend(
    bucket: Bucket, query: torch.Tensor, keys: torch.Tensor, values: torch.Tensor
) -> torch.Tensor:
    """Attention of one bucket: (G * Q, key/value heads, queries a head, size)."""
    shared, repeat, _, size = query.shape
    n, rows = bucket.queries.shape
    q = query.index_select(2, bucket.queries.view(-1)).view(shared, repeat, n, rows, size)
    q = q.transpose(1, 2).reshape(shared * n, repeat * rows, size)
    scores = []
    for slots, mask in bucket.chunks:
        k = keys.index_select(1, slots).view(shared * n, -1, size)
        s = torch.bmm(q, k.transpose(1, 2))
        s.view(shared, n, repeat, rows, -1).add_(mask[None, :, None])
        scores.append(s)
    highest = scores[0].amax(-1, keepdim=True)
    for s in scores[1:]:
        highest = torch.maximum(highest, s.amax(-1, keepdim=True))
    total: torch.Tensor | None = None
    for s, (slots, _) in zip(scores, bucket.chunks, strict=True):
        weights = s.sub_(highest).mul_(_LOG2E).exp2_()
        v = values.index_select(1, slots).view(shared * n, -1, values.shape[2])
        part = torch.bmm(weights, v)
        total = part if total is None else total.add_(part)
    assert total is not None
    size = total.shape[-1] - _ONES
    mixed = total[..., :size] / total[..., size : size + 1]
    return mixed.view(shared, n, repeat, rows, size).permute(1, 3, 0, 2, 4).flatten(0, 1)


AttentionInterface.register(ATTENTION, _attention)
AttentionMaskInterface.register(ATTENTION, lambda *args, **options: None)


@contextmanager
def attention_of(model: Any, name: str) -> Iterator[None]:
    """Use one attention implementation of a model for a while."""
    before = model.config._attn_implementation
    try:
        model.set_attn_implementation(name)
    except (ValueError, NotImplementedError) as error:
        raise UnsupportedModelError(str(error).splitlines()[0]) from None
    try:
        yield
    finally:
        model.set_attn_implementation(before)


def _check_positions(model: Any) -> None:
    """An UnsupportedModelError if the angles of its positions depend on the length of the text.

    The texts of a pass, and those that share a beginning in the cache, have many lengths.
    """
    kinds = {"longrope", "dynamic"} & set(_rope_kinds(model.config.to_dict()))
    if kinds:
        raise UnsupportedModelError(f"its rotary positions are '{min(kinds)}'")


def _rope_kinds(config: Any) -> Iterator[str]:
    """The names of the rotary embeddings in a configuration, however deep they stand in it."""
    if isinstance(config, dict):
        if isinstance(config.get("rope_type"), str):
            yield config["rope_type"]
        for inner in config.values():
            yield from _rope_kinds(inner)


class PackedScorer:
    """Scores choices with a shared key/value cache.

    A choice whose texts are too many for the cache, or for one pass, is cut into several with some
    of its candidates each. A candidate whose text alone is longer than the cache is recomputed from
    its first token in a pass that holds the keys and values of one layer at a time. No cut changes
    a bit of a score.

    Parameters
    ----------
    model
        A causal language model of ``transformers`` in evaluation mode.
    memory
        Bytes that the key/value cache may take, by default what `default_memory` gives.
    batch_tokens
        New tokens in one forward pass, about.
    workers
        Passes that run side by side, each with its share of the threads; by default one for each
        thread of a CPU, up to eight, since threads that share a pass wait for each other.

    Raises
    ------
    UnsupportedModelError
        If the model's positions cannot be packed.
    """

    def __init__(
        self,
        model: Any,
        memory: int | None = None,
        batch_tokens: int = 1024,
        workers: int | None = None,
    ) -> None:
        _check_positions(model)
        self._model = model
        self._memory = default_memory(model.device) if memory is None else memory
        self._batch_tokens = batch_tokens
        self._workers = workers
        self._trie: TokenTrie | None = None
        self._cache: _Cache | None = None
        self.tokens = 0

    def score(self, choices: Sequence[ChoiceTokens]) -> list[list[np.ndarray]]:
        """Log-probability of each scored token: for each choice, one array a candidate.

        Raises
        ------
        UnsupportedModelError
            If the model's attention cannot be packed.
        """
        workers = self._workers or (
            min(torch.get_num_threads(), 8) if self._model.device.type == "cpu" else 1
        )
        parts, owners = self._cut(choices)
        results: list[list[np.ndarray]] = [[] for _ in choices]
        with attention_of(self._model, ATTENTION):
            # Neighbours share a beginning, and so a pass.
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
                alone = TokenTrie(size), _Cache(size, one_layer=True)
                found[i] = self._pass([parts[i]], *alone, 1)[0]
        for i, owner in enumerate(owners):
            results[owner] += found[i]
        return results

    def _pass(
        self, choices: list[ChoiceTokens], trie: TokenTrie, cache: _Cache, workers: int
    ) -> list[list[np.ndarray]]:
        passes = _Passes(self._model, trie, cache, choices, self._batch_tokens, workers)
        try:
            found = passes.run()
        except BaseException:
            # Slots are given away, but not filled; and after a second interrupt passes may
            # still write to the cache.
            self._trie = self._cache = None
            raise
        self.tokens += passes.tokens
        return found

    def _cut(self, choices: Sequence[ChoiceTokens]) -> tuple[list[ChoiceTokens], list[int]]:
        """Choices of which each is small enough for a pass, and where each of them comes from."""
        parts: list[ChoiceTokens] = []
        owners: list[int] = []
        for place, choice in enumerate(choices):
            behind = len(choice.context)
            if choice.size <= self._capacity and choice.size - behind <= self._batch_tokens:
                cut = [choice]
            else:
                # Of half a cache, so that two passes fit side by side.
                cut = choice.cut(min(self._batch_tokens, self._capacity // 2 - behind))
            parts += cut
            owners += [place] * len(cut)
        return parts, owners

    @cached_property
    def _capacity(self) -> int:
        """Slots of the cache."""
        return self._memory // token_bytes(self._model)

    def _room(self) -> tuple[TokenTrie, _Cache]:
        """The trie and its cache, made at the first use."""
        if self._trie is None or self._cache is None:
            self._trie, self._cache = TokenTrie(self._capacity), _Cache(self._capacity)
        if self._trie.size > 8 * self._trie.capacity:
            self._trie.clear()
        return self._trie, self._cache


class _Passes:
    """Choices on their way through the model, one pass after the other, some side by side.

    A pass that needs a token which another one is just computing computes it, too, into the same
    slot: the bits are the same.
    """

    def __init__(
        self,
        model: Any,
        trie: TokenTrie,
        cache: _Cache,
        choices: Sequence[ChoiceTokens],
        batch_tokens: int,
        workers: int,
    ) -> None:
        self._model = model
        self._trie = trie
        self._cache = cache
        self._workers = workers
        self._turn = threading.Lock()  # held by the worker that plans
        self._changed = threading.Condition()  # guards what follows
        self._running: set[int] = set()
        self._stopped = False
        self._next = 0
        self._results: list[list[np.ndarray]] = [[] for _ in choices]
        self.tokens = 0
        trie.begin_wave()
        self._jobs = [Job.of(choice, trie) for choice in choices]
        self._left = sum(job.missing for job in self._jobs)
        self._batch_tokens = batch_tokens

    def run(self) -> list[list[np.ndarray]]:
        """Score all choices."""
        if self._workers == 1:
            self._work()
            return self._results
        threads = torch.get_num_threads()

        def work() -> None:
            torch.set_num_threads(max(threads // self._workers, 1))
            self._work()

        try:
            with ThreadPoolExecutor(self._workers) as pool:
                try:
                    for future in [pool.submit(work) for _ in range(self._workers)]:
                        future.result()
                finally:
                    self._stop()
        finally:
            torch.set_num_threads(threads)
        return self._results

    def _work(self) -> None:
        """Take choices and score them, until none is left."""
        try:
            with torch.inference_mode():
                while (taken := self._take()) is not None:
                    builder, plan, first = taken
                    found = self._forward(builder, plan)
                    self._results[first : first + len(found)] = found
                    self._finish(builder)
        except BaseException:
            self._stop()
            raise

    def _stop(self) -> None:
        """Let no pass begin, and none wait for slots that nobody will give back."""
        with self._changed:
            self._stopped = True
            self._changed.notify()

    def _take(self) -> tuple[PlanBuilder, Plan, int] | None:
        """The next pass, and the place of its first choice; None where nothing is left."""
        with self._turn, self._changed:
            if self._stopped or self._next == len(self._jobs):
                return None
            first, tick = self._next, self._trie.next_tick()
            self._running.add(tick)
            heads, shared, _ = _attention_shape(self._model)
            builder = PlanBuilder(
                self._trie, tick, heads // shared, self._model.device, self._model.dtype
            )
            room = self._trie.capacity // self._workers
            # Ever smaller passes, so that the workers end together.
            parts = 1 if self._workers == 1 else 2 * self._workers
            batch = min(max(self._left // parts, _LEAST_BATCH), self._batch_tokens)
            while self._next < len(self._jobs) and len(builder) < batch:
                job = self._jobs[self._next]
                if builder.jobs and builder.held + job.tokens.size > room:
                    break
                self._left -= job.missing
                builder.add(job)
                self._next += 1
            while not self._stopped:
                try:
                    return builder, builder.build(min(self._running)), first
                except MemoryError:
                    if len(self._running) == 1:
                        raise
                    self._changed.wait()  # for the slots of the others
            return None

    def _finish(self, builder: PlanBuilder) -> None:
        with self._changed:
            for node in builder.queries:
                node.filled = True
            self._running.discard(builder.tick)
            self.tokens += len(builder)
            self._changed.notify()

    def _forward(self, builder: PlanBuilder, plan: Plan) -> list[list[np.ndarray]]:
        token = _ACTIVE.set((plan, self._cache))
        try:
            hidden = self._model.base_model(
                input_ids=plan.tokens[None], position_ids=plan.positions[None], use_cache=False
            ).last_hidden_state[0]
        finally:
            _ACTIVE.reset(token)
        wanted = [[job.scored(i) for i in range(len(job.branches))] for job in builder.jobs]
        flat = [pair for job in wanted for scored in job for pair in scored]
        rows = np.array([plan.rows[node] for node, _ in flat])
        targets = np.array([target for _, target in flat])
        values = iter(self._log_probabilities(hidden[plan.outputs], rows, targets))
        return [[np.array([next(values) for _ in scored]) for scored in job] for job in wanted]

    def _log_probabilities(
        self, hidden: torch.Tensor, rows: np.ndarray, targets: np.ndarray
    ) -> np.ndarray:
        """Log-probability of each target after the text of its row."""
        head = self._model.get_output_embeddings()
        found = np.empty(len(rows))
        for begin in range(0, len(hidden), _HEAD_ROWS):
            begin = min(begin, max(len(hidden) - ROWS, 0))
            part = slice(begin, min(begin + _HEAD_ROWS, len(hidden)))
            logits = head(hidden[part])
            inside = np.flatnonzero((rows >= part.start) & (rows < part.stop))
            places = torch.from_numpy(rows[inside] - begin)
            picked = logits[places, torch.from_numpy(targets[inside])].float()
            found[inside] = (picked - _log_sum_exp(logits)[places]).double().cpu().numpy()
        return found


def _log_sum_exp(logits: torch.Tensor) -> torch.Tensor:
    """Logarithm of the sum of the exponentials of each row, in float32; see `_LOG2E`."""
    sums = []
    for rows in logits.split(_SUMMED_ROWS):
        rows = rows.float()
        highest = rows.amax(-1, keepdim=True)
        total = rows.sub(highest).mul_(_LOG2E).exp2_().sum(-1)
        sums.append(total.log_().add_(highest[:, 0]))
    return torch.cat(sums)


def default_memory(device: torch.device) -> int:
    """A quarter of the machine's memory, at most 4 GiB; on a CUDA device of what is free there."""
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        return int(free // 4)
    return int(min(4 * 2**30, psutil.virtual_memory().total // 4))


def _attention_shape(model: Any) -> tuple[int, int, int]:
    """Heads, heads of the keys and values, and their size."""
    config = model.config.get_text_config()
    heads = config.num_attention_heads
    shared = getattr(config, "num_key_value_heads", None) or heads
    return heads, shared, getattr(config, "head_dim", None) or config.hidden_size // heads


def token_bytes(model: Any) -> int:
    """Size of one token's keys and values."""
    _, shared, size = _attention_shape(model)
    layers = model.config.get_text_config().num_hidden_layers
    return int((2 * size + _ONES) * layers * shared * torch.finfo(model.dtype).bits // 8)
