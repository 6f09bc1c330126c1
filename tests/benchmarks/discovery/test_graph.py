from __future__ import annotations

import numpy as np
import pytest

from benchmarks.discovery import Graph
from benchmarks.discovery.graph import ARROW, CIRCLE, NONE, TAIL


def test_marks_by_hand() -> None:
    graph = Graph.from_edges("abc", [("a", "b")], [("b", "c")], "cpdag")
    assert graph.ends.tolist() == [
        [NONE, ARROW, NONE],
        [TAIL, NONE, CIRCLE],
        [NONE, CIRCLE, NONE],
    ]
    assert graph.edges() == ["a --> b", "b o-o c"]
    assert graph.directed.sum() == 1
    assert sorted(graph.digraph.edges) == [("a", "b")]


def test_names_move_with_their_marks() -> None:
    graph = Graph.from_edges("abc", [("a", "b"), ("b", "c")])
    turned = graph.renamed("abc", [2, 0, 1])
    assert turned.names == ("c", "a", "b")
    assert sorted(turned.digraph.edges) == sorted(graph.digraph.edges)
    assert graph.renamed("xyz", [0, 1, 2]).edges() == ["x --> y", "y --> z"]


def test_ancestors_by_hand() -> None:
    """a --> b o-o c: a is above b, perhaps above c; nothing is above a."""
    nan = np.nan
    graph = Graph.from_edges("abc", [("a", "b")], [("b", "c")], "cpdag")
    np.testing.assert_array_equal(graph.ancestors(), [[0, 1, nan], [0, 0, nan], [0, nan, 0]])


def test_ancestors_in_a_pag_by_hand() -> None:
    """a o-> b <-> c --> d: only c --> d is sure; b is above nothing."""
    ends = np.zeros((4, 4), dtype=int)
    ends[0, 1], ends[1, 0] = ARROW, CIRCLE
    ends[1, 2], ends[2, 1] = ARROW, ARROW
    ends[2, 3], ends[3, 2] = ARROW, TAIL
    graph = Graph(tuple("abcd"), ends, "pag")
    assert graph.edges() == ["a o-> b", "b <-> c", "c --> d"]
    expected = [[0, np.nan, 0, 0], [0, 0, 0, 0], [0, 0, 0, 1], [0, 0, 0, 0]]
    np.testing.assert_array_equal(graph.ancestors(), expected)


@pytest.mark.parametrize(
    ("ends", "kind", "why"),
    [
        ([[0, 2], [0, 0]], "pag", "only one end"),
        ([[1, 0], [0, 0]], "pag", "joins a variable to itself"),
        ([[0, 7], [1, 0]], "pag", "unknown mark"),
        ([[0, 2, 0], [1, 0, 0]], "pag", "shape"),
        ([[0, 3], [3, 0]], "dag", "each edge is directed"),
        ([[0, 2], [2, 0]], "cpdag", "two circles"),
        ([[0, 2], [1, 0]], "tree", "choose among"),
    ],
)
def test_graphs_that_are_not_of_their_kind(ends, kind, why) -> None:
    with pytest.raises(ValueError, match=why):
        Graph(("a", "b"), np.array(ends), kind)


def test_a_cycle_is_no_dag() -> None:
    with pytest.raises(ValueError, match="cycle"):
        Graph.from_edges("abc", [("a", "b"), ("b", "c"), ("c", "a")])
    with pytest.raises(ValueError, match="same name"):
        Graph.from_edges("aa")


@pytest.mark.parametrize(
    ("edges", "why"),
    [
        ({"directed": [("a", "b"), ("b", "a")]}, "two edges"),
        ({"directed": [("a", "b")], "undetermined": [("b", "a")]}, "two edges"),
        ({"undetermined": [("a", "d")]}, "'d', which is not a variable"),
    ],
)
def test_an_edge_that_cannot_be(edges, why) -> None:
    with pytest.raises(ValueError, match=why):
        Graph.from_edges("abc", **edges, kind="cpdag")
