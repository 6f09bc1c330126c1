"""Scores of an estimated graph against the DAG."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import networkx as nx
import numpy as np

from benchmarks.discovery.equivalence import cpdag, observed_skeleton
from benchmarks.discovery.graph import Graph
from benchmarks.tasks.score import Score

_NAN = float("nan")
_COUNT, _SHARE = (0.0, math.inf), (0.0, 1.0)


@dataclass(frozen=True, eq=False)
class GraphTruth:
    """The DAG that made the data, and the variables that a method sees.

    Attributes
    ----------
    dag
        The DAG over all variables.
    observed
        Names of the variables that a method sees.

    Examples
    --------
    >>> import networkx as nx
    >>> from benchmarks.discovery import GraphTruth
    >>> GraphTruth(nx.DiGraph([("a", "b"), ("b", "c")]), ("a", "b", "c")).cpdag
    <Graph: cpdag, 3 variables: a o-o b, b o-o c>
    """

    dag: nx.DiGraph
    observed: tuple[str, ...]

    @property
    def hidden(self) -> bool:
        """True if some variables are not observed."""
        return len(self.observed) < len(self.dag)

    @cached_property
    def cpdag(self) -> Graph:
        """The equivalence class of the DAG, if all variables are observed."""
        return cpdag(Graph.from_edges(self.observed, self.dag.edges))

    @cached_property
    def skeleton(self) -> np.ndarray:
        """Pairs that no set of observed variables separates, of shape (p, p)."""
        return observed_skeleton(self.dag, self.observed)

    @cached_property
    def ancestors(self) -> np.ndarray:
        """True at (i, j) if the variable i is an ancestor of j, of shape (p, p)."""
        before = [nx.ancestors(self.dag, name) for name in self.observed]
        return np.array([[name in each for each in before] for name in self.observed])


@dataclass(frozen=True)
class GraphScore(Score):
    """A score of an estimated graph.

    Attributes
    ----------
    function
        Function of the estimate and the truth, whose variables have the same order. NaN where the
        score is not defined.
    """

    function: Callable[[Graph, GraphTruth], float]


def comparable(graph: Graph, truth: GraphTruth) -> Graph | None:
    """The estimate as a CPDAG; None where the truth has no CPDAG, or the estimate is a PAG."""
    if truth.hidden or graph.kind == "pag":
        return None
    return cpdag(graph) if graph.kind == "dag" else graph


def differing_pairs(one: Graph, other: Graph) -> int:
    """Count the pairs of variables that the graphs join differently.

    The structural Hamming distance of CPDAGs (Tsamardinos, Brown and Aliferis, "The max-min
    hill-climbing Bayesian network structure learning algorithm", Machine Learning 2006).
    """
    differs = one.ends != other.ends
    return int(np.triu(differs | differs.T).sum())


def _shd(graph: Graph, truth: GraphTruth) -> float:
    found = comparable(graph, truth)
    return _NAN if found is None else differing_pairs(found, truth.cpdag)


def _skeleton_errors(graph: Graph, truth: GraphTruth) -> float:
    return float(np.triu(graph.skeleton != truth.skeleton).sum())


def _f1(found: np.ndarray, true: np.ndarray) -> float:
    """2 TP / (2 TP + FP + FN); NaN if nothing is found and nothing is true."""
    total = found.sum() + true.sum()
    return _NAN if total == 0 else float(2 * (found & true).sum() / total)


def _skeleton_f1(graph: Graph, truth: GraphTruth) -> float:
    return _f1(np.triu(graph.skeleton), np.triu(truth.skeleton))


def _orientation_f1(graph: Graph, truth: GraphTruth) -> float:
    found = comparable(graph, truth)
    return _NAN if found is None else _f1(found.directed, truth.cpdag.directed)


def _ancestor_accuracy(graph: Graph, truth: GraphTruth) -> float:
    answers, true = _answers(graph, truth)
    credit = np.where(np.isnan(answers), 0.5, answers == true)
    if true.all() or not true.any():
        return _NAN
    return float((credit[true].mean() + credit[~true].mean()) / 2)


def _ancestor_answered(graph: Graph, truth: GraphTruth) -> float:
    return float((~np.isnan(_answers(graph, truth)[0])).mean())


def _answers(graph: Graph, truth: GraphTruth) -> tuple[np.ndarray, np.ndarray]:
    """Answers and truth for each ordered pair of two variables."""
    off = ~np.eye(len(graph.names), dtype=bool)
    return graph.ancestors()[off], truth.ancestors[off]


#: All scores, in the order of the columns of a board.
SCORES: tuple[GraphScore, ...] = (
    GraphScore(
        "shd",
        "SHD",
        "lower",
        _COUNT,
        "Structural Hamming distance: the number of pairs of variables that the CPDAG of the "
        "estimate and that of the DAG join differently: an edge too many, an edge missing, or "
        "another direction. 0 if and only if they are equal.",
        _shd,
    ),
    GraphScore(
        "skeleton_errors",
        "Skeleton errors",
        "lower",
        _COUNT,
        "The part of SHD that is not a matter of direction: edges too many and edges missing.",
        _skeleton_errors,
    ),
    GraphScore(
        "skeleton_f1",
        "Skeleton F1",
        "higher",
        _SHARE,
        "Harmonic mean of precision and recall of the adjacencies.",
        _skeleton_f1,
    ),
    GraphScore(
        "orientation_f1",
        "Orientation F1",
        "higher",
        _SHARE,
        "Harmonic mean of precision and recall of the directed edges of the CPDAG. Not defined "
        "if neither CPDAG has one.",
        _orientation_f1,
    ),
    GraphScore(
        "ancestor_accuracy",
        "Ancestor accuracy",
        "higher",
        _SHARE,
        "Is X upstream of Y? Share of right answers, the mean of the share over the pairs where "
        "the truth is yes and the share over the others. An undetermined answer counts half, so "
        "that 0.5 is the level of chance and of the empty graph.",
        _ancestor_accuracy,
    ),
    GraphScore(
        "ancestor_answered",
        "Pairs answered",
        None,
        _SHARE,
        "Share of the ordered pairs for which the graph says yes or no.",
        _ancestor_answered,
    ),
)


def score(graph: Graph, truth: GraphTruth) -> dict[str, float]:
    """Compute all scores of a graph.

    Raises
    ------
    ValueError
        If the graph has other variables than the truth, or another order of them.

    Examples
    --------
    >>> import networkx as nx
    >>> from benchmarks.discovery import Graph, GraphTruth, score
    >>> truth = GraphTruth(nx.DiGraph([("a", "b"), ("c", "b")]), ("a", "b", "c"))
    >>> score(Graph.from_edges("abc", [("a", "b")]), truth)["shd"]
    2.0
    """
    if graph.names != truth.observed:
        raise ValueError(f"the graph is over {graph.names}, the truth over {truth.observed}")
    return {each.name: float(each.function(graph, truth)) for each in SCORES}
