"""A trie of tokens: texts with a common beginning share their key/value cache."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

# Share of the slots to evict at once: each eviction ranks all slots.
_PORTION = 8


class Node:
    """One token after its ancestors.

    ``slot`` is its position in the cache, or -1. ``filled`` is true if its keys and values are in
    the cache. ``tick`` is the last pass that used it. ``drawn`` is true if a context contains it;
    nodes of candidates only are seldom needed again. ``total`` is the sum of the last hidden
    states up to the token, where it is asked for (`sdscm.lm.engine.states`).
    """

    __slots__ = ("children", "depth", "drawn", "filled", "parent", "slot", "tick", "token", "total")

    def __init__(self, token: int, parent: Node | None) -> None:
        self.token = token
        self.parent = parent
        self.depth: int = 0 if parent is None else parent.depth + 1
        self.children: dict[int, Node] = {}
        self.slot = -1
        self.tick = 0
        self.drawn = False
        self.filled = False
        self.total: Any = None


class TokenTrie:
    """All texts since the last ``clear``, and the cache slots of their tokens.

    Parameters
    ----------
    capacity
        Number of slots.
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.clear()

    def clear(self) -> None:
        """Remove all texts and free all slots."""
        self.roots: dict[int, Node] = {}
        self.size = 0
        self._owners: list[Node | None] = [None] * self.capacity
        self._free = list(range(self.capacity - 1, -1, -1))
        self._waves = (0, 0)
        self._tick = 0

    def next_tick(self) -> int:
        """Number of the next pass."""
        self._tick += 1
        return self._tick

    def begin_wave(self) -> None:
        """Begin to score other choices, in the same order as the last ones."""
        self._waves = (self._waves[1], self._tick + 1)

    def insert(self, tokens: Sequence[int], parent: Node | None = None) -> list[Node]:
        """The nodes of a text from first to last token, at the root or after a node."""
        children, path = self.roots if parent is None else parent.children, []
        for token in tokens:
            node = children.get(token)
            if node is None:
                node = children[token] = Node(token, parent)
                self.size += 1
            path.append(node)
            children, parent = node.children, node
        return path

    def allocate(self, nodes: Sequence[Node], oldest: int) -> None:
        """Give each node a slot; if too few are free, evict the nodes least likely to be used.

        Nodes of the tick ``oldest`` or later are kept, since running passes need them.
        """
        if len(nodes) > len(self._free):
            self._evict(len(nodes) - len(self._free), oldest)
        for node in nodes:
            slot = self._free.pop()
            node.slot = slot
            self._owners[slot] = node

    def _evict(self, needed: int, oldest: int) -> None:
        idle = sorted(
            (node for node in self._owners if node is not None and node.tick < oldest),
            key=self._worth,
        )
        if len(idle) < needed:
            raise MemoryError(
                f"the key/value cache of {self.capacity} tokens is too small for one batch"
            )
        for node in idle[: max(needed, len(idle) // _PORTION)]:
            self._owners[node.slot] = None
            self._free.append(node.slot)
            node.slot = -1
            node.filled = False
            node.total = None

    def _worth(self, node: Node) -> tuple[int, int]:
        """Sort key of eviction: nodes with a low key are evicted first.

        Nodes of candidates only come first: most are never drawn, and drawn candidates are short.
        Each wave visits the contexts in the same order. So nodes that this wave has visited are
        needed later than those that it has not visited yet, and the last visited are needed last.
        """
        before, now = self._waves
        if not node.drawn:
            return 0, node.tick
        if node.tick < before:
            return 1, node.tick
        return (2, -node.tick) if node.tick >= now else (3, node.tick)
