"""Draw the intervals of methods for the units of one dataset."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.boards.explain import setting_words
from benchmarks.report.html.figures.style import MISS, canvas, heading, key
from benchmarks.report.html.study import Study, drawable
from benchmarks.report.html.unit_intervals import UnitIntervals
from sdscm.figure_style import GRID, INK
from sdscm.number_format import integer, joined, percent
from sdscm.report_page import Drawing, Layout, ReportTable, make_table, number_column, text_column

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_HELD = "#7fa8c9"
_UNITS = 160


def draw(study: Study) -> Drawing | None:
    """Draw the figure; None if no method gives intervals for units."""
    if not study.unit_intervals:
        return None
    targets = joined(sorted({each.target for each in study.unit_intervals}))
    return Drawing(
        name="unit-intervals",
        title="Intervals for single units of one dataset",
        reading=(
            f"The units of {study.unit_dataset} from the smallest to the largest true effect "
            f"(black line, the {targets}), in units of y; at most {_UNITS} of them, evenly "
            "spaced. Each vertical line is one method's interval for one unit: pale if it holds "
            "the truth, orange if it misses. The dataset is that of median bias by confounding."
        ),
        alt=_alt(study.unit_intervals, study),
        table=_table(study.unit_intervals),
        make=lambda layout: _figure(study.unit_intervals, layout),
    )


def _figure(found: tuple[UnitIntervals, ...], layout: Layout) -> Figure:
    from matplotlib.lines import Line2D

    settings = dict.fromkeys(each.setting for each in found)
    rows = [[each for each in found if each.setting == setting] for setting in settings]
    across = min(max(map(len, rows)), layout.across)
    places = [(row, each) for row in rows for each in [*row, *[None] * (-len(row) % across)]]
    figure, axes = canvas(layout, len(places) // across, across, panel=2.0)
    for axis, (row, each) in zip(axes, places, strict=True):
        if each is None:
            axis.set_axis_off()
        else:
            _panel(axis, each, row)
    handles = [
        Line2D([], [], color=colour, linewidth=width)
        for colour, width in ((INK, 1.4), (_HELD, 3), (MISS, 3))
    ]
    key(figure, handles, ["truth", "interval holds it", "interval misses it"], layout)
    return figure


def _panel(axis: Axes, shown: UnitIntervals, row: list[UnitIntervals]) -> None:
    chosen = shown.thinned(_UNITS)
    place = 100 * chosen / max(len(shown.truth) - 1, 1)
    held = shown.covered[chosen]
    bottom, top = _limits(shown, row)
    # Infinite ends are replaced by points outside the panel: matplotlib omits infinite paths.
    lower, upper = (
        np.clip(ends[chosen], 2 * bottom - top, 2 * top - bottom)
        for ends in (shown.lower, shown.upper)
    )
    for which, colour in ((held, _HELD), (~held, MISS)):
        _lines(axis, place[which], lower[which], upper[which], colour)
    axis.plot(place, shown.truth[chosen], color=INK, linewidth=1.4, zorder=3)
    axis.set_ylim(bottom, top)
    axis.set_xlim(-1.5, 101.5)
    axis.set_xticks((0, 50, 100), ("smallest", "effect of the unit", "largest"))
    first, _, last = axis.get_xticklabels()
    first.set_horizontalalignment("left")
    last.set_horizontalalignment("right")
    axis.grid(axis="y", color=GRID, linewidth=0.7)
    axis.axhline(0, color=INK, linewidth=0.6, zorder=1)
    heading(axis, f"{shown.method}, {shown.setting}: {percent(shown.covered.mean())} held")


def _limits(shown: UnitIntervals, row: list[UnitIntervals]) -> tuple[float, float]:
    """Compute the limits of the y axis: the truth, and the intervals without extreme ends."""
    lowers = [ends for each in row if len(ends := drawable(each.lower))]
    uppers = [ends for each in row if len(ends := drawable(each.upper))]
    low = min([float(shown.truth.min()), *(float(np.quantile(ends, 0.01)) for ends in lowers)])
    high = max([float(shown.truth.max()), *(float(np.quantile(ends, 0.99)) for ends in uppers)])
    room = 0.05 * (high - low) or 1.0
    return low - room, high + room


def _lines(axis: Axes, x: np.ndarray, low: np.ndarray, high: np.ndarray, colour: str) -> None:
    """Draw vertical lines as one path, which takes a fifth of the size of separate paths."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    if not len(x):
        return
    corners = np.stack([np.column_stack([x, low]), np.column_stack([x, high])], axis=1)
    codes = np.tile([Path.MOVETO, Path.LINETO], len(x))
    axis.add_patch(PathPatch(Path(corners.reshape(-1, 2), codes), edgecolor=colour, linewidth=1.0))


def _table(found: tuple[UnitIntervals, ...]) -> ReportTable:
    columns = (
        text_column("method"),
        text_column("setting"),
        text_column("target", "Truth"),
        number_column("units", "Units", form=integer, better="higher"),
        number_column("held", "Held", form=lambda share: percent(share, 1), better="higher"),
        number_column("width", "Mean width"),
    )
    rows = [
        {
            "method": each.method,
            "setting": each.setting,
            "target": each.target,
            "units": len(each.truth),
            "held": each.covered.mean(),
            "width": (each.upper - each.lower).mean(),
        }
        for each in found
    ]
    caption = "Intervals for the units of one dataset; widths in units of y"
    return make_table("numbers-unit-intervals", caption, columns, rows)


def _alt(found: tuple[UnitIntervals, ...], study: Study) -> str:
    parts = [
        f"{each.method}, {setting_words(each.setting)}: {percent(each.covered.mean())} of the "
        f"intervals hold the true {each.target}"
        for each in found
    ]
    return f"Intervals for each unit of {study.unit_dataset}. " + ". ".join(parts) + "."
