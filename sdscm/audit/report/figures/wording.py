"""Phrasing plot: the total effect in each phrasing."""

from __future__ import annotations

import math
import textwrap
from typing import TYPE_CHECKING

from sdscm.audit.effects.measure import Measure
from sdscm.audit.finding import Finding
from sdscm.audit.report import words
from sdscm.audit.report.figures import style
from sdscm.audit.result import AuditResult
from sdscm.figure_style import BLUE, INK, MUTED, ORANGE
from sdscm.report_page import Drawing, Layout

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_TITLE, _FOOT, _GAP = 0.9, 0.5, 0.3  # inches
_LETTERS = 48


def wording(result: AuditResult, measure: Measure, name: str) -> Drawing:
    """Draw the phrasing plot: a panel for each model and contrast, a marker for each phrasing."""
    found = [each for each in result.of("total") if each.measure == measure]
    return Drawing(
        name,
        f"Total effect on {words.outcome(measure)} in each phrasing",
        "One marker for each phrasing, sorted by effect; the number is its place in the list of "
        "phrasings. Below: the mean with its interval over phrasings. Whiskers (where units are "
        "sampled): two standard errors. Wordings may differ in the sign of the effect.",
        "Dot plot of the total effect in each phrasing; the table of phrasings has the numbers.",
        lambda layout: _draw(found, layout),
    )


def _draw(found: list[Finding], layout: Layout) -> Figure:
    across = min(2, len(found), layout.across)
    down = math.ceil(len(found) / across)
    panel = max(1.6, 0.155 * len(found[0].effects))
    figure = style.blank(down * (panel + _TITLE + _FOOT), layout)
    width, height = figure.get_size_inches()
    cell = width / across
    finite = [e.value for each in found for e in each.effects if math.isfinite(e.value)]
    reach = 1.08 * max((abs(value) for value in finite), default=1.0) or 1.0
    for place, each in enumerate(found):
        row, column = divmod(place, across)
        bottom = height - (row + 1) * (panel + _TITLE + _FOOT) + _FOOT
        axes = figure.add_axes(
            (
                (column * cell + 0.45) / width,
                bottom / height,
                (cell - 0.45 - _GAP) / width,
                panel / height,
            )
        )
        axes.set_xlim(-reach, reach)
        _panel(axes, each)
    return figure


def _panel(axes: Axes, found: Finding) -> None:
    style.plain(axes, found)
    ranked = sorted(
        (each.value, place, each.standard_error)
        for place, each in enumerate(found.effects)
        if math.isfinite(each.value)
    )
    for y, (value, _, error) in enumerate(ranked):
        color = BLUE if value > 0 else ORANGE if value < 0 else MUTED
        if error > 0:
            ends = [value - 2 * error, value + 2 * error]
            axes.plot(ends, [y, y], color=color, linewidth=0.8, alpha=0.6, zorder=2)
        marker = "^" if value > 0 else "v" if value < 0 else "o"
        axes.plot(value, y, marker=marker, markersize=4.5, color=color, zorder=3)
    _mean(axes, found)
    axes.set_ylim(-2.6, len(ranked) - 0.2)
    ticks = [(-1.7, "mean"), *((y, str(place + 1)) for y, (_, place, _) in enumerate(ranked))]
    axes.set_yticks([y for y, _ in ticks], [label for _, label in ticks], fontsize=6.5)
    axes.set_xlabel(f"effect on {words.outcome(found.measure)}", loc="left")
    mean = f"mean {words.effect(found.mean)}"
    if not math.isnan(found.agreement):
        mean += f", {words.share(found.agreement)} agree in sign"
    lines = textwrap.wrap(words.contrast(found), _LETTERS, max_lines=2, placeholder=" …")
    axes.set_title(
        "\n".join([textwrap.shorten(found.model, _LETTERS, placeholder="…"), *lines, mean]),
        loc="left",
        fontsize=8.5,
        weight="bold",
        pad=6,
    )


def _mean(axes: Axes, found: Finding) -> None:
    """Draw the mean with its interval below the markers."""
    if not math.isfinite(found.mean):
        return
    if found.interval is not None:
        ends = [found.interval.low, found.interval.high]
        axes.plot(ends, [-1.7, -1.7], color=INK, linewidth=3, solid_capstyle="butt")
    axes.plot(found.mean, -1.7, marker="D", markersize=6, color=INK, zorder=3)
