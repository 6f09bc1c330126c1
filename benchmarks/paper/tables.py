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

from benchmarks.bootstrap import Estimate, cluster_statistic, weighted_mean
from benchmarks.metrics import ate
from benchmarks.paper.methods import METHODS
from benchmarks.paper.plan import SIZES
from benchmarks.paper.published import published
from benchmarks.paper.release import DATASETS, LMS, POOLED, ROWS
from benchmarks.paper.verdict import judge
from sdscm.dataset import SETTINGS

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
    "difference",
    "datasets",
    "phrasings",
    "failed",
    "verdict",
    "reason",
)

Statistic = Callable[[pd.DataFrame], Estimate]


def tables(records: pd.DataFrame) -> pd.DataFrame:
    """Every number of both tables.

    Parameters
    ----------
    records
        As `Records.table` gives them, each cell once.

    Returns
    -------
    DataFrame with the columns `COLUMNS`, in the paper's order. ``low`` and ``high`` are the 95 %
    percentile bootstrap over phrasings (datasets of one are not independent); ``ours`` is NaN where
    nothing has been run. The right R2 of table 2 has no published number and no verdict.
    """
    cells = dict(tuple(records.groupby(["method", "lm", "setting", "rows"])))
    printed = published().set_index(["table", "method", "lm", "setting", "rows", "metric"])
    rows = []
    for table, methods, sizes, statistics in (
        (1, [m for m in METHODS if m.average], (ROWS,), _AVERAGE),
        (2, [m for m in METHODS if m.effects], SIZES, _EFFECTS),
    ):
        for method in methods:
            for lm in LMS:
                for setting in SETTINGS:
                    for size in sizes:
                        part = cells.get((method.name, lm, setting, size), records.iloc[:0])
                        good = part[part["status"] == "ok"]
                        whole = len(good) == (DATASETS if size == ROWS else DATASETS // POOLED)
                        for metric, statistic in statistics.items():
                            where = (table, method.name, lm, setting, size, metric)
                            row: dict[str, Any] = dict(zip(COLUMNS, where, strict=False))
                            ours, low, high = statistic(good) if len(good) else (np.nan,) * 3
                            row |= {
                                "ours": ours,
                                "low": low,
                                "high": high,
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
                                row |= judge(
                                    text,
                                    ours,
                                    low,
                                    high,
                                    table,
                                    method,
                                    lm,
                                    setting,
                                    size,
                                    whole,
                                    row["phrasings"],
                                )
                            rows.append(row)
    return pd.DataFrame(rows, columns=list(COLUMNS))


def over_phrasings(function: Callable[..., np.ndarray], *columns: str) -> Statistic:
    """A statistic of columns of the cells, with its interval over phrasings."""

    def statistic(cells: pd.DataFrame) -> Estimate:
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

_AVERAGE: dict[str, Statistic] = {"r2": average_r2, "rmse": average_rmse}
_EFFECTS: dict[str, Statistic] = {
    name: over_phrasings(weighted_mean, name) for name in ("r2_swapped", "r2")
}
