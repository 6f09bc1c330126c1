"""Forest plot: all effects with their intervals."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import TYPE_CHECKING

from sdscm.audit.effects.measure import Measure
from sdscm.audit.finding import Finding
from sdscm.audit.report import words
from sdscm.audit.report.figures import style
from sdscm.audit.result import AuditResult
from sdscm.figure_style import MUTED, SERIES
from sdscm.number_format import counted
from sdscm.report_page import Drawing, Layout

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text

_HEAD, _FOOT = 0.42, 0.55  # inches
_SIZES = (8.5, 8.0, 7.5, 7.0, 6.5)  # of a label, in points


def forest(result: AuditResult, measure: Measure, name: str) -> Drawing:
    """Draw the forest plot on one scale: a block for each contrast, a row for each effect."""
    found = [each for each in result.findings if each.measure == measure]
    models = list(dict.fromkeys(each.model for each in found))
    blocks: dict[str, dict[str, list[Finding]]] = {}
    for each in found:
        rows = blocks.setdefault(words.contrast(each), {})
        rows.setdefault(each.estimand.label, []).append(each)
    return Drawing(
        name,
        f"Effects on {words.outcome(measure)}",
        _reading(result, found[0], len(models)),
        f"Forest plot of {counted(len(found), 'effect')} on {words.outcome(measure)}; "
        "the table 'All effects' has the numbers.",
        lambda layout: draw(blocks, models, found[0], layout),
    )


def _reading(result: AuditResult, found: Finding, models: int) -> str:
    text = (
        f"Mean over phrasings with its {words.percent(result.level)} interval. Filled marker: the "
        "interval excludes 0."
    )
    if found.tests is not None and found.tests.smallest is not None:
        text += f" Shaded: effects smaller than {found.tests.smallest:g}, too small to matter."
    return text if models == 1 else text + " The numbers belong to the first model."


@dataclass(frozen=True)
class _Rows:
    """Hold the places in a row, in inches: beside the axes, or above the markers for phones."""

    left: float
    right: float
    height: float
    label: float
    numbers: float
    marks: float
    most: float  # width of a label


_WIDE = _Rows(3.7, 1.95, 0.25, 0.125, 0.125, 0.125, 3.45)
_NARROW = _Rows(0.12, 0.12, 0.6, 0.1, 0.28, 0.44, 3.5)


def draw(
    blocks: Mapping[str, Mapping[str, Sequence[Finding]]],
    models: Sequence[str],
    first: Finding,
    layout: Layout,
) -> Figure:
    """Draw findings by block and label; each row holds one finding for each model."""
    narrow = layout.across == 1
    place_of = _NARROW if narrow else _WIDE
    extra = 0.55 * 0.25 * (len(models) - 1)
    step = place_of.height + extra
    lines = sum(len(rows) for rows in blocks.values())
    legend = 0.32 * (len(models) > 1) * (len(models) if narrow else 1)
    body = step * lines + _HEAD * len(blocks)
    figure = style.blank(body + _FOOT + legend + 0.1, layout)
    width, height = figure.get_size_inches()
    inside = width - place_of.left - place_of.right
    axes = figure.add_axes((place_of.left / width, _FOOT / height, inside / width, body / height))
    style.plain(axes, first)
    axes.set_ylim(body, 0)
    axes.set_yticks([])
    axes.set_xlabel(f"effect on {words.outcome(first.measure)}", loc="left")
    across = axes.get_yaxis_transform()
    left = -(place_of.left - 0.05) / inside
    behind = {"facecolor": "white", "edgecolor": "none", "pad": 1}
    y = 0.0
    for title, rows in blocks.items():
        heading = axes.text(
            left,
            y + 0.62 * _HEAD,
            title,
            transform=across,
            weight="bold",
            va="center",
            bbox=behind,
        )
        if narrow:
            _fit(heading, place_of.most)
        y += _HEAD
        for label, found in rows.items():
            strong = found[0].estimand.kind == "total"
            name = axes.text(
                left + 0.02,
                y + place_of.label + extra / 2 * (not narrow),
                label,
                transform=across,
                va="center",
                weight="bold" if strong else "normal",
                bbox=behind if narrow else None,
            )
            _fit(name, place_of.most)
            axes.text(
                left + 0.02 if narrow else 1.02,
                y + place_of.numbers + extra / 2 * (not narrow),
                style.mean_with_interval(found[0], " (no interval)"),
                transform=across,
                va="center",
                size=8,
                color=MUTED,
                bbox=behind if narrow else None,
            )
            for each in found:
                place = models.index(each.model)
                _mark(axes, each, y + place_of.marks + 0.55 * 0.25 * place, place)
            y += step
    if len(models) > 1:
        handles = [
            axes.plot([], [], color=color, marker=marker, linestyle="-", label=model)[0]
            for model, (color, marker) in zip(models, cycle(SERIES))
        ]
        columns = 1 if narrow else min(4, len(models))
        figure.legend(handles=handles, loc="upper left", ncols=columns, frameon=False)
    return figure


def _fit(text: Text, most: float) -> None:
    """Fit a text into ``most`` inches: choose the first size that fits, else shorten the text."""
    figure = text.get_figure(root=True)
    assert figure is not None

    def fits() -> bool:
        return float(text.get_window_extent().width) <= most * figure.dpi

    for size in _SIZES:
        text.set_fontsize(size)
        if fits():
            return
    while not fits():
        text.set_text(f"{text.get_text()[:-2]}…")


def _mark(axes: Axes, found: Finding, y: float, place: int) -> None:
    color, marker = SERIES[place % len(SERIES)]
    if not math.isfinite(found.mean):
        return
    interval = found.interval
    if interval is not None:
        axes.plot([interval.low, interval.high], [y, y], color=color, linewidth=1.6, zorder=2)
    sure = interval is not None and not interval.covers(0.0)
    axes.plot(
        found.mean,
        y,
        marker=marker,
        markersize=5.5,
        color=color,
        markerfacecolor=color if sure else "white",
        markeredgewidth=1.3,
        zorder=3,
    )
