"""Cycles, orders and relatives in the DAG of a spec."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import networkx as nx


def build(parents: Mapping[str, Iterable[str]]) -> nx.DiGraph:
    """Directed graph with an edge from each parent to its child, nodes in the mapping's order."""
    graph = nx.DiGraph()
    graph.add_nodes_from(parents)
    graph.add_edges_from((parent, child) for child, those in parents.items() for parent in those)
    return graph


def find_cycle(graph: nx.DiGraph) -> list[str]:
    """The nodes of one directed cycle in its direction, or none."""
    try:
        return [edge[0] for edge in nx.find_cycle(graph)]
    except nx.NetworkXNoCycle:
        return []


def topological_order(graph: nx.DiGraph) -> tuple[str, ...]:
    """The topological order that is smallest when nodes compare by their place in the graph.

    The order in which the nodes were added is returned as it is where it is topological: no other
    sequence of the same nodes is smaller.
    """
    place = {node: index for index, node in enumerate(graph)}
    return tuple(nx.lexicographical_topological_sort(graph, key=place.__getitem__))


def descendants(graph: nx.DiGraph, node: str) -> set[str]:
    """Every node that a directed path leads to from this one, itself left out."""
    return set(nx.descendants(graph, node))


def ancestors(graph: nx.DiGraph, node: str) -> set[str]:
    """Every node from which a directed path leads to this one, itself left out."""
    return set(nx.ancestors(graph, node))
