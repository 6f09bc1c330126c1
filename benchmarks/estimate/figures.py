"""Draw the figures of a table's estimates, for screens and for phones."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.estimate.analysis import Analysis
from benchmarks.estimate.balance import BALANCED, Difference
from benchmarks.estimate.effects import MethodEffect
from sdscm.figure_style import BAND, GRID, INK, MUTED, REST, SERIES, new_figure, remove_frame
from sdscm.number_format import counted, with_interval
from sdscm.report_page import Drawing, Layout

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDEST = 9.0  # inches
_FOOT, _ROW = 0.55, 0.3
#: Covariates in the figure of balance; the others differ less.
_MOST_COVARIATES = 25
_BINS = 20
_LETTERS = 22


def drawings(found: Analysis, effect: str) -> list[Drawing]:
    """List the figures; ``effect`` is the label of the axis of effects."""
    shown = [each for each in found.effects if not math.isnan(each.ate)]
    forest = Drawing(
        "effects-figure",
        "Average effect by method",
        "Estimate with its 95 % interval. Filled marker: the interval excludes 0. Grey: the method "
        "does not adjust for covariates.",
        f"Forest plot of {counted(len(shown), 'estimate')}; the table 'Average effects' has the "
        "numbers.",
        lambda layout: _forest(shown, effect, layout),
    )
    overlap = Drawing(
        "propensities",
        "Propensities in both arms",
        "Estimated probability of the treated value. Where one arm has no rows, its outcomes are "
        "extrapolated.",
        "Histograms of the propensities of both arms; the table 'Overlap' has their quantiles.",
        lambda layout: _overlap(found, layout),
    )
    balance = Drawing(
        "balance-figure",
        "Standardised mean differences",
        f"Difference of the arms' means in standard deviations, before and after weighting by the "
        f"inverse propensity. Shaded: below {BALANCED:g}, where covariates are called balanced.",
        "Differences of all covariates before and after weighting; the table 'Balance' has them.",
        lambda layout: _balance(found.differences[:_MOST_COVARIATES], layout),
    )
    return [*([forest] if shown else []), overlap, balance]


def _rows(
    count: int, height: float, left: float, right: float, layout: Layout
) -> tuple[Figure, Axes]:
    """Make a figure with ``count`` rows; margins and the height of a row are in inches."""
    width, top = min(layout.width, _WIDEST), 0.4 if layout.title else 0.1
    whole = count * height + _FOOT + top
    figure = new_figure(width, whole)
    if layout.title:
        figure.suptitle(layout.title, x=0.01, ha="left", fontweight="bold")
    axes = figure.add_axes(
        (left / width, _FOOT / whole, (width - left - right) / width, count * height / whole)
    )
    remove_frame(axes)
    axes.set_ylim(count, 0)
    axes.set_yticks([])
    axes.grid(axis="x", color=GRID, linewidth=0.6)
    axes.axvline(0, color=INK, linewidth=0.9, zorder=1.5)
    return figure, axes


def _forest(shown: Sequence[MethodEffect], label: str, layout: Layout) -> Figure:
    narrow = layout.across == 1
    height, left, right = (0.58, 0.12, 0.12) if narrow else (_ROW, 1.9, 2.1)
    figure, axes = _rows(len(shown), height, left, right, layout)
    axes.set_xlabel(_cut(label, 46 if narrow else 100), loc="left")
    across = axes.get_yaxis_transform()
    inside = min(layout.width, _WIDEST) - left - right
    behind = {"facecolor": "white", "edgecolor": "none", "pad": 1} if narrow else None
    for place, each in enumerate(shown):
        y = place + (0.72 if narrow else 0.5)
        color, marker = SERIES[0] if each.adjusted else (REST, "o")
        certain = each.low > 0 or each.high < 0
        axes.plot([each.low, each.high], [y, y], color=color, linewidth=1.6, zorder=2)
        axes.plot(
            each.ate,
            y,
            marker=marker,
            markersize=5.5,
            color=color,
            markerfacecolor=color if certain else "white",
            markeredgewidth=1.3,
            zorder=3,
        )
        numbers = with_interval(each.ate, each.low, each.high)
        name: dict[str, Any] = {"transform": across, "va": "center", "bbox": behind}
        axes.text(
            0 if narrow else -left / inside + 0.02,
            place + (0.25 if narrow else 0.5),
            each.method,
            **name,
        )
        axes.text(
            1 if narrow else 1.03,
            place + (0.25 if narrow else 0.5),
            numbers,
            ha="right" if narrow else "left",
            size=8,
            color=MUTED,
            **name,
        )
    return figure


def _overlap(found: Analysis, layout: Layout) -> Figure:
    width = min(layout.width, _WIDEST)
    figure = new_figure(width, 3.1 if layout.across > 1 else 2.7, layout="constrained")
    if layout.title:
        figure.suptitle(layout.title, x=0.01, ha="left", fontweight="bold")
    axes = figure.add_subplot()
    edges = np.linspace(0, 1, _BINS + 1)
    for sign, arm, (color, _) in zip((1, -1), found.arms, SERIES, strict=False):
        counts, _ = np.histogram(arm.propensity, edges)
        axes.bar(edges[:-1], sign * counts, np.diff(edges), align="edge", color=color, alpha=0.75)
        axes.text(
            0.01,
            0.97 if sign > 0 else 0.03,
            f"{arm.value}: {counted(len(arm.propensity), 'row')}",
            transform=axes.transAxes,
            va="top" if sign > 0 else "bottom",
            color=color,
            weight="bold",
        )
    most = max(abs(end) for end in axes.get_ylim())
    axes.set_ylim(-1.25 * most, 1.25 * most)
    axes.yaxis.set_major_formatter(lambda value, _: f"{abs(value):,.0f}")
    axes.set_xlim(0, 1)
    axes.axhline(0, color=INK, linewidth=0.9)
    axes.set_xlabel("propensity", loc="left")
    axes.set_ylabel("rows")
    remove_frame(axes)
    return figure


def _balance(differences: Sequence[Difference], layout: Layout) -> Figure:
    narrow = layout.across == 1
    left = 1.35 if narrow else 2.4
    figure, axes = _rows(len(differences), 0.26, left, 0.15, layout)
    axes.axvspan(-BALANCED, BALANCED, color=BAND, zorder=0)
    axes.set_xlabel(
        "difference, in SD   (○ before, ◆ after weighting)", loc="left" if not narrow else "right"
    )
    inside = min(layout.width, _WIDEST) - left - 0.15
    letters = _LETTERS if narrow else 2 * _LETTERS
    for place, each in enumerate(differences):
        y = place + 0.5
        name = _cut(each.column, letters)
        axes.text(
            -left / inside + 0.03,
            y,
            name,
            transform=axes.get_yaxis_transform(),
            va="center",
            size=8,
        )
        axes.plot([each.before, each.after], [y, y], color=GRID, linewidth=1.4, zorder=1)
        axes.plot(each.before, y, marker="o", color=REST, markerfacecolor="white", zorder=3)
        axes.plot(each.after, y, marker="D", color=SERIES[0][0], markersize=5, zorder=3)
    return figure


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
