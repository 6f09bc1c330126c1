"""Groups of queries that share a product of the attention, and their keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sdscm.lm.engine.trie import Node

# In products of at least 16 rows whose summed dimension is a multiple of 64, at most 512, the bits
# of a row do not depend on the other rows (measured; tests/sdscm/lm checks it). Keys are cut into
# chunks by position, so that the cut depends on the token's own text only. Each query makes one row
# for each head that shares a key.
ROWS = 16
_KEYS = 64
_CHUNK = 256
MAX_BRANCH = 192


@dataclass(frozen=True, eq=False)
class QueryGroup:
    """Queries that share their keys.

    Attributes
    ----------
    queries : nodes that the pass computes
    path : the nodes that a choice's candidates share, from the root on
    branch : the other nodes that some query attends to, each after its parent
    """

    queries: list[Node]
    path: list[Node]
    branch: list[Node]

    def shape(self, heads: int) -> tuple[int, ...]:
        """Padded number of queries (``heads`` rows each), then of the keys in each chunk."""
        deepest = max([len(self.path) - 1, *(node.depth for node in self.branch)])
        counts = [
            min(max(len(self.path) - begin, 0), _CHUNK) for begin in range(0, deepest + 1, _CHUNK)
        ]
        for node in self.branch:
            counts[node.depth // _CHUNK] += 1
        return (
            _up(len(self.queries), -(-ROWS // min(heads, 2))),
            *(_up(count, _KEYS) for count in counts),
        )

    def fill(self, slots: Sequence[np.ndarray], masks: Sequence[np.ndarray]) -> None:
        """Write the slots of the keys of each chunk, and unmask the ancestors of each query.

        ``slots`` are arrays of shape (keys,), ``masks`` of shape (queries, keys).
        """
        path = np.array([node.slot for node in self.path], dtype=np.int64)
        depths = np.array([node.depth for node in self.queries])
        used = []
        for chunk, (slot, mask) in enumerate(zip(slots, masks, strict=True)):
            part = path[chunk * _CHUNK : (chunk + 1) * _CHUNK]
            slot[: len(part)] = part
            positions = np.arange(len(part)) + chunk * _CHUNK
            seen = positions[None, :] <= depths[:, None]
            mask[: len(depths), : len(part)][seen] = 0
            used.append(len(part))
        sees = self._sees()
        place = {node: i for i, node in enumerate(self.branch)}
        rows = [i for i, query in enumerate(self.queries) if query in place]
        own = sees[[place[self.queries[i]] for i in rows]]
        chunks = np.array([node.depth // _CHUNK for node in self.branch], dtype=np.int64)
        held = np.array([node.slot for node in self.branch], dtype=np.int64)
        for chunk, (slot, mask) in enumerate(zip(slots, masks, strict=True)):
            inside = np.flatnonzero(chunks == chunk)
            columns = slice(used[chunk], used[chunk] + len(inside))
            slot[columns] = held[inside]
            mask[rows, columns] = np.where(own[:, inside], np.float32(0), -np.inf)

    def _sees(self) -> np.ndarray:
        """For each node of the branch, a mask of the node itself and its ancestors."""
        place: dict[Node | None, int] = {}
        sees = np.zeros((len(self.branch), len(self.branch)), dtype=bool)
        for i, node in enumerate(self.branch):
            parent = place.get(node.parent)
            if parent is not None:
                sees[i] = sees[parent]
            sees[i, i] = True
            place[node] = i
        return sees


def _up(number: int, multiple: int) -> int:
    return max(-(-number // multiple), 1) * multiple
