"""Draw the best method of each family in colour, and the other methods in grey."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

import numpy as np

from benchmarks.report.html.figures.style import family_styles, key
from benchmarks.report.html.study import Study
from sdscm.figure_style import REST
from sdscm.report_page import Layout

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Series = Callable[[str], tuple[np.ndarray, np.ndarray]]


def draw_named(axis: Axes, study: Study, series: Series, metric: str, *, lines: bool) -> None:
    """Draw ``series(method)`` of each method, with the leaders by ``metric`` in front."""
    styles = family_styles(list(study.families.values()))
    leaders, joined = study.leaders(metric), "-" if lines else "none"
    for method in study.methods:
        x, y = series(method)
        if method not in leaders:
            axis.plot(x, y, "o", linestyle=joined, color=REST, linewidth=0.8, markersize=2.6)
    for method in reversed(leaders):
        colour, marker = styles[study.families[method]]
        x, y = series(method)
        axis.plot(x, y, marker, linestyle=joined, color=colour, linewidth=1.8, markersize=5.5)


def named_key(figure: Figure, study: Study, layout: Layout, metric: str, *, lines: bool) -> None:
    """Draw the legend of `draw_named`."""
    from matplotlib.lines import Line2D

    styles = family_styles(list(study.families.values()))
    shown = {name: (*styles[study.families[name]], 6) for name in study.leaders(metric)}
    if len(study.methods) > len(shown):
        shown["the others"] = (REST, "o", 3)
    joined: Literal["-", "none"] = "-" if lines else "none"
    handles = [
        Line2D([], [], linestyle=joined, color=colour, marker=marker, markersize=size)
        for colour, marker, size in shown.values()
    ]
    key(figure, handles, list(shown), layout)
