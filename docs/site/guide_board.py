"""Make the short table of ``docs/guide/boards.md`` from a suite's ``leaderboard.csv``."""

from __future__ import annotations

import pandas as pd

from benchmarks.boards.summary import ALL
from benchmarks.datasets.truth import FITTED
from sdscm.report_page.markdown import markdown_table

_METRICS = {"pehe_sd_median": "PEHE / SD(y)", "ate_abs_error_sd_median": "|ATE error| / SD(y)"}
_SETTINGS = {"all": "all seen", "hidden": "confounders hidden"}
_ALWAYS = ("ExactMatch", "Zero", "DiffInMeans", "Oracle")


def extract(board: pd.DataFrame, top: int = 10) -> str:
    """Make a table of the ``top`` methods in the setting ``all``, and of references.

    It is of the last entry of the suite and the fitted rows. Errors are medians over phrasings.
    """
    board = fitted(board)
    last = board[board["dataset"] != ALL]["dataset"].iloc[-1]
    board = board[board["dataset"] == last]
    by_setting = {s: board[board["setting"] == s].set_index("estimator") for s in _SETTINGS}
    ranks = pd.to_numeric(by_setting["all"]["rank_pehe_sd"], errors="coerce")
    chosen = [*ranks[ranks <= top].sort_values(kind="stable").index]
    chosen += [name for name in _ALWAYS if name not in chosen]
    heads = ["Average rank, all seen"]
    heads += [
        f"{metric}, {setting}" for metric in _METRICS.values() for setting in _SETTINGS.values()
    ]
    rows = []
    for name in chosen:
        rank = by_setting["all"]["average_rank_pehe_sd"].loc[name]
        values = [by_setting[s][metric].loc[name] for metric in _METRICS for s in _SETTINGS]
        texts = ["–" if pd.isna(value) else f"{value:.3f}" for value in values]
        rows.append([name, "–" if pd.isna(rank) else f"{rank:.1f}", *texts])
    return markdown_table(["Estimator", *heads], rows, left=1)


def fitted(board: pd.DataFrame) -> pd.DataFrame:
    """Select the boards of the fitted rows; a suite without held-out rows has no others."""
    return board[board["rows"] == FITTED] if "rows" in board else board
