"""Causal graphs with marks at the ends of their edges: DAGs, CPDAGs and PAGs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import networkx as nx
import numpy as np

#: Marks at the end of an edge. A circle is a mark that is not determined.
NONE, TAIL, ARROW, CIRCLE = range(4)
_SHOWN = {
    (TAIL, ARROW): "-->",
    (ARROW, TAIL): "<--",
    (CIRCLE, CIRCLE): "o-o",
    (CIRCLE, ARROW): "o->",
    (ARROW, CIRCLE): "<-o",
    (ARROW, ARROW): "<->",
    (TAIL, TAIL): "---",
    (TAIL, CIRCLE): "--o",
    (CIRCLE, TAIL): "o--",
}

#: ``dag``: all edges are directed, without a cycle. ``cpdag``: the edges of an equivalence class,
#: directed or undetermined (``o-o``). ``pag``: any marks; common causes may be hidden.
Kind = Literal["dag", "cpdag", "pag"]


@dataclass(frozen=True, eq=False)
class Graph:
    """A causal graph over named variables.

    Attributes
    ----------
    names
        The variables.
    ends : integer array of shape (p, p)
        ``ends[i, j]`` is the mark at j of the edge between i and j: `NONE` (there is no edge),
        `TAIL`, `ARROW` or `CIRCLE`. The edge i --> j has ``ends[i, j] == ARROW`` and
        ``ends[j, i] == TAIL``.
    kind
        ``dag``, ``cpdag`` or ``pag``.

    Raises
    ------
    ValueError
        If the marks are not those of a graph of this kind.

    Examples
    --------
    >>> from benchmarks.discovery import Graph
    >>> graph = Graph.from_edges(["smoking", "tar", "age"], [("smoking", "tar")])
    >>> graph
    <Graph: dag, 3 variables: smoking --> tar>
    """

    names: tuple[str, ...]
    ends: np.ndarray
    kind: Kind

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", tuple(map(str, self.names)))
        ends = np.array(self.ends, dtype=np.int8)
        ends.setflags(write=False)
        object.__setattr__(self, "ends", ends)
        problem = self._problem()
        if problem:
            raise ValueError(f"this is not a {self.kind}: {problem}")

    @classmethod
    def from_edges(
        cls,
        names: Sequence[str],
        directed: Iterable[tuple[str, str]] = (),
        undetermined: Iterable[tuple[str, str]] = (),
        kind: Kind = "dag",
    ) -> Graph:
        """Make a graph from pairs of names; a directed edge is (cause, effect).

        Raises
        ------
        ValueError
            If a name is not a variable, a pair has two edges, or the graph is not of this kind.

        Examples
        --------
        >>> from benchmarks.discovery import Graph
        >>> Graph.from_edges("ab", undetermined=[("a", "b")], kind="cpdag")
        <Graph: cpdag, 2 variables: a o-o b>
        """
        place = {name: number for number, name in enumerate(names)}
        ends = np.zeros((len(place), len(place)), dtype=np.int8)
        directed, undetermined = list(directed), list(undetermined)
        pairs: set[frozenset[str]] = set()
        for pair in [*directed, *undetermined]:
            if unknown := [name for name in pair if name not in place]:
                raise ValueError(f"an edge names {unknown[0]!r}, which is not a variable")
            if frozenset(pair) in pairs:
                raise ValueError(f"{pair[0]} and {pair[1]} have two edges; give one")
            pairs.add(frozenset(pair))
        for cause, effect in directed:
            ends[place[cause], place[effect]] = ARROW
            ends[place[effect], place[cause]] = TAIL
        for one, other in undetermined:
            ends[place[one], place[other]] = ends[place[other], place[one]] = CIRCLE
        return cls(tuple(names), ends, kind)

    @property
    def skeleton(self) -> np.ndarray:
        """Adjacencies, a symmetric boolean array of shape (p, p)."""
        return np.asarray(self.ends != NONE)

    @property
    def directed(self) -> np.ndarray:
        """Directed edges: True at (i, j) for i --> j."""
        return np.asarray((self.ends == ARROW) & (self.ends.T == TAIL))

    @property
    def digraph(self) -> nx.DiGraph:
        """The directed edges as a graph of networkx."""
        graph = nx.DiGraph()
        graph.add_nodes_from(self.names)
        graph.add_edges_from((self.names[i], self.names[j]) for i, j in np.argwhere(self.directed))
        return graph

    def ancestors(self) -> np.ndarray:
        """Answer for each pair if i is an ancestor of j: 1 yes, 0 no, NaN undetermined.

        Yes if there is a directed path. No if there is no possibly directed path: one on which no
        edge has an arrow at its start, or a tail at its end (Zhang, "Causal reasoning with
        ancestral graphs", Journal of Machine Learning Research 2008). The diagonal is 0.

        Examples
        --------
        >>> from benchmarks.discovery import Graph
        >>> Graph.from_edges("abc", [("a", "b"), ("b", "c")]).ancestors()[0]
        array([0., 1., 1.])
        """
        possible = self.skeleton & (self.ends.T != ARROW) & (self.ends != TAIL)
        answers = np.where(_closure(possible), np.nan, 0.0)
        answers[_closure(self.directed)] = 1.0
        np.fill_diagonal(answers, 0.0)
        return answers

    def renamed(self, names: Sequence[str], order: Sequence[int]) -> Graph:
        """Give the variables other names, and put the variable ``order[k]`` at place k.

        Examples
        --------
        >>> from benchmarks.discovery import Graph
        >>> Graph.from_edges("ab", [("a", "b")]).renamed(["sun", "heat"], [1, 0])
        <Graph: dag, 2 variables: heat <-- sun>
        """
        places = np.asarray(order)
        renamed = tuple(names[place] for place in places)
        return Graph(renamed, self.ends[np.ix_(places, places)], self.kind)

    def edges(self) -> list[str]:
        """Write each edge as text.

        Examples
        --------
        >>> from benchmarks.discovery import Graph
        >>> Graph.from_edges("abc", [("a", "b"), ("c", "b")]).edges()
        ['a --> b', 'b <-- c']
        """
        pairs = np.argwhere(np.triu(self.skeleton))
        return [
            f"{self.names[i]} {_SHOWN[int(self.ends[j, i]), int(self.ends[i, j])]} {self.names[j]}"
            for i, j in pairs
        ]

    def __repr__(self) -> str:
        shown = ", ".join(self.edges()) or "no edges"
        return f"<Graph: {self.kind}, {len(self.names)} variables: {shown}>"

    def _problem(self) -> str:
        p = len(self.names)
        if self.kind not in get_args(Kind):
            return f"choose among {', '.join(get_args(Kind))}"
        if len(set(self.names)) < p:
            return "two variables have the same name"
        if self.ends.shape != (p, p):
            return f"ends has the shape {self.ends.shape}, not ({p}, {p})"
        if not ((self.ends >= NONE) & (self.ends <= CIRCLE)).all():
            return "an end has an unknown mark"
        if (self.skeleton != self.skeleton.T).any() or self.skeleton.diagonal().any():
            return "an edge has only one end, or joins a variable to itself"
        undetermined = (self.ends == CIRCLE) & (self.ends.T == CIRCLE)
        directed = self.directed | self.directed.T
        if self.kind == "cpdag" and (self.skeleton & ~directed & ~undetermined).any():
            return "each edge is directed, or has two circles"
        if self.kind == "dag":
            if (self.skeleton & ~directed).any():
                return "each edge is directed"
            if not nx.is_directed_acyclic_graph(self.digraph):
                return "it has a directed cycle"
        return ""


def _closure(steps: np.ndarray) -> np.ndarray:
    """Pairs that are joined by one or more steps (Warshall's algorithm)."""
    reached = steps.copy()
    for middle in range(len(reached)):
        reached |= np.outer(reached[:, middle], reached[middle])
    return reached
