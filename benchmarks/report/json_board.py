"""The leaderboard as JSON, for programs."""

from __future__ import annotations

import json
import math
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from benchmarks import metrics
from benchmarks.boards.board import Board, averaged
from benchmarks.boards.ranking import Standing
from benchmarks.report.columns import rows_of

_FORMAT = 1
_COUNTS = ("cells", "ok", "failed", "timeout", "skipped", "missing")
_AVERAGES = ("average_rank", "average_rank_low", "average_rank_high", "win_rate")


def board_json(
    name: str, command: str, boards: Sequence[Board], level: float, resamples: int
) -> str:
    """Everything that the boards hold.

    A number that is not there or not defined is null; infinite ones are the texts "Infinity" and
    "-Infinity", since JSON has no such numbers. ``metrics`` says what the columns mean; each of
    ``boards`` has ``group``, ``target``, ``clusters``, its ``estimators`` (with ``cost`` apart:
    it alone differs between runs of the same cells), its ``standings``, and ``undefined``, see
    `benchmarks.leaderboard.Board`.
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
                "estimators": [_estimator(row) for row in board.table.to_dict("records")],
                "undefined": board.undefined,
                "standings": [_standing(board, each) for each in board.standings.values()],
            }
            for board in boards
        ],
    }
    return json.dumps(_plain(content), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _metric(metric: metrics.Metric | metrics.PooledMetric) -> dict[str, str]:
    return {
        "name": metric.name,
        "title": metric.title,
        "group": metric.group,
        "target": metric.target,
        "better": metric.better,
        "source": metric.source,
    }


def _estimator(row: Mapping[Hashable, Any]) -> dict[str, Any]:
    scores: dict[str, Any] = {}
    cost: dict[str, Any] = {}
    for metric in map(metrics.find, metrics.names()):
        name = metric.name
        if metric.group == "cost":
            cost[name] = float(f"{row[name]:.2g}")
            continue
        scores[name] = _ends(row, name)
        if isinstance(metric, metrics.Metric):
            scores[name]["median"] = _ends(row, f"{name}_median")
    return {
        "estimator": row["estimator"],
        "family": row["family"],
        "estimand": row["estimand"],
        "oracle": row["oracle"],
        "counts": {name: row[name] for name in _COUNTS},
        "scores": scores,
        "cost": cost,
    }


def _ends(row: Mapping[Hashable, Any], name: str) -> dict[str, Any]:
    return {"value": row[name], "low": row[f"{name}_low"], "high": row[f"{name}_high"]}


def _standing(board: Board, standing: Standing) -> dict[str, Any]:
    tested, ranked = standing.significance, standing.metric.name
    names = [str(name) for name in standing.ranks.columns]
    return {
        "metric": ranked,
        "estimand": standing.metric.group,
        "order": [
            {"estimator": str(name), "rank": row[f"rank_{ranked}"] or None}
            | {kind: row[averaged(kind, ranked)] for kind in _AVERAGES}
            for name, row in rows_of(board, standing).iterrows()
        ],
        "blocks": len(standing.ranks),
        "competitors": names,
        "wins": standing.wins.to_numpy().tolist(),
        "friedman_p": tested.friedman if tested else None,
        "critical_difference": tested.critical_difference if tested else None,
        "nemenyi_p": tested.p_values.loc[names, names].to_numpy().tolist() if tested else None,
        "groups": [list(group) for group in tested.groups] if tested else None,
    }


def _plain(value: Any) -> Any:
    """The same in types that JSON knows."""
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return float(f"{value:.9g}") if isinstance(value, float) else value
