"""Draw cost against error, and the methods that no other beats in both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.boards.explain import setting_words
from benchmarks.boards.table import ReportTable, make_table, number_column, text_column
from benchmarks.metrics import Metric
from benchmarks.report.html.figures.drawing import Drawing, Layout
from benchmarks.report.html.figures.labels import Point, label
from benchmarks.report.html.figures.legend import family_key
from benchmarks.report.html.figures.style import canvas, family_styles, heading, is_log, scaled
from benchmarks.report.html.study import Study, drawable
from sdscm.figure_style import GRID, REST
from sdscm.number_format import joined, seconds

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COST = "seconds"
_LEAST = 1e-3  # seconds; shorter times are the error of the clock


@dataclass(frozen=True)
class _Spot:
    setting: str
    method: str
    seconds: float
    error: float


def draw(study: Study) -> Drawing | None:
    """Draw the figure; None if nothing was timed."""
    metric = study.errors[0]
    spots = [
        _Spot(setting, method, max(float(cost.median()), _LEAST), error)
        for setting in study.settings
        for method in study.methods
        if len(cost := study.values(method, setting, _COST))
        and np.isfinite(error := study.mean(method, setting, metric.name))
    ]
    if not spots:
        return None
    return Drawing(
        name="cost-against-error",
        title="Cost against error",
        reading=(
            "Median seconds of a fit with its effects, by mean error. The grey steps join the "
            "methods that no other beats in both. Seconds depend on the machine; less than a "
            "millisecond is drawn as one. A method without a name had no room for it; the table "
            "has them all."
        ),
        alt=_alt(spots, study, metric),
        table=_table(spots, study, metric),
        make=lambda layout: _figure(spots, study, metric, layout),
    )


def frontier(costs: np.ndarray, errors: np.ndarray) -> np.ndarray:
    """Give the positions of the points that no other beats in both, the cheapest first.

    Parameters
    ----------
    costs, errors : arrays of shape (k,)
        Both are better when lower.
    """
    order = np.lexsort((errors, costs))
    best = np.minimum.accumulate(np.concatenate([[np.inf], errors[order][:-1]]))
    return order[errors[order] < best]


def _frontier(spots: list[_Spot]) -> list[_Spot]:
    costs = np.array([spot.seconds for spot in spots])
    errors = np.array([spot.error for spot in spots])
    return [spots[i] for i in frontier(costs, errors)]


def _figure(spots: list[_Spot], study: Study, metric: Metric, layout: Layout) -> Figure:
    figure, axes = canvas(layout, 1, len(study.settings), panel=3.3)
    styles = family_styles(list(study.families.values()))
    labelled = []
    for axis, setting in zip(axes, study.settings, strict=True):
        here = [spot for spot in spots if spot.setting == setting]
        labelled.append((axis, _panel(axis, here, study, metric, styles)))
        heading(axis, setting_words(setting).capitalize())
    family_key(figure, [spot.method for spot in spots], study, styles, layout)
    for axis, points in labelled:
        label(axis, points, _steps(points))
    return figure


def _steps(points: list[Point]) -> list[tuple[float, float]]:
    """Give the corners of the line that joins the unbeaten methods."""
    costs, errors = np.array([point.x for point in points]), np.array([point.y for point in points])
    corners: list[tuple[float, float]] = []
    for place in frontier(costs, errors):
        x, y = float(costs[place]), float(errors[place])
        corners += [(x, last) for _, last in corners[-1:]] + [(x, y)]
    return corners


def _panel(
    axis: Axes,
    spots: list[_Spot],
    study: Study,
    metric: Metric,
    styles: dict[str, tuple[str, str]],
) -> list[Point]:
    if not spots:
        return []
    best = _frontier(spots)
    axis.step(
        [spot.seconds for spot in best],
        [spot.error for spot in best],
        where="post",
        color=REST,
        linewidth=2.5,
        zorder=1,
    )
    points = []
    for spot in [*best, *(spot for spot in spots if spot not in best)]:
        colour, marker = styles[study.families[spot.method]]
        axis.plot(spot.seconds, spot.error, marker, color=colour, markersize=6, zorder=3)
        points.append(Point(spot.seconds, spot.error, spot.method, colour))
    scaled(axis.xaxis, drawable([spot.seconds for spot in spots]), floor=None)
    errors = drawable([spot.error for spot in spots])
    scaled(axis.yaxis, errors)
    if is_log(errors):
        axis.set_ylim(bottom=axis.get_ylim()[0] / 1.6)  # room for the name of the best
    axis.set_xlabel("Seconds (median)")
    axis.set_ylabel(f"Mean {metric.title}")
    axis.grid(color=GRID, linewidth=0.7)
    return points


def _table(spots: list[_Spot], study: Study, metric: Metric) -> ReportTable:
    rows = []
    for setting in study.settings:
        here = [spot for spot in spots if spot.setting == setting]
        best = {spot.method for spot in _frontier(here)} if here else set()
        rows += [
            {**vars(spot), "unbeaten": "yes" if spot.method in best else "no"} for spot in here
        ]
    columns = (
        text_column("method"),
        text_column("setting"),
        number_column("seconds", "Seconds", form=seconds),
        number_column("error", f"Mean {metric.title}"),
        text_column("unbeaten", "Unbeaten in both", better="higher"),
    )
    caption = "Cost and error of each method"
    return make_table("numbers-cost-against-error", caption, columns, rows)


def _alt(spots: list[_Spot], study: Study, metric: Metric) -> str:
    parts = []
    for setting in study.settings:
        here = [spot for spot in spots if spot.setting == setting]
        if here:
            unbeaten = joined(f"{s.method} ({seconds(s.seconds)} s)" for s in _frontier(here))
            parts.append(f"{setting_words(setting)}: unbeaten in both are {unbeaten}")
    return f"Scatter plots of mean {metric.title} by seconds. " + ". ".join(parts) + "."
