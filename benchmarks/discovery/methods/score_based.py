"""Searches for the graph with the best BDeu score."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import pandas as pd

from benchmarks.discovery.graph import Graph
from benchmarks.discovery.methods.conversion import (
    bdeu_matrix,
    causal_learn,
    from_causal_learn,
    names_of,
)
from benchmarks.discovery.registry import register

_BDEU = "no hidden common causes; BDeu score, equivalent sample size 1"
_SCORE = "local_score_BDeu"


class _Search(ABC):
    """A search of causal-learn, which gives a CPDAG."""

    def discover(self, codes: pd.DataFrame) -> Graph:
        """Estimate the CPDAG. Constant variables have no edges."""
        found = self._search(bdeu_matrix(codes))
        return from_causal_learn(found, names_of(codes), "cpdag")

    @abstractmethod
    def _search(self, X: Any) -> Any:
        """The graph that causal-learn finds, from a matrix of codes."""


@register("GES", assumes=_BDEU, source="Chickering, Journal of Machine Learning Research 2002")
class GES(_Search):
    """Greedy equivalence search."""

    def _search(self, X: Any) -> Any:
        return causal_learn("search.ScoreBased.GES").ges(X, _SCORE)["G"]


@register("GRaSP", assumes=_BDEU, source="Lam, Andrews and Ramsey, UAI 2022")
class GRaSP(_Search):
    """Greedy relaxations of the sparsest permutation."""

    def _search(self, X: Any) -> Any:
        return causal_learn("search.PermutationBased.GRaSP").grasp(X, _SCORE, verbose=False)


@register("BOSS", assumes=_BDEU, source="Andrews et al., NeurIPS 2023")
class BOSS(_Search):
    """Best order score search."""

    def _search(self, X: Any) -> Any:
        return causal_learn("search.PermutationBased.BOSS").boss(X, _SCORE, verbose=False)
