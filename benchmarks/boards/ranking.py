"""How the methods of a board stand by one metric: average ranks, win rates, what differs."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from benchmarks.boards.significance import Significance, significance
from benchmarks.metrics import Metric

#: How a lost cell counts in average ranks and win rates, for readers.
RULE = (
    "Average ranks and win rates compare methods within each phrasing (or file), by its mean score "
    "over its datasets; equal scores share their mean rank and half a win. A method that lacks the "
    "score of a dataset of it (its cell failed, timed out, was skipped or is missing, or the score "
    "is not defined there) is last on that phrasing, tied with the others that lack it. A phrasing "
    "that no method has a score of, and a method that has none at all, are left out. The Oracle "
    "does not compete."
)

_Interval = Callable[[np.ndarray, np.ndarray], tuple[float, float, float]]


@dataclass(frozen=True, eq=False)
class Standing:
    """How the m methods that compete stand by one metric on b blocks (phrasings or files).

    Attributes
    ----------
    metric
        What they are compared by.
    methods
        All that a table of this standing shows, best first: those that compete, then those that
        should but have no score, and the Oracle at the end.
    ranks : DataFrame of shape (b, m)
        Rank of each competitor within each block, 1 the best; see `RULE`.
    average : DataFrame with a row a competitor
        Columns ``average_rank``, ``average_rank_low``, ``average_rank_high`` (bootstrap over
        blocks) and ``win_rate`` (mean over the others).
    wins : DataFrame of shape (m, m)
        Share of blocks on which the row's method beats the column's, a tie a half; NaN on the
        diagonal.
    level
        Level of the intervals, and one less that of the tests.
    """

    metric: Metric
    methods: tuple[str, ...]
    ranks: pd.DataFrame
    average: pd.DataFrame
    wins: pd.DataFrame
    level: float

    @cached_property
    def significance(self) -> Significance | None:
        """What differs by more than chance; None with too few methods or blocks.

        Made when first asked for, since its library takes seconds to load.
        """
        return significance(self.ranks, self.level)


def standing(
    metric: Metric,
    scores: pd.DataFrame,
    methods: tuple[str, ...],
    competitors: Collection[str],
    interval: _Interval,
    level: float,
) -> Standing:
    """Compare methods by a metric.

    Parameters
    ----------
    metric
        One that has a best end, low or high.
    scores
        Cells of a board, as `benchmarks.boards.scores.score` returns them.
    methods
        As of a `Standing`.
    competitors
        Those of them with a score.
    interval
        From values and their clusters to their mean and its interval.
    level
        As of a `Standing`.
    """
    ranks = block_ranks(scores[scores["estimator"].isin(competitors)], metric)
    ranks = ranks[[name for name in methods if name in competitors]]
    wins = win_rates(ranks)
    blocks = ranks.index.to_numpy()
    rows = {
        str(name): (*interval(values.to_numpy(), blocks), float(wins.T[str(name)].mean()))
        for name, values in ranks.items()
    }
    columns = ["average_rank", "average_rank_low", "average_rank_high", "win_rate"]
    average = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    return Standing(metric, methods, ranks, average, wins, level)


def block_ranks(scores: pd.DataFrame, metric: Metric) -> pd.DataFrame:
    """Rank of each method (column) within each cluster of datasets (row); see `RULE`."""
    sign = -1 if metric.better == "higher" else 1
    by_block = scores.groupby(["cluster", "estimator"], sort=False)[metric.name]
    # Not skipping NaN: a mean over the datasets that went well is not a mean.
    mean = by_block.agg(lambda values: values.mean(skipna=False)).unstack("estimator")
    mean = mean[mean.notna().any(axis=1)]
    merits = mean.map(lambda value: merit(sign * value))
    # An infinite score is one, and better than none.
    merits = merits.clip(upper=np.finfo(float).max).fillna(np.inf)
    ranks = rankdata(merits.to_numpy(), axis=1) if len(merits) else merits.to_numpy()
    return pd.DataFrame(ranks, index=merits.index, columns=merits.columns)


def win_rates(ranks: pd.DataFrame) -> pd.DataFrame:
    """Share of the blocks on which one method (row) beats another (column), a tie a half."""
    values = ranks.to_numpy(dtype=float)
    own, other = values[:, :, None], values[:, None, :]
    won = (own < other) + 0.5 * (own == other)
    share = won.mean(axis=0) if len(won) else np.full(won.shape[1:], np.nan)
    np.fill_diagonal(share, np.nan)
    return pd.DataFrame(share, index=ranks.columns, columns=ranks.columns)


def merit(value: float) -> float:
    """Rounded to 9 digits, so that methods that are equal but for the last ones share a rank."""
    return float(f"{value:.9g}")
