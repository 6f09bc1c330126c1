"""Equivalence classes of DAGs, and what hidden variables leave of a skeleton."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import networkx as nx
import numpy as np

from benchmarks.discovery.graph import ARROW, CIRCLE, NONE, TAIL, Graph


def cpdag(dag: Graph) -> Graph:
    """The completed partially directed acyclic graph of the Markov equivalence class of a DAG.

    Edges that all DAGs of the class direct alike are directed: those of unshielded colliders, and
    what follows from them by Meek's rules 1 to 3, which are complete here (Meek, "Causal inference
    and causal explanation with background knowledge", UAI 1995, theorem 3).

    Examples
    --------
    >>> from benchmarks.discovery import Graph, cpdag
    >>> cpdag(Graph.from_edges("abc", [("a", "b"), ("b", "c")]))
    <Graph: cpdag, 3 variables: a o-o b, b o-o c>
    >>> cpdag(Graph.from_edges("abc", [("a", "b"), ("c", "b")]))
    <Graph: cpdag, 3 variables: a --> b, b <-- c>
    """
    if dag.kind != "dag":
        raise ValueError(f"cpdag: give a dag, not a {dag.kind}")
    p, adjacent, edges = len(dag.names), dag.skeleton, dag.directed
    known = np.zeros_like(edges)
    for effect in range(p):
        for one, other in combinations(np.flatnonzero(edges[:, effect]), 2):
            if not adjacent[one, other]:
                known[[one, other], effect] = True
    while True:
        found = edges & ~known & _implied(known, adjacent & ~known & ~known.T, adjacent)
        if not found.any():
            break
        known |= found
    ends = np.where(adjacent, CIRCLE, NONE)
    ends[known], ends[known.T] = ARROW, TAIL
    return Graph(dag.names, ends, "cpdag")


def _implied(known: np.ndarray, open_: np.ndarray, adjacent: np.ndarray) -> np.ndarray:
    """Edges that Meek's rules direct, given the directed edges and those without a direction."""
    found = np.zeros_like(known)
    for a, b in np.argwhere(open_):
        into_b = known[:, b] & open_[a]  # c with a -- c --> b
        found[a, b] = (
            (known[:, a] & ~adjacent[:, b]).any()  # rule 1: c --> a -- b
            or (known[a] & known[:, b]).any()  # rule 2: a --> c --> b
            # rule 3: a -- c --> b and a -- d --> b, with c and d not adjacent
            or any(not adjacent[c, d] for c, d in combinations(np.flatnonzero(into_b), 2))
        )
    return found


def observed_skeleton(dag: nx.DiGraph, observed: Sequence[str]) -> np.ndarray:
    """Pairs of observed variables that no set of observed variables d-separates.

    A pair is separated by its observed ancestors, if by any set (Richardson and Spirtes, "Ancestral
    graph Markov models", Annals of Statistics 2002, theorem 4.2). Without hidden variables this is
    the skeleton of the DAG.

    Returns
    -------
    Symmetric boolean array of shape (number of observed, number of observed).
    """
    found = np.zeros((len(observed), len(observed)), dtype=bool)
    for i, j in combinations(range(len(observed)), 2):
        pair = {observed[i], observed[j]}
        before = set().union(*(nx.ancestors(dag, name) for name in pair))
        given = (before & set(observed)) - pair
        found[i, j] = found[j, i] = not nx.is_d_separator(dag, *pair, given)
    return found
