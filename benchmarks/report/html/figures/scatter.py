"""Draw methods as points with their names, in the colour of their family."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.report.html.figures.labels import Point, label
from benchmarks.report.html.figures.style import canvas, family_styles, heading, key
from benchmarks.report.html.study import Study
from sdscm.report_page import Layout

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Spot:
    """Hold the position of a method in a panel, in data units."""

    method: str
    setting: str
    x: float
    y: float
    kind: str = ""


#: Function that completes a panel, and returns the corners of a line that names do not cross.
Decorate = Callable[["Axes", Sequence[Spot]], Sequence[tuple[float, float]]]


def draw_scatter(
    study: Study,
    panels: Sequence[tuple[str, Sequence[Spot]]],
    decorate: Decorate,
    layout: Layout,
    *,
    height: float,
    clip: bool,
) -> Figure:
    """Draw panels of methods.

    Parameters
    ----------
    study
        The study.
    panels
        Heading and methods of each panel. Names are written in the order of the methods, if there
        is space. A row of panels has one panel for each setting.
    decorate
        See `Decorate`; it also scales the axes.
    layout
        The space of the figure.
    height
        Height of a panel, in inches.
    clip
        Do not draw points outside a panel.
    """
    from matplotlib.lines import Line2D

    across = len(study.settings)
    figure, axes = canvas(layout, len(panels) // across, across, panel=height)
    families = study.families
    styles = family_styles(list(families.values()))
    lines = []
    for axis, (title, spots) in zip(axes, panels, strict=True):
        for spot in spots:
            colour, marker = styles[families[spot.method]]
            axis.plot(spot.x, spot.y, marker, color=colour, markersize=6, zorder=3, clip_on=clip)
        lines.append(decorate(axis, spots))
        axis.grid()
        heading(axis, title)
    present = {families[spot.method] for _, spots in panels for spot in spots}
    shown = [family for family in styles if family in present]
    handles = [
        Line2D([], [], color=styles[f][0], marker=styles[f][1], linestyle="", markersize=6)
        for f in shown
    ]
    key(figure, handles, shown, layout)
    for axis, (_, spots), line in zip(axes, panels, lines, strict=True):
        points = [Point(s.x, s.y, s.method, styles[families[s.method]][0]) for s in spots]
        label(axis, points, line)
    return figure
