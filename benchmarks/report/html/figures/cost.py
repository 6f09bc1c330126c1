"""Draw cost against error, and the methods on the Pareto frontier of both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.boards.explain import setting_words
from benchmarks.metrics import Metric
from benchmarks.report.html.figures.scatter import Spot, draw_scatter
from benchmarks.report.html.study import Study, drawable
from sdscm.figure_style import REST, is_log, scaled
from sdscm.number_format import joined, seconds
from sdscm.report_page import Drawing, Layout, ReportTable, make_table, number_column, text_column

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COST = "seconds"
_LEAST = 1e-3  # seconds; shorter times are below the precision of the clock


def draw(study: Study) -> Drawing | None:
    """Draw the figure; None without measured times."""
    metric = study.errors[0]
    spots = {
        setting: _unbeaten_first(
            [
                Spot(method, setting, max(float(cost.median()), _LEAST), error)
                for method in study.methods
                if len(cost := study.values(method, setting, _COST))
                and np.isfinite(error := study.mean(method, setting, metric.name))
            ]
        )
        for setting in study.settings
    }
    if not any(spots.values()):
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
        alt=_alt(spots, metric),
        table=_table(spots, metric),
        make=lambda layout: _figure(spots, study, metric, layout),
    )


def frontier(costs: np.ndarray, errors: np.ndarray) -> np.ndarray:
    """Find the points on the Pareto frontier, and return their positions, the cheapest first.

    Parameters
    ----------
    costs, errors : arrays of shape (k,)
        Lower values are better.
    """
    order = np.lexsort((errors, costs))
    best = np.minimum.accumulate(np.concatenate([[np.inf], errors[order][:-1]]))
    return order[errors[order] < best]


def _unbeaten(spots: Sequence[Spot]) -> list[Spot]:
    places = frontier(np.array([s.x for s in spots]), np.array([s.y for s in spots]))
    return [spots[place] for place in places] if spots else []


def _unbeaten_first(spots: Sequence[Spot]) -> list[Spot]:
    best = _unbeaten(spots)
    return [*best, *(spot for spot in spots if spot not in best)]


def _figure(spots: dict[str, list[Spot]], study: Study, metric: Metric, layout: Layout) -> Figure:
    def decorate(axis: Axes, here: Sequence[Spot]) -> list[tuple[float, float]]:
        corners: list[tuple[float, float]] = []
        for spot in _unbeaten(here):
            corners += [(spot.x, last) for _, last in corners[-1:]] + [(spot.x, spot.y)]
        axis.plot([x for x, _ in corners], [y for _, y in corners], color=REST, linewidth=2.5)
        scaled(axis.xaxis, drawable([spot.x for spot in here]), floor=None)
        errors = drawable([spot.y for spot in here])
        scaled(axis.yaxis, errors)
        if is_log(errors):
            axis.set_ylim(bottom=axis.get_ylim()[0] / 1.6)  # space for the name of the best method
        axis.set_xlabel("Seconds (median)")
        axis.set_ylabel(f"Mean {metric.title}")
        return corners

    panels = [(setting_words(name).capitalize(), here) for name, here in spots.items()]
    return draw_scatter(study, panels, decorate, layout, height=3.3, clip=True)


def _table(spots: dict[str, list[Spot]], metric: Metric) -> ReportTable:
    rows = []
    for here in spots.values():
        best = _unbeaten(here)
        rows += [{**vars(s), "unbeaten": "yes" if s in best else "no"} for s in here]
    columns = (
        text_column("method"),
        text_column("setting"),
        number_column("x", "Seconds", form=seconds),
        number_column("y", f"Mean {metric.title}"),
        text_column("unbeaten", "Unbeaten in both", better="higher"),
    )
    caption = "Cost and error of each method"
    return make_table("numbers-cost-against-error", caption, columns, rows)


def _alt(spots: dict[str, list[Spot]], metric: Metric) -> str:
    parts = []
    for setting, here in spots.items():
        if here:
            unbeaten = joined(f"{s.method} ({seconds(s.x)} s)" for s in _unbeaten(here))
            parts.append(f"{setting_words(setting)}: unbeaten in both are {unbeaten}")
    return f"Scatter plots of mean {metric.title} by seconds. " + ". ".join(parts) + "."
