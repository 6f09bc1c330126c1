"""Draw the coverage of intervals against their width."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.boards.explain import setting_words
from benchmarks.report.html.figures.scatter import Spot, draw_scatter
from benchmarks.report.html.study import Study, drawable
from sdscm.figure_style import INK, MUTED, scaled
from sdscm.number_format import level, number, percent
from sdscm.report_page import Drawing, Layout, ReportTable, make_table, number_column, text_column

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: The metrics of intervals, by estimand.
_KINDS = {
    "ATE": ("ate_coverage", "ate_width_sd"),
    "CATE": ("cate_coverage", "cate_width_sd"),
    "ITE": ("ite_coverage", "ite_width_sd"),
}


def draw(study: Study) -> Drawing | None:
    """Draw the figure; None if no method gives intervals."""
    spots = [
        Spot(method, setting, width, coverage, kind)
        for kind, (coverage_metric, width_metric) in _KINDS.items()
        for setting in study.settings
        for method in study.methods
        if not np.isnan(coverage := study.mean(method, setting, coverage_metric))
        and not np.isnan(width := study.mean(method, setting, width_metric))
    ]
    finite = [spot for spot in spots if np.isfinite(spot.x)]
    if not finite:
        return None
    return Drawing(
        name="coverage-against-width",
        title="Coverage against width of the intervals",
        reading=(
            f"The line is the nominal coverage of {level(1 - study.alpha)}. A good method is on it "
            "and far to the left. Intervals below the line cover less than their nominal level; "
            "wide intervals, to the right, say little. Means over datasets; the width is in SD(y). "
            "A method without a name had no room for it; the table has them all."
            + (" Infinite widths are in the table only." if len(finite) < len(spots) else "")
        ),
        alt=_alt(spots, study),
        table=_table(spots, study),
        make=lambda layout: _figure(finite, study, layout),
    )


def _panels(spots: Sequence[Spot], study: Study) -> list[tuple[str, list[Spot]]]:
    """Make the heading and the points of the panel of each estimand and setting."""
    return [
        (
            f"{kind} intervals, {setting_words(setting)}",
            [spot for spot in spots if (spot.kind, spot.setting) == (kind, setting)],
        )
        for kind in dict.fromkeys(spot.kind for spot in spots)
        for setting in study.settings
    ]


def _figure(spots: Sequence[Spot], study: Study, layout: Layout) -> Figure:
    nominal = 1 - study.alpha

    def decorate(axis: Axes, here: Sequence[Spot]) -> list[tuple[float, float]]:
        axis.axhline(nominal, color=INK, linewidth=1.0, linestyle=(0, (4, 2)), zorder=1)
        scaled(axis.xaxis, drawable([spot.x for spot in here]), floor=None)
        axis.set_xmargin(0.1)
        axis.set_ylim(-0.06, 1.1)
        axis.set_yticks((0, 0.25, 0.5, 0.75, nominal), ("0", "25%", "50%", "75%", level(nominal)))
        axis.set_xlabel("Mean width / SD(y)")
        if not here:
            axis.text(0.5, 0.45, "no intervals", transform=axis.transAxes, ha="center", color=MUTED)
        return [(edge, nominal) for edge in axis.get_xlim()]

    return draw_scatter(study, _panels(spots, study), decorate, layout, height=2.6, clip=False)


def _table(spots: Sequence[Spot], study: Study) -> ReportTable:
    columns = (
        text_column("method"),
        text_column("kind", "Intervals for"),
        text_column("setting"),
        number_column(
            "y",
            "Coverage",
            form=lambda share: percent(share, 1),
            note=f"nominal {level(1 - study.alpha)}",
            better="higher",
        ),
        number_column("x", "Width / SD(y)"),
    )
    caption = "Mean coverage and width of the intervals"
    return make_table("numbers-coverage-against-width", caption, columns, map(vars, spots))


def _alt(spots: Sequence[Spot], study: Study) -> str:
    parts, nominal = [], 1 - study.alpha
    for title, here in _panels(spots, study):
        if here:
            short = sum(spot.y < nominal for spot in here)
            nearest = min(here, key=lambda spot: abs(spot.y - nominal))
            parts.append(
                f"{title}: {short} of {len(here)} methods cover less than the nominal level; "
                f"nearest is {nearest.method} with {percent(nearest.y)} at width "
                f"{number(nearest.x)}"
            )
    return "Scatter plots of coverage by width. " + ". ".join(parts) + "."
