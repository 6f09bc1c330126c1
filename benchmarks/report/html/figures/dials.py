"""Draw the error of methods against a dial that a suite varies, or the number of rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.boards.explain import setting_words
from benchmarks.metrics import Metric
from benchmarks.report.html.figures.named import draw_named, named_key
from benchmarks.report.html.figures.style import canvas, heading
from benchmarks.report.html.study import Study, drawable
from benchmarks.report.html.varied_dials import VariedDial
from sdscm.figure_style import GRID, scaled
from sdscm.number_format import joined, number
from sdscm.report_page import Drawing, Layout, ReportTable, make_table, number_column, text_column

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_READING = {
    "confounding": "0 randomises the treatment, 1 is that of the language model",
    "overlap": "0 is that of the language model, 1 is a fair coin for every unit",
    "effect": "0 is no effect, 1 is that of the language model",
    "n": "rows that a method is fitted on",
    "temperature": "above 1 the distributions are flatter",
}


def draw(study: Study, dial: VariedDial) -> Drawing | None:
    """Draw the figure; None if no dataset of this language model has two levels with scores."""
    levels = _levels(study, dial)
    if len(levels) < 2:
        return None
    # The figure of the bias by confounding is already named ``confounding``.
    name = f"error-against-{dial.name}" + "-dial" * (dial.name == "confounding")
    title = "Error against " + {"n": "n", "overlap": "overlap"}.get(dial.name, dial.title.lower())
    return Drawing(
        name=name,
        title=title,
        reading=(
            f"{dial.title}: {_READING[dial.name]}. Means over the datasets of a level; datasets "
            "that differ in anything else than the dial, phrasing and seed are not compared. "
            "Coloured: the best method of each family; grey: the others."
        ),
        alt=_alt(study, dial, levels),
        table=_table(study, dial, levels, name),
        make=lambda layout: _figure(study, dial, levels, layout),
    )


def _levels(study: Study, dial: VariedDial) -> list[float]:
    return sorted({dial.levels[name] for name in study.scores["dataset"] if name in dial.levels})


def _means(
    study: Study, dial: VariedDial, levels: list[float], method: str, setting: str, metric: Metric
) -> np.ndarray:
    """Compute the mean score at each level, of shape (levels,); NaN without a score."""
    values = study.values(method, setting, metric.name)
    place = values.index.map(dial.levels)
    return values.groupby(place).mean().reindex(levels).to_numpy(float)


def _figure(study: Study, dial: VariedDial, levels: list[float], layout: Layout) -> Figure:
    panels = [(metric, setting) for metric in study.errors for setting in study.settings]
    figure, axes = canvas(layout, len(study.errors), len(study.settings), panel=2.6)
    for each, (metric, setting) in zip(axes, panels, strict=True):
        found = [_means(study, dial, levels, method, setting, metric) for method in study.methods]

        def series(
            method: str, metric: Metric = metric, setting: str = setting
        ) -> tuple[np.ndarray, np.ndarray]:
            return np.array(levels), _means(study, dial, levels, method, setting, metric)

        draw_named(each, study, series, study.errors[0].name, lines=True)
        scaled(each.yaxis, drawable(np.concatenate(found)))
        if dial.name == "n":
            each.set_xscale("log")
            each.minorticks_off()
        each.set_xticks(levels, [f"{level:,g}" for level in levels])
        each.grid(color=GRID, linewidth=0.7)
        each.set_xlabel(dial.title)
        heading(each, f"{metric.title}, {setting_words(setting)}")
    named_key(figure, study, layout, study.errors[0].name, lines=True)
    return figure


def _table(study: Study, dial: VariedDial, levels: list[float], name: str) -> ReportTable:
    columns = [text_column(part) for part in ("method", "setting", "metric")]
    columns += [
        number_column(f"level{place}", f"{level:,g}", value=lambda row, at=place: row["means"][at])
        for place, level in enumerate(levels)
    ]
    rows = []
    for method in study.methods:
        for setting in study.settings:
            for metric in study.errors:
                means = _means(study, dial, levels, method, setting, metric)
                if np.isfinite(means).any():
                    words = {"method": method, "setting": setting, "metric": metric.title}
                    rows.append({**words, "means": means})
    caption = f"Mean error at each level of: {dial.title}"
    return make_table(f"numbers-{name}", caption, columns, rows)


def _alt(study: Study, dial: VariedDial, levels: list[float]) -> str:
    metric, parts = study.errors[0], []
    for setting in study.settings:
        changes = []
        for method in study.leaders(metric.name):
            means = _means(study, dial, levels, method, setting, metric)
            if np.isfinite(means[[0, -1]]).all():
                changes.append(f"{method} from {number(means[0])} to {number(means[-1])}")
        if changes:
            parts.append(f"{metric.title}, {setting_words(setting)}: {joined(changes)}")
    span = f"from {levels[0]:g} to {levels[-1]:g}"
    return f"Lines of error as {dial.title} goes {span}. " + ". ".join(parts) + "."
