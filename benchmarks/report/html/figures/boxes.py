"""Draw box plots of error by method and setting."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.boards.explain import setting_words
from benchmarks.boards.intervals import quantiles
from benchmarks.metrics import Metric
from benchmarks.report.html.figures.style import canvas, heading, is_cut, key
from benchmarks.report.html.study import Study, drawable
from sdscm.figure_style import BAND, GRID, MUTED, SERIES, scaled
from sdscm.number_format import joined, number, span
from sdscm.report_page import (
    Drawing,
    Layout,
    ReportTable,
    TableColumn,
    make_table,
    number_column,
    text_column,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NAME = "error-by-method"
_FEW = 40
_SHARES = (0, 0.25, 0.5, 0.75, 1)
_UNKNOWN = (float("nan"),) * len(_SHARES)


def draw(study: Study) -> Drawing | None:
    """Draw the figure; None without scores."""
    if not study.methods:
        return None
    scores = [study.scores[metric.name].to_numpy(float) for metric in study.errors]
    return Drawing(
        name=NAME,
        title="Error by method and setting",
        reading=(
            "A box holds the middle half of the datasets, its line is the median, and the whiskers "
            "reach the extremes; each dot is a dataset. Best method first, by mean rank of "
            f"{study.errors[0].title} with {setting_words(study.settings[0])}."
            + (
                " Boxes that reach the left edge go on beyond it."
                if any(is_cut(drawable(each)) for each in scores)
                else ""
            )
            + (" Infinite scores are in the table only." if np.isinf(scores).any() else "")
        ),
        alt=_alt(study),
        table=_table(study),
        make=lambda layout: _figure(study, layout),
    )


def _figure(study: Study, layout: Layout) -> Figure:
    from matplotlib.patches import Patch

    methods, height = study.methods, 0.2 + 0.08 * (len(study.settings) - 1)
    figure, axes = canvas(
        layout, 1, len(study.errors), panel=0.5 + height * len(methods), sharey=True
    )
    for axis, metric in zip(axes, study.errors, strict=True):
        _panel(axis, study, metric)
        axis.set_yticks(range(len(methods)), methods)
        axis.set_ylim(len(methods) - 0.4, -0.6)
    handles = [
        Patch(facecolor=colour + "40", edgecolor=colour)
        for _, (colour, _) in zip(study.settings, SERIES, strict=False)
    ]
    key(figure, handles, [setting_words(setting) for setting in study.settings], layout)
    return figure


def _panel(axis: Axes, study: Study, metric: Metric) -> None:
    offsets = np.linspace(-0.19, 0.19, len(study.settings)) if len(study.settings) > 1 else [0.0]
    drawn: list[np.ndarray] = []
    for row in range(0, len(study.methods), 2):
        axis.axhspan(row - 0.5, row + 0.5, color=BAND, zorder=0)
    for row, method in enumerate(study.methods):
        scored = [study.values(method, s, metric.name) for s in study.settings]
        found = [drawable(values) for values in scored]
        for values, offset, (colour, marker) in zip(found, offsets, SERIES, strict=False):
            if len(values):
                _box(axis, values, row + float(offset), colour, marker)
                drawn.append(values)
        if not any(len(values) for values in found):
            reason = "average effect only" if metric.group == "CATE" else "no estimate"
            axis.annotate(
                "infinite" if any(len(values) for values in scored) else reason,
                (0.02, row),
                xycoords=axis.get_yaxis_transform(),
                va="center",
                fontsize=8,
                style="italic",
                color=MUTED,
            )
    scaled(axis.xaxis, np.concatenate(drawn) if drawn else np.zeros(0))
    axis.grid(axis="x", color=GRID, linewidth=0.7)
    heading(axis, f"{metric.title}, lower is better")


def _box(axis: Axes, values: np.ndarray, place: float, colour: str, marker: str) -> None:
    line = {"color": colour, "linewidth": 1.0}
    axis.boxplot(
        values,
        positions=[place],
        orientation="horizontal",
        widths=0.3,
        whis=(0, 100),
        showcaps=False,
        patch_artist=True,
        manage_ticks=False,
        boxprops={"facecolor": colour + "40", "edgecolor": colour, "linewidth": 0.8},
        medianprops={"color": colour, "linewidth": 2.0},
        whiskerprops=line,
    )
    if len(values) <= _FEW:
        axis.plot(
            values,
            np.full(len(values), place),
            marker,
            color=colour,
            markersize=2.6,
            markeredgewidth=0,
            alpha=0.75,
        )


def _table(study: Study) -> ReportTable:
    columns = [text_column("method"), text_column("setting")]
    for metric in study.errors:
        columns += _quantile_columns(metric.name, metric.title)
    rows = []
    for method in study.methods:
        for setting in study.settings:
            row: dict[str, object] = {"method": method, "setting": setting}
            for metric in study.errors:
                values = study.values(method, setting, metric.name).to_numpy(float)
                row[metric.name] = quantiles(values, _SHARES) if len(values) else _UNKNOWN
            rows.append(row)
    caption = "Error over datasets, by method and setting"
    return make_table("numbers-error-by-method", caption, columns, rows)


def _quantile_columns(name: str, title: str) -> list[TableColumn[Any]]:
    """Make the columns of the median, the quartiles and the range; ranges sort by their width."""

    def column(part: str, low: int, high: int) -> TableColumn[Any]:
        def ends(row: Mapping[str, Any]) -> tuple[float, float]:
            return row[name][low], row[name][high]

        def width(row: Mapping[str, Any]) -> float:
            first, last = ends(row)
            # The difference of two infinite ends is not defined.
            return 0.0 if first == last else last - first

        return number_column(
            f"{name}_{part}", f"{title}, {part}", value=width, text=lambda row: span(*ends(row))
        )

    median = number_column(
        f"{name}_median", f"{title}, median", value=lambda row: row[name][len(_SHARES) // 2]
    )
    return [median, column("quartiles", 1, 3), column("range", 0, 4)]


def _alt(study: Study) -> str:
    parts = []
    for metric in study.errors:
        for setting in study.settings:
            medians = {
                method: float(values.median())
                for method in study.methods
                if len(values := study.values(method, setting, metric.name))
            }
            if medians:
                best = min(medians, key=medians.__getitem__)
                worst = max(medians, key=medians.__getitem__)
                parts.append(
                    f"{metric.title}, {setting_words(setting)}: lowest median {best} "
                    f"({number(medians[best])}), highest {worst} ({number(medians[worst])})"
                )
    return f"Box plots of {joined(m.title for m in study.errors)}. " + ". ".join(parts) + "."
