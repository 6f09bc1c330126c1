"""Estimators that the paper does not have, on its data, held against its methods."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from benchmarks.boards.bootstrap import WithInterval, weighted_mean
from benchmarks.datasets.paper.release import ROWS
from benchmarks.paper.analysis.extra import ENOUGH, ranks
from benchmarks.paper.analysis.tables import average_r2, average_rmse, over_phrasings
from benchmarks.paper.methods import is_beyond

_effects_r2 = over_phrasings(weighted_mean, "r2")


@dataclass(frozen=True)
class Compared:
    """One method of a comparison; NaN where it says nothing.

    Attributes
    ----------
    method, beyond
        Its name, and whether the paper does not have it.
    ate_rank, pehe_rank
        Mean ranks over the phrasings with their intervals; see
        `benchmarks.paper.analysis.extra.ranks`.
    r2, rmse
        Of the average effect over the datasets, in units of y, with intervals over phrasings.
    effects_r2
        Mean over the datasets of the right R2 of the effects of rows, with its interval.
    pehe
        Median over the datasets of the error of the effects of rows, in SD(y).
    coverage
        Share of the datasets whose SATE the 95 % interval covers.
    """

    method: str
    beyond: bool
    ate_rank: WithInterval
    pehe_rank: WithInterval
    r2: WithInterval
    rmse: WithInterval
    effects_r2: WithInterval
    pehe: float
    coverage: float


@dataclass(frozen=True)
class MethodComparison:
    """Methods held against each other on the datasets on which all of them have scores.

    Attributes
    ----------
    lm, setting
    datasets, phrasings
        How many.
    rows
        The methods, best rank of the average effect first.
    """

    lm: str
    setting: str
    datasets: int
    phrasings: int
    rows: tuple[Compared, ...]


def split(records: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The records of the paper's methods, and those of the others."""
    others = records["method"].map(is_beyond).astype(bool)
    return records[~others], records[others]


def comparisons(records: pd.DataFrame) -> list[MethodComparison]:
    """The estimators beyond the paper among its methods, for each language model and setting.

    Costly estimators are run on fewer datasets than others, which are not to lose theirs for it: so
    there are as many comparisons as there are numbers of datasets, each with those estimators that
    have at least so many.

    Parameters
    ----------
    records
        As `one_each` gives them, of all methods.
    """
    good = records[(records["status"] == "ok") & (records["rows"] == ROWS)]
    found = []
    for (lm, setting), part in good.groupby(["lm", "setting"], sort=False):
        for numbers in _datasets(split(part)[1]):
            here = part[part["number"].isin(numbers)]
            counts = here["method"].value_counts()
            methods = counts.index[counts >= ENOUGH * len(numbers)]
            common = _common(here[here["method"].isin(methods)])
            phrasings, datasets = common["variant"].nunique(), common["number"].nunique()
            # Of one phrasing there is no interval, and nothing to be learned.
            if common["method"].nunique() > 1 and phrasings > 1:
                found.append(
                    MethodComparison(str(lm), str(setting), datasets, phrasings, _rows(common))
                )
    return found


def _datasets(others: pd.DataFrame) -> Iterator[set[int]]:
    """Sets of datasets, the largest first: of the estimators with about so many."""
    counts = others["method"].value_counts()
    while len(counts):
        near = counts[counts >= ENOUGH * counts.iloc[0]]
        yield set(others.loc[others["method"].isin(near.index), "number"])
        counts = counts[len(near) :]


def _common(cells: pd.DataFrame) -> pd.DataFrame:
    """The cells of the datasets on which every method has one."""
    methods = cells.groupby("number")["method"].nunique()
    return cells[cells["number"].isin(methods.index[methods == methods.max()])]


def _rows(cells: pd.DataFrame) -> tuple[Compared, ...]:
    nothing = (float("nan"),) * 3
    ranked: dict[tuple[str, str], WithInterval] = {
        (str(row["error"]), str(row["method"])): (row["rank"], row["low"], row["high"])
        for row in ranks(cells).query("table == 0").to_dict("records")
    }
    rows = [
        Compared(
            method=method,
            beyond=is_beyond(method),
            ate_rank=ranked.get(("ate", method), nothing),
            pehe_rank=ranked.get(("pehe", method), nothing),
            r2=average_r2(part),
            rmse=average_rmse(part),
            effects_r2=_effects_r2(part),
            pehe=float(part["pehe_sd"].median()),
            coverage=float(part["ate_coverage"].mean()),
        )
        for method, part in ((str(name), part) for name, part in cells.groupby("method"))
    ]
    return tuple(sorted(rows, key=lambda row: (row.ate_rank[0], row.method)))
