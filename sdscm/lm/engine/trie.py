"""A trie of tokens, so that texts that begin alike share their key/value cache."""

from __future__ import annotations

from collections.abc import Sequence

# Slots are taken back in portions, since each time all that are held are ranked.
_PORTION = 8


class Node:
    """One token behind its ancestors.

    ``slot`` is its place in the cache, or -1; ``filled`` says that its keys and values stand there.
    ``tick`` is the last pass that used it. ``drawn`` says that some context goes through it: what
    is only a candidate of some choice is seldom asked for again.
    """

    __slots__ = ("children", "depth", "drawn", "filled", "parent", "slot", "tick", "token")

    def __init__(self, token: int, parent: Node | None) -> None:
        self.token = token
        self.parent = parent
        self.depth: int = 0 if parent is None else parent.depth + 1
        self.children: dict[int, Node] = {}
        self.slot = -1
        self.tick = 0
        self.drawn = False
        self.filled = False


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
        self._waves = (0, 0)
        self._tick = 0

    def next_tick(self) -> int:
        """Number of the next pass."""
        self._tick += 1
        return self._tick

    def begin_wave(self) -> None:
        """Say that from now on other choices are scored, in an order like the last one."""
        self._waves = (self._waves[1], self._tick + 1)

    def insert(self, tokens: Sequence[int], parent: Node | None = None) -> list[Node]:
        """The nodes of a text, from its first token to its last, at the root or behind a node."""
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
        """Give each node a slot; where none is free, those least likely to be used lose theirs.

        Nodes of the tick ``oldest`` or later are never robbed: passes that run need them.
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

    def _worth(self, node: Node) -> tuple[int, int]:
        """The lower, the sooner a node loses its slot.

        What is only a candidate goes first: most are never drawn, and a drawn one is short. Each
        wave goes through the contexts in the same order, so what this wave has passed is needed
        later than what it has still to come by, and the last passed is needed last.
        """
        before, now = self._waves
        if not node.drawn:
            return 0, node.tick
        if node.tick < before:
            return 1, node.tick
        return (2, -node.tick) if node.tick >= now else (3, node.tick)
