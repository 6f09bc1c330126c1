"""Against brute force: all DAGs of three and four variables, grouped by their d-separations."""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from itertools import combinations, product

import networkx as nx
import numpy as np
import pytest

from benchmarks.discovery import Graph, cpdag
from benchmarks.discovery.equivalence import observed_skeleton


@cache
def all_dags(p: int) -> list[nx.DiGraph]:
    names = "abcd"[:p]
    found = []
    for states in product((0, 1, 2), repeat=p * (p - 1) // 2):
        graph = nx.DiGraph()
        graph.add_nodes_from(names)
        for (one, other), state in zip(combinations(names, 2), states, strict=True):
            if state:
                graph.add_edge(*((one, other) if state == 1 else (other, one)))
        if nx.is_directed_acyclic_graph(graph):
            found.append(graph)
    return found


def subsets(names):
    return [each for size in range(len(names) + 1) for each in combinations(names, size)]


@cache
def classes(p: int) -> list[list[nx.DiGraph]]:
    groups = defaultdict(list)
    for graph in all_dags(p):
        independences = frozenset(
            (x, y, given)
            for x, y in combinations(graph, 2)
            for given in subsets([name for name in graph if name not in (x, y)])
            if nx.is_d_separator(graph, x, y, set(given))
        )
        groups[independences].append(graph)
    return list(groups.values())


def graph_of(dag: nx.DiGraph) -> Graph:
    return Graph.from_edges(list(dag), dag.edges)


def test_the_numbers_of_dags_and_classes_are_known() -> None:
    """25 and 543 DAGs (Robinson 1973) in 11 and 185 classes (Gillispie and Perlman 2002)."""
    assert [len(all_dags(p)) for p in (3, 4)] == [25, 543]
    assert [len(classes(p)) for p in (3, 4)] == [11, 185]


@pytest.mark.parametrize("p", [3, 4])
def test_an_edge_is_directed_if_all_dags_of_the_class_direct_it_alike(p: int) -> None:
    for members in classes(p):
        edges = [set(dag.edges) for dag in members]
        common, every = set.intersection(*edges), set.union(*edges)
        undetermined = [(x, y) for x, y in every - common if x < y]
        expected = Graph.from_edges(list(members[0]), common, undetermined, "cpdag")
        for dag in members:
            assert np.array_equal(cpdag(graph_of(dag)).ends, expected.ends)


@pytest.mark.parametrize("p", [3, 4])
def test_answers_about_ancestors_are_those_of_all_dags_of_the_class(p: int) -> None:
    """Yes and no hold in every DAG. Undetermined pairs differ, or are always ancestors."""
    for members in classes(p):
        answers = cpdag(graph_of(members[0])).ancestors()
        true = np.array([[[x in nx.ancestors(d, y) for y in d] for x in d] for d in members])
        assert true.all(0)[answers == 1].all()
        assert np.array_equal(~true.any(0), answers == 0)


def test_the_same_as_causal_learn_on_larger_graphs() -> None:
    """Its `dag2cpdag` is another algorithm (Chickering 1995)."""
    dag2cpdag = pytest.importorskip("causallearn.utils.DAG2CPDAG").dag2cpdag
    from causallearn.graph.GeneralGraph import GeneralGraph
    from causallearn.graph.GraphNode import GraphNode

    from benchmarks.discovery.methods.conversion import from_causal_learn

    generator = np.random.default_rng(0)
    names = [f"v{k}" for k in range(8)]
    for share in (0.2, 0.4, 0.7) * 5:
        order = list(generator.permutation(names))
        edges = [pair for pair in combinations(order, 2) if generator.random() < share]
        nodes = {name: GraphNode(name) for name in names}
        theirs = GeneralGraph(list(nodes.values()))
        for cause, effect in edges:
            theirs.add_directed_edge(nodes[cause], nodes[effect])
        expected = from_causal_learn(dag2cpdag(theirs), names, "cpdag")
        assert np.array_equal(cpdag(Graph.from_edges(names, edges)).ends, expected.ends)


def test_only_a_dag_has_a_cpdag() -> None:
    with pytest.raises(ValueError, match="give a dag"):
        cpdag(Graph.from_edges("ab", undetermined=[("a", "b")], kind="cpdag"))


def test_the_skeleton_with_a_hidden_variable() -> None:
    """A pair is adjacent if no set of observed variables separates it."""
    for dag in all_dags(4):
        for hidden in dag:
            observed = [name for name in dag if name != hidden]
            found = observed_skeleton(dag, observed)
            for (i, x), (j, y) in combinations(enumerate(observed), 2):
                others = [name for name in observed if name not in (x, y)]
                separated = any(nx.is_d_separator(dag, x, y, set(g)) for g in subsets(others))
                assert found[i, j] == found[j, i] == (not separated)


def test_the_skeleton_without_hidden_variables_is_that_of_the_dag() -> None:
    for dag in all_dags(3):
        assert np.array_equal(observed_skeleton(dag, list(dag)), graph_of(dag).skeleton)
