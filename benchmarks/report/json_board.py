"""Write the leaderboard as JSON, for programs."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from benchmarks import metrics
from benchmarks.boards.board import Board
from benchmarks.boards.board_table import wide_table
from benchmarks.boards.by_model import compare_models
from benchmarks.boards.library_warnings import LibraryWarning
from benchmarks.boards.ranking import Ranking
from sdscm.report_page.table import TableCell

_FORMAT = 2


def board_json(
    name: str,
    command: str,
    boards: Sequence[Board],
    level: float,
    resamples: int,
    warnings: Sequence[LibraryWarning] = (),
) -> str:
    """Write the whole content of the boards.

    A number that is missing or not defined is null. An infinite number is the text "Infinity" or
    "-Infinity", since JSON has no infinite numbers. ``metrics`` defines the metrics. Each of
    ``boards`` has ``group``, ``target``, ``clusters``, ``scenarios``, ``identified`` (words on the
    identification of the effect), ``methods`` (a record for each, with every column of the board;
    a value with an interval is an object with ``value``, ``low`` and ``high``), ``rankings``, and
    ``undefined``; see `benchmarks.boards.board.Board`.
    ``models`` compares boards that differ in the language model only: ``group``, ``metric``, the
    average ``ranks`` by model, and ``pairs``; see `benchmarks.boards.by_model.ModelPair`.
    ``warnings`` lists those of libraries, with ``text``, ``methods`` and ``cells``.
    Only the metrics of cost differ between runs of the same cells.
    """
    content = {
        "format": _FORMAT,
        "suite": name,
        "command": command,
        "level": level,
        "resamples": resamples,
        "metrics": [_metric(metrics.find(each)) for each in metrics.names()],
        "boards": [
            {
                "group": board.group,
                "target": board.target,
                "clusters": board.clusters,
                "scenarios": board.scenarios,
                "identified": board.identified,
                "methods": _methods(board),
                "undefined": board.undefined,
                "rankings": [_ranking(each) for each in board.rankings.values()],
            }
            for board in boards
        ],
        "models": [
            {
                "group": each.group,
                "metric": each.metric.name,
                "ranks": each.ranks.to_dict(),
                "pairs": [asdict(pair) for pair in each.pairs],
            }
            for each in compare_models(boards)
        ],
        "warnings": [asdict(each) for each in warnings],
    }
    return json.dumps(_plain(content), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _metric(metric: metrics.Metric | metrics.PooledMetric) -> dict[str, str]:
    fields = ("name", "title", "group", "target", "better", "source")
    return {field: getattr(metric, field) for field in fields}


def _methods(board: Board) -> list[dict[str, Any]]:
    table = wide_table(board)
    names = [column.name for column in table.columns]
    return [dict(zip(names, map(_value, row.cells), strict=True)) for row in table.rows]


def _value(cell: TableCell) -> Any:
    if cell.ends is None:
        return cell.value
    return {"value": cell.value, "low": cell.ends[0], "high": cell.ends[1]}


def _ranking(ranking: Ranking) -> dict[str, Any]:
    tested = ranking.significance
    names = [str(name) for name in ranking.ranks.columns]
    return {
        "metric": ranking.metric.name,
        "estimand": ranking.metric.group,
        "methods": ranking.methods,
        "blocks": len(ranking.ranks),
        "competitors": names,
        "wins": ranking.wins.to_numpy().tolist(),
        "friedman_p": tested.friedman if tested else None,
        "critical_difference": tested.critical_difference if tested else None,
        "nemenyi_p": tested.p_values.loc[names, names].to_numpy().tolist() if tested else None,
        "groups": tested.groups if tested else None,
    }


def _plain(value: Any) -> Any:
    """Convert values to types of JSON."""
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return float(f"{value:.9g}") if isinstance(value, float) else value
