"""What one packed forward pass computes: which tokens, and who attends to whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from sdscm.lm.engine.group import MAX_BRANCH, ROWS, Group
from sdscm.lm.engine.tokens import ChoiceTokens
from sdscm.lm.engine.trie import Node, TokenTrie

_MAX_SCORES = 400_000


@dataclass(frozen=True, eq=False)
class Job:
    """A choice in the trie: its shared path, the nodes of each candidate, and what is scored."""

    path: list[Node]
    branches: list[list[Node]]
    tokens: ChoiceTokens

    @classmethod
    def of(cls, tokens: ChoiceTokens, trie: TokenTrie) -> Job:
        context = trie.insert(tokens.context)
        last = context[-1] if context else None
        texts = [trie.insert(candidate.tokens, last) for candidate in tokens.candidates]
        shared = min(candidate.start for candidate in tokens.candidates)
        return cls(context + texts[0][:shared], [text[shared:] for text in texts], tokens)

    @property
    def missing(self) -> int:
        """Tokens that are not in the cache, about: what candidates share counts for each."""
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
    queries : (G, Q) places of the queries among the tokens of the pass
    chunks : for each chunk of keys, their slots (G * K,) and what is added to a query's scores
        of them (G, Q, K): minus infinity where it must not see a key, otherwise 0
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
    """Collects jobs until a pass is full.

    Parameters
    ----------
    trie
        Where the jobs' nodes are.
    tick
        Number of the pass.
    heads
        Heads of the attention that share a key.
    device, dtype
        Of the plan's tensors, and of its masks.
    """

    def __init__(
        self,
        trie: TokenTrie,
        tick: int,
        heads: int,
        device: torch.device,
        dtype: torch.dtype,
    ) -> None:
        self._trie = trie
        self.tick = tick
        self._heads = heads
        self._device = device
        self._dtype = dtype
        self._places: dict[Node, int] = {}
        self._queries: list[Node] = []
        self._needed: dict[Node, None] = {}
        self._groups: list[Group] = []
        self._held = 0
        self.jobs: list[Job] = []

    def __len__(self) -> int:
        """New tokens so far."""
        return len(self._queries)

    @property
    def held(self) -> int:
        """Cache slots that the jobs so far need at most."""
        return self._held

    @property
    def queries(self) -> list[Node]:
        """The nodes that the pass computes."""
        return self._queries

    def add(self, job: Job) -> None:
        """Take up a job."""
        self.jobs.append(job)
        predicting = [[node for node, _ in job.scored(i)] for i in range(len(job.branches))]
        needed = {node for nodes in predicting for node in nodes}
        for nodes in predicting:
            self._needed.update(dict.fromkeys(nodes))
        for node in job.path:
            self._touch(node)
            node.drawn = True
        queries = [n for n in job.path if self._is_query(n, needed)]
        for node in queries:
            self._take(node)
        branch: list[Node] = []
        seen: set[Node] = set()
        for nodes, asked in zip(job.branches, predicting, strict=True):
            # What stands behind the last node that predicts is never fed.
            read = nodes[: max(node.depth for node in asked) + 1 - len(job.path)]
            fed = [n for n in read if n not in seen]
            if branch and len(branch) + len(fed) > MAX_BRANCH:
                self._groups.append(Group(queries, job.path, branch))
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
            self._groups.append(Group(queries, job.path, branch))

    def _touch(self, node: Node) -> None:
        if node.tick != self.tick:
            # A node that a running pass still holds keeps the later tick of the two.
            node.tick = self.tick
            self._held += 1

    def _is_query(self, node: Node, needed: set[Node]) -> bool:
        return node not in self._places and (not node.filled or node in needed)

    def _take(self, node: Node) -> None:
        self._places[node] = len(self._queries)
        self._queries.append(node)

    def build(self, oldest: int) -> Plan:
        """The pass for the jobs taken up.

        ``oldest`` is the first tick among the passes that run, this one included.

        Raises
        ------
        MemoryError
            If the cache has no room for it beside the passes that run.
        """
        self._trie.allocate([n for n in self._queries if n.slot < 0], oldest)
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
        shaped: dict[tuple[int, ...], list[Group]] = {}
        for group in self._groups:
            shaped.setdefault(group.shape(self._heads), []).append(group)
        buckets = []
        for shape, groups in shaped.items():
            many = max(1, _MAX_SCORES // (9 * shape[0] * max(shape[1:])))
            for begin in range(0, len(groups), many):
                buckets.append(self._bucket(shape, groups[begin : begin + many]))
        return buckets

    def _bucket(self, shape: tuple[int, ...], groups: Sequence[Group]) -> Bucket:
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
            masks[0][g, count:, 0] = 0  # a padded query sees one key, or its row is NaN
        return Bucket(
            queries=self._tensor(queries),
            chunks=[
                (self._tensor(s.reshape(-1)), self._tensor(m).to(self._dtype))
                for s, m in zip(slots, masks, strict=True)
            ],
            rows=self._tensor(np.flatnonzero(real)),
        )
