"""Eviction of tokens from the cache."""

from __future__ import annotations

import pytest

from sdscm.lm.engine.trie import Node, TokenTrie


def fill(trie: TokenTrie, nodes: list[Node], drawn: bool) -> None:
    """As a pass does that computes these nodes."""
    tick = trie.next_tick()
    for node in nodes:
        node.tick, node.drawn = tick, drawn
    trie.allocate([node for node in nodes if node.slot < 0], tick)
    for node in nodes:
        node.filled = True


def lost(nodes: list[Node]) -> list[Node]:
    return [node for node in nodes if not node.filled]


def test_texts_that_begin_alike_share_nodes() -> None:
    trie = TokenTrie(8)
    one, other = trie.insert([1, 2, 3]), trie.insert([1, 2, 4])
    assert one[:2] == other[:2]
    assert one[2] is not other[2]
    assert trie.insert([3], one[1]) == [one[2]]
    assert [node.depth for node in other] == [0, 1, 2]
    assert trie.size == 4


def test_candidates_that_were_not_drawn_go_first() -> None:
    trie = TokenTrie(16)
    drawn, candidates, new = (trie.insert(range(start, start + 8)) for start in (0, 20, 40))
    trie.begin_wave()
    fill(trie, drawn, drawn=True)
    fill(trie, candidates, drawn=False)
    trie.begin_wave()
    trie.begin_wave()
    fill(trie, new[:2], drawn=True)
    assert lost(drawn) == []
    assert lost(candidates) == candidates[:2]


def test_a_cycle_larger_than_the_cache_keeps_a_part() -> None:
    """Each wave goes through 20 contexts in one order; the least recently used would never hit."""
    trie = TokenTrie(10)
    contexts = [trie.insert([i]) for i in range(20)]
    hits = 0
    for wave in range(6):
        trie.begin_wave()
        for nodes in contexts:
            hits += wave > 0 and nodes[0].filled
            fill(trie, nodes, drawn=True)
    assert hits >= 5 * 8


def test_what_a_running_pass_holds_is_not_taken() -> None:
    trie = TokenTrie(4)
    held, new = trie.insert(range(3)), trie.insert(range(10, 13))
    fill(trie, held, drawn=True)
    oldest = held[0].tick
    with pytest.raises(MemoryError, match="4 tokens is too small"):
        trie.allocate(new, oldest)
    assert lost(held) == []
    trie.allocate(new, oldest + 1)
    assert len(lost(held)) == 2
