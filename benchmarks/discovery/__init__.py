"""Causal discovery on data of SD-SCMs: methods recover the DAG from categories.

>>> from benchmarks import discovery
>>> found = discovery.run(["headache"], "tabular:0", n=200, phrasings=1, methods=["PC", "Empty"],
...                       workers=0, runs_dir=None)
>>> found.cells["method"].tolist()
['PC', 'Empty']
"""

from benchmarks.discovery.check import check_method
from benchmarks.discovery.equivalence import cpdag
from benchmarks.discovery.experiment import DiscoveryResult, run
from benchmarks.discovery.faithfulness import EdgeStrength, edge_strengths
from benchmarks.discovery.graph import Graph
from benchmarks.discovery.registry import (
    DiscoveryInfo,
    DiscoveryMethod,
    get,
    names,
    register,
)
from benchmarks.discovery.scores import GraphTruth, score

__all__ = [
    "run",
    "DiscoveryResult",
    "Graph",
    "cpdag",
    "GraphTruth",
    "score",
    "register",
    "names",
    "get",
    "check_method",
    "DiscoveryMethod",
    "DiscoveryInfo",
    "EdgeStrength",
    "edge_strengths",
]
