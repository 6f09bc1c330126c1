"""PC with the answers of the true DAG or of the true distribution instead of tests on data."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import networkx as nx
import numpy as np
import pandas as pd
from scipy.stats import chi2

from benchmarks.discovery.graph import Graph
from benchmarks.discovery.methods.conversion import causal_learn, from_causal_learn, names_of
from benchmarks.discovery.registry import register

#: True if two columns are independent given others; all are numbers of columns.
Independent = Callable[[int, int, Sequence[int]], bool]

#: Conditional mutual information, in nats, below which variables count as independent. Rounding
#: leaves about 1e-16.
TOLERANCE = 1e-10
#: Name of the answers in causal-learn.
_TEST = "answers of an oracle"
_PC = "Spirtes, Glymour and Scheines, Causation, Prediction, and Search, 2000"


def pc_with(independent: Independent, names: Sequence[str]) -> Graph:
    """Run PC of causal-learn with a function instead of tests."""
    cit = causal_learn("utils.cit")

    class Answers(cit.CIT_Base):  # type: ignore[name-defined]
        method = _TEST

        def __call__(self, X: int, Y: int, condition_set: Sequence[int] | None = None) -> float:
            given = () if condition_set is None else tuple(map(int, condition_set))
            return float(independent(int(X), int(Y), given))

    cit.register_ci_test(_TEST, Answers)
    nothing = np.zeros((len(names) + 1, len(names)))  # the answers come from no data
    pc = causal_learn("search.ConstraintBased.PC").pc
    found = pc(nothing, 0.5, _TEST, show_progress=False)
    return from_causal_learn(found.G, names, "cpdag")


@register(
    "PC (d-separation)",
    assumes="the true DAG is known; checks the scores, and is always right",
    source=_PC,
    needs=("dag",),
)
class PCOfDag:
    """PC with the d-separations of the true DAG."""

    def discover(self, codes: pd.DataFrame, dag: nx.DiGraph) -> Graph:
        """Find the CPDAG of the DAG over the columns; ``dag`` may have more variables."""
        names = names_of(codes)

        def independent(x: int, y: int, given: Sequence[int]) -> bool:
            return bool(nx.is_d_separator(dag, names[x], names[y], {names[k] for k in given}))

        return pc_with(independent, names)


class PCOfDistribution:
    """PC with the independences of the true distribution.

    Parameters
    ----------
    alpha
        None: all dependences count, however weak. A level: only those that the G-square test of
        this level would find in the given number of rows, if its statistic had its expected value
        (2 n I + df for a conditional mutual information I).
    """

    def __init__(self, alpha: float | None = None) -> None:
        self.alpha = alpha

    def discover(self, codes: pd.DataFrame, joint: np.ndarray) -> Graph:
        """Find the graph that PC would find.

        Parameters
        ----------
        codes
            Only its columns and its number of rows are used.
        joint : array with an axis for each column
            P(all columns).
        """

        def independent(x: int, y: int, given: Sequence[int]) -> bool:
            information = conditional_information(joint, x, y, given)
            if self.alpha is None:
                return information < TOLERANCE
            freedom = (joint.shape[x] - 1) * (joint.shape[y] - 1)
            freedom *= int(np.prod([joint.shape[k] for k in given], dtype=int))
            statistic = 2 * len(codes) * information + freedom
            return bool(statistic < chi2.ppf(1 - self.alpha, freedom))

        return pc_with(independent, names_of(codes))


def conditional_information(joint: np.ndarray, x: int, y: int, given: Sequence[int]) -> float:
    """Conditional mutual information I(x; y | given) in nats, at least 0; axes of ``joint``."""
    kept = (*sorted(given), x, y)
    table = np.einsum(joint, list(range(joint.ndim)), list(kept))
    table = table.reshape(-1, *table.shape[-2:])
    both = table.sum((1, 2), keepdims=True)
    expected = table.sum(2, keepdims=True) * table.sum(1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = table * np.log(table * both / expected)
    return max(0.0, float(np.where(table > 0, terms, 0.0).sum()))


@register(
    "PC (exact)",
    assumes="the true distribution is known; wrong only where it is not faithful to the DAG",
    source=_PC,
    needs=("joint",),
)
def _exact() -> PCOfDistribution:
    return PCOfDistribution()


@register(
    "PC (exact, this n)",
    assumes="the true distribution is known; dependences that n rows cannot show count as none",
    source=_PC,
    needs=("joint",),
)
def _exact_at_n() -> PCOfDistribution:
    return PCOfDistribution(alpha=0.05)
