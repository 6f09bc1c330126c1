"""What one packed forward pass computes: which tokens, and who attends to whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from sdscm.lm.tokens import ChoiceTokens
from sdscm.lm.trie import Node, TokenTrie

# Matrix products of at least 16 rows, whose summed dimension is a multiple of 64 and at most 512,
# give a row the same bits whatever stands beside it (measured; tests/sdscm/lm checks it). Keys are
# cut into chunks by position, so that the cut, too, depends on the token's own text only.
ROWS = 16
KEYS = 64
CHUNK = 256
_MAX_BRANCH = 192
_MAX_SCORES = 400_000


@dataclass(frozen=True, eq=False)
class Job:
    """A choice in the trie: its shared path, the nodes of each candidate, and what is scored."""

    path: list[Node]
    branches: list[list[Node]]
    tokens: ChoiceTokens

    @classmethod
    def of(cls, tokens: ChoiceTokens, trie: TokenTrie) -> Job:
        texts = [trie.insert(tokens.context + c.tokens) for c in tokens.candidates]
        shared = len(tokens.context) + min(c.start for c in tokens.candidates)
        return cls(texts[0][:shared], [text[shared:] for text in texts], tokens)

    def scored(self, candidate: int) -> list[tuple[Node, int]]:
        """For each scored token of a candidate: the node that predicts it, and the token."""
        text = self.path + self.branches[candidate]
        behind = len(self.tokens.context)
        return [
            (text[behind + place], token)
            for place, token in self.tokens.candidates[candidate].scored()
        ]


@dataclass(frozen=True, eq=False)
class _Group:
    """Queries that share their keys: part of one job."""

    queries: list[Node]
    path: list[Node]
    branch: list[Node]


@dataclass(frozen=True, eq=False)
class Bucket:
    """Groups of one padded shape.

    Attributes
    ----------
    queries : (G, Q) places of the queries among the tokens of the pass
    chunks : for each chunk of keys, their slots (G, K) and which a query must not see (G, Q, K)
    rows : (G * Q,) which padded queries are real
    """

    queries: torch.Tensor
    chunks: list[tuple[torch.Tensor, torch.Tensor]]
    rows: torch.Tensor


@dataclass(frozen=True, eq=False)
class Plan:
    """One packed forward pass.

    Attributes
    ----------
    tokens, positions : (M,) the new tokens, padded to at least `ROWS`
    slots : the cache slots of the real ones
    buckets : the attention's groups
    outputs : (R,) places of the tokens whose next-token distribution is needed
    rows : for each of these nodes, its row
    """

    tokens: torch.Tensor
    positions: torch.Tensor
    slots: torch.Tensor
    buckets: list[Bucket]
    outputs: torch.Tensor
    rows: dict[Node, int]


class PlanBuilder:
    """Collects jobs until a pass is full."""

    def __init__(self, trie: TokenTrie, tick: int, device: torch.device) -> None:
        self._trie = trie
        self._tick = tick
        self._device = device
        self._places: dict[Node, int] = {}
        self._queries: list[Node] = []
        self._needed: dict[Node, None] = {}
        self._groups: list[_Group] = []
        self._held = 0
        self.jobs: list[Job] = []

    def __len__(self) -> int:
        """New tokens so far."""
        return len(self._queries)

    @property
    def held(self) -> int:
        """Cache slots that the jobs so far need at most."""
        return self._held

    def add(self, job: Job) -> None:
        """Take up a job."""
        self.jobs.append(job)
        predicting = [[node for node, _ in job.scored(i)] for i in range(len(job.branches))]
        needed = {node for nodes in predicting for node in nodes}
        for nodes in predicting:
            self._needed.update(dict.fromkeys(nodes))
        for node in job.path:
            self._touch(node)
        path_queries = [n for n in job.path if self._is_query(n, needed)]
        for node in path_queries:
            self._take(node)
        queries = path_queries
        branch: list[Node] = []
        seen: set[Node] = set()
        for nodes, asked in zip(job.branches, predicting, strict=True):
            # What stands behind the last node that predicts is never fed.
            read = nodes[: max(node.depth for node in asked) + 1 - len(job.path)]
            fed = [n for n in read if n not in seen]
            if branch and len(branch) + len(fed) > _MAX_BRANCH:
                self._groups.append(_Group(queries, job.path, branch))
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
            self._groups.append(_Group(queries, job.path, branch))

    def _touch(self, node: Node) -> None:
        if node.tick != self._tick:
            node.tick = self._tick
            self._held += 1

    def _is_query(self, node: Node, needed: set[Node]) -> bool:
        return node not in self._places and (node.slot < 0 or node in needed)

    def _take(self, node: Node) -> None:
        self._places[node] = len(self._queries)
        self._queries.append(node)

    def build(self) -> Plan:
        """The pass for the jobs taken up."""
        self._trie.allocate([n for n in self._queries if n.slot < 0], self._tick)
        padded = self._queries + self._queries[:1] * max(ROWS - len(self._queries), 0)
        needed = list(self._needed)
        outputs = [self._places[node] for node in needed]
        outputs += [outputs[0]] * max(ROWS - len(outputs), 0)
        return Plan(
            tokens=self._tensor(np.array([n.token for n in padded])),
            positions=self._tensor(np.array([n.depth for n in padded])),
            slots=self._tensor(np.array([n.slot for n in self._queries])),
            buckets=self._buckets(),
            outputs=self._tensor(np.array(outputs)),
            rows={node: row for row, node in enumerate(needed)},
        )

    def _tensor(self, array: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(array).to(self._device)

    def _buckets(self) -> list[Bucket]:
        shaped: dict[tuple[int, ...], list[_Group]] = {}
        for group in self._groups:
            shaped.setdefault(_shape(group), []).append(group)
        buckets = []
        for shape, groups in shaped.items():
            many = max(1, _MAX_SCORES // (9 * shape[0] * max(shape[1:])))
            for begin in range(0, len(groups), many):
                buckets.append(self._bucket(shape, groups[begin : begin + many]))
        return buckets

    def _bucket(self, shape: tuple[int, ...], groups: Sequence[_Group]) -> Bucket:
        n, rows, widths = len(groups), shape[0], shape[1:]
        queries = np.zeros((n, rows), dtype=np.int64)
        real = np.zeros((n, rows), dtype=bool)
        slots = [np.zeros((n, width), dtype=np.int64) for width in widths]
        blind = [np.ones((n, rows, width), dtype=bool) for width in widths]
        for g, group in enumerate(groups):
            count = len(group.queries)
            queries[g, :count] = [self._places[node] for node in group.queries]
            real[g, :count] = True
            _fill(group, [s[g] for s in slots], [b[g] for b in blind])
            blind[0][g, count:, 0] = False  # a padded query sees one key, or its row is NaN
        return Bucket(
            queries=self._tensor(queries),
            chunks=[(self._tensor(s), self._tensor(b)) for s, b in zip(slots, blind, strict=True)],
            rows=self._tensor(np.flatnonzero(real)),
        )


def _shape(group: _Group) -> tuple[int, ...]:
    """Padded number of queries, then of the keys in each chunk."""
    deepest = max(node.depth for node in group.path[-1:] + group.branch)
    counts = [0] * (deepest // CHUNK + 1)
    for chunk in range(len(counts)):
        counts[chunk] = min(max(len(group.path) - chunk * CHUNK, 0), CHUNK)
    for node in group.branch:
        counts[node.depth // CHUNK] += 1
    return (_up(len(group.queries), ROWS), *(_up(count, KEYS) for count in counts))


def _up(number: int, multiple: int) -> int:
    return max(-(-number // multiple), 1) * multiple


def _fill(group: _Group, slots: list[np.ndarray], blind: list[np.ndarray]) -> None:
    """Write a group's key slots, and unblind each query for its ancestors and itself."""
    depths = np.array([node.depth for node in group.queries])
    path_slots = np.array([node.slot for node in group.path], dtype=np.int64)
    used = []
    for chunk, (slot, mask) in enumerate(zip(slots, blind, strict=True)):
        part = path_slots[chunk * CHUNK : (chunk + 1) * CHUNK]
        slot[: len(part)] = part
        positions = np.arange(len(part)) + chunk * CHUNK
        mask[: len(depths), : len(part)] = positions[None, :] > depths[:, None]
        used.append(len(part))
    columns: dict[Node, tuple[int, int]] = {}
    for node in group.branch:
        chunk = node.depth // CHUNK
        columns[node] = (chunk, used[chunk])
        slots[chunk][used[chunk]] = node.slot
        used[chunk] += 1
    for row, query in enumerate(group.queries):
        ancestor: Node | None = query
        while ancestor is not None and ancestor in columns:
            chunk, column = columns[ancestor]
            blind[chunk][row, column] = False
            ancestor = ancestor.parent
