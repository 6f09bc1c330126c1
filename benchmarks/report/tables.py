"""Tables for machines, and how numbers are written for people."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from itertools import permutations
from typing import Any

import pandas as pd

from benchmarks import metrics
from benchmarks.boards.board import Board, averaged
from sdscm.number_format import number, seconds


def score(value: Any, metric: metrics.Metric | metrics.PooledMetric) -> str:
    """A number of a metric, for people."""
    if metric.name == "seconds":
        return seconds(value)
    value = float(value)
    if metric.name == "peak_memory" and not math.isnan(value):
        return f"{value:.0f}"
    return number(value)


def board_csv(boards: Sequence[Board]) -> str:
    """All boards in one table, costs last: they alone differ between runs of the same cells.

    The columns of `Board.table`, those of its group in front, and for each metric of ``rank_by``
    ``group_<metric>``: methods that share a letter do not differ (see `Significance`).
    """
    parts = []
    for board in boards:
        part = board.table.drop(columns="oracle")
        for name, standing in board.standings.items():
            tested = standing.significance
            if tested is not None:
                after = list(part.columns).index(averaged("win_rate", name)) + 1
                letters = part["estimator"].map(tested.letters)
                part.insert(after, averaged("group", name), letters)
        for place, (name, value) in enumerate(board.group.items()):
            part.insert(place, name, value)
        parts.append(part)
    # The columns of the fullest board first, so that those that only some boards have are in place.
    fullest = max(parts, key=lambda part: len(part.columns), default=pd.DataFrame())
    order = list(dict.fromkeys([*fullest.columns, *(c for part in parts for c in part.columns)]))
    table = pd.concat(parts)[order]
    cost = [metric.name for metric in metrics.registered() if metric.group == "cost"]
    for name in cost:
        table[name] = [float(f"{value:.2g}") for value in table[name]]
    table = table[[c for c in table.columns if c not in cost] + cost]
    return table.to_csv(index=False, float_format="%.6g", lineterminator="\n")


def comparisons_csv(boards: Sequence[Board]) -> str:
    """Each method against each other, a row a pair, board and metric.

    Columns: those of the board's group; ``metric``, ``estimator``, ``other``, ``blocks`` (phrasings
    or files), ``win_rate`` of the first against the other, and Nemenyi's ``p_value``, adjusted for
    all pairs (empty with too few methods or blocks).
    """
    lines = []
    for board in boards:
        for name, standing in board.standings.items():
            tested = standing.significance
            for first, second in permutations(standing.ranks.columns, 2):
                p_value = float("nan") if tested is None else tested.p_values.at[first, second]
                facts = {
                    "metric": name,
                    "estimator": first,
                    "other": second,
                    "blocks": len(standing.ranks),
                    "win_rate": standing.wins.at[first, second],
                    "p_value": p_value,
                }
                lines.append(board.group | facts)
    columns = ["metric", "estimator", "other", "blocks", "win_rate", "p_value"]
    group = list(boards[0].group) if boards else []
    table = pd.DataFrame(lines, columns=[*group, *columns])
    return table.to_csv(index=False, float_format="%.6g", lineterminator="\n")


def scores_csv(scores: pd.DataFrame) -> str:
    """One row a cell; the seconds are on the boards only, so that equal runs give equal files."""
    cost = [metric.name for metric in metrics.registered() if metric.group == "cost"]
    return scores.drop(columns=cost).to_csv(index=False, float_format="%.9g", lineterminator="\n")


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]], left: int) -> str:
    """A GitHub table, whose first ``left`` columns are aligned to the left, the others right.

    Text that would be taken for a tag of HTML, as in the message of an error, is shown as it is.
    """
    rules = ["---"] * left + ["---:"] * (len(header) - left)
    cells = [[_shown(cell) for cell in row] for row in (header, *rows)]
    lines = [cells[0], rules, *cells[1:]]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _shown(cell: str) -> str:
    return re.sub(r"<(?=[A-Za-z/!?])", r"\\<", cell.replace("|", "\\|"))
