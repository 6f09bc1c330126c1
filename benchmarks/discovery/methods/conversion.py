"""Call causal-learn: its input, its graphs, and its search of parents in a given order."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.discovery.graph import ARROW, CIRCLE, NONE, TAIL, Graph, Kind
from sdscm.errors import InputError, MissingExtraError

#: causal-learn's marks: -1 a tail, 1 an arrow, 2 a circle.
_MARKS = {0: NONE, -1: TAIL, 1: ARROW, 2: CIRCLE}


def causal_learn(module: str) -> Any:
    """Import a module of causal-learn when it is needed: it takes seconds.

    Raises
    ------
    MissingExtraError
        If it is not installed.
    """
    try:
        return import_module(f"causallearn.{module}")
    except ImportError:
        raise MissingExtraError("causal discovery", "discovery") from None


def names_of(codes: pd.DataFrame) -> list[str]:
    """The names of the columns."""
    return [str(name) for name in codes.columns]


def as_matrix(codes: pd.DataFrame) -> np.ndarray:
    """The codes as causal-learn takes them."""
    return codes.to_numpy(dtype=np.int64)


def bdeu_matrix(codes: pd.DataFrame) -> np.ndarray:
    """The codes for searches with the BDeu score of causal-learn.

    Raises
    ------
    InputError
        If there are fewer than three columns: the prior of the structure is then infinite.
    """
    if codes.shape[1] < 3:
        raise InputError("the BDeu score of causal-learn needs three variables or more")
    return as_matrix(codes)


def from_causal_learn(found: Any, names: Sequence[str], kind: Kind) -> Graph:
    """Convert a graph of causal-learn; undirected edges of a CPDAG get two circles."""
    marks = np.vectorize(_MARKS.__getitem__, otypes=[np.int8])(found.graph.astype(int)).T
    if kind == "cpdag":
        marks[(marks == TAIL) & (marks.T == TAIL)] = CIRCLE
    return Graph(tuple(names), marks, kind)


def parents_in_order(codes: pd.DataFrame) -> dict[str, list[str]]:
    """Parents of each variable among the columns before it, by BDeu and a grow-shrink tree."""
    bdeu = causal_learn("score.LocalScoreFunction").local_score_BDeu
    scores = causal_learn("score.LocalScoreFunctionClass").LocalScoreClass
    tree = causal_learn("search.PermutationBased.gst").GST
    names = names_of(codes)
    score = scores(data=bdeu_matrix(codes), local_score_fun=bdeu)
    found: dict[str, list[str]] = {}
    for place, name in enumerate(names):
        parents: list[int] = []
        tree(place, score).trace(list(range(place)), parents)
        found[name] = [names[parent] for parent in parents]
    return found
