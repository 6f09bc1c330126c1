"""What a table of a board shows: which methods, which metrics, and which numbers are best."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from benchmarks import metrics
from benchmarks.boards.board import Board
from benchmarks.boards.ranking import Standing, merit
from benchmarks.metrics import Metric, PooledMetric

#: The columns of the tables of each estimand, unless the suite chooses others.
USUAL = {
    "ATE": (
        "ate_abs_error_sd",
        "ate_error_sd",
        "ate_rmse_sd",
        "ate_r2",
        "ate_sign_accuracy",
        "ate_coverage",
        "ate_width_sd",
        "seconds",
    ),
    "CATE": (
        "pehe_sd",
        "pehe_sd_ite",
        "r2",
        "rank_correlation",
        "calibration_slope",
        "qini",
        "regret_sd",
        "cate_coverage",
        "cate_width_sd",
        "seconds",
    ),
    "ITE": (
        "ite_interval_score_sd",
        "ite_coverage",
        "ite_width_sd",
        "ite_rightly_not_zero",
        "ite_wrongly_not_zero",
        "seconds",
    ),
    "cost": ("seconds", "peak_memory"),
}


_NOMINAL = {"ate_error": "0", "ate_error_sd": "0", "calibration_slope": "1"}


def direction(metric: Metric | PooledMetric, level: str) -> str:
    """Where the best numbers of a metric lie, for readers; ``level`` is that of the intervals."""
    if metric.better != "nominal":
        return f"{metric.better} is better"
    nominal = level if metric.name.endswith("_coverage") else _NOMINAL.get(metric.name)
    return f"best near {nominal}" if nominal else "best at its nominal value"


def rows_of(board: Board, standing: Standing) -> pd.DataFrame:
    """The rows of the board's table that a standing shows, best first, by the estimator's name."""
    return board.table.set_index("estimator").loc[list(standing.methods)]


def columns_of(
    board: Board, standing: Standing, chosen: Sequence[str] | None
) -> list[Metric | PooledMetric]:
    """The metrics of a standing's table, in order.

    Parameters
    ----------
    chosen
        Names that the user chose; of these the table shows the metrics of its estimand and those
        of cost. None for the usual ones.

    Returns
    -------
    Of the usual metrics only those that some method besides the Oracle has a score of.
    """
    group = standing.metric.group
    if chosen is not None:
        found = map(metrics.find, chosen)
        return [metric for metric in found if metric.group in (group, "cost")]
    names = dict.fromkeys((standing.metric.name, *USUAL[group]))
    rows = rows_of(board, standing)
    seen = rows[~rows["oracle"]]
    return [metrics.find(name) for name in names if seen[name].notna().any()]


#: Marks a mean over fewer datasets than that of other methods; see `Board.undefined`.
FEWER = "†"


def fewer(board: Board, name: str, metric: Metric | PooledMetric) -> str:
    """`FEWER` if a method's score is not defined on a dataset where another's is, else nothing."""
    return FEWER if name in board.undefined.get(metric.name, {}) else ""


def best(board: Board, standing: Standing, metric: Metric | PooledMetric) -> set[str]:
    """The methods with the best number of a column, ties included.

    Of methods without a lost cell or an undefined score, and of finite numbers of metrics that are
    compared with the truth and are best at one end: a narrow interval or a quick answer is no merit
    by itself.
    """
    rows = rows_of(board, standing)
    whole = rows[~rows["oracle"] & (rows["ok"] == rows["cells"])]
    whole = whole[~whole.index.isin(list(board.undefined.get(metric.name, {})))]
    values = whole[metric.name].dropna()
    values = values[np.isfinite(values)]
    if metric.better == "nominal" or metric.target == "none" or values.empty:
        return set()
    merits = values.map(merit)
    end = merits.min() if metric.better == "lower" else merits.max()
    return {str(name) for name in merits.index[merits == end]}
