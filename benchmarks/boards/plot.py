"""Draw the error, or the average rank, of each method of boards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from benchmarks import metrics
from benchmarks.boards.board import Board
from benchmarks.boards.explain import place, setting_words
from sdscm.errors import InputError
from sdscm.figure_style import (
    BAND,
    INK,
    MUTED,
    SERIES,
    in_figure_style,
    new_figure,
    remove_frame,
    scaled,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Panel:
    """Name what a panel shows: a column of a board's table, with its ends ``_low`` and ``_high``.

    ``silent`` stands in the rows of methods without a value.
    """

    title: str
    column: str
    silent: str

    @classmethod
    def of(cls, name: str) -> Panel:
        """Show the median of a metric: one exploding estimate would decide a mean, and the axis."""
        metric = metrics.get(name)
        silent = "average effect only" if metric.group == "CATE" else "no estimate"
        return cls(f"{metric.title}, {metric.better} is better", f"{name}_median", silent)


#: The panels of the figures of a results folder.
ERRORS = (Panel.of("pehe_sd"), Panel.of("ate_abs_error_sd"))

#: Letters that fit side by side, and those that a marker and the gap after an entry take.
_LINE, _ENTRY = 120, 9

_MEDIANS = "Medians over phrasings, with their intervals. The Oracle's errors are 0 and not drawn."
_RANKS = "Average ranks over scenarios, with their intervals; 1 is the best."


@in_figure_style(size=10, text_parse_math=False)
def plot(board: Board) -> Figure:
    """Draw a board; see `Board.plot`.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    InputError
        If no method has a score.
    """
    panels = [Panel.of(name) for name in board.rankings]
    if board.scenarios:
        panels = [
            Panel(f"Average rank by {each.metric.title}", each.column("average_rank"), "no rank")
            for each in board.rankings.values()
        ]
    names = methods_shown([board], panels)
    if not names:
        raise InputError(f"board of {place(board.group)}: no method has a score to draw")
    return draw_boards(
        place(board.group), [board], names, panels, _RANKS if board.scenarios else _MEDIANS
    )


def methods_shown(boards: Sequence[Board], panels: Sequence[Panel] = ERRORS) -> list[str]:
    """List the methods without Oracles, whose errors are 0.

    In the order of the first board; then those that only later boards score, in their order.
    """
    found: dict[str, None] = {}
    for table in (board.table for board in boards):
        there = table[[panel.column for panel in panels]].notna().any(axis=1)
        names = table[~table["oracle"].astype(bool) & there]["estimator"]
        found |= dict.fromkeys(map(str, names))
    return list(found)


def draw_boards(
    title: str,
    boards: Sequence[Board],
    names: Sequence[str],
    panels: Sequence[Panel] = ERRORS,
    note: str = _MEDIANS,
) -> Figure:
    """Draw the named methods on boards that differ in the setting only.

    Call it within `sdscm.figure_style.figure_style`.
    """
    labels = [setting_words(board.group.get("setting", "")) for board in boards]
    columns = _legend_columns(title, labels)
    crowded = columns < len(labels)
    rows = 1 + -(-len(labels) // columns) if crowded else 1
    figure = new_figure(10, 1.7 + 0.2 * rows + 0.34 * len(names), layout="constrained")
    axes = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    for axis, panel in zip(axes, panels, strict=True):
        _draw_panel(axis, panel, boards, names)
    axes[0].set_yticks(range(len(names)), names)
    axes[0].set_ylim(len(names) - 0.5, -0.5)
    handles, labels = axes[0].get_legend_handles_labels()
    legend = figure.legend(
        handles,
        labels,
        loc="outside upper left" if crowded else "outside upper right",
        ncols=columns,
        frameon=False,
        fontsize=10,
        title=title if crowded else None,
        title_fontsize=11,
        alignment="left",
    )
    legend.get_title().set_color(INK)
    if title and not crowded:
        figure.suptitle(title, x=0.01, ha="left", fontsize=11, color=INK)
    figure.supxlabel(note, x=0.01, ha="left", fontsize=9, color=MUTED)
    return figure


def _legend_columns(title: str, labels: Sequence[str]) -> int:
    """Count the entries of a row of the legend: all of them, if they fit beside the title."""
    if len(title) + sum(_ENTRY + len(label) for label in labels) <= _LINE:
        return len(labels)
    return max(1, _LINE // (_ENTRY + max(map(len, labels))))


def _draw_panel(axis: Axes, panel: Panel, boards: Sequence[Board], names: Sequence[str]) -> None:
    offsets = np.linspace(-0.16, 0.16, len(boards)) if len(boards) > 1 else np.zeros(1)
    drawn: list[np.ndarray] = []
    silent = np.ones(len(names), dtype=bool)
    for board, offset, (colour, marker) in zip(boards, offsets, SERIES, strict=False):
        rows = board.table.set_index("estimator").reindex(list(names))
        value = rows[panel.column].to_numpy(dtype=float)
        # A missing end is left out: fmin and fmax ignore NaN.
        low = np.fmin(rows[f"{panel.column}_low"].to_numpy(dtype=float), value)
        high = np.fmax(rows[f"{panel.column}_high"].to_numpy(dtype=float), value)
        axis.errorbar(
            value,
            np.arange(len(names)) + offset,
            xerr=[value - low, high - value],
            fmt=marker,
            color=colour,
            markersize=5.5,
            elinewidth=1.6,
            capsize=0,
            label=setting_words(board.group.get("setting", "")),
        )
        drawn += [low, high]
        silent &= np.isnan(value)
    ends = np.concatenate(drawn)
    scaled(axis.xaxis, ends[np.isfinite(ends)], floor=None)
    axis.set_title(panel.title, loc="left")
    axis.grid(axis="x")
    remove_frame(axis)
    for even in range(0, len(names), 2):
        axis.axhspan(even - 0.5, even + 0.5, color=BAND, zorder=0)
    for row in np.flatnonzero(silent):
        axis.annotate(
            panel.silent,
            (0.5, row),
            xycoords=axis.get_yaxis_transform(),
            ha="center",
            va="center",
            fontsize=9,
            style="italic",
            color=MUTED,
        )
