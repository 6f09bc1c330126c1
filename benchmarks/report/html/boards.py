"""Boards as tables of the page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from benchmarks import metrics
from benchmarks.leaderboard import CHECK, Board
from benchmarks.manifest import Manifest
from benchmarks.metrics import Metric
from benchmarks.report.html.view import BoardView, Cell, Column, Row, Table
from benchmarks.report.html.words import (
    BETTER,
    counted,
    first_direction,
    listed,
    numeric,
    setting_words,
    shown,
    slug,
    words,
)
from benchmarks.report.tables import NONE, number
from benchmarks.suite import BoardOptions

#: Beside the ranked metrics, the columns that are shown first where the suite names none.
_USUAL = ("r2", "ate_coverage", "cate_coverage", "ite_coverage", "seconds")


def board_views(boards: Sequence[Board], manifest: Manifest) -> tuple[BoardView, ...]:
    """One view a board, in their order; all have the same columns."""
    options = manifest.suite.board
    ranked = [metrics.get(name) for name in options.rank_by]
    shown_metrics = list(dict.fromkeys([*ranked, *columns_of(boards)]))
    return tuple(_view(board, shown_metrics, options, manifest) for board in boards)


def columns_of(boards: Sequence[Board]) -> list[Metric]:
    """The metrics that some method other than an Oracle has a score of."""
    tables = [board.table[~board.table["oracle"]] for board in boards]
    return [m for m in metrics.registered() if any(t[m.name].notna().any() for t in tables)]


def title_of(board: Board) -> str:
    """What the cells of a board share, in words."""
    setting = board.group.get("setting")
    parts = [setting_words(setting)] if setting else []
    parts += [
        value or "data of other origin" for key, value in board.group.items() if key != "setting"
    ]
    return ", ".join(parts) if parts else "all cells"


def _view(
    board: Board, columns: Sequence[Metric], options: BoardOptions, manifest: Manifest
) -> BoardView:
    heading = title_of(board)
    note = f"Effects of rows are scored against the {board.target}. "
    if board.clusters > 1:
        note += (
            f"Under each ranked score its {options.level:.0%} interval, which resamples "
            f"{counted(board.clusters, 'phrasing or file', 'phrasings or files')}."
        )
    else:
        note += "One phrasing or file: no intervals."
    rows = tuple(_row(row, columns, options) for _, row in board.table.iterrows())
    table = Table(
        id="board-" + (slug(" ".join(board.group.values())) or "all"),
        caption=f"Leaderboard, {heading}: {counted(len(rows), 'method')}",
        columns=tuple(_columns(columns, options, manifest)),
        rows=rows,
        head=0,
        filtered=True,
    )
    return BoardView(heading[:1].upper() + heading[1:], board.group.get("setting", ""), note, table)


def _columns(columns: Sequence[Metric], options: BoardOptions, manifest: Manifest) -> list[Column]:
    ranked = [metrics.get(name) for name in options.rank_by]
    key = set(options.columns or (*options.rank_by, *_USUAL))
    found = [Column("Method", numeric=False)]
    for metric in ranked:
        title = f"{metric.group} rank" if len(ranked) > 1 else "Rank"
        found.append(Column(title))
    found.append(Column("Family", numeric=False))
    nominal = f"nominal {1 - manifest.suite.alpha:.0%}"
    for metric in columns:
        note = BETTER[metric.better]
        if metric.name.endswith("coverage"):
            note = nominal
        found.append(
            Column(
                metric.title,
                note=note,
                first=first_direction(metric),
                group=metric.group,
                key=metric.name in key,
            )
        )
    found.append(Column("Cells", first="descending"))
    return found


def _row(row: pd.Series, columns: Sequence[Metric], options: BoardOptions) -> Row:
    cells = [words(str(row["estimator"]))]
    cells += [_rank(str(row[f"rank_{name}"])) for name in options.rank_by]
    cells.append(words(str(row["family"])))
    cells += [_score(row, metric, options) for metric in columns]
    cells.append(_count(row))
    return Row(tuple(cells), family=str(row["family"]), aside=bool(row["oracle"]))


def _rank(text: str) -> Cell:
    if not text:
        return Cell(NONE)
    return Cell("check") if text == CHECK else Cell(text, text)


def _score(row: pd.Series, metric: Metric, options: BoardOptions) -> Cell:
    value: Any = row[metric.name]
    detail = ""
    if metric.name in options.rank_by and not row["oracle"]:
        low, high = float(row[f"{metric.name}_low"]), float(row[f"{metric.name}_high"])
        if low == low:
            detail = f"{number(low)} to {number(high)}"
    return numeric(float(value), shown(metric, float(value)), detail)


def _count(row: pd.Series) -> Cell:
    lost = [f"{row[name]} {name}" for name in ("failed", "skipped", "missing") if row[name]]
    whole = row["ok"] == row["cells"]
    text = str(row["ok"]) if whole else f"{row['ok']} of {row['cells']}"
    return Cell(text, str(row["ok"]), listed(lost))


def findings(boards: Sequence[Board], options: BoardOptions) -> tuple[str, ...]:
    """One sentence a board: who leads by each ranked metric, and who cannot be told apart."""
    return tuple(sentence for board in boards if (sentence := _finding(board, options)))


def _finding(board: Board, options: BoardOptions) -> str:
    parts = []
    for name in options.rank_by:
        table = board.table[~board.table["oracle"]].dropna(subset=[name])
        best = table[table[f"rank_{name}"] == "1"]
        if best.empty:
            continue
        metric, first = metrics.get(name), best.iloc[0]
        leaders = listed(map(str, best["estimator"]))
        parts.append(
            f"{leaders} {'lead' if len(best) > 1 else 'leads'} by {metric.title}, "
            f"{number(first[name])}{_rivals(table, first, metric)}"
        )
    heading = title_of(board)
    return f"{heading[:1].upper()}{heading[1:]}: {'; '.join(parts)}." if parts else ""


def _rivals(table: pd.DataFrame, first: pd.Series, metric: Metric) -> str:
    """How many others have an interval that reaches into the leader's."""
    low, high = first[f"{metric.name}_low"], first[f"{metric.name}_high"]
    if pd.isna(low):
        return ""
    others = table[table["estimator"] != first["estimator"]]
    inside = (others[f"{metric.name}_low"] <= high) & (others[f"{metric.name}_high"] >= low)
    count = int(inside.sum())
    if not count:
        return ", its interval apart from all others"
    return f" (the intervals of {count} of {len(others)} others overlap with its own)"
