"""Cycles and orders in the DAG of a spec."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import networkx as nx


def build(parents: Mapping[str, Iterable[str]]) -> nx.DiGraph:
    """A directed graph with edges from parents to children; nodes in the order of the mapping."""
    graph = nx.DiGraph()
    graph.add_nodes_from(parents)
    graph.add_edges_from((parent, child) for child, those in parents.items() for parent in those)
    return graph


def find_cycle(graph: nx.DiGraph) -> list[str]:
    """The nodes of one directed cycle, in its direction; empty if there is no cycle."""
    try:
        return [edge[0] for edge in nx.find_cycle(graph)]
    except nx.NetworkXNoCycle:
        return []


def topological_order(graph: nx.DiGraph) -> tuple[str, ...]:
    """The topological order that is smallest if nodes compare by their position in the graph.

    If the order of the nodes in the graph is topological, it is returned unchanged.
    """
    place = {node: index for index, node in enumerate(graph)}
    return tuple(nx.lexicographical_topological_sort(graph, key=place.__getitem__))
