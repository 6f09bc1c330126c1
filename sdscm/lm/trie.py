"""A trie of tokens, so that texts that begin alike share their key/value cache."""

from __future__ import annotations

from collections.abc import Sequence


class Node:
    """One token behind its ancestors. ``slot`` is its place in the cache, or -1."""

    __slots__ = ("children", "depth", "parent", "slot", "tick", "token")

    def __init__(self, token: int, parent: Node | None) -> None:
        self.token = token
        self.parent = parent
        self.depth: int = 0 if parent is None else parent.depth + 1
        self.children: dict[int, Node] = {}
        self.slot = -1
        self.tick = 0


class TokenTrie:
    """All texts seen since the last ``clear``, and the cache slots that their tokens hold.

    Parameters
    ----------
    capacity
        Number of slots.
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.clear()

    def clear(self) -> None:
        """Forget every text and free every slot."""
        self.roots: dict[int, Node] = {}
        self.size = 0
        self._owners: list[Node | None] = [None] * self.capacity
        self._free = list(range(self.capacity - 1, -1, -1))

    def insert(self, tokens: Sequence[int]) -> list[Node]:
        """The nodes of a text, from its first token to its last."""
        children, parent, path = self.roots, None, []
        for token in tokens:
            node = children.get(token)
            if node is None:
                node = children[token] = Node(token, parent)
                self.size += 1
            path.append(node)
            children, parent = node.children, node
        return path

    def allocate(self, nodes: Sequence[Node], tick: int) -> None:
        """Give each node a slot; where none is free, the least recently used lose theirs.

        Nodes whose tick is the current one are never robbed.
        """
        if len(nodes) > len(self._free):
            self._evict(len(nodes) - len(self._free), tick)
        for node in nodes:
            slot = self._free.pop()
            node.slot = slot
            self._owners[slot] = node

    def _evict(self, needed: int, tick: int) -> None:
        idle = sorted(
            (node for node in self._owners if node is not None and node.tick != tick),
            key=lambda node: node.tick,
        )
        if len(idle) < needed:
            raise MemoryError(
                f"the key/value cache of {self.capacity} tokens is too small for one batch"
            )
        for node in idle[: max(needed, len(idle) // 2)]:
            self._owners[node.slot] = None
            self._free.append(node.slot)
            node.slot = -1
