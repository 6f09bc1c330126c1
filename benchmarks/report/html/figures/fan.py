"""The fan of intervals for the units of one dataset."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.report.html.fans import Fan
from benchmarks.report.html.figures.drawing import Drawing, Layout
from benchmarks.report.html.figures.style import MISS, canvas, heading, key
from benchmarks.report.html.study import Study, drawable
from benchmarks.report.html.view import Column, Row, Table
from benchmarks.report.html.words import numeric, setting_words, words
from sdscm.figure_style import GRID, INK
from sdscm.number_format import joined

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_HELD = "#7fa8c9"
_UNITS = 160


def draw(study: Study) -> Drawing | None:
    """The figure; None if no method gives intervals for units."""
    if not study.fans:
        return None
    targets = joined(sorted({fan.target for fan in study.fans}))
    return Drawing(
        name="unit-fan",
        title="The fan: intervals for single units of one dataset",
        reading=(
            f"The units of {study.fan_dataset} from the smallest to the largest true effect (black "
            f"line, the {targets}), in units of y; at most {_UNITS} of them, evenly spaced. Each "
            "vertical line is one method's interval for one unit: pale if it holds the truth, "
            "orange if it misses. The dataset is that of median bias by confounding."
        ),
        alt=_alt(study.fans, study),
        table=_table(study.fans),
        make=lambda layout: _figure(study.fans, layout),
    )


def _figure(fans: tuple[Fan, ...], layout: Layout) -> Figure:
    settings = list(dict.fromkeys(fan.setting for fan in fans))
    methods = list(dict.fromkeys(fan.method for fan in fans))
    most = max(sum(fan.setting == setting for fan in fans) for setting in settings)
    across = min(most, layout.across)
    rows = {s: [fan for fan in fans if fan.setting == s] for s in settings}
    down = sum(-(-len(row) // across) for row in rows.values())
    figure, axes = canvas(layout, down, across, panel=2.0)
    place = 0
    for row in rows.values():
        for i in range(-(-len(row) // across) * across):
            axis = axes[place]
            place += 1
            if i < len(row):
                _panel(axis, row[i], row)
            else:
                axis.set_axis_off()
    assert methods
    key(figure, _handles(), ["truth", "interval holds it", "interval misses it"], layout)
    return figure


def _handles() -> list[Artist]:
    from matplotlib.lines import Line2D

    return [
        Line2D([], [], color=INK, linewidth=1.4),
        Line2D([], [], color=_HELD, linewidth=3),
        Line2D([], [], color=MISS, linewidth=3),
    ]


def _panel(axis: Axes, fan: Fan, row: list[Fan]) -> None:
    chosen = fan.thinned(_UNITS)
    place = 100 * chosen / max(len(fan.truth) - 1, 1)
    held = fan.covered[chosen]
    bottom, top = _limits(fan, row)
    # Infinite ends are drawn beyond the panel: a path that reaches infinity is not drawn at all.
    lower, upper = (
        np.clip(ends[chosen], 2 * bottom - top, 2 * top - bottom) for ends in (fan.lower, fan.upper)
    )
    for which, colour in ((held, _HELD), (~held, MISS)):
        _lines(axis, place[which], lower[which], upper[which], colour)
    axis.plot(place, fan.truth[chosen], color=INK, linewidth=1.4, zorder=3)
    axis.set_ylim(bottom, top)
    axis.set_xlim(-1.5, 101.5)
    axis.set_xticks((0, 50, 100), ("smallest", "effect of the unit", "largest"))
    first, _, last = axis.get_xticklabels()
    first.set_horizontalalignment("left")
    last.set_horizontalalignment("right")
    axis.grid(axis="y", color=GRID, linewidth=0.7)
    axis.axhline(0, color=INK, linewidth=0.6, zorder=1)
    heading(axis, f"{fan.method}, {fan.setting}: {fan.covered.mean():.0%} held")


def _limits(fan: Fan, row: list[Fan]) -> tuple[float, float]:
    """The same for all panels of a row but for the truth; extreme ends are cut off."""
    lowers = [ends for each in row if len(ends := drawable(each.lower))]
    uppers = [ends for each in row if len(ends := drawable(each.upper))]
    low = min([float(fan.truth.min()), *(float(np.quantile(ends, 0.01)) for ends in lowers)])
    high = max([float(fan.truth.max()), *(float(np.quantile(ends, 0.99)) for ends in uppers)])
    room = 0.05 * (high - low) or 1.0
    return low - room, high + room


def _lines(axis: Axes, x: np.ndarray, low: np.ndarray, high: np.ndarray, colour: str) -> None:
    """Vertical lines as one path: a fifth of the size that a path for each would take."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    if not len(x):
        return
    corners = np.stack([np.column_stack([x, low]), np.column_stack([x, high])], axis=1)
    codes = np.tile([Path.MOVETO, Path.LINETO], len(x))
    axis.add_patch(PathPatch(Path(corners.reshape(-1, 2), codes), edgecolor=colour, linewidth=1.0))


def _table(fans: tuple[Fan, ...]) -> Table:
    columns = (
        Column("Method", numeric=False),
        Column("Setting", numeric=False),
        Column("Truth", numeric=False),
        Column("Units", first="descending"),
        Column("Held", first="descending"),
        Column("Mean width"),
    )
    rows = [
        Row(
            (
                words(fan.method),
                words(fan.setting),
                words(fan.target),
                numeric(float(len(fan.truth)), f"{len(fan.truth):,}"),
                numeric(float(fan.covered.mean()), f"{fan.covered.mean():.1%}"),
                numeric(float((fan.upper - fan.lower).mean())),
            )
        )
        for fan in fans
    ]
    caption = "Intervals for the units of one dataset; widths in units of y"
    return Table("numbers-unit-fan", caption, columns, tuple(rows))


def _alt(fans: tuple[Fan, ...], study: Study) -> str:
    parts = [
        f"{fan.method}, {setting_words(fan.setting)}: {fan.covered.mean():.0%} of the intervals "
        f"hold the true {fan.target}"
        for fan in fans
    ]
    return f"Intervals for each unit of {study.fan_dataset}. " + ". ".join(parts) + "."
