"""Draw the coverage of intervals against their width."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.boards.explain import setting_words
from benchmarks.boards.table import ReportTable, make_table, number_column, text_column
from benchmarks.report.html.figures.drawing import Drawing, Layout
from benchmarks.report.html.figures.labels import Point, label
from benchmarks.report.html.figures.legend import family_key
from benchmarks.report.html.figures.style import canvas, family_styles, heading, scaled
from benchmarks.report.html.study import Study, drawable
from sdscm.figure_style import GRID, INK, MUTED
from sdscm.number_format import level, number, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: The metrics of intervals, by estimand.
_KINDS = {
    "ATE": ("ate_coverage", "ate_width_sd"),
    "CATE": ("cate_coverage", "cate_width_sd"),
    "ITE": ("ite_coverage", "ite_width_sd"),
}


@dataclass(frozen=True)
class _Spot:
    kind: str
    setting: str
    method: str
    coverage: float
    width: float

    @property
    def drawn(self) -> bool:
        """Whether it can be drawn: not with an infinite width."""
        return bool(np.isfinite(self.width))


def draw(study: Study) -> Drawing | None:
    """Draw the figure; None if no method gives intervals."""
    spots = _spots(study)
    if not any(spot.drawn for spot in spots):
        return None
    some_infinite = not all(spot.drawn for spot in spots)
    return Drawing(
        name="coverage-against-width",
        title="Coverage against width of the intervals",
        reading=(
            f"The line is the nominal coverage of {level(1 - study.alpha)}. A good method is "
            "on it and far to the left. Intervals below the line cover less than their nominal "
            "level; wide intervals, to the right, say little. Means over datasets; the width is "
            "in SD(y). A method without a name had no room for it; the table has them all."
            + (" Infinite widths are in the table only." if some_infinite else "")
        ),
        alt=_alt(spots, study),
        table=_table(spots, study),
        make=lambda layout: _figure(spots, study, layout),
    )


def _spots(study: Study) -> list[_Spot]:
    found = []
    for kind, (coverage, width) in _KINDS.items():
        for setting in study.settings:
            for method in study.methods:
                spot = _Spot(
                    kind,
                    setting,
                    method,
                    study.mean(method, setting, coverage),
                    study.mean(method, setting, width),
                )
                if not np.isnan([spot.coverage, spot.width]).any():
                    found.append(spot)
    return found


def _figure(spots: list[_Spot], study: Study, layout: Layout) -> Figure:
    spots = [spot for spot in spots if spot.drawn]
    kinds = list(dict.fromkeys(spot.kind for spot in spots))
    figure, axes = canvas(layout, len(kinds), len(study.settings), panel=2.6)
    styles = family_styles(list(study.families.values()))
    panels = [(kind, setting) for kind in kinds for setting in study.settings]
    labelled: list[tuple[Axes, list[Point]]] = []
    for axis, (kind, setting) in zip(axes, panels, strict=True):
        here = [spot for spot in spots if (spot.kind, spot.setting) == (kind, setting)]
        points = _panel(axis, here, study, styles)
        heading(axis, f"{kind} intervals, {setting_words(setting)}")
        labelled.append((axis, points))
    family_key(figure, [spot.method for spot in spots], study, styles, layout)
    for axis, points in labelled:
        nominal = 1 - study.alpha
        label(axis, points, [(edge, nominal) for edge in axis.get_xlim()])
    return figure


def _panel(
    axis: Axes, spots: list[_Spot], study: Study, styles: dict[str, tuple[str, str]]
) -> list[Point]:
    nominal = 1 - study.alpha
    axis.axhline(nominal, color=INK, linewidth=1.0, linestyle=(0, (4, 2)), zorder=1)
    points = []
    for spot in spots:
        colour, marker = styles[study.families[spot.method]]
        axis.plot(spot.width, spot.coverage, marker, color=colour, markersize=6, clip_on=False)
        points.append(Point(spot.width, spot.coverage, spot.method, colour))
    scaled(axis.xaxis, drawable([spot.width for spot in spots]), floor=None)
    axis.set_xmargin(0.1)
    axis.set_ylim(-0.06, 1.1)
    axis.set_yticks((0, 0.25, 0.5, 0.75, nominal), ("0", "25%", "50%", "75%", level(nominal)))
    axis.set_xlabel("Mean width / SD(y)")
    axis.grid(color=GRID, linewidth=0.7)
    if not spots:
        axis.text(0.5, 0.45, "no intervals", transform=axis.transAxes, ha="center", color=MUTED)
    return points


def _table(spots: list[_Spot], study: Study) -> ReportTable:
    columns = (
        text_column("method"),
        text_column("kind", "Intervals for"),
        text_column("setting"),
        number_column(
            "coverage",
            "Coverage",
            form=lambda share: percent(share, 1),
            note=f"nominal {level(1 - study.alpha)}",
            better="higher",
        ),
        number_column("width", "Width / SD(y)"),
    )
    caption = "Mean coverage and width of the intervals"
    return make_table("numbers-coverage-against-width", caption, columns, map(vars, spots))


def _alt(spots: list[_Spot], study: Study) -> str:
    parts = []
    for kind in dict.fromkeys(spot.kind for spot in spots):
        for setting in study.settings:
            here = [spot for spot in spots if (spot.kind, spot.setting) == (kind, setting)]
            if here:
                short = sum(spot.coverage < 1 - study.alpha for spot in here)
                nearest = min(here, key=lambda spot: abs(spot.coverage - (1 - study.alpha)))
                parts.append(
                    f"{kind} intervals, {setting_words(setting)}: {short} of {len(here)} methods "
                    f"cover less than the nominal level; nearest is {nearest.method} with "
                    f"{percent(nearest.coverage)} at width {number(nearest.width)}"
                )
    return "Scatter plots of coverage by width. " + ". ".join(parts) + "."
