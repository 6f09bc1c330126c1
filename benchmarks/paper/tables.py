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

from benchmarks.bootstrap import cluster_means
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

Interval = tuple[float, float, float]
Statistic = Callable[[pd.DataFrame], Interval]


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
                                    text, ours, low, high, table, method, lm, setting, size, whole
                                )
                            rows.append(row)
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _over_phrasings(cells: pd.DataFrame) -> np.ndarray:
    """How often each dataset is drawn, shape (1 + resamples, datasets); first each once."""
    names, member = np.unique(cells["variant"], return_inverse=True)
    draw = np.random.Generator(np.random.Philox(SEED))
    drawn = draw.multinomial(len(names), np.full(len(names), 1 / len(names)), RESAMPLES)
    return np.vstack([np.ones(len(cells)), drawn[:, member]])


def _interval(values: np.ndarray, cells: pd.DataFrame) -> Interval:
    """The first value, and the percentiles of the others; NaN for less than two phrasings."""
    # A resample of one phrasing drawn throughout may have one true effect only, and no R2.
    drawn = values[1:][~np.isnan(values[1:])]
    if cells["variant"].nunique() < 2 or len(drawn) == 0:
        return float(values[0]), float("nan"), float("nan")
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail])
    return float(values[0]), float(low), float(high)


def average_rmse(cells: pd.DataFrame) -> Interval:
    """Root mean squared error of the average effects over datasets, in units of y."""
    weight = _over_phrasings(cells)
    squares = (cells["ate"] - cells["sate"]).to_numpy() ** 2
    return _interval(np.sqrt(weight @ squares / weight.sum(axis=1)), cells)


def average_r2(cells: pd.DataFrame) -> Interval:
    """R2 over datasets of the estimated average effects, the true ones the reference."""
    if len(cells) < 2:
        return (float("nan"),) * 3
    weight = _over_phrasings(cells)
    truth = cells["sate"].to_numpy() - cells["sate"].mean()
    residual = weight @ (cells["ate"] - cells["sate"]).to_numpy() ** 2
    total = weight @ truth**2 - (weight @ truth) ** 2 / weight.sum(axis=1)
    varies = total > 0
    r2 = np.where(varies, 1 - residual / np.where(varies, total, 1), np.nan)
    return _interval(r2, cells)


def _mean(metric: str) -> Statistic:
    def statistic(cells: pd.DataFrame) -> Interval:
        return cluster_means(
            cells[metric].to_numpy(float),
            cells["variant"].to_numpy(),
            resamples=RESAMPLES,
            level=LEVEL,
            seed=SEED,
        )

    return statistic


_AVERAGE: dict[str, Statistic] = {"r2": average_r2, "rmse": average_rmse}
_EFFECTS: dict[str, Statistic] = {"r2_swapped": _mean("r2_swapped"), "r2": _mean("r2")}
