"""Compare the rankings of boards that differ in the language model only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import kendalltau

from benchmarks.boards import explain
from benchmarks.boards.board import Board
from benchmarks.boards.intervals import WithInterval
from benchmarks.boards.ranking import Ranking, merit
from benchmarks.boards.summary import ALL, mean_of_means
from benchmarks.datasets.truth import FITTED
from benchmarks.metrics import Metric
from sdscm.number_format import level, p_equals, p_value, two_decimals
from sdscm.report_page import ReportTable, TableColumn, make_table, number_column, text_column
from sdscm.statistics.multiplicity import adjusted
from sdscm.statistics.signs import sign_patterns

TITLE = "Rankings by language model"

#: Definition of the numbers, for readers.
RULE = (
    "Kendall's tau-b is 1 for the same order of the methods, 0 for unrelated orders and -1 for the "
    "opposite order (Kendall 1945). Between boards: of the average ranks. On one phrasing: the "
    "mean over phrasings (or files) of tau between the orders on the datasets of a phrasing, with "
    "its interval by Student's t; the scenarios have the same weight. Few datasets give noisy "
    "orders, so that even one model does not agree with itself: the last two numbers compare two "
    "different phrasings of one model, and of two models. The p value tests the hypothesis that "
    "the model does not matter: then the two models of a phrasing could be exchanged. It compares "
    "the difference of the two numbers with those after all exchanges (sign flips), is exact for "
    "any number of phrasings, and is adjusted for the pairs of models of a ranking (Holm 1979)."
)


@dataclass(frozen=True)
class ModelPair:
    """Compare the rankings of two language models.

    Attributes
    ----------
    models
        The two models.
    methods, phrasings
        Numbers of methods and of phrasings (or files) that both boards have.
    tau
        Kendall's tau-b between the average ranks of the boards.
    one_phrasing, low, high
        Mean over phrasings of tau between the orders on one phrasing, and its interval; NaN for
        ends with fewer than five phrasings.
    within, between
        Mean tau between the orders on two phrasings, of one model and of both; NaN with a single
        phrasing.
    p_value
        P value of the hypothesis that the model does not matter, adjusted for the pairs.
    least_p_value
        The smallest p value that so few phrasings allow.
    """

    models: tuple[str, str]
    methods: int
    phrasings: int
    tau: float
    one_phrasing: float
    low: float
    high: float
    within: float
    between: float
    p_value: float
    least_p_value: float


@dataclass(frozen=True, eq=False)
class ModelComparison:
    """Compare the rankings of boards that differ in the language model only.

    Attributes
    ----------
    group
        Properties that the boards share; see `Board.group`.
    metric
        Metric of the rankings.
    rankings
        The ranking of each language model.
    pairs
        The comparison of each pair of models.
    level
        Level of the intervals; the tests have the level 1 - ``level``.
    """

    group: dict[str, str]
    metric: Metric
    rankings: Mapping[str, Ranking]
    pairs: tuple[ModelPair, ...]
    level: float

    def __repr__(self) -> str:
        return f"<ModelComparison: {self.title}; {', '.join(self.models)}>"

    @property
    def models(self) -> list[str]:
        """The language models."""
        return list(dict.fromkeys(name for pair in self.pairs for name in pair.models))

    @property
    def title(self) -> str:
        """Metric and place of the rankings."""
        return f"{self.metric.group} by {self.metric.title}, {explain.place(self.group)}"

    @property
    def ranks(self) -> pd.DataFrame:
        """Average rank of each method (row) under each model (column), best mean rank first."""
        ranks = pd.DataFrame({n: r.average["average_rank"] for n, r in self.rankings.items()})
        return ranks.loc[ranks.mean(axis=1).sort_values(kind="stable").index]

    @property
    def finding(self) -> str:
        """Say how far the order of the methods depends on the language model."""
        if len(self.pairs) == 1:
            return f"{self.title}: {self._of_pair(self.pairs[0])}"
        # Tau is not defined where a model ranks all methods alike.
        defined = [pair for pair in self.pairs if np.isfinite(pair.tau)]
        if not defined:
            return f"{self.title}: no Kendall's tau is defined; a model ranks all methods alike."
        ordered = sorted(defined, key=lambda pair: pair.tau)
        ends = " to ".join(
            f"{two_decimals(pair.tau)} ({' and '.join(pair.models)})"
            for pair in (ordered[0], ordered[-1])
        )
        found = sum(pair.p_value < 1 - self.level for pair in self.pairs)
        return (
            f"{self.title}: Kendall's tau between the boards of {len(self.models)} language "
            f"models is {ends}. The order of the methods depends on the model for {found} of "
            f"{len(self.pairs)} pairs, by the adjusted p value."
        )

    def _of_pair(self, pair: ModelPair) -> str:
        text = f"Kendall's tau between the boards of {' and '.join(pair.models)} is "
        text += two_decimals(pair.tau)
        if not np.isfinite(pair.within):
            return f"{text}. A single phrasing shows no more."
        one = two_decimals(pair.one_phrasing)
        if pair.low < pair.high:
            one += f" [{two_decimals(pair.low)}, {two_decimals(pair.high)}]"
        text += (
            f", and {one} on one phrasing. Two phrasings "
            f"agree with {two_decimals(pair.within)} under one model and with "
            f"{two_decimals(pair.between)} under two: "
        )
        if pair.p_value < 1 - self.level:
            return f"{text}the order of the methods depends on the model ({self._p(pair)})."
        if pair.least_p_value >= 1 - self.level:
            return f"{text}too few phrasings to test if the order depends on the model."
        return f"{text}no dependence of the order on the model is shown ({self._p(pair)})."

    @staticmethod
    def _p(pair: ModelPair) -> str:
        return p_equals(pair.p_value)


def compare_models(boards: Sequence[Board]) -> tuple[ModelComparison, ...]:
    """Compare the boards that differ in the language model only, by each of their rankings."""
    return tuple(_comparisons(boards))


def _comparisons(boards: Sequence[Board]) -> Iterator[ModelComparison]:
    alike: dict[Any, list[Board]] = {}
    for board in boards:
        if board.group.get("lm"):
            rest = tuple((key, value) for key, value in board.group.items() if key != "lm")
            alike.setdefault((rest, board.scenarios, board.target), []).append(board)
    for (rest, *_), members in alike.items():
        for name in dict.fromkeys(name for board in members for name in board.rankings):
            rankings = {
                board.group["lm"]: board.rankings[name]
                for board in members
                if name in board.rankings and len(board.rankings[name].ranks)
            }
            pairs = [_pair(one, other, rankings) for one, other in combinations(rankings, 2)]
            kept = [pair for pair in pairs if pair.methods > 1]
            if kept:
                p_values = adjusted([pair.p_value for pair in kept])[0]
                made = (
                    replace(pair, p_value=float(p)) for pair, p in zip(kept, p_values, strict=True)
                )
                first = next(iter(rankings.values()))
                yield ModelComparison(dict(rest), first.metric, rankings, tuple(made), first.level)


def headlines(comparisons: Sequence[ModelComparison]) -> list[ModelComparison]:
    """Choose the comparisons of fitted rows, over all scenarios if there are several."""
    fitted = [each for each in comparisons if each.group.get("rows", FITTED) == FITTED]
    return [each for each in fitted if each.group.get("dataset") == ALL] or fitted


def model_table(comparisons: Sequence[ModelComparison], name: str = "models-table") -> ReportTable:
    """Make a table with a row for each comparison and pair of models."""
    rows = [(each, pair) for each in comparisons for pair in each.pairs]
    shown = level(comparisons[0].level) if comparisons else ""

    def tau(name: str, heading: str, **options: Any) -> TableColumn[Any]:
        return number_column(
            name,
            heading,
            value=lambda row: getattr(row[1], name),
            form=two_decimals,
            better="higher",
            **options,
        )

    columns: list[TableColumn[Any]] = [
        text_column("board", value=lambda row: explain.place(row[0].group)),
        text_column("metric", "Ranked by", value=lambda row: row[0].metric.title),
        text_column("models", value=lambda row: " and ".join(row[1].models)),
        number_column("methods", "Methods", value=lambda row: row[1].methods, form=str),
        number_column("phrasings", "Phrasings", value=lambda row: row[1].phrasings, form=str),
        tau("tau", "Tau of the boards"),
        tau(
            "one_phrasing",
            f"On one phrasing [{shown}]",
            interval=lambda row: (row[1].low, row[1].high),
            interval_shown=True,
        ),
        tau("within", "Two phrasings, one model"),
        tau("between", "Two phrasings, two models"),
        number_column("p_value", "p, adjusted", value=lambda row: row[1].p_value, form=p_value),
    ]
    return make_table(name, TITLE, columns, rows)


def _pair(first: str, second: str, rankings: Mapping[str, Ranking]) -> ModelPair:
    one, other = rankings[first], rankings[second]
    common = [name for name in one.ranks.columns if name in other.ranks.columns]
    if len(common) < 2:
        return ModelPair((first, second), len(common), 0, *(float("nan"),) * 8)
    averages = [each.average.loc[common, "average_rank"].map(merit) for each in (one, other)]
    strata = []
    for own, others in zip(one.strata, other.strata, strict=True):
        both = own.index.intersection(others.index)
        if len(both):
            strata.append((_order(own.loc[both, common]), _order(others.loc[both, common])))
    phrasings = sum(len(own) for own, _ in strata)
    mean, low, high = _on_one_phrasing(strata, one.level)
    p, least = _exchange_test([own - others for own, others in strata])
    return ModelPair(
        models=(first, second),
        methods=len(common),
        phrasings=phrasings,
        tau=float(kendalltau(*averages).statistic),
        one_phrasing=mean,
        low=max(low, -1.0),
        high=min(high, 1.0),
        within=_mean([(_off(own @ own.T) + _off(o @ o.T)) / 2 for own, o in strata]),
        between=_mean([_off(own @ o.T) for own, o in strata]),
        p_value=p,
        least_p_value=least,
    )


def _order(ranks: pd.DataFrame) -> np.ndarray:
    """Return an array of shape (P, k), such that the product of two rows is their tau-b.

    It has the sign of each of the k pairs of methods, divided by the root of the number of pairs
    without a tie. For P phrasings this is P**2 times faster than `scipy.stats.kendalltau`.
    """
    values = ranks.map(merit).to_numpy(float)
    first, second = np.triu_indices(values.shape[1], 1)
    signs = np.sign(values[:, first] - values[:, second])
    return np.asarray(signs / np.sqrt(np.maximum(np.abs(signs).sum(axis=1, keepdims=True), 1)))


def _on_one_phrasing(strata: Sequence[tuple[np.ndarray, np.ndarray]], level: float) -> WithInterval:
    if not strata:
        return (float("nan"),) * 3
    return mean_of_means([(own * other).sum(axis=1) for own, other in strata], level)


def _off(products: np.ndarray) -> float:
    """Average the numbers off the diagonal; NaN if there are none."""
    count = len(products)
    if count < 2:
        return float("nan")
    return float((products.sum() - np.trace(products)) / (count * (count - 1)))


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else float("nan")


def _exchange_test(differences: Sequence[np.ndarray]) -> tuple[float, float]:
    """Test if exchanging the models within phrasings changes the orders.

    The statistic is the mean over scenarios of the mean product of the differences of two
    phrasings: twice the excess of `ModelPair.within` over `ModelPair.between`. An exchange turns
    the sign of the difference of a phrasing.

    Parameters
    ----------
    differences : arrays of shape (P, k), one for each scenario

    Returns
    -------
    p value, and the smallest possible p value; both NaN if a scenario has a single phrasing.
    """
    if not differences or min(map(len, differences)) < 2:
        return float("nan"), float("nan")
    counts = [len(each) for each in differences]
    signs, exhaustive = sign_patterns(sum(counts), 0)
    found = np.zeros(len(signs))
    for flips, each in zip(
        np.split(signs, np.cumsum(counts)[:-1], axis=1), differences, strict=True
    ):
        products = each @ each.T
        np.fill_diagonal(products, 0.0)
        found += ((flips @ products) * flips).sum(axis=1) / (len(each) * (len(each) - 1))
    seen = sum(_off(each @ each.T) for each in differences)
    margin = 1e-12 * float(np.abs(found).max())
    # The observed pattern counts as one of the random ones.
    own = 0 if exhaustive else 1
    p = float(((found >= seen - margin).sum() + own) / (len(found) + own))
    return p, 2.0 ** (len(counts) - sum(counts)) if exhaustive else 1 / (len(found) + 1)
