"""Scoring through one packed forward pass at a time, over a shared key/value cache.

The tokens of many texts stand in one row; an attention function of our own, plugged into the
model's layers through the attention interface of ``transformers``, lets each token see its own
ancestors in the trie and nothing else (as in RadixAttention: Zheng et al., SGLang, 2024).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np
import torch
from transformers import AttentionInterface
from transformers.masking_utils import AttentionMaskInterface

from sdscm.errors import InputError
from sdscm.lm.plan import Bucket, Job, Plan, PlanBuilder
from sdscm.lm.tokens import ChoiceTokens
from sdscm.lm.trie import TokenTrie

ATTENTION = "sdscm_packed"


class UnsupportedModelError(Exception):
    """The model's attention cannot be packed; it must be scored the plain way."""


class _Cache:
    """Keys and values of the tokens in the slots, one tensor of (heads, slots, size) a layer."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.layers: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}

    def write(
        self, layer: int, slots: torch.Tensor, key: torch.Tensor, value: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        if layer not in self.layers:
            self.layers[layer] = tuple(  # type: ignore[assignment]
                new.new_empty(new.shape[0], self.capacity, new.shape[2]) for new in (key, value)
            )
        keys, values = self.layers[layer]
        keys[:, slots] = key[:, : len(slots)]
        values[:, slots] = value[:, : len(slots)]
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
        tokens, shared, heads // shared, values.shape[2], dtype=query.dtype, device=query.device
    )
    for bucket in plan.buckets:
        places = bucket.queries.view(-1)[bucket.rows]
        output[places] = _attend(bucket, grouped, keys, values)[bucket.rows]
    return output.view(1, tokens, heads, values.shape[2]), None


def _attend(
    bucket: Bucket, query: torch.Tensor, keys: torch.Tensor, values: torch.Tensor
) -> torch.Tensor:
    """Attention of one bucket: (G * Q, key/value heads, queries a head, size)."""
    shared, repeat, _, size = query.shape
    n, rows = bucket.queries.shape
    q = query[:, :, bucket.queries.view(-1)].view(shared, repeat, n, rows, size)
    q = q.transpose(1, 2).reshape(shared * n, repeat * rows, size)
    scores = []
    for slots, blind in bucket.chunks:
        k = keys[:, slots.view(-1)].view(shared * n, slots.shape[1], size)
        s = torch.bmm(q, k.transpose(1, 2))
        s.view(shared, n, repeat, rows, -1).masked_fill_(blind[None, :, None], float("-inf"))
        scores.append(s)
    highest = scores[0].amax(-1, keepdim=True)
    for s in scores[1:]:
        highest = torch.maximum(highest, s.amax(-1, keepdim=True))
    total: torch.Tensor | None = None
    for s, (slots, _) in zip(scores, bucket.chunks, strict=True):
        weights = s.sub_(highest).exp_()
        v = values[:, slots.view(-1)].view(shared * n, slots.shape[1], -1)
        # A column of ones makes the normaliser a part of the same product, whose order of
        # summation does not depend on where blind keys stand.
        v = torch.cat([v, v.new_ones(*v.shape[:2], 16)], dim=-1)
        part = torch.bmm(weights, v)
        total = part if total is None else total + part
    assert total is not None
    size = total.shape[-1] - 16
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


class PackedScorer:
    """Scores choices with a shared key/value cache.

    Parameters
    ----------
    model
        A causal language model of ``transformers`` in evaluation mode.
    memory
        Bytes that the key/value cache may take.
    batch_tokens
        New tokens in one forward pass, about.
    """

    def __init__(self, model: Any, memory: int = 2 * 2**30, batch_tokens: int = 1024) -> None:
        self._model = model
        self._memory = memory
        self._batch_tokens = batch_tokens
        self._trie: TokenTrie | None = None
        self._cache: _Cache | None = None
        self._tick = 0
        self.tokens = 0

    def score(
        self, choices: Sequence[ChoiceTokens], progress: Callable[[int], None] | None = None
    ) -> list[list[np.ndarray]]:
        """Log-probability of each scored token: for each choice, one array a candidate.

        Raises
        ------
        UnsupportedModelError
            If the model's attention cannot be packed.
        """
        results: list[list[np.ndarray]] = [[] for _ in choices]
        order = sorted(range(len(choices)), key=lambda i: choices[i].context)
        with attention_of(self._model, ATTENTION), torch.inference_mode():
            trie, cache = self._room()
            if trie.size > 8 * trie.capacity:
                trie.clear()
            done = 0
            while done < len(order):
                self._tick += 1
                builder = PlanBuilder(trie, self._tick, self._model.device)
                batch: list[int] = []
                while done < len(order) and len(builder) < self._batch_tokens:
                    tokens = choices[order[done]]
                    if batch and builder.held + tokens.size > trie.capacity:
                        break
                    builder.add(Job.of(tokens, trie))
                    batch.append(order[done])
                    done += 1
                for index, found in zip(batch, self._run(builder, cache), strict=True):
                    results[index] = found
                if progress is not None:
                    progress(len(batch))
        return results

    def _room(self) -> tuple[TokenTrie, _Cache]:
        """The trie and its cache, made at the first use, once a token's size is known."""
        if self._trie is None or self._cache is None:
            capacity = max(self._memory // _token_bytes(self._model), 2 * self._batch_tokens)
            self._trie, self._cache = TokenTrie(capacity), _Cache(capacity)
        return self._trie, self._cache

    def _run(self, builder: PlanBuilder, cache: _Cache) -> list[list[np.ndarray]]:
        try:
            plan = builder.build()
        except MemoryError as error:
            raise InputError(f"{error}; allow it more memory") from None
        self.tokens += len(builder)
        token = _ACTIVE.set((plan, cache))
        try:
            hidden = self._model.base_model(
                input_ids=plan.tokens[None], position_ids=plan.positions[None], use_cache=False
            ).last_hidden_state[0]
        except BaseException:
            if self._trie is not None:
                self._trie.clear()  # its slots are given away, but not filled
            raise
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
        step = 256
        for begin in range(0, len(hidden), step):
            begin = min(begin, max(len(hidden) - 16, 0))
            part = slice(begin, min(begin + step, len(hidden)))
            logits = head(hidden[part]).float()
            inside = np.flatnonzero((rows >= part.start) & (rows < part.stop))
            picked = logits[
                torch.from_numpy(rows[inside] - begin), torch.from_numpy(targets[inside])
            ]
            normaliser = torch.logsumexp(logits, dim=-1)[torch.from_numpy(rows[inside] - begin)]
            found[inside] = (picked - normaliser).double().cpu().numpy()
        return found


def _token_bytes(model: Any) -> int:
    """Size of one token's keys and values."""
    config = model.config.get_text_config()
    heads = config.num_attention_heads
    size = getattr(config, "head_dim", None) or config.hidden_size // heads
    shared = getattr(config, "num_key_value_heads", None) or heads
    width = torch.finfo(model.dtype).bits // 8
    return int(2 * config.num_hidden_layers * shared * size * width)
