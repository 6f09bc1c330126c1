"""Baselines that no method of discovery should lose to."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd

from benchmarks.discovery.graph import Graph
from benchmarks.discovery.methods.conversion import names_of, parents_in_order
from benchmarks.discovery.registry import register


@register("Empty", assumes="no effects", source="")
class Empty:
    """The graph without edges."""

    def discover(self, codes: pd.DataFrame) -> Graph:
        """Give the graph without edges."""
        return Graph.from_edges(names_of(codes))


@register(
    "Random", assumes="nothing: a random order, and on average one edge a variable", source=""
)
class Random:
    """A random DAG: a random order, and each edge along it with the same probability."""

    def __init__(self, random_state: int = 0) -> None:
        self.random_state = random_state

    def discover(self, codes: pd.DataFrame) -> Graph:
        """Draw a DAG."""
        generator = np.random.default_rng(self.random_state)
        order = generator.permutation(names_of(codes))
        share = min(1.0, 2 / max(1, len(order) - 1))
        edges = [pair for pair in combinations(order, 2) if generator.random() < share]
        return Graph.from_edges(names_of(codes), edges)


class EntropySort:
    """Sort the variables by their marginal entropy, and find parents among the earlier ones.

    The parents are those of the grow-shrink tree of BOSS with the BDeu score.

    Parameters
    ----------
    descending
        Begin with the largest entropy.
    """

    def __init__(self, descending: bool = False) -> None:
        self.descending = descending

    def discover(self, codes: pd.DataFrame) -> Graph:
        """Estimate the DAG."""
        entropies = {name: _entropy(codes[name]) for name in names_of(codes)}
        order = sorted(entropies, key=entropies.__getitem__, reverse=self.descending)
        parents = parents_in_order(codes[order])
        edges = [(cause, name) for name, causes in parents.items() for cause in causes]
        return Graph.from_edges(names_of(codes), edges)


def _entropy(column: pd.Series) -> float:
    shares = column.value_counts(normalize=True).to_numpy()
    return float(-(shares * np.log(shares)).sum())


_SORT = "analogue of sorting by variance: Reisach, Seiler and Weichwald, NeurIPS 2021"


@register("Entropy sort", assumes="causes have less entropy than effects; BDeu score", source=_SORT)
def _ascending() -> EntropySort:
    return EntropySort()


@register(
    "Entropy sort (descending)",
    assumes="causes have more entropy than effects; BDeu score",
    source=_SORT,
)
def _descending() -> EntropySort:
    return EntropySort(descending=True)
