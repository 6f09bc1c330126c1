"""Tables for machines, and how numbers are written for people."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from benchmarks import metrics
from benchmarks.leaderboard import Board

#: Stands where a method has no such score.
NONE = "–"


def number(value: Any) -> str:
    """Three decimals, fewer digits for large numbers; an en dash for NaN."""
    value = float(value)
    if math.isnan(value):
        return NONE
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    if value == 0:
        return "0"
    size = abs(value)
    if size >= 1000:
        return f"{value:.1e}"
    return f"{value:.0f}" if size >= 100 else f"{value:.3f}"


def seconds(value: Any) -> str:
    """Two significant digits: more would differ between runs anyway."""
    value = float(value)
    if math.isnan(value):
        return NONE
    if value < 0.01:
        return "< 0.01"
    return f"{value:.0f}" if value >= 10 else f"{float(f'{value:.2g}'):g}"


def board_csv(boards: Sequence[Board]) -> str:
    """All boards in one table, seconds last: they alone differ between runs of the same cells."""
    parts = []
    for board in boards:
        part = board.table.drop(columns="oracle")
        for place, (name, value) in enumerate(board.group.items()):
            part.insert(place, name, value)
        parts.append(part)
    table = pd.concat(parts)
    cost = [metric.name for metric in metrics.registered() if metric.group == "cost"]
    for name in cost:
        table[name] = [float(f"{value:.2g}") for value in table[name]]
    table = table[[c for c in table.columns if c not in cost] + cost]
    return table.to_csv(index=False, float_format="%.6g", lineterminator="\n")


def scores_csv(scores: pd.DataFrame) -> str:
    """One row a cell; the seconds are on the boards only, so that equal runs give equal files."""
    cost = [metric.name for metric in metrics.registered() if metric.group == "cost"]
    return scores.drop(columns=cost).to_csv(index=False, float_format="%.9g", lineterminator="\n")


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]], left: int) -> str:
    """A GitHub table, whose first ``left`` columns are aligned to the left, the others right."""
    rules = ["---"] * left + ["---:"] * (len(header) - left)
    cells = [[cell.replace("|", "\\|") for cell in row] for row in (header, *rows)]
    lines = [cells[0], rules, *cells[1:]]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
