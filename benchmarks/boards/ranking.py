"""Rank methods by one metric: average ranks, win rates and tests of differences."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd

from benchmarks.boards.significance import Significance, significance
from benchmarks.metrics import Metric

_IntervalFunction = Callable[[np.ndarray, np.ndarray], tuple[float, float, float]]


@dataclass(frozen=True, eq=False)
class Ranking:
    """Rank m methods by one metric on b blocks (phrasings or files).

    Attributes
    ----------
    metric
        Metric of the comparison.
    methods
        All methods in the table of the ranking: those that compete, the smallest average rank
        first, then those that have no score, and Oracles at the end.
    ranks : DataFrame of shape (b, m)
        Mean rank of each competing method on the datasets of each block; see `block_ranks`.
    means : DataFrame of shape (b, m)
        Mean score of each competing method on the datasets of each block.
    average : DataFrame with a row for each competing method
        Columns ``average_rank``, ``average_rank_low``, ``average_rank_high`` (over blocks),
        ``win_rate`` (mean over the other methods), and ``rank``, the place of the method by its
        average rank; 1 is the best, and equal average ranks share the smallest place.
    wins : DataFrame of shape (m, m)
        Share of blocks on which the row's method beats the column's; a tie counts as a half; NaN
        on the diagonal.
    level
        Level of the intervals; the tests have the level 1 - ``level``.
    block
        Kind of the blocks.
    strata
        Mean rank of each method on the datasets of each phrasing: one table for each scenario.
    """

    metric: Metric
    methods: tuple[str, ...]
    ranks: pd.DataFrame
    means: pd.DataFrame
    average: pd.DataFrame
    wins: pd.DataFrame
    level: float
    block: Literal["phrasing or file", "scenario"] = "phrasing or file"
    strata: tuple[pd.DataFrame, ...] = ()

    def column(self, kind: str) -> str:
        """Name a column of a board's table, such as ``win_rate_pehe_sd`` for ``win_rate``."""
        for end in ("_low", "_high"):
            if kind.endswith(end):
                return f"{kind.removesuffix(end)}_{self.metric.name}{end}"
        return f"{kind}_{self.metric.name}"

    @cached_property
    def significance(self) -> Significance | None:
        """Test the differences of the methods; None with too few methods or blocks.

        The tests are run at the first access, since their library takes seconds to load.
        """
        return significance(self.ranks.rank(axis=1), self.level)


def rank_methods(
    metric: Metric,
    scores: pd.DataFrame,
    methods: Sequence[str],
    competitors: Collection[str],
    interval: _IntervalFunction,
    level: float,
) -> Ranking:
    """Rank methods by a metric, and compare them.

    An average of ranks and not of scores: one score, however large, changes the ranks on one
    dataset only (Demsar 2006, section 3.2.2).

    Parameters
    ----------
    metric
        A metric that is better when lower, or when higher.
    scores
        Cells of a board, as `benchmarks.boards.scores.score` returns them.
    methods
        All methods in the table of the ranking, Oracles at the end.
    competitors
        The methods that have a score.
    interval
        Function of values and their clusters that returns the mean and the ends of its interval.
    level
        As in `Ranking`.
    """
    ranks = block_ranks(scores[scores["estimator"].isin(competitors)], metric)
    ranks = ranks[[name for name in methods if name in competitors]]
    wins = win_rates(ranks)
    blocks = ranks.index.to_numpy()
    rows = {
        str(name): (*interval(values.to_numpy(), blocks), float(wins.T[str(name)].mean()))
        for name, values in ranks.items()
    }
    means = scores.pivot_table(index="cluster", columns="estimator", values=metric.name, sort=False)
    means = means.reindex(index=ranks.index, columns=ranks.columns)
    largest = len(ranks.columns)
    return place_methods(metric, methods, ranks, means, rows, wins, level, largest)


def place_methods(
    metric: Metric,
    methods: Sequence[str],
    ranks: pd.DataFrame,
    means: pd.DataFrame,
    rows: Mapping[str, tuple[float, ...]],
    wins: pd.DataFrame,
    level: float,
    largest: int,
    block: Literal["phrasing or file", "scenario"] = "phrasing or file",
    strata: Sequence[pd.DataFrame] = (),
) -> Ranking:
    """Order methods by their average ranks.

    ``rows`` has an average, its ends and a win rate of each method; ``largest`` is the largest
    possible rank. ``strata`` is by default ``ranks`` alone.
    """
    columns = ["average_rank", "average_rank_low", "average_rank_high", "win_rate"]
    average = pd.DataFrame(list(rows.values()), index=list(rows), columns=columns)
    # An average rank cannot be outside the ranks.
    average[columns[1:3]] = average[columns[1:3]].clip(1, max(largest, 1))
    average["rank"] = average["average_rank"].map(merit).rank(method="min").astype(int)
    order = [str(name) for name in average["rank"].sort_values(kind="stable").index]
    others = [name for name in methods if name not in average.index]
    ranks, means, wins = ranks[order], means[order], wins.loc[order, order]
    return Ranking(
        metric,
        (*order, *others),
        ranks,
        means,
        average,
        wins,
        level,
        block,
        tuple(strata) or (ranks,),
    )


def block_ranks(scores: pd.DataFrame, metric: Metric) -> pd.DataFrame:
    """Rank each method (column) on each dataset, and average over the datasets of a block (row).

    1 is the best, and ties have their mean rank. A method without the score of a dataset is last
    on that dataset, tied with the other methods that lack it. Datasets without any score are left
    out.
    """
    sign = -1 if metric.better == "higher" else 1
    table = scores.pivot(
        index=["cluster", "dataset", "setting"], columns="estimator", values=metric.name
    )
    table = table[table.notna().any(axis=1)]
    merits = table.map(lambda value: merit(sign * value))
    # An infinite score is better than no score.
    merits = merits.clip(upper=np.finfo(float).max).fillna(np.inf)
    return merits.rank(axis=1).groupby("cluster", sort=False).mean()


def win_rates(ranks: pd.DataFrame) -> pd.DataFrame:
    """Compute the share of blocks on which the row's method beats the column's; a tie is a half."""
    values = ranks.to_numpy(dtype=float)
    own, other = values[:, :, None], values[:, None, :]
    won = (own < other) + 0.5 * (own == other)
    share = won.mean(axis=0) if len(won) else np.full(won.shape[1:], np.nan)
    np.fill_diagonal(share, np.nan)
    return pd.DataFrame(share, index=ranks.columns, columns=ranks.columns)


def merit(value: float) -> float:
    """Round a score to 9 digits, so that methods that differ by rounding only share a rank."""
    return float(f"{value:.9g}")
