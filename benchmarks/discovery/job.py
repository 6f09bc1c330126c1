"""The job of a discovery method, and the file of its graph."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.discovery import registry
from benchmarks.discovery.graph import Graph
from benchmarks.discovery.registry import DiscoveryInfo
from benchmarks.discovery.tables import AnonymousTable
from benchmarks.provenance.source_code import code_of_function
from benchmarks.tasks.records import AnswerFormat, RecordFile, library_versions
from benchmarks.tasks.runner import BadAnswer

_FORMAT = 1
_LIBRARIES = ("causal-learn", "networkx")


@dataclass(frozen=True, eq=False)
class DiscoveryJob:
    """A method, by its name, and what it sees."""

    method: str
    codes: pd.DataFrame
    shown: Mapping[str, Any]
    seed: int

    def run(self) -> tuple[Graph, float]:
        """Return the graph, with its variables in the order of the columns, and the seconds."""
        method = registry.get(self.method).make(self.seed)
        codes = self.codes.copy(deep=True)
        start = time.perf_counter()
        graph = method.discover(codes, **self.shown)
        seconds = time.perf_counter() - start
        if not codes.equals(self.codes):
            raise BadAnswer("it changed its input; work on a copy")
        return in_order(graph, [str(name) for name in self.codes]), seconds


def in_order(graph: Any, names: Sequence[str]) -> Graph:
    """Return the graph with its variables in this order.

    Raises
    ------
    BadAnswer
        If it is not a graph over these variables.
    """
    if not isinstance(graph, Graph):
        raise BadAnswer(f"it gave an object of type {type(graph).__name__}, not a Graph")
    if sorted(graph.names) != sorted(names):
        raise BadAnswer(f"its graph is over {', '.join(graph.names)}, not {', '.join(names)}")
    return graph.renamed(graph.names, [graph.names.index(name) for name in names])


def graph_record(
    path: Path, info: DiscoveryInfo, table: AnonymousTable, seed: int
) -> RecordFile[Graph]:
    """Make the record of a method on a table."""
    deciding = [_FORMAT, info.name, code_of_function(info.factory), table.content, seed, versions()]
    return RecordFile.of(path, deciding, _GRAPHS)


def versions() -> dict[str, str]:
    """Versions of the libraries that decide graphs."""
    return library_versions(*_LIBRARIES)


_GRAPHS = AnswerFormat(
    lambda graph: {"kind": graph.kind, "names": graph.names, "ends": graph.ends.tolist()},
    lambda stored: Graph(tuple(stored["names"]), stored["ends"], stored["kind"]),
)
