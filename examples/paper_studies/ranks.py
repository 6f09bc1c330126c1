"""Rank methods by their errors on the datasets that they have in common."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pandas as pd
from shared import scored

from benchmarks.boards.intervals import WithInterval
from benchmarks.paper.analysis.bootstrap import cluster_statistic, weighted_mean
from benchmarks.paper.analysis.tables import (
    LEVEL,
    RESAMPLES,
    SEED,
    average_r2,
    average_rmse,
    over_phrasings,
)
from benchmarks.paper.methods import NAMES

#: Phrasings that a table of ranks must have: a bootstrap over fewer has too narrow intervals.
LEAST_PHRASINGS = 10
#: Errors, in SD(y), that agree in so many decimals are equal.
_DECIMALS = 9
#: Methods with scores on so large a part of the datasets of a table take part in it.
ENOUGH = 0.8

_rows_r2 = over_phrasings(weighted_mean, "r2")
_COLUMNS = ["lm", "setting", "table", "error", "method", "rank", "low", "high", "datasets"]


def ranks(records: pd.DataFrame) -> pd.DataFrame:
    """Compute mean ranks of the methods over the phrasings, by two errors.

    Datasets of one phrasing are not independent. Each phrasing therefore ranks the methods once, by
    the mean error over those of its datasets on which every method has a score. Methods that were
    run on fewer datasets must not reduce the datasets of the others: there is one table for each
    number of datasets, with the methods that have at least about as many. After the first, tables
    of fewer than `LEAST_PHRASINGS` phrasings are left out.

    Parameters
    ----------
    records
        As `one_each` gives them.

    Returns
    -------
    A row for each ``lm``, ``setting``, ``table`` (from 0, that of most datasets), ``error``
    (``ate``: absolute error of the average effect; ``pehe``: of the effects of rows, both in SD(y))
    and ``method``, with ``rank`` (1 is best), its percentile bootstrap interval over phrasings
    ``low`` and ``high``, and the ``datasets`` and ``phrasings`` behind it. Tables with fewer than
    two methods are left out.
    """
    good = scored(records)
    good = good.assign(absolute=(good["ate"] - good["sate"]).abs() / good["sd"])
    found = []
    for (lm, setting), part in good.groupby(["lm", "setting"], sort=False):
        for error, column in (("ate", "absolute"), ("pehe", "pehe_sd")):
            values = part.pivot(index=["variant", "number"], columns="method", values=column)
            for table, common in enumerate(_on_common_datasets(values)):
                # LinReg and LinearS are the same up to rounding, and share a rank.
                means = common.groupby(level="variant").mean().round(_DECIMALS)
                ranked = means.rank(axis="columns")
                phrasings = ranked.index.to_numpy()
                for method in ranked:
                    interval = cluster_statistic(
                        weighted_mean,
                        [ranked[method].to_numpy()],
                        phrasings,
                        resamples=RESAMPLES,
                        level=LEVEL,
                        seed=SEED,
                    )
                    row = (lm, setting, table, error, method, *interval, len(common))
                    found.append((*row, len(phrasings)))
    made = pd.DataFrame(found, columns=[*_COLUMNS, "phrasings"])
    return made.sort_values(["lm", "setting", "table", "error", "rank"], ignore_index=True)


def _on_common_datasets(values: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Yield tables without missing values, from one row a dataset and one column a method."""
    counts = values.notna().sum().sort_values(ascending=False)
    counts = counts[counts > 0]
    taken, first = 0, True
    while taken < len(counts):
        taken = int((counts >= ENOUGH * counts.iloc[taken]).sum())
        common = values[counts.index[:taken].sort_values()].dropna()
        phrasings = common.index.get_level_values("variant").nunique()
        if common.shape[1] > 1 and phrasings >= (1 if first else LEAST_PHRASINGS):
            yield common
            first = False


class Comparison(NamedTuple):
    """Compare methods on the datasets on which all of them have scores.

    Attributes
    ----------
    lm, setting
    datasets, phrasings
        Their numbers.
    methods
        A row for each ``method``, best rank of the average effect first. Ranks and R2 are estimates
        with intervals over phrasings: ``rank_ate`` and ``rank_pehe`` as in `ranks`; ``r2`` and
        ``rmse`` (units of y) of the average effect over the datasets; ``rows_r2``, the mean of the
        right R2 of the effects of rows. ``pehe`` is the median error of the effects of rows, in
        SD(y), and ``coverage`` the share of the datasets whose SATE the 95 % interval covers.
    """

    lm: str
    setting: str
    datasets: int
    phrasings: int
    methods: pd.DataFrame


def comparisons(records: pd.DataFrame) -> Iterator[Comparison]:
    """Compare the estimators that the paper lacks with its methods, by language model and setting.

    As for `ranks`, there is one comparison for each number of datasets of these estimators.
    """
    for (lm, setting), part in scored(records).groupby(["lm", "setting"], sort=False):
        others = part[~part["method"].isin(NAMES)]
        counts = others["method"].value_counts()
        while len(counts):
            near = counts.index[counts >= ENOUGH * counts.iloc[0]]
            counts = counts.drop(near)
            numbers = others.loc[others["method"].isin(near), "number"].unique()
            here = part[part["number"].isin(numbers)]
            often = here["method"].value_counts() >= ENOUGH * len(numbers)
            here = here[here["method"].isin(often.index[often])]
            each = here.groupby("number")["method"].transform("nunique")
            common = here[each == each.max()]
            phrasings = common["variant"].nunique()
            # One phrasing gives no interval.
            if common["method"].nunique() > 1 and phrasings > 1:
                datasets = common["number"].nunique()
                yield Comparison(str(lm), str(setting), datasets, phrasings, _compared(common))


def _compared(cells: pd.DataFrame) -> pd.DataFrame:
    nothing = (float("nan"),) * 3
    ranked: dict[tuple[str, str], WithInterval] = {
        (row.error, row.method): (row.rank, row.low, row.high)
        for row in ranks(cells).query("table == 0").itertuples()
    }
    rows = [
        {
            "method": method,
            "rank_ate": ranked.get(("ate", method), nothing),
            "rank_pehe": ranked.get(("pehe", method), nothing),
            "r2": average_r2(part),
            "rmse": average_rmse(part),
            "rows_r2": _rows_r2(part),
            "pehe": float(part["pehe_sd"].median()),
            "coverage": float(part["ate_coverage"].mean()),
        }
        for method, part in cells.groupby("method")
    ]
    return pd.DataFrame(sorted(rows, key=lambda row: (row["rank_ate"][0], row["method"])))
