"""Draw the average rank of each method by language model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.boards.by_model import ModelComparison
from benchmarks.boards.explain import setting_words
from benchmarks.report.html.figures.style import canvas, heading, key
from sdscm.figure_style import BAND, GRID, REST, SERIES
from sdscm.number_format import two_decimals
from sdscm.report_page import Drawing, Layout, ReportTable, make_table, number_column, text_column

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NAME = "rank-by-model"


def draw(comparisons: Sequence[ModelComparison]) -> Drawing:
    """Draw the figure of comparisons that differ in the setting and the metric only."""
    return Drawing(
        name=NAME,
        title="Rank by language model",
        reading=(
            "Average rank of each method under each language model that made the data, with its "
            "interval over phrasings; 1 is the best. A long grey line is a method whose rank "
            "depends on the model. Best method first, by the mean over the models in the first "
            "panel."
        ),
        alt=" ".join(each.finding for each in comparisons),
        table=_table(comparisons),
        make=lambda layout: _figure(comparisons, layout),
    )


def _methods(comparisons: Sequence[ModelComparison]) -> list[str]:
    return list(dict.fromkeys(str(name) for each in comparisons for name in each.ranks.index))


def _figure(comparisons: Sequence[ModelComparison], layout: Layout) -> Figure:
    from matplotlib.lines import Line2D

    methods = _methods(comparisons)
    settings = list(dict.fromkeys(each.group.get("setting", "") for each in comparisons))
    metrics = list(dict.fromkeys(each.metric for each in comparisons))
    models = list(dict.fromkeys(name for each in comparisons for name in each.rankings))
    styles = {name: SERIES[i % len(SERIES)] for i, name in enumerate(models)}
    down, across = len(settings), len(metrics)
    figure, axes = canvas(layout, down, across, panel=0.6 + 0.19 * len(methods), sharey=True)
    found = {(each.group.get("setting", ""), each.metric): each for each in comparisons}
    places = [(setting, metric) for setting in settings for metric in metrics]
    for axis, (setting, metric) in zip(axes, places, strict=True):
        if (setting, metric) in found:
            _panel(axis, found[setting, metric], methods, styles)
        axis.set_yticks(range(len(methods)), methods)
        axis.set_ylim(len(methods) - 0.4, -0.6)
        heading(axis, ", ".join(filter(None, (metric.title, setting_words(setting)))))
    handles = [
        Line2D([], [], linestyle="none", color=colour, marker=marker, markersize=6)
        for colour, marker in styles.values()
    ]
    key(figure, handles, models, layout)
    return figure


def _panel(
    axis: Axes,
    comparison: ModelComparison,
    methods: Sequence[str],
    styles: dict[str, tuple[str, str]],
) -> None:
    for row in range(0, len(methods), 2):
        axis.axhspan(row - 0.5, row + 0.5, color=BAND, zorder=0)
    ranks = comparison.ranks.reindex(list(methods))
    rows = np.arange(len(methods))
    least, largest = ranks.min(axis=1).to_numpy(float), ranks.max(axis=1).to_numpy(float)
    axis.hlines(rows, least, largest, color=REST, linewidth=2.5)
    offsets = np.linspace(-0.2, 0.2, len(comparison.rankings))
    for offset, (name, ranking) in zip(offsets, comparison.rankings.items(), strict=True):
        colour, marker = styles[name]
        values = ranks[name].to_numpy(float)
        low, high = (
            ranking.average[f"average_rank_{end}"].reindex(list(methods)).to_numpy(float)
            for end in ("low", "high")
        )
        axis.hlines(rows + offset, low, high, color=colour, linewidth=0.9)
        axis.plot(values, rows, marker, linestyle="none", color=colour, markersize=5)
    axis.set_xlim(left=0.5)
    axis.set_xlabel("Average rank")
    axis.grid(axis="x", color=GRID, linewidth=0.7)


def _table(comparisons: Sequence[ModelComparison]) -> ReportTable:
    rows = [
        {"setting": each.group.get("setting", ""), "metric": each.metric.title, "method": method}
        | {"ranks": ranks}
        for each in comparisons
        for method, ranks in each.ranks.to_dict("index").items()
    ]
    models = list(dict.fromkeys(name for each in comparisons for name in each.rankings))
    columns = [text_column(part) for part in ("method", "setting", "metric")]
    columns += [
        number_column(
            f"model{place}",
            name,
            value=lambda row, of=name: row["ranks"].get(of),
            form=two_decimals,
        )
        for place, name in enumerate(models)
    ]
    caption = "Average rank of each method by language model"
    return make_table(f"numbers-{NAME}", caption, columns, rows)
