"""Tables 1 and 2 from the records, number by number beside what the paper prints.

Table 1 is over datasets: R2 and RMSE of the estimated average effects against the true ones.
Table 2 is the mean over datasets of the R2 of the effects of rows. The reference's code gives that
R2 the estimate as the truth and the truth as the estimate; here it is given both ways,
``r2_swapped`` as published and ``r2`` as it should be.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import product

import numpy as np
import pandas as pd

from benchmarks.boards.intervals import WithInterval
from benchmarks.datasets.paper.release import DATASETS, LMS, PHRASINGS, POOLED, POOLED_ROWS, ROWS
from benchmarks.metrics import ate
from benchmarks.paper.analysis.bootstrap import (
    cluster_statistic,
    stratified_statistic,
    weighted_mean,
)
from benchmarks.paper.analysis.seeds import FEWEST_DF, KEY, read_spread, seed_interval
from benchmarks.paper.analysis.verdict import (
    HEAVY,
    OVER,
    SEEDS,
    WITHIN,
    TableNumber,
    judge,
    only_seeds,
    published,
)
from benchmarks.paper.methods import METHODS
from sdscm.data.dataset import SETTINGS

LEVEL, RESAMPLES, SEED = 0.95, 2000, 0
_PLACE = ["table", "method", "lm", "setting", "rows", "metric"]

Statistic = Callable[[pd.DataFrame], WithInterval]

#: Size of an error of the average effect, in SD(y), from which a fit has failed.
_FAILED = 1.0


def tables(records: pd.DataFrame) -> pd.DataFrame:
    """Compute every number of both tables.

    Parameters
    ----------
    records
        As `one_each` gives them.

    Returns
    -------
    A row for each number in the paper's order: ``table``, ``method``, ``lm``, ``setting``,
    ``rows``, ``metric``; ``published``; ``ours``, NaN where nothing has been run, with ``low``,
    ``high`` and ``interval`` as in `monte_carlo`, or over seeds where only these are chance;
    ``difference``; the numbers of ``datasets``,
    ``phrasings`` and ``failed`` cells; ``verdict`` and ``reason``. The right R2 of table 2 has no
    published number and no verdict.
    """
    cells = dict(tuple(records.groupby(_PLACE[1:5])))
    printed = published().set_index(_PLACE)["published"]
    measured = read_spread()
    places, found = (
        measured[names].itertuples(index=False, name=None) for names in (KEY, ["sd", "df"])
    )
    spread = dict(zip(places, found, strict=True))
    rows = []
    for table, methods, sizes, metrics in (
        (1, [m for m in METHODS if m.average], (ROWS,), _AVERAGE),
        (2, [m for m in METHODS if m.effects], (ROWS, POOLED_ROWS), _EFFECTS),
    ):
        for method, lm, setting, size in product(methods, LMS, SETTINGS, sizes):
            part = cells.get((method.name, lm, setting, size), records.iloc[:0])
            good = part[part["status"] == "ok"]
            whole = len(good) == (DATASETS if size == ROWS else DATASETS // POOLED)
            phrasings = good["variant"].nunique()
            for metric, (function, columns) in metrics.items():
                where = (table, method.name, lm, setting, size, metric)
                text = printed.get(where, "")
                number = TableNumber(table, method, lm, setting, size, metric)
                estimate, interval = monte_carlo(good, function, *columns)
                if text and only_seeds(number, whole):
                    estimate, interval = over_seeds(number, good, estimate, interval, spread)
                ours, low, high = estimate
                row = dict(zip(_PLACE, where, strict=True)) | {
                    "published": text,
                    "ours": ours,
                    "low": low,
                    "high": high,
                    "interval": interval,
                    "difference": np.nan,
                    "datasets": len(good),
                    "phrasings": phrasings,
                    "failed": len(part) - len(good),
                    "verdict": "",
                    "reason": "",
                }
                if text:
                    row |= judge(number, text, estimate, interval, whole, phrasings)
                rows.append(row)
    return pd.DataFrame(rows)


def over_phrasings(function: Callable[..., np.ndarray], *columns: str) -> Statistic:
    """Make a statistic of columns of the cells, with its interval over phrasings."""

    def statistic(cells: pd.DataFrame) -> WithInterval:
        return cluster_statistic(
            function,
            [cells[name].to_numpy(float) for name in columns],
            cells["variant"].to_numpy(),
            resamples=RESAMPLES,
            level=LEVEL,
            seed=SEED,
        )

    return statistic


average_r2 = over_phrasings(ate.r2, "ate", "sate")
average_rmse = over_phrasings(ate.rmse, "ate", "sate")


def monte_carlo(
    cells: pd.DataFrame, function: Callable[..., np.ndarray], *columns: str
) -> tuple[WithInterval, str]:
    """Compute a statistic, with an interval for the published number if only chance differs.

    The paper's number is of the same 50 phrasings, so that differences between these are not
    chance. The seeds of both runs are, and in a share the choice of the datasets of a phrasing. The
    interval resamples datasets within phrasings. It takes all of their spread for chance, which is
    too much if a seed changes the score of a dataset less than the choice of the dataset does.

    Where a phrasing has one dataset, or none, that spread is unknown, and the interval is over
    phrasings: too wide where each has one.

    Parameters
    ----------
    cells
        Records with a score, of one number.
    function, columns
        As for `over_phrasings`.

    Returns
    -------
    The estimate, all NaN if there are no cells, and `WITHIN`, `OVER` or nothing.
    """
    if cells.empty:
        return (np.nan, np.nan, np.nan), ""
    counts = cells["variant"].value_counts()
    if len(counts) < PHRASINGS or counts.min() < 2:
        return over_phrasings(function, *columns)(cells), OVER
    values = [cells[name].to_numpy(float) for name in columns]
    strata = cells["variant"].to_numpy()
    within = stratified_statistic(
        function, values, strata, resamples=RESAMPLES, level=LEVEL, seed=SEED
    )
    return within, WITHIN


def over_seeds(
    number: TableNumber,
    cells: pd.DataFrame,
    estimate: WithInterval,
    interval: str,
    spread: Mapping[tuple[str, ...], tuple[float, float]],
) -> tuple[WithInterval, str]:
    """Replace the interval of a number of all datasets by that over seeds.

    There is none, and its kind is `HEAVY`, where a record has failed or a few of the measured fits
    make most of the spread. Where that was not measured, the interval stays as it is.

    Parameters
    ----------
    number
    cells
        Records with a score.
    estimate, interval
        From `monte_carlo`.
    spread
        ``sd`` and ``df`` of `read_spread`, by `KEY`.
    """
    ours = estimate[0]
    errors = (cells["ate"] - cells["sate"]).abs() / cells["sd"]
    failed = number.table == 1 and bool((errors > _FAILED).any())
    key = number.method.name, number.lm, number.setting, number.metric
    if not failed and key not in spread:
        return estimate, interval
    sd, df = spread.get(key, (np.nan, 0.0))
    if failed or df < FEWEST_DF:
        return (ours, np.nan, np.nan), HEAVY
    return seed_interval(ours, sd, df, LEVEL), SEEDS


_Metric = tuple[Callable[..., np.ndarray], tuple[str, ...]]
_AVERAGE: dict[str, _Metric] = {
    "r2": (ate.r2, ("ate", "sate")),
    "rmse": (ate.rmse, ("ate", "sate")),
}
_EFFECTS: dict[str, _Metric] = {name: (weighted_mean, (name,)) for name in ("r2_swapped", "r2")}
