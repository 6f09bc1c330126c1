"""Scores by hand on three variables, and laws."""

from __future__ import annotations

from itertools import combinations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.discovery import Graph, GraphTruth, cpdag, score
from benchmarks.discovery.scores import differing_pairs

COLLIDER = nx.DiGraph([("a", "b"), ("c", "b")])
CHAIN = nx.DiGraph([("a", "b"), ("b", "c")])


def truth_of(dag: nx.DiGraph, observed: str = "abc") -> GraphTruth:
    return GraphTruth(dag, tuple(observed))


def close(found: float, expected: float) -> bool:
    return bool(np.isclose(found, expected, equal_nan=True))


@pytest.mark.parametrize(
    ("dag", "edges", "shd", "skeleton", "f1", "direction", "ancestors"),
    [
        (COLLIDER, [("a", "b"), ("c", "b")], 0, 0, 1, 1, 1),
        (COLLIDER, [], 2, 2, 0, 0, 0.5),
        # One edge of two, and its CPDAG leaves it open: 2 pairs differ, none is directed.
        (COLLIDER, [("a", "b")], 2, 1, 2 / 3, 0, 0.75),
        # A chain for a collider: both edges are there, without a direction in the CPDAG. As a DAG
        # it says yes to (a, b), (b, c), (a, c): one of two ancestors, two of four others.
        (COLLIDER, [("a", "b"), ("b", "c")], 2, 0, 1, 0, 0.5),
        # A reversed chain is of the class of the chain, but all three ancestors are wrong.
        (CHAIN, [("b", "a"), ("c", "b")], 0, 0, 1, np.nan, 0),
        (CHAIN, [("a", "b"), ("b", "c"), ("a", "c")], 1, 1, 4 / 5, np.nan, 1),
    ],
)
def test_by_hand(dag, edges, shd, skeleton, f1, direction, ancestors) -> None:
    found = score(Graph.from_edges("abc", edges), truth_of(dag))
    assert found["shd"] == shd
    assert found["skeleton_errors"] == skeleton
    assert close(found["skeleton_f1"], f1)
    assert close(found["orientation_f1"], direction)
    assert close(found["ancestor_accuracy"], ancestors)
    assert found["ancestor_answered"] == 1


def test_undetermined_answers_count_half() -> None:
    """The CPDAG of the chain says nothing about any of the six pairs."""
    found = score(cpdag(Graph.from_edges("abc", CHAIN.edges)), truth_of(CHAIN))
    assert found["ancestor_accuracy"] == 0.5
    assert found["ancestor_answered"] == 0


def test_a_pag_has_no_distance_from_a_cpdag() -> None:
    ends = Graph.from_edges("abc", COLLIDER.edges).ends
    found = score(Graph(tuple("abc"), ends, "pag"), truth_of(COLLIDER))
    assert np.isnan(found["shd"])
    assert np.isnan(found["orientation_f1"])
    assert found["skeleton_f1"] == found["ancestor_accuracy"] == 1


def test_a_hidden_common_cause_leaves_an_edge() -> None:
    """b <-- a --> c with a hidden: b and c are adjacent, and neither is above the other."""
    truth = GraphTruth(nx.DiGraph([("a", "b"), ("a", "c"), ("c", "d")]), ("b", "c", "d"))
    assert truth.hidden
    found = score(Graph.from_edges("bcd", [("b", "c"), ("c", "d")]), truth)
    assert np.isnan(found["shd"])
    assert found["skeleton_errors"] == 0
    # One true ancestor, found; of five others (b, c) and (b, d) are wrong.
    assert close(found["ancestor_accuracy"], (1 + 3 / 5) / 2)


def test_another_order_of_the_variables_is_an_error() -> None:
    with pytest.raises(ValueError, match="over"):
        score(Graph.from_edges("cba"), truth_of(CHAIN))


@st.composite
def dags(draw: st.DrawFn) -> Graph:
    order = draw(st.permutations("abcde"))
    pairs = list(combinations(order, 2))
    kept = draw(st.lists(st.booleans(), min_size=len(pairs), max_size=len(pairs)))
    edges = [pair for pair, keep in zip(pairs, kept, strict=True) if keep]
    return Graph.from_edges("abcde", edges)


@given(dags(), dags(), dags())
def test_shd_is_a_distance_of_classes(one: Graph, other: Graph, third: Graph) -> None:
    one, other, third = map(cpdag, (one, other, third))
    assert differing_pairs(one, other) == differing_pairs(other, one)
    assert (differing_pairs(one, other) == 0) == np.array_equal(one.ends, other.ends)
    through = differing_pairs(one, third) + differing_pairs(third, other)
    assert differing_pairs(one, other) <= through


@given(dags(), dags(), st.permutations(range(5)))
def test_scores_do_not_depend_on_the_order_of_the_variables(found, true, order) -> None:
    names = tuple("abcde"[place] for place in order)
    first = score(found, truth_of(true.digraph, "abcde"))
    second = score(found.renamed(found.names, order), GraphTruth(true.digraph, names))
    assert all(close(first[name], second[name]) for name in first)


@given(dags())
def test_the_true_dag_has_the_best_scores(dag: Graph) -> None:
    found = score(dag, truth_of(dag.digraph, "abcde"))
    assert found["shd"] == found["skeleton_errors"] == 0
    assert found["skeleton_f1"] in (1, pytest.approx(np.nan, nan_ok=True))
    assert found["ancestor_accuracy"] in (1, pytest.approx(np.nan, nan_ok=True))
