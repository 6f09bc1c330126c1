"""PC and FCI with tests of conditional independence for categories."""

from __future__ import annotations

from typing import Literal

import pandas as pd

from benchmarks.discovery.graph import Graph
from benchmarks.discovery.methods.conversion import (
    as_matrix,
    causal_learn,
    from_causal_learn,
    names_of,
)
from benchmarks.discovery.registry import register

_FAITHFUL = "faithful distribution"
_SPIRTES = "Spirtes, Glymour and Scheines, Causation, Prediction, and Search, 2000"
_STABLE = "Colombo and Maathuis, Journal of Machine Learning Research 2014"


class PC:
    """PC with the order-independent skeleton, of causal-learn.

    Parameters
    ----------
    test
        ``gsq`` (likelihood ratio) or ``chisq``.
    alpha
        Level of the tests.
    """

    def __init__(self, test: Literal["gsq", "chisq"] = "gsq", alpha: float = 0.05) -> None:
        self.test: Literal["gsq", "chisq"] = test
        self.alpha = alpha

    def discover(self, codes: pd.DataFrame) -> Graph:
        """Estimate the CPDAG."""
        pc = causal_learn("search.ConstraintBased.PC").pc
        found = pc(as_matrix(codes), self.alpha, self.test, show_progress=False)
        return from_causal_learn(found.G, names_of(codes), "cpdag")


@register(
    "PC",
    assumes=f"no hidden common causes; {_FAITHFUL}; G-square test",
    source=f"{_SPIRTES}; {_STABLE}",
)
def _pc() -> PC:
    return PC()


@register(
    "PC (chi-square)",
    assumes=f"no hidden common causes; {_FAITHFUL}; chi-square test",
    source=f"{_SPIRTES}; {_STABLE}",
)
def _pc_chi_square() -> PC:
    return PC("chisq")


@register(
    "FCI",
    assumes=f"{_FAITHFUL}; common causes may be hidden; G-square test",
    source=f"{_SPIRTES}; Zhang, Artificial Intelligence 2008",
)
class FCI:
    """FCI of causal-learn; it gives a PAG."""

    def __init__(self, alpha: float = 0.05) -> None:
        self.alpha = alpha

    def discover(self, codes: pd.DataFrame) -> Graph:
        """Estimate the PAG."""
        fci = causal_learn("search.ConstraintBased.FCI").fci
        found, _ = fci(as_matrix(codes), "gsq", self.alpha, show_progress=False)
        return from_causal_learn(found, names_of(codes), "pag")
