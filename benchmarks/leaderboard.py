"""From scores to boards."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from benchmarks import metrics
from benchmarks.bootstrap import cluster_means
from benchmarks.hashing import derive_seed
from benchmarks.manifest import Entrant
from benchmarks.suite import BoardOptions

#: Shown in the place of a rank where there is none to give.
CHECK = "check"

_GROUP_COLUMN = {"lm": "lm", "setting": "setting", "dataset": "entry"}


@dataclass(frozen=True, eq=False)
class Board:
    """One leaderboard.

    Attributes
    ----------
    group
        What all its cells share, e.g. ``{"lm": ..., "setting": "all"}``.
    target
        What the effects of rows were scored against.
    clusters
        Number of phrasings (or files) that the intervals resample.
    table
        A row an estimator, best first: ``rank_<metric>`` for each metric of ``rank_by`` (a number
        as text, ``check`` for an Oracle, empty if it has no such score), ``estimator``,
        ``family``, ``estimand``, ``oracle``; the counts ``cells``, ``ok``, ``failed`` (timed out
        or failed), ``skipped`` and ``missing``; then for each metric its mean, and
        ``<metric>_low`` and ``<metric>_high``. Metrics of cost are medians without an interval.
    """

    group: dict[str, str]
    target: str
    clusters: int
    table: pd.DataFrame


def ranking_rule(options: BoardOptions) -> str:
    """The rule by which boards are ordered, for readers."""
    by = ", then ".join(
        f"mean {metric.title} ({metric.better} is better)"
        for metric in map(metrics.get, options.rank_by)
    )
    return (
        f"Ordered by {by}; a method has no rank by a metric that it has no score of. A method with "
        "cells that failed, were skipped or are missing ranks behind all methods without (fewer "
        "first), since its mean is over the others. Equal means share a rank. The Oracle is shown "
        "the truth: it checks the scorer and has no rank."
    )


def boards(
    scores: pd.DataFrame, entrants: Sequence[Entrant], options: BoardOptions, seed: int
) -> list[Board]:
    """Put scored cells together, one board for each combination of ``options.by``.

    Parameters
    ----------
    scores
        As `benchmarks.scores.score` returns them.
    entrants
        The estimators of the boards.
    options
        See `BoardOptions`.
    seed
        Seed of the bootstrap.
    """
    keys = [_GROUP_COLUMN[name] for name in options.by]
    if not keys:
        return [_board({}, scores, entrants, options, seed)]
    return [
        _board(dict(zip(options.by, map(str, values), strict=True)), part, entrants, options, seed)
        for values, part in scores.groupby(keys, sort=False, dropna=False)
    ]


def _board(
    group: dict[str, str],
    scores: pd.DataFrame,
    entrants: Sequence[Entrant],
    options: BoardOptions,
    seed: int,
) -> Board:
    # One seed a board and not a method: all methods are resampled alike.
    seed = derive_seed(seed, "bootstrap")
    rows = [
        _row(entrant, scores[scores["estimator"] == entrant.label], options, seed)
        for entrant in entrants
    ]
    columns = {f"rank_{name}": _ranks(rows, metrics.get(name)) for name in options.rank_by}
    ranked: list[dict[str, Any]] = [
        {name: ranks[i] for name, ranks in columns.items()} | row for i, row in enumerate(rows)
    ]
    ranked.sort(key=lambda row: _place(row, list(columns)))
    table = pd.DataFrame(ranked)
    return Board(
        group=group,
        target=" and ".join(sorted(set(scores["target"]))),
        clusters=scores["cluster"].nunique(),
        table=table,
    )


def _row(entrant: Entrant, cells: pd.DataFrame, options: BoardOptions, seed: int) -> dict[str, Any]:
    status = cells["status"]
    row: dict[str, Any] = {
        "estimator": entrant.label,
        "family": entrant.family,
        "estimand": entrant.estimand,
        "oracle": entrant.oracle,
        "cells": len(cells),
        "ok": int((status == "ok").sum()),
        "failed": int(status.isin(["failed", "timeout"]).sum()),
        "skipped": int((status == "skipped").sum()),
        "missing": int((status == "missing").sum()),
    }
    clusters = cells["cluster"].to_numpy()
    for metric in metrics.registered():
        values = cells[metric.name].to_numpy(dtype=float)
        if metric.group == "cost":
            there = values[~np.isnan(values)]
            row[metric.name] = float(np.median(there)) if len(there) else float("nan")
            continue
        mean, low, high = cluster_means(
            values, clusters, resamples=options.resamples, level=options.level, seed=seed
        )
        row |= {metric.name: mean, f"{metric.name}_low": low, f"{metric.name}_high": high}
    return row


def _ranks(rows: list[dict[str, Any]], metric: metrics.Metric) -> list[str]:
    """The rank of each row by one metric; see `ranking_rule`."""
    sign = -1 if metric.better == "higher" else 1

    def merit(row: dict[str, Any]) -> tuple[int, float]:
        # Rounded, so that methods that are equal but for the last digits share a rank.
        return row["cells"] - row["ok"], sign * float(f"{row[metric.name]:.9g}")

    ranked = [row for row in rows if not row["oracle"] and not math.isnan(row[metric.name])]
    merits = sorted(merit(row) for row in ranked)
    return [
        CHECK
        if row["oracle"]
        else str(merits.index(merit(row)) + 1)
        if not math.isnan(row[metric.name])
        else ""
        for row in rows
    ]


def _place(row: dict[str, Any], ranks: Sequence[str]) -> tuple[bool, tuple[float, ...], str]:
    """Sorts rows: by the first rank, those without it by the next, the Oracle at the end."""
    places = tuple(float(row[rank] or "inf") if not row["oracle"] else 0.0 for rank in ranks)
    return row["oracle"], places, row["estimator"]
