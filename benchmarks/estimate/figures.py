"""Draw the figures of a table's estimates, for screens and for phones."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.estimate.analysis import Analysis
from benchmarks.estimate.effects import MethodEffect
from sdscm.figure_style import GRID, INK, MUTED, REST, SERIES, new_figure, remove_frame
from sdscm.number_format import counted
from sdscm.report_page import Drawing, Layout

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_WIDEST = 9.0  # inches
_FOOT = 0.55
_BINS = 20


def drawings(found: Analysis, effect: str) -> list[Drawing]:
    """List the figures; ``effect`` is the label of the axis of effects."""
    shown = [each for each in found.effects if not math.isnan(each.ate)]
    forest = Drawing(
        "effects-figure",
        "Average effect by method",
        "Estimate with its 95 % interval. Filled marker: the interval excludes 0. Grey: the method "
        "does not adjust for covariates."
        + (
            " Diamonds: methods with the instrument, which estimate the effect of the compliers."
            if any(each.instrumental for each in shown)
            else ""
        ),
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
    return [forest, overlap] if shown else [overlap]


def _blank(space: Layout, height: float, **options: Any) -> Figure:
    return new_figure(min(space.width, _WIDEST), height, **options)


def _forest(shown: Sequence[MethodEffect], label: str, layout: Layout) -> Figure:
    narrow = layout.across == 1
    # The height of a row, and the margins, in inches.
    row, left, right = (0.58, 0.12, 0.12) if narrow else (0.3, 1.9, 2.1)
    body = row * len(shown)
    figure = _blank(layout, body + _FOOT + 0.1)
    width, height = figure.get_size_inches()
    inside = width - left - right
    axes = figure.add_axes((left / width, _FOOT / height, inside / width, body / height))
    remove_frame(axes)
    axes.set_ylim(len(shown), 0)
    axes.set_yticks([])
    axes.grid(axis="x", color=GRID, linewidth=0.6)
    axes.axvline(0, color=INK, linewidth=0.9, zorder=1.5)
    axes.set_xlabel(_cut(label, 46 if narrow else 100), loc="left")
    across = axes.get_yaxis_transform()
    behind = {"facecolor": "white", "edgecolor": "none", "pad": 1} if narrow else None
    for place, each in enumerate(shown):
        y = place + (0.72 if narrow else 0.5)
        color, marker = SERIES[0] if each.adjusted else (REST, "o")
        if each.instrumental:
            color, marker = SERIES[1]
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
        place_of: dict[str, Any] = {"transform": across, "va": "center", "bbox": behind}
        above = place + (0.25 if narrow else 0.5)
        axes.text(0 if narrow else -left / inside + 0.02, above, each.method, **place_of)
        place_of |= {"ha": "right" if narrow else "left", "size": 8, "color": MUTED}
        axes.text(1 if narrow else 1.03, above, each.numbers, **place_of)
    return figure


def _overlap(found: Analysis, layout: Layout) -> Figure:
    figure = _blank(layout, 3.1 if layout.across > 1 else 2.7, layout="constrained")
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


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
