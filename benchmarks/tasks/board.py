"""Make boards of tasks: averages over phrasings, ranks, and the tables of a page."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.boards.intervals import MIN_CLUSTERS, cluster_means
from benchmarks.tasks.score import Score
from sdscm.number_format import integer, seconds, slug, two_decimals
from sdscm.report_page import ReportTable, Section, make_table, number_column, text_column
from sdscm.report_page.table import PAGES, TableColumn

Record = dict[str, Any]
_LEVEL, _RESAMPLES = 0.95, 4_000


def averages(
    cells: pd.DataFrame, scores: Sequence[Score], *, by: str, oracles: Collection[str] = ()
) -> list[Record]:
    """Average the scores of each method over phrasings, and rank the methods.

    Parameters
    ----------
    cells
        Rows with ``method``, ``phrasing``, ``status``, ``seconds``, and the scores.
    scores
        The scores to average.
    by
        Name of the score that ranks the methods.
    oracles
        Methods that are shown the truth.

    Returns
    -------
    A record for each method, the best first: ``method``, ``oracle``, ``rank``, ``ok`` and
    ``cells`` (numbers of cells), ``seconds`` (median), and each score with ``<score>_low`` and
    ``<score>_high``. An oracle, a method with a lost cell, and one without the score that ranks
    have no rank (NaN).
    """
    found = []
    for name, group in cells.groupby("method", sort=False):
        fitted = group[group["status"] == "ok"]
        record: Record = {
            "method": name,
            "oracle": name in oracles,
            "ok": len(fitted),
            "cells": len(group),
            "seconds": fitted["seconds"].median(),
        }
        for each in scores:
            mean, low, high = cluster_means(
                fitted[each.name].to_numpy(float),
                fitted["phrasing"].to_numpy(),
                resamples=_RESAMPLES,
                level=_LEVEL,
                seed=0,
            )
            low, high = np.clip([low, high], *each.limits)
            record |= {each.name: mean, f"{each.name}_low": low, f"{each.name}_high": high}
        found.append(record)
    sign = -1 if next(each.better for each in scores if each.name == by) == "higher" else 1
    ranked = [r["ok"] == r["cells"] and not r["oracle"] for r in found]
    values = [sign * r[by] if has else np.nan for r, has in zip(found, ranked, strict=True)]
    ranks = pd.Series(values, dtype=float).round(9).rank(method="min")
    for record, rank in zip(found, ranks, strict=True):
        record["rank"] = rank
    return sorted(found, key=_place)


def _place(record: Record) -> tuple[bool, bool, float]:
    """Sort by rank; methods without one follow, and oracles are last."""
    return record["oracle"], math.isnan(record["rank"]), record["rank"]


def describe_board(by: Score, phrasings: int) -> str:
    """Say what a table of averages shows."""
    intervals = (
        "Brackets: 95 % studentised bootstrap intervals over the phrasings."
        if phrasings >= MIN_CLUSTERS
        else f"Fewer than {MIN_CLUSTERS} phrasings give no intervals."
    )
    return (
        f"Means over the phrasings, ranked by {by.title}. {intervals} Methods that are shown the "
        "truth have no rank, nor has a method with a lost cell or without the score that ranks"
    )


def board_table(
    name: str,
    title: str,
    records: Sequence[Record],
    scores: Sequence[Score],
    *,
    terminal: Collection[str],
    intervals: Collection[str],
    form: Callable[[Any], str] = two_decimals,
) -> ReportTable:
    """Make the table of the records of `averages`.

    Parameters
    ----------
    name, title
        Name of the table for links, and its title.
    records, scores
        Records, and their scores; a score that no method has is left out.
    terminal, intervals
        Names of the scores that the terminal shows, too, and of those with their interval.
    form
        Function that formats a score.
    """
    shown = [each for each in scores if any(not math.isnan(r[each.name]) for r in records)]
    columns = [
        number_column("rank", "Rank", form=integer),
        _method_column(),
        text_column("cells", "Cells", value=lambda r: f"{r['ok']}/{r['cells']}", media=PAGES),
        *(_score_column(each, terminal, intervals, form) for each in shown),
        number_column("seconds", "Seconds", form=seconds, media=PAGES),
    ]
    return make_table(f"board-{slug(name)}", title, columns, records)


def _method_column() -> TableColumn[Record]:
    return text_column("method", "Method", mark=_mark)


def _mark(record: Record) -> str:
    """Mark a method that is shown the truth, unless its name says so."""
    return " (oracle)" if record["oracle"] and record["method"] != "Oracle" else ""


def _score_column(
    each: Score,
    terminal: Collection[str],
    intervals: Collection[str],
    form: Callable[[Any], str],
) -> TableColumn[Record]:
    name = each.name
    return number_column(
        name,
        each.title,
        form=form,
        better=each.better or "lower",
        definition=each.definition,
        interval=lambda r: (r[f"{name}_low"], r[f"{name}_high"]),
        interval_shown=name in intervals,
        media=PAGES | ({"terminal", "html"} if name in terminal else set()),
    )


def overall_table(
    boards: Mapping[str, Sequence[Record]],
    methods: Sequence[str],
    by: Score,
    form: Callable[[Any], str] = two_decimals,
) -> ReportTable:
    """Make the table of mean ranks over boards, with the score that ranks on each board."""
    of = {
        board: {record["method"]: record for record in records} for board, records in boards.items()
    }
    rows = []
    for method in methods:
        records = [each[method] for each in of.values()]
        scores = {board: each[method][by.name] for board, each in of.items()}
        rank = np.mean([record["rank"] for record in records])
        rows.append({"method": method, "oracle": records[0]["oracle"], "rank": rank, **scores})
    columns = [
        number_column("rank", "Mean rank", form=two_decimals),
        _method_column(),
        *(number_column(board, board, form=form) for board in boards),
    ]
    return make_table("all", f"{by.title} by scenario", columns, sorted(rows, key=_place))


def lost_section(cells: pd.DataFrame, title: str) -> list[Section]:
    """Make the section of the cells without an answer; none if there are none."""
    keys = [key for key in ("scenario", "setting", "method", "status", "reason") if key in cells]
    lost = cells[cells["status"] != "ok"]
    if lost.empty:
        return []
    rows = [
        {**dict(zip(keys, key, strict=True)), "count": len(group)}
        for key, group in lost.groupby(keys, sort=False)
    ]
    columns = [*map(text_column, keys), number_column("count", "Cells", form=integer)]
    return [Section("lost", title, (), (make_table("lost", "Lost cells", columns, rows),))]


def definitions_section(scores: Sequence[Score]) -> Section:
    """Make the folded section with the definitions of scores."""
    lines = tuple(f"{each.title}: {each.definition}" for each in scores)
    return Section("scores", "Scores", lines=lines, folded=True)


def json_text(content: Any) -> str:
    """Write a board as JSON; a missing number is null."""
    return json.dumps(_plain(content), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def csv_text(frame: pd.DataFrame) -> str:
    """Write a table as CSV."""
    return frame.to_csv(index=False, lineterminator="\n")


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    value = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(value, float) and not math.isfinite(value) else value
