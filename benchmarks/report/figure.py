"""Draw the error of each method, with the settings side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from benchmarks import metrics
from benchmarks.boards.board import Board
from benchmarks.boards.explain import place, setting_words
from benchmarks.datasets.truth import FITTED
from benchmarks.report.html.figures.style import scaled
from sdscm.figure_style import (
    BAND,
    INK,
    MUTED,
    SERIES,
    figure_bytes,
    in_figure_style,
    new_figure,
    remove_frame,
)
from sdscm.number_format import slug

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_PANELS = ("pehe_sd", "ate_abs_error_sd")


@in_figure_style(size=10)
def draw(boards: Sequence[Board]) -> dict[str, bytes]:
    """Draw a PNG for each group of boards that differ only in the setting and have scores.

    The figures are of the fitted rows; the tables have the others.

    Returns
    -------
    Contents by file name. Equal boards give equal bytes.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    """
    groups: dict[tuple[tuple[str, str], ...], list[Board]] = {}
    for board in boards:
        if board.group.get("rows", FITTED) != FITTED:
            continue
        shared = tuple((k, v) for k, v in board.group.items() if k not in ("setting", "rows"))
        groups.setdefault(shared, []).append(board)
    files = {}
    for shared, members in groups.items():
        title = place(dict(shared)) if shared else ""
        names = _order(members)
        if names:
            stem = (
                slug("leaderboard", *(value for _, value in shared if value))
                if len(groups) > 1
                else "leaderboard"
            )
            files[f"{stem}.png"] = _png(title, members, names)
    return files


def _png(title: str, boards: Sequence[Board], names: Sequence[str]) -> bytes:
    figure = new_figure(10, 1.9 + 0.34 * len(names), layout="constrained")
    axes = figure.subplots(1, len(_PANELS), sharey=True)
    for axis, metric in zip(axes, map(metrics.get, _PANELS), strict=True):
        _panel(axis, metric, boards, names)
    axes[0].set_yticks(range(len(names)), names)
    axes[0].set_ylim(len(names) - 0.5, -0.5)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(
        handles,
        labels,
        loc="outside upper right",
        ncols=len(labels),
        frameon=False,
        fontsize=10,
    )
    if title:
        figure.suptitle(title, x=0.01, ha="left", fontsize=11, color=INK)
    figure.supxlabel(
        "Medians over phrasings, with their intervals. The Oracle's errors are 0 and not drawn.",
        x=0.01,
        ha="left",
        fontsize=9,
        color=MUTED,
    )
    return figure_bytes(figure, "png")


def _order(boards: Sequence[Board]) -> list[str]:
    """List the methods in the order of the first board, without Oracles, whose errors are 0."""
    table = boards[0].table
    shown = table[~table["oracle"] & table[list(_PANELS)].notna().any(axis=1)]
    return [str(name) for name in shown["estimator"]]


def _panel(
    axis: Axes, metric: metrics.Metric, boards: Sequence[Board], names: Sequence[str]
) -> None:
    offsets = np.linspace(-0.16, 0.16, len(boards)) if len(boards) > 1 else np.zeros(1)
    drawn: list[np.ndarray] = []
    silent = np.ones(len(names), dtype=bool)
    for board, offset, (colour, marker) in zip(boards, offsets, SERIES, strict=False):
        rows = board.table.set_index("estimator").reindex(list(names))
        # One exploding estimate would decide a mean, and the scale of the panel.
        name = f"{metric.name}_median"
        median = rows[name].to_numpy(dtype=float)
        # A missing end is left out: fmin and fmax ignore NaN.
        low = np.fmin(rows[f"{name}_low"].to_numpy(dtype=float), median)
        high = np.fmax(rows[f"{name}_high"].to_numpy(dtype=float), median)
        axis.errorbar(
            median,
            np.arange(len(names)) + offset,
            xerr=[median - low, high - median],
            fmt=marker,
            color=colour,
            markersize=5.5,
            elinewidth=1.6,
            capsize=0,
            label=setting_words(board.group.get("setting", "")),
        )
        drawn += [low, high]
        silent &= np.isnan(median)
    ends = np.concatenate(drawn)
    scaled(axis.xaxis, ends[np.isfinite(ends)], floor=None)
    axis.set_title(f"{metric.title}, lower is better", loc="left")
    axis.grid(axis="x")
    remove_frame(axis)
    for even in range(0, len(names), 2):
        axis.axhspan(even - 0.5, even + 0.5, color=BAND, zorder=0)
    for row in np.flatnonzero(silent):
        axis.annotate(
            "average effect only" if metric.group == "CATE" else "no estimate",
            (0.5, row),
            xycoords=axis.get_yaxis_transform(),
            ha="center",
            va="center",
            fontsize=9,
            style="italic",
            color=MUTED,
        )
