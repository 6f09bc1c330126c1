"""Guesses of a language model that sees only the names of the variables."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pandas as pd

from benchmarks.discovery.graph import Graph
from benchmarks.discovery.methods.conversion import names_of
from benchmarks.discovery.registry import register

_SOURCE = "pairwise questions: Kiciman et al., Transactions on Machine Learning Research 2024"


@register(
    "Names",
    assumes="the language model knows from the names what causes what; one edge a variable",
    source=_SOURCE,
    needs=("pairwise",),
)
class Names:
    """Take the edges that a language model affirms most, as many as there are variables.

    A small model affirms nearly every pair, so that its own threshold gives a complete graph. An
    edge that would make a cycle is left out.
    """

    def discover(self, codes: pd.DataFrame, pairwise: pd.DataFrame) -> Graph:
        """Guess the DAG.

        Parameters
        ----------
        codes
            Only its columns are used.
        pairwise : DataFrame of shape (p, p)
            Log-odds that the row's variable causes the column's.
        """
        names = names_of(codes)
        graph = nx.DiGraph()
        graph.add_nodes_from(names)
        scores = pairwise.loc[names, names].to_numpy()
        for place in np.argsort(-scores, axis=None, kind="stable"):
            i, j = np.unravel_index(place, scores.shape)
            if i != j and not nx.has_path(graph, names[j], names[i]):
                graph.add_edge(names[i], names[j])
            if len(graph.edges) == len(names):
                break
        return Graph.from_edges(names, graph.edges)


@register(
    "Names (shuffled)",
    assumes="nothing: the control of Names, whose answers are given to other variables",
    source=_SOURCE,
    needs=("pairwise",),
)
class ShuffledNames(Names):
    """`Names`, with the names dealt to the variables at random."""

    def __init__(self, random_state: int = 0) -> None:
        self.random_state = random_state

    def discover(self, codes: pd.DataFrame, pairwise: pd.DataFrame) -> Graph:
        """Guess the DAG as `Names` does, for shuffled names."""
        names = names_of(codes)
        dealt = np.random.default_rng(self.random_state).permutation(names)
        answers = pairwise.loc[dealt, dealt].to_numpy()
        return super().discover(codes, pd.DataFrame(answers, names, names))
