"""Write tables for programs, as CSV."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from itertools import permutations
from typing import Any

import pandas as pd

from benchmarks import metrics
from benchmarks.boards.board import Board
from benchmarks.boards.board_table import wide_table
from benchmarks.boards.by_model import compare_models


def board_csv(boards: Sequence[Board]) -> str:
    """Write all boards as one table: a row for each method of each board.

    Columns: those of the board's group; for each metric of ``rank_by`` the columns that depend on
    it, such as ``rank_<metric>`` and ``group_<metric>`` (methods that share a letter do not
    differ); all other columns. Ends of intervals are in ``<column>_low`` and ``<column>_high``.
    """
    parts = [_rows(board) for board in boards]
    # The columns of the board that has most come first, so that their order is kept.
    fullest = max(parts, key=lambda part: len(part.columns), default=pd.DataFrame())
    order = list(dict.fromkeys([*fullest.columns, *(c for part in parts for c in part.columns)]))
    cost = [metric.name for metric in metrics.registered() if metric.group == "cost"]
    table = pd.concat(parts)[[*(c for c in order if c not in cost), *cost]]
    return _csv(table, "%.6g")


def _rows(board: Board) -> pd.DataFrame:
    table, rows = wide_table(board), []
    for row in table.rows:
        entry: dict[str, Any] = dict(board.group)
        for column, cell in zip(table.columns, row.cells, strict=True):
            entry[column.name] = cell.value
            if cell.ends is not None:
                entry[f"{column.name}_low"], entry[f"{column.name}_high"] = cell.ends
        rows.append(entry)
    return pd.DataFrame(rows)


def comparisons_csv(boards: Sequence[Board]) -> str:
    """Write the comparisons of pairs of methods: a row for each pair, board and metric.

    Columns: those of the board's group; ``metric``, ``estimator``, ``other``, ``blocks`` (phrasings
    or files), ``win_rate`` of the first against the other, and Nemenyi's ``p_value``, adjusted for
    all pairs (empty with too few methods or blocks).
    """
    rows = []
    for board in boards:
        for name, ranking in board.rankings.items():
            tested = ranking.significance
            for first, second in permutations(ranking.ranks.columns, 2):
                p_value = float("nan") if tested is None else tested.p_values.at[first, second]
                rows.append(
                    {
                        **board.group,
                        "metric": name,
                        "estimator": first,
                        "other": second,
                        "blocks": len(ranking.ranks),
                        "win_rate": ranking.wins.at[first, second],
                        "p_value": p_value,
                    }
                )
    group = list(boards[0].group) if boards else []
    columns = ["metric", "estimator", "other", "blocks", "win_rate", "p_value"]
    return _csv(pd.DataFrame(rows, columns=[*group, *columns]), "%.6g")


def models_csv(boards: Sequence[Board]) -> str:
    """Write the comparisons of language models: a row for each board, metric and pair of models.

    Columns: those of the boards' group without ``lm``, ``metric``, and the fields of `ModelPair`.
    Empty if all boards are of one model.
    """
    rows = [
        {
            **each.group,
            "metric": each.metric.name,
            **asdict(pair),
            "models": " | ".join(pair.models),
        }
        for each in compare_models(boards)
        for pair in each.pairs
    ]
    return _csv(pd.DataFrame(rows), "%.6g") if rows else ""


def scores_csv(scores: pd.DataFrame) -> str:
    """Write a row for each cell, without the costs, which differ between runs.

    Metrics that not all runs have are left out if no cell has a score.
    """
    left_out = [
        metric.name
        for metric in metrics.registered()
        if metric.group == "cost" or (metric.optional and scores[metric.name].isna().all())
    ]
    return _csv(scores.drop(columns=left_out), "%.9g")


def _csv(table: pd.DataFrame, form: str) -> str:
    return table.to_csv(index=False, float_format=form, lineterminator="\n")
