"""Plan packed forward passes: their tokens, and the keys that each token attends to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from sdscm.lm.engine.group import MAX_BRANCH, ROWS, QueryGroup
from sdscm.lm.engine.tokens import ChoiceTokens
from sdscm.lm.engine.trie import Node, TokenTrie


@dataclass(frozen=True, eq=False)
class ChoiceNodes:
    """A choice in the trie: its shared path, the nodes of each candidate, and the scored tokens."""

    path: list[Node]
    branches: list[list[Node]]
    tokens: ChoiceTokens

    @classmethod
    def of(cls, tokens: ChoiceTokens, trie: TokenTrie) -> ChoiceNodes:
        context = trie.insert(tokens.context)
        last = context[-1] if context else None
        texts = [trie.insert(candidate.tokens, last) for candidate in tokens.candidates]
        shared = min(candidate.start for candidate in tokens.candidates)
        return cls(context + texts[0][:shared], [text[shared:] for text in texts], tokens)

    @property
    def missing(self) -> int:
        """Approximate number of tokens to compute; shared ones count for each candidate."""
        texts = [self.path, *self.branches]
        return sum(not node.filled for text in texts for node in text)

    def scored(self, candidate: int) -> list[tuple[Node, int]]:
        """For each scored token of a candidate: the node that predicts it, and the token."""
        text = self.path + self.branches[candidate]
        behind = len(self.tokens.context)
        return [
            (text[behind + place], token)
            for place, token in self.tokens.candidates[candidate].scored()
        ]


@dataclass(frozen=True, eq=False)
class Bucket:
    """Groups of one padded shape.

    Attributes
    ----------
    queries : (G, Q) positions of the queries among the tokens of the pass
    chunks : for each chunk of keys, their slots (G * K,) and the mask that is added to the scores
        (G, Q, K): minus infinity where a query does not attend to a key, otherwise 0
    rows : positions of the real queries among the padded ones (G * Q,)
    places : positions of the real queries among the tokens of the pass
    """

    queries: torch.Tensor
    chunks: list[tuple[torch.Tensor, torch.Tensor]]
    rows: torch.Tensor
    places: torch.Tensor


@dataclass(frozen=True, eq=False)
class PassPlan:
    """One packed forward pass.

    Attributes
    ----------
    tokens, positions : (M,) the new tokens, padded to at least `ROWS`
    slots : the cache slots of the real tokens
    buckets : the attention's groups
    outputs : (R,) positions of the tokens whose next-token distribution is needed
    rows : the row of each of these nodes
    """

    tokens: torch.Tensor
    positions: torch.Tensor
    slots: torch.Tensor
    buckets: list[Bucket]
    outputs: torch.Tensor
    rows: dict[Node, int]

    def on(self, device: torch.device) -> PassPlan:
        """The plan with its tensors on a device."""
        if self.tokens.device == device:
            return self
        # Two transfers, since each one takes as long as some kernels.
        chunks = [chunk for bucket in self.buckets for chunk in bucket.chunks]
        indices = [self.tokens, self.positions, self.slots, self.outputs]
        indices += [part for b in self.buckets for part in (b.queries, b.rows, b.places)]
        indices += [slots for slots, _ in chunks]
        moved = iter(_moved(indices, device))
        tokens, positions, slots, outputs = (next(moved) for _ in range(4))
        parts = [(next(moved), next(moved), next(moved)) for _ in self.buckets]
        masks = _moved([mask for _, mask in chunks], device)
        keys = iter([(next(moved), mask) for mask in masks])
        return replace(
            self,
            tokens=tokens,
            positions=positions,
            slots=slots,
            outputs=outputs,
            buckets=[
                Bucket(queries, [next(keys) for _ in bucket.chunks], rows, places)
                for bucket, (queries, rows, places) in zip(self.buckets, parts, strict=True)
            ],
        )


def _moved(tensors: Sequence[torch.Tensor], device: torch.device) -> list[torch.Tensor]:
    """Tensors of one type on another device, by one transfer."""
    together = torch.cat([tensor.flatten() for tensor in tensors]).to(device, non_blocking=True)
    parts = together.split([tensor.numel() for tensor in tensors])
    return [part.view(tensor.shape) for part, tensor in zip(parts, tensors, strict=True)]


class PassBuilder:
    """Collects choices until a pass is full.

    Parameters
    ----------
    trie
        The trie of the nodes.
    tick
        Number of the pass.
    heads
        Number of attention heads that share a key.
    dtype
        Type of the masks.
    product
        Largest number of scores of a product of the attention, for each head.

    Attributes
    ----------
    choices
        The choices of the pass.
    queries
        The nodes that the pass computes.
    held
        Largest number of cache slots that the pass needs.
    """

    def __init__(
        self,
        trie: TokenTrie,
        tick: int,
        heads: int,
        dtype: torch.dtype,
        product: int,
    ) -> None:
        self._trie = trie
        self.tick = tick
        self._heads = heads
        self._dtype = dtype
        self._product = product
        self._places: dict[Node, int] = {}
        self.queries: list[Node] = []
        self._needed: dict[Node, None] = {}
        self._groups: list[QueryGroup] = []
        self.held = 0
        self.choices: list[ChoiceNodes] = []

    def __len__(self) -> int:
        """Number of new tokens so far."""
        return len(self.queries)

    def add(self, choice: ChoiceNodes) -> None:
        """Add a choice to the pass."""
        self.choices.append(choice)
        predicting = [[node for node, _ in choice.scored(i)] for i in range(len(choice.branches))]
        needed = {node for nodes in predicting for node in nodes}
        for nodes in predicting:
            self._needed.update(dict.fromkeys(nodes))
        for node in choice.path:
            self._touch(node)
            node.drawn = True
        queries = [n for n in choice.path if self._is_query(n, needed)]
        for node in queries:
            self._take(node)
        branch: list[Node] = []
        seen: set[Node] = set()
        for nodes, asked in zip(choice.branches, predicting, strict=True):
            # Nodes after the last one that predicts are not computed.
            read = nodes[: max(node.depth for node in asked) + 1 - len(choice.path)]
            fed = [n for n in read if n not in seen]
            if branch and len(branch) + len(fed) > MAX_BRANCH:
                self._groups.append(QueryGroup(queries, choice.path, branch))
                queries, branch, seen = [], [], set()
                fed = read
            seen.update(fed)
            branch.extend(fed)
            for node in fed:
                self._touch(node)
                if self._is_query(node, needed):
                    self._take(node)
                    queries.append(node)
        if queries:
            self._groups.append(QueryGroup(queries, choice.path, branch))

    def _touch(self, node: Node) -> None:
        if node.tick != self.tick:
            # A node that a running pass uses too keeps the later tick.
            node.tick = self.tick
            self.held += 1

    def _is_query(self, node: Node, needed: set[Node]) -> bool:
        return node not in self._places and (not node.filled or node in needed)

    def _take(self, node: Node) -> None:
        self._places[node] = len(self.queries)
        self.queries.append(node)

    def build(self, oldest: int) -> PassPlan:
        """The plan of the pass for the collected choices.

        ``oldest`` is the first tick among the running passes, including this one.

        Raises
        ------
        MemoryError
            If the cache has no space for the pass in addition to the running ones.
        """
        self._trie.allocate([n for n in self.queries if n.slot < 0], oldest)
        padded = self.queries + self.queries[:1] * max(ROWS - len(self.queries), 0)
        needed = list(self._needed)
        outputs = [self._places[node] for node in needed]
        outputs += [outputs[0]] * max(ROWS - len(outputs), 0)
        return PassPlan(
            tokens=torch.tensor([n.token for n in padded]),
            positions=torch.tensor([n.depth for n in padded]),
            slots=torch.tensor([n.slot for n in self.queries]),
            buckets=self._buckets(),
            outputs=torch.tensor(outputs),
            rows={node: row for row, node in enumerate(needed)},
        )

    def _buckets(self) -> list[Bucket]:
        shaped: dict[tuple[int, ...], list[QueryGroup]] = {}
        for group in self._groups:
            shaped.setdefault(group.shape(self._heads), []).append(group)
        buckets = []
        for shape, groups in shaped.items():
            many = max(1, self._product // (shape[0] * max(shape[1:])))
            for begin in range(0, len(groups), many):
                buckets.append(self._bucket(shape, groups[begin : begin + many]))
        return buckets

    def _bucket(self, shape: tuple[int, ...], groups: Sequence[QueryGroup]) -> Bucket:
        n, rows, widths = len(groups), shape[0], shape[1:]
        queries = np.zeros((n, rows), dtype=np.int64)
        real = np.zeros((n, rows), dtype=bool)
        slots = [np.zeros((n, width), dtype=np.int64) for width in widths]
        masks = [np.full((n, rows, width), -np.inf, dtype=np.float32) for width in widths]
        for g, group in enumerate(groups):
            count = len(group.queries)
            queries[g, :count] = [self._places[node] for node in group.queries]
            real[g, :count] = True
            group.fill([s[g] for s in slots], [m[g] for m in masks])
            masks[0][g, count:, 0] = 0  # a padded query attends to one key: no NaN
        return Bucket(
            queries=torch.from_numpy(queries),
            chunks=[
                (torch.from_numpy(s.reshape(-1)), torch.from_numpy(m).to(self._dtype))
                for s, m in zip(slots, masks, strict=True)
            ],
            rows=torch.from_numpy(np.flatnonzero(real)),
            places=torch.from_numpy(queries[real]),
        )
