"""Error against what a suite varies: a knob, or the number of rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.metrics import Metric
from benchmarks.report.html.axes import Axis
from benchmarks.report.html.figures.drawing import Drawing, Layout
from benchmarks.report.html.figures.named import draw_named, named_key
from benchmarks.report.html.figures.style import canvas, heading, scaled
from benchmarks.report.html.study import Study, drawable
from benchmarks.report.html.view import Column, Row, Table
from benchmarks.report.html.words import numeric, setting_words, words
from sdscm.figure_style import GRID
from sdscm.number_format import joined, number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_READING = {
    "confounding": "0 randomises the treatment, 1 is the language model's own, more is stronger",
    "overlap": "0 is the language model's own, 1 a coin for everybody",
    "effect": "0 is no effect at all, 1 the language model's own",
    "n": "more rows are more to learn from",
    "temperature": "above 1 the distributions are flatter",
}


def draw(study: Study, axis: Axis) -> Drawing | None:
    """The figure; None if no dataset of this language model has two levels with scores."""
    levels = _levels(study, axis)
    if len(levels) < 2:
        return None
    slug = "dial" if axis.name == "confounding" else axis.name
    name = f"error-against-{slug}" if slug != "dial" else "error-against-confounding-dial"
    title = "Error against " + {"n": "n", "overlap": "overlap"}.get(axis.name, axis.title.lower())
    return Drawing(
        name=name,
        title=title,
        reading=(
            f"{axis.title}: {_READING[axis.name]}. Means over the datasets of a level; datasets "
            "that differ in anything else than the dial, phrasing and seed are not compared. "
            "Coloured: the best method of each family; grey: the others."
        ),
        alt=_alt(study, axis, levels),
        table=_table(study, axis, levels, name),
        make=lambda layout: _figure(study, axis, levels, layout),
    )


def _levels(study: Study, axis: Axis) -> list[float]:
    return sorted({axis.levels[name] for name in study.scores["dataset"] if name in axis.levels})


def _means(
    study: Study, axis: Axis, levels: list[float], method: str, setting: str, metric: Metric
) -> np.ndarray:
    """Mean score of each level, of shape (levels,); NaN where there is none."""
    values = study.values(method, setting, metric.name)
    place = values.index.map(axis.levels)
    return values.groupby(place).mean().reindex(levels).to_numpy(float)


def _figure(study: Study, axis: Axis, levels: list[float], layout: Layout) -> Figure:
    panels = [(metric, setting) for metric in study.errors for setting in study.settings]
    figure, axes = canvas(layout, len(study.errors), len(study.settings), panel=2.6)
    for each, (metric, setting) in zip(axes, panels, strict=True):
        found = [_means(study, axis, levels, method, setting, metric) for method in study.methods]

        def series(method: str, metric: Metric = metric, setting: str = setting):  # type: ignore[no-untyped-def]
            return np.array(levels), _means(study, axis, levels, method, setting, metric)

        draw_named(each, study, series, study.errors[0].name, lines=True)
        scaled(each.yaxis, drawable(np.concatenate(found)))
        if axis.name == "n":
            each.set_xscale("log")
            each.minorticks_off()
        each.set_xticks(levels, [f"{level:,g}" for level in levels])
        each.grid(color=GRID, linewidth=0.7)
        each.set_xlabel(axis.title)
        heading(each, f"{metric.title}, {setting_words(setting)}")
    named_key(figure, study, layout, study.errors[0].name, lines=True)
    return figure


def _table(study: Study, axis: Axis, levels: list[float], name: str) -> Table:
    columns = [Column(title, numeric=False) for title in ("Method", "Setting", "Metric")]
    columns += [Column(f"{level:,g}") for level in levels]
    rows = []
    for method in study.methods:
        for setting in study.settings:
            for metric in study.errors:
                means = _means(study, axis, levels, method, setting, metric)
                if np.isfinite(means).any():
                    cells = [words(method), words(setting), words(metric.title)]
                    rows.append(Row((*cells, *(numeric(float(mean)) for mean in means))))
    caption = f"Mean error at each level of: {axis.title}"
    return Table(f"numbers-{name}", caption, tuple(columns), tuple(rows))


def _alt(study: Study, axis: Axis, levels: list[float]) -> str:
    metric, parts = study.errors[0], []
    for setting in study.settings:
        told = []
        for method in study.leaders(metric.name):
            means = _means(study, axis, levels, method, setting, metric)
            if np.isfinite(means[[0, -1]]).all():
                told.append(f"{method} from {number(means[0])} to {number(means[-1])}")
        if told:
            parts.append(f"{metric.title}, {setting_words(setting)}: {joined(told)}")
    span = f"from {levels[0]:g} to {levels[-1]:g}"
    return f"Lines of error as {axis.title} goes {span}. " + ". ".join(parts) + "."
