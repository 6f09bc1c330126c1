"""The true DAG of a dataset, with what a setting shows of its variables."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import networkx as nx

from sdscm.spec import graph as graphs


def true_graph(parents: Mapping[str, Collection[str]], treatment: str, outcome: str) -> nx.DiGraph:
    """Build the DAG of all variables, with the roles of treatment and outcome."""
    graph = graphs.build(parents)
    nx.set_node_attributes(graph, "covariate", "role")
    graph.nodes[treatment]["role"] = "treatment"
    graph.nodes[outcome]["role"] = "outcome"
    return graph


def as_seen(
    graph: nx.DiGraph,
    columns: Collection[str],
    *,
    instrument: str = "",
    proxies: Collection[str] = (),
    randomised: bool = False,
) -> nx.DiGraph:
    """Copy a DAG of `true_graph`, with what a setting shows of each variable.

    Parameters
    ----------
    columns
        The variables that X holds.
    instrument, proxies
        The variables that the setting shows beside X, or names among the columns of X.
    randomised
        True if the treatment is drawn again, so that no arrow leads to it.
    """
    seen = graph.copy()
    beside = {instrument: "instrument"} | dict.fromkeys(proxies, "proxy")
    for name, node in seen.nodes.items():
        node["role"] = beside.get(name, node["role"])
        node["observed"] = node["role"] != "covariate" or name in columns
        if randomised and node["role"] == "treatment":
            seen.remove_edges_from(list(graph.in_edges(name)))
    return seen


def as_content(graph: nx.DiGraph) -> dict[str, Any]:
    """Describe a DAG as plain data; ``true_graph(**content)`` makes it again."""
    found = {role: name for name, role in graph.nodes(data="role")}
    return {
        "parents": {name: sorted(graph.predecessors(name)) for name in graph},
        "treatment": found["treatment"],
        "outcome": found["outcome"],
    }
