"""Compute leaderboards from scores."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from benchmarks import metrics
from benchmarks.boards.intervals import cluster_means, cluster_medians
from benchmarks.boards.ranking import Ranking, rank_methods
from benchmarks.boards.scores import UNSEEN_SHARE, average_repetitions, seed_spread
from benchmarks.progress import Progress
from benchmarks.provenance.hashing import derive_seed
from benchmarks.storage.manifest import MethodInfo
from benchmarks.suite.model import BoardOptions

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Text in the place of the rank of an Oracle, which has no rank.
ORACLE_RANK = "check"

_GROUP_COLUMN = {"lm": "lm", "setting": "setting", "dataset": "entry"}
_ESTIMANDS = ("ATE", "CATE", "ITE")
#: Errors in units of SD(y). An estimate with one above 1 is of no use.
_ERRORS = ("pehe_sd", "ate_abs_error_sd")


@dataclass(frozen=True, eq=False)
class Board:
    """Hold one leaderboard.

    Attributes
    ----------
    group
        Properties that all cells of the board share, such as ``{"lm": ..., "setting": "all"}``;
        with ``target``, if another board differs in the target only.
    target
        True effect with which the estimated effects of rows are compared.
    clusters
        Number of phrasings (or files), over which the intervals are.
    table
        A row for each method, best first. Columns:

        - for each metric of ``rank_by``: ``rank_<metric>`` (a number as text, ``check`` for an
          Oracle, empty without a score), ``average_rank_<metric>`` with ``_low`` and ``_high``, and
          ``win_rate_<metric>``;
        - ``seed_spread_<metric>``; see `benchmarks.boards.scores.seed_spread`;
        - ``estimator``, ``family``, ``estimand``, ``oracle``;
        - counts: ``cells``, ``ok``, ``failed`` (failed or timed out), ``timeout`` (only those that
          timed out), ``skipped``, ``missing``; ``lost``, the share of cells that are not ok;
          ``off``, the cells whose effects (PEHE) or average effect are off by more than 1 SD(y),
          NaN without the truth.
          Each repetition of a stochastic method is a cell; scores are averaged over the repetitions
          of a dataset first;
        - for each metric of a dataset its mean ``<metric>`` and median ``<metric>_median``, with
          the ends of intervals in ``..._low`` and ``..._high``; for each metric of all datasets
          together its value, and for each metric of cost its median, without an interval.
    rankings
        The ranking by each metric of ``rank_by``, by the metric's name. A metric is left out if
        its table would show Oracles only.
    undefined
        Number of datasets, by metric and method, whose fits succeeded and have no score because it
        is not defined for this method, while it is defined for another one on the dataset. The
        mean score of such a method is over fewer datasets than the means of other methods.
    scenarios
        The scenarios of a board that averages ranks over scenarios; see
        `benchmarks.boards.summary`. Its table has no scores. Empty for other boards.
    lms
        The language models of a board that averages over several; empty for other boards.
    not_applicable
        Methods that are not on the board: they need what the setting does not show.
    identified
        Words on the identification of the effect by the graph (`sdscm.identified_in`); empty if the
        graph is unknown.
    unseen_share
        Share of the held-out rows whose covariates occur in no fitted row, mean over datasets; NaN
        for boards of the fitted rows.

    Examples
    --------
    >>> result = benchmarks.run(suite, workers=0, results_dir=None)
    >>> board = result.boards[0]
    >>> board.group
    {'lm': 'tabular:0', 'dataset': 'headache', 'setting': 'all'}
    >>> board.table[["estimator", "cells", "ok"]]
         estimator  cells  ok
    0       LinReg      1   1
    1  DiffInMeans      1   1
    """

    group: dict[str, str]
    target: str
    clusters: int
    table: pd.DataFrame
    rankings: Mapping[str, Ranking]
    undefined: Mapping[str, Mapping[str, int]]
    scenarios: tuple[str, ...] = ()
    lms: tuple[str, ...] = ()
    unseen_share: float = float("nan")
    not_applicable: tuple[str, ...] = ()
    identified: str = ""

    def __repr__(self) -> str:
        from benchmarks.boards.explain import place  # it imports this module

        first = f", best {self.table['estimator'].iloc[0]}" if self.rankings else ""
        return f"<Board: {place(self.group)}; {len(self.table)} methods{first}>"

    def _repr_html_(self) -> str:
        from benchmarks.boards.board_table import board_html  # it imports this module

        return board_html(self)

    def plot(self) -> Figure:
        """Draw the error of each method: a matplotlib figure, which a notebook shows.

        Points are medians over phrasings, with their intervals. A board over scenarios, which has
        ranks only, shows average ranks.

        Raises
        ------
        MissingExtraError
            If matplotlib is not installed.

        Examples
        --------
        >>> result = benchmarks.run(suite, workers=0, results_dir=None)
        >>> result.boards[0].plot().savefig("board.png")
        """
        from benchmarks.boards.plot import plot  # it imports this module

        return plot(self)


def count_boards(scores: pd.DataFrame, options: BoardOptions) -> int:
    """Count the boards that `boards` makes."""
    return _parts(scores, options).ngroups


def boards(
    scores: pd.DataFrame,
    methods: Sequence[MethodInfo],
    options: BoardOptions,
    seed: int,
    progress: Progress | None = None,
) -> list[Board]:
    """Make a board for each combination of ``options.by`` and each target.

    Parameters
    ----------
    scores
        A row for each cell; see `benchmarks.boards.scores.score`.
    methods
        The methods of the boards.
    options
        See `BoardOptions`.
    seed
        Seed of the bootstrap.
    progress
        Receives each board.
    """
    made = []
    for values, part in _parts(scores, options):
        group: dict[str, str] = dict(zip(options.by, map(str, values), strict=False))
        made.append(_board(group, part, methods, options, seed))
        if progress is not None:
            progress.advance(", ".join(group.values()))
    groups = [board.group for board in made]
    return [
        replace(board, group={**board.group, "target": board.target})
        if groups.count(board.group) > 1
        else board
        for board in made
    ]


def _parts(scores: pd.DataFrame, options: BoardOptions) -> Any:
    """Group the scores by the board that they are of."""
    keys = [_GROUP_COLUMN[name] for name in options.by]
    return scores.groupby([*keys, "target"], sort=False, dropna=False)


def _board(
    group: dict[str, str],
    scores: pd.DataFrame,
    methods: Sequence[MethodInfo],
    options: BoardOptions,
    seed: int,
) -> Board:
    # One seed for the board, so that all methods are compared on the same resamples.
    seed = derive_seed(seed, "bootstrap")
    resampled: dict[str, Any] = {
        "resamples": options.resamples,
        "level": options.level,
        "seed": seed,
    }
    averaged = average_repetitions(scores)
    rows, there = [], set(scores["estimator"])
    for method in methods:
        if method.label not in there:
            continue
        cells, datasets = (each[each["estimator"] == method.label] for each in (scores, averaged))
        rows.append(_row(method, cells, datasets, resampled))
    for name in options.rank_by:
        spread = seed_spread(scores, name)
        for row in rows:
            row[f"seed_spread_{name}"] = spread.get(row["estimator"], float("nan"))
    scores = averaged
    mean = partial(cluster_means, **resampled)
    rankings = {
        name: found
        for name in options.rank_by
        if (found := _ranking(metrics.get(name), rows, scores, mean, options.level)) is not None
    }
    for name in options.rank_by:
        places = rankings[name].average["rank"].to_dict() if name in rankings else {}
        for row in rows:
            rank = ORACLE_RANK if row["oracle"] else str(places.get(row["estimator"], ""))
            row[f"rank_{name}"] = rank
    return Board(
        group=group,
        target=str(scores["target"].iloc[0]),
        clusters=scores["cluster"].nunique(),
        table=sorted_rows(_table(rows, options.rank_by, rankings), options.rank_by),
        rankings=rankings,
        undefined=_undefined(scores, {method.label for method in methods if method.oracle}),
        lms=() if "lm" in group else _several(scores["lm"]),
        not_applicable=tuple(m.label for m in methods if m.label not in there),
        unseen_share=float(scores.groupby(["dataset", "setting"])[UNSEEN_SHARE].first().mean()),
    )


def _several(lms: pd.Series[Any]) -> tuple[str, ...]:
    names = tuple(map(str, lms.unique()))
    return names if len(names) > 1 else ()


def _undefined(scores: pd.DataFrame, oracles: Collection[str]) -> dict[str, dict[str, int]]:
    """Count the cells of ``Board.undefined``, by metric and method; counts of 0 are left out."""
    well = scores[(scores["status"] == "ok") & ~scores["estimator"].isin(oracles)]
    there = well[[metric.name for metric in metrics.registered()]].notna()
    elsewhere = there.groupby([well["dataset"], well["setting"]]).transform("any")
    answers = there.groupby(well["estimator"]).transform("any")
    lacking = ~there & elsewhere & answers
    found: dict[str, dict[str, int]] = {}
    for metric in there.columns[lacking.any()]:
        counts = well.loc[lacking[metric], "estimator"].value_counts()
        found[metric] = {str(name): int(count) for name, count in counts.items()}
    return found


def _row(
    method: MethodInfo, cells: pd.DataFrame, datasets: pd.DataFrame, resampled: Mapping[str, Any]
) -> dict[str, Any]:
    """Make the row of a method from its cells, and from their averages over repetitions."""
    status = cells["status"]
    ok = int((status == "ok").sum())
    errors = cells[[*_ERRORS]]
    known = ok == 0 or bool(errors.notna().to_numpy().any())
    row: dict[str, Any] = {
        "estimator": method.label,
        "family": method.family,
        "estimand": method.estimand,
        "oracle": method.oracle,
        "cells": len(cells),
        "ok": ok,
        "failed": int(status.isin(["failed", "timeout"]).sum()),
        "timeout": int((status == "timeout").sum()),
        "skipped": int((status == "skipped").sum()),
        "missing": int((status == "missing").sum()),
        "lost": 1 - ok / len(cells) if len(cells) else float("nan"),
        "off": int((errors > 1).any(axis=1).sum()) if known else float("nan"),
    }
    clusters = np.unique(datasets["cluster"].to_numpy(), return_inverse=True)[1]

    def add(name: str, found: tuple[float, float, float]) -> None:
        row.update(zip((name, f"{name}_low", f"{name}_high"), found, strict=True))

    names = [metric.name for metric in metrics.registered()]
    columns = dict(zip(names, datasets[names].to_numpy(dtype=float).T.copy(), strict=True))
    for metric in map(metrics.find, metrics.names()):
        if isinstance(metric, metrics.PooledMetric):
            # Of every fit: the average of several estimates has a smaller error than each of them.
            parts = [cells[name].to_numpy(dtype=float) for name in metric.columns]
            row[metric.name] = metric.score(*parts)
            continue
        values = columns[metric.name]
        if metric.group == "cost":
            there = values[~np.isnan(values)]
            row[metric.name] = float(np.median(there)) if len(there) else float("nan")
            continue
        mean, low, high = cluster_means(values, clusters, **resampled)
        # A mean of numbers in a range is in that range.
        add(metric.name, (mean, *np.clip([low, high], *metric.limits)))
        medians = cluster_medians(values, clusters, level=resampled["level"])
        add(f"{metric.name}_median", medians)
    return row


def _table(
    rows: Sequence[Mapping[str, Any]],
    rank_by: Sequence[str],
    rankings: Mapping[str, Ranking],
) -> pd.DataFrame:
    """Put the ranks and the averages of the rankings before the other columns."""
    body = pd.DataFrame(rows)
    front: dict[str, pd.Series[Any]] = {}
    for name in rank_by:
        front[f"rank_{name}"] = body.pop(f"rank_{name}")
        if name in rankings:
            average = rankings[name].average.drop(columns="rank")
            average = average.reindex(body["estimator"]).reset_index(drop=True)
            for column in average:
                front[rankings[name].column(str(column))] = average[column]
    return pd.concat([pd.DataFrame(front), body], axis=1)


def _ranking(
    metric: metrics.Metric,
    rows: Sequence[Mapping[str, Any]],
    scores: pd.DataFrame,
    mean: Callable[[np.ndarray, np.ndarray], tuple[float, float, float]],
    level: float,
) -> Ranking | None:
    """Rank the methods in the table of a metric.

    None if the table would show Oracles only, or not all runs have the metric and it has no score.
    """
    if metric.optional and scores[metric.name].isna().all():
        return None
    shown = sorted((row for row in rows if _belongs(row, metric)), key=_oracles_last)
    if all(row["oracle"] for row in shown):
        return None
    names = [row["estimator"] for row in shown]
    compete = [row["estimator"] for row in shown if _competes(row, metric)]
    return rank_methods(metric, scores, names, compete, mean, level)


def _belongs(row: Mapping[str, Any], metric: metrics.Metric) -> bool:
    """Return True if a method has scores of a metric's estimand, or should have and failed."""
    alike = [m.name for m in metrics.registered() if m.group == metric.group]
    if any(not math.isnan(row[name]) for name in alike):
        return True
    # One failed repetition leaves no score of a dataset, although other fits are ok.
    if row["ok"] and not row["failed"]:
        return False
    if metric.group not in _ESTIMANDS or row["estimand"] not in _ESTIMANDS:
        return True
    return _ESTIMANDS.index(metric.group) <= _ESTIMANDS.index(row["estimand"])


def _competes(row: Mapping[str, Any], metric: metrics.Metric) -> bool:
    return not row["oracle"] and not math.isnan(row[metric.name])


def _oracles_last(row: Mapping[str, Any]) -> tuple[bool, str]:
    return row["oracle"], row["estimator"]


def sorted_rows(table: pd.DataFrame, rank_by: Sequence[str]) -> pd.DataFrame:
    """Sort methods by their first rank, then by their other ranks; Oracles are last."""
    ranks = [f"rank_{name}" for name in rank_by]
    return table.sort_values(
        ["oracle", *ranks, "estimator"],
        key=lambda column: (
            pd.to_numeric(column, errors="coerce") if column.name in ranks else column
        ),
        ignore_index=True,
    )
