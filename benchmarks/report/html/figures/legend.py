"""Draw the legend of the families of methods."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from benchmarks.report.html.figures.drawing import Layout
from benchmarks.report.html.figures.style import key
from benchmarks.report.html.study import Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def family_key(
    figure: Figure,
    methods: Iterable[str],
    study: Study,
    styles: Mapping[str, tuple[str, str]],
    layout: Layout,
) -> None:
    """Draw a legend of the families of these methods."""
    from matplotlib.lines import Line2D

    families = study.families
    present = {families[method] for method in methods}
    shown = [family for family in styles if family in present]
    handles = [
        Line2D([], [], color=styles[f][0], marker=styles[f][1], linestyle="", markersize=6)
        for f in shown
    ]
    key(figure, handles, shown, layout)
