"""Tables 1 and 2 from the records, number by number beside what the paper prints.

Table 1 is over datasets: R2 and RMSE of the estimated average effects against the true ones.
Table 2 is the mean over datasets of the R2 of the effects of rows. The reference's code gives that
R2 the estimate as the truth and the truth as the estimate; here it is given both ways,
``r2_swapped`` as published and ``r2`` as it should be.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

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
from benchmarks.paper.analysis.published import published
from benchmarks.paper.analysis.verdict import TableNumber, judge
from benchmarks.paper.methods import METHODS
from sdscm.data.dataset import SETTINGS

LEVEL, RESAMPLES, SEED = 0.95, 2000, 0

COLUMNS = (
    "table",
    "method",
    "lm",
    "setting",
    "rows",
    "metric",
    "published",
    "ours",
    "low",
    "high",
    "interval",
    "difference",
    "datasets",
    "phrasings",
    "failed",
    "verdict",
    "reason",
)

Statistic = Callable[[pd.DataFrame], WithInterval]

#: What an interval resamples: datasets of one phrasing, or whole phrasings.
WITHIN, OVER = "within phrasings", "over phrasings"


def tables(records: pd.DataFrame) -> pd.DataFrame:
    """Every number of both tables.

    Parameters
    ----------
    records
        As `one_each` gives them.

    Returns
    -------
    DataFrame with the columns `COLUMNS`, in the paper's order; ``low`` and ``high`` as
    `monte_carlo` has them, and ``interval`` of which kind. ``ours`` is NaN where nothing has been
    run. The right R2 of table 2 has no published number and no verdict.
    """
    cells = dict(tuple(records.groupby(["method", "lm", "setting", "rows"])))
    printed = published().set_index(["table", "method", "lm", "setting", "rows", "metric"])
    rows = []
    for table, methods, sizes, statistics in (
        (1, [m for m in METHODS if m.average], (ROWS,), _AVERAGE),
        (2, [m for m in METHODS if m.effects], (ROWS, POOLED_ROWS), _EFFECTS),
    ):
        for method in methods:
            for lm in LMS:
                for setting in SETTINGS:
                    for size in sizes:
                        part = cells.get((method.name, lm, setting, size), records.iloc[:0])
                        good = part[part["status"] == "ok"]
                        whole = len(good) == (DATASETS if size == ROWS else DATASETS // POOLED)
                        for metric, (function, columns) in statistics.items():
                            where = (table, method.name, lm, setting, size, metric)
                            row: dict[str, Any] = dict(zip(COLUMNS, where, strict=False))
                            (ours, low, high), kind = monte_carlo(good, function, *columns)
                            row |= {
                                "ours": ours,
                                "low": low,
                                "high": high,
                                "interval": kind,
                                "datasets": len(good),
                                "phrasings": good["variant"].nunique(),
                                "failed": len(part) - len(good),
                                "published": "",
                                "difference": np.nan,
                                "verdict": "",
                                "reason": "",
                            }
                            if where in printed.index:
                                text = str(printed.loc[where, "published"])
                                row["published"] = text
                                number = TableNumber(table, method, lm, setting, size, metric)
                                phrasings = row["phrasings"]
                                row |= judge(number, text, (ours, low, high), whole, phrasings)
                            rows.append(row)
    return pd.DataFrame(rows, columns=list(COLUMNS))


def over_phrasings(function: Callable[..., np.ndarray], *columns: str) -> Statistic:
    """A statistic of columns of the cells, with its interval over phrasings."""

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
    """A statistic with an interval for what the published number may be if nothing is different.

    The paper's number is of the same 50 phrasings, so what differs between these is not chance.
    Chance are the seeds of both runs, and of a share which datasets of a phrasing are in it. The
    interval resamples datasets within phrasings, which takes all of their spread for chance: too
    much as long as a seed moves the score of a dataset less than the choice of the dataset does.

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


_Metric = tuple[Callable[..., np.ndarray], tuple[str, ...]]
_AVERAGE: dict[str, _Metric] = {
    "r2": (ate.r2, ("ate", "sate")),
    "rmse": (ate.rmse, ("ate", "sate")),
}
_EFFECTS: dict[str, _Metric] = {name: (weighted_mean, (name,)) for name in ("r2_swapped", "r2")}
