"""Checks of graphs, and back-door sets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import networkx as nx

from estimators.errors import EstimatorError


def as_graph(graph: Any, columns: Sequence[str]) -> nx.DiGraph:
    """Copy a DAG, and set the node attribute ``columns``: positions of the variable's columns in X.

    A column belongs to the variable of its name, else to the one of the text before an equals sign
    (``variable=value``, an indicator).

    Raises
    ------
    EstimatorError
        If it is not a DAG, the treatment or the outcome is not one node, or a column belongs to no
        variable.
    """
    if not isinstance(graph, nx.DiGraph) or not nx.is_directed_acyclic_graph(graph):
        raise EstimatorError("graph: must be a networkx.DiGraph without cycles")
    for role in ("treatment", "outcome"):
        count = len(with_role(graph, role))
        if count != 1:
            raise EstimatorError(f"graph: {count} nodes have role={role!r}; give it to one node")
    found: dict[str, list[int]] = {name: [] for name in graph}
    for position, column in enumerate(columns):
        starts = [column[:end] for end, letter in enumerate(column) if letter == "="]
        names = [name for name in (column, *reversed(starts)) if name in found]
        if not names:
            raise EstimatorError(f"graph: column {column!r} of X is not of one of its variables")
        found[names[0]].append(position)
    copied = graph.copy()
    nx.set_node_attributes(copied, found, "columns")
    return copied


def with_role(graph: nx.DiGraph, role: str) -> list[str]:
    """The nodes of a role."""
    return [name for name, each in graph.nodes(data="role") if each == role]


def back_door_columns(graph: nx.DiGraph) -> list[int] | None:
    """Columns of X of a minimal back-door set, as positions; None if the graph has no such set.

    ``graph`` is of `as_graph`. The set blocks all paths into the treatment, and no member descends
    from it (Pearl, "Causality", 2009, section 3.3.1). Of the minimal sets it is one near to the
    outcome, which gives less variance than one near to the treatment.
    """
    (treatment,), (outcome,) = with_role(graph, "treatment"), with_role(graph, "outcome")
    positions = dict(graph.nodes(data="columns"))
    after = nx.descendants(graph, treatment) | {treatment, outcome}
    allowed = {name for name, those in positions.items() if those and name not in after}
    back = graph.copy()
    back.remove_edges_from(list(graph.out_edges(treatment)))
    chosen = nx.find_minimal_d_separator(back, outcome, treatment, restricted=allowed)
    return None if chosen is None else sorted(p for name in chosen for p in positions[name])
