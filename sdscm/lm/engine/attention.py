"""Attention over a trie of tokens, with one key/value cache for many texts.

The tokens of many texts are in one row. This attention function, registered in the attention
interface of ``transformers``, lets each token attend to its ancestors in the trie only (as in
RadixAttention: Zheng et al., SGLang, 2024).
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import torch
from transformers import AttentionInterface
from transformers.masking_utils import AttentionMaskInterface

from sdscm.lm.engine.plan import Bucket, PassPlan

ATTENTION = "sdscm_packed"
# Exponentials use base 2: torch computes them several times as fast as base e on a CPU.
LOG2E = math.log2(math.e)


class UnsupportedModelError(Exception):
    """The model cannot be scored with packed passes; plain passes are needed."""


# Columns of ones after the values: the same product then gives the normaliser of the attention, and
# its order of summation does not depend on the positions of masked keys.
_ONES = 16


class KeyValueCache:
    """Keys and values of the cached tokens: for each layer, tensors of shape (heads, slots, size).

    With ``one_layer`` only the current layer is kept. This is enough for a pass that computes all
    tokens that it reads.
    """

    def __init__(self, capacity: int, one_layer: bool = False) -> None:
        self.capacity = capacity
        self._one_layer = one_layer
        self.layers: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}
        self._lock = threading.Lock()

    def write(
        self, layer: int, slots: torch.Tensor, key: torch.Tensor, value: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Write keys and values to the slots; return all keys, and all values with the ones."""
        with self._lock:
            if layer not in self.layers:
                if self._one_layer:
                    self.layers.clear()
                heads, _, size = value.shape
                self.layers[layer] = (
                    key.new_empty(heads, self.capacity, key.shape[2]),
                    value.new_empty(heads, self.capacity, size + _ONES),
                )
                # Padding reads slot 0, possibly before any pass has written to it.
                for each in self.layers[layer]:
                    each[:, 0] = 0
        keys, values = self.layers[layer]
        keys[:, slots] = key[:, : len(slots)]
        values[:, slots] = torch.nn.functional.pad(value[:, : len(slots)], (0, _ONES), value=1)
        return keys, values


class ActivePass:
    """A pass with its cache. Layers on several devices each read the plan on their own."""

    def __init__(self, plan: PassPlan, cache: KeyValueCache) -> None:
        self.cache = cache
        self._plan = plan
        self._plans: dict[torch.device, PassPlan] = {}

    def plan(self, device: torch.device) -> PassPlan:
        """The plan on a device."""
        if device not in self._plans:
            self._plans[device] = self._plan.on(device)
        return self._plans[device]


_ACTIVE: ContextVar[ActivePass | None] = ContextVar("packed_pass", default=None)


def _attention(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    **options: Any,
) -> tuple[torch.Tensor, None]:
    """Attention over the trie, from shape (1, heads, M, size) to shape (1, M, heads, size)."""
    active = _ACTIVE.get()
    if active is None:
        raise RuntimeError("packed attention was called outside a packed pass")
    for name in ("sliding_window", "softcap", "s_aux", "position_bias", "alibi"):
        if options.get(name) is not None:
            raise UnsupportedModelError(f"its attention uses {name}")
    layer = getattr(module, "layer_idx", None)
    if layer is None or query.shape[0] != 1:
        raise UnsupportedModelError("its attention layers have no index")
    plan = active.plan(query.device)
    keys, values = active.cache.write(layer, plan.slots, key[0], value[0])
    heads, tokens, size = query[0].shape
    shared = keys.shape[0]
    scale = size**-0.5 if scaling is None else scaling
    grouped = (query[0] * scale).view(shared, heads // shared, tokens, size)
    output = torch.zeros(
        tokens, shared, heads // shared, value.shape[3], dtype=query.dtype, device=query.device
    )
    for bucket in plan.buckets:
        output[bucket.places] = _attend(bucket, grouped, keys, values)[bucket.rows]
    return output.view(1, tokens, heads, value.shape[3]), None


def _attend(
    bucket: Bucket, query: torch.Tensor, keys: torch.Tensor, values: torch.Tensor
) -> torch.Tensor:
    """Attention of one bucket, of shape (G * Q, key/value heads, queries for each head, size)."""
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
        weights = s.sub_(highest).mul_(LOG2E).exp2_()
        v = values.index_select(1, slots).view(shared * n, -1, values.shape[2])
        part = torch.bmm(weights, v)
        total = part if total is None else total.add_(part)
    assert total is not None
    size = total.shape[-1] - _ONES
    mixed = total[..., :size] / total[..., size : size + 1]
    return mixed.view(shared, n, repeat, rows, size).permute(1, 3, 0, 2, 4).flatten(0, 1)


@contextmanager
def active_pass(plan: PassPlan, cache: KeyValueCache) -> Iterator[ActivePass]:
    """Let the attention of this thread work on a pass."""
    active = ActivePass(plan, cache)
    token = _ACTIVE.set(active)
    try:
        yield active
    finally:
        _ACTIVE.reset(token)


AttentionInterface.register(ATTENTION, _attention)
AttentionMaskInterface.register(ATTENTION, lambda *args, **options: None)


@contextmanager
def attention_of(model: Any, name: str) -> Iterator[None]:
    """Use another attention implementation of a model within this context."""
    before = model.config._attn_implementation
    try:
        model.set_attn_implementation(name)
    except (ValueError, NotImplementedError) as error:
        raise UnsupportedModelError(str(error).splitlines()[0]) from None
    try:
        yield
    finally:
        model.set_attn_implementation(before)


def input_device(model: Any) -> torch.device:
    """Device that takes the tokens; accelerate keeps weights elsewhere until they are needed."""
    device: torch.device = model.device
    if device.type != "meta":
        return device
    hook = getattr(model.get_input_embeddings(), "_hf_hook", None)
    return torch.device(getattr(hook, "execution_device", "cpu"))


def is_offloaded(model: Any) -> bool:
    """True if weights are fetched when a layer runs: only one pass at a time can use them."""
    return any(weight.device.type == "meta" for weight in model.parameters())


def attention_shape(model: Any) -> tuple[int, int, int]:
    """Number of query heads, number of key/value heads, and size of a head."""
    config = model.config.get_text_config()
    heads = config.num_attention_heads
    shared = getattr(config, "num_key_value_heads", None) or heads
    return heads, shared, getattr(config, "head_dim", None) or config.hidden_size // heads


def token_bytes(model: Any) -> int:
    """Bytes of the keys and values of one token."""
    _, shared, size = attention_shape(model)
    config = model.config.get_text_config()
    # Latent attention has keys of two parts, and values of another size.
    parts = [getattr(config, f"qk_{part}_head_dim", None) or 0 for part in ("nope", "rope")]
    key = sum(parts) or size
    value = getattr(config, "v_head_dim", None) or size
    numbers = (key + value + _ONES) * config.num_hidden_layers * shared
    return int(numbers * torch.finfo(model.dtype).bits // 8)
