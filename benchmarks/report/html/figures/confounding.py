"""Draw the error of methods against the bias by confounding of datasets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from benchmarks import metrics
from benchmarks.boards.explain import setting_words
from benchmarks.report.html.figures.named import draw_named, named_key
from benchmarks.report.html.figures.style import canvas, heading
from benchmarks.report.html.study import Study
from sdscm.figure_style import GRID, INK, MUTED
from sdscm.number_format import percent
from sdscm.report_page import Drawing, Layout, ReportTable, make_table, number_column, text_column

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_METRIC = "ate_abs_error_sd"
_FEWEST = 3


def draw(study: Study) -> Drawing | None:
    """Draw the figure; None with fewer than three datasets of known and different bias."""
    bias = {name: abs(value) for name, value in study.bias.items() if np.isfinite(value)}
    title = metrics.get(_METRIC).title
    scored = study.scores.dropna(subset=[_METRIC])
    if len({bias[name] for name in scored["dataset"] if name in bias}) < _FEWEST:
        return None
    return Drawing(
        name="error-against-confounding",
        title="Error against confounding",
        reading=(
            "Across: how far off the plain difference in means is in a dataset, the bias by "
            f"confounding, in SD(y). Up: {title} of a method on that dataset. On the diagonal a "
            "method is as wrong as the plain difference in means; near the bottom it has removed "
            "the bias; the largest errors are above the panel. Coloured: the best method of each "
            "family; grey: the others."
        ),
        alt=_alt(study, bias, title),
        table=_table(study, bias, title),
        make=lambda layout: _figure(study, bias, layout, title),
    )


def _figure(study: Study, bias: Mapping[str, float], layout: Layout, title: str) -> Figure:
    figure, axes = canvas(layout, 1, len(study.settings), panel=3.1)
    highest = float(study.scores[_METRIC].quantile(0.95))
    for axis, setting in zip(axes, study.settings, strict=True):
        _panel(axis, study, bias, setting, highest, title)
    named_key(figure, study, layout, _METRIC, lines=False)
    return figure


def _panel(
    axis: Axes, study: Study, bias: Mapping[str, float], setting: str, highest: float, title: str
) -> None:
    right = 1.08 * max(bias.values())
    top = 1.08 * max(highest, max(bias.values()))
    axis.plot((0, min(right, top)), (0, min(right, top)), color=INK, linewidth=1.0, dashes=(4, 2))

    def series(method: str) -> tuple[np.ndarray, np.ndarray]:
        return _pairs(study, bias, method, setting)

    draw_named(axis, study, series, _METRIC, lines=False)
    axis.set_xlim(0, right)
    axis.set_ylim(-0.02 * top, top)
    axis.set_xlabel("Bias of the difference in means / SD(y)")
    axis.set_ylabel(title)
    axis.grid(color=GRID, linewidth=0.7)
    middle = 0.2 * min(right, top)
    axis.text(
        middle,
        middle + 0.03 * top,
        "as wrong as ignoring confounding",
        ha="center",
        va="bottom",
        rotation=45,
        rotation_mode="anchor",
        transform_rotates_text=True,
        fontsize=8,
        color=MUTED,
    )
    heading(axis, setting_words(setting).capitalize())


def _pairs(
    study: Study, bias: Mapping[str, float], method: str, setting: str
) -> tuple[np.ndarray, np.ndarray]:
    """Return the bias of each dataset, and the error of a method on it."""
    values = study.values(method, setting, _METRIC)
    values = values[values.index.isin(list(bias))]
    return values.index.map(bias).to_numpy(float), values.to_numpy(float)


def _ratio(study: Study, bias: Mapping[str, float], method: str, setting: str) -> float:
    whole, errors = (each.sum() for each in _pairs(study, bias, method, setting))
    return float(errors / whole) if whole > 0 else float("nan")


def _table(study: Study, bias: Mapping[str, float], title: str) -> ReportTable:
    columns = (
        text_column("method"),
        text_column("setting"),
        number_column("mean", f"Mean {title}"),
        number_column("share", "As a share of the bias", form=percent),
    )
    rows = [
        {
            "method": method,
            "setting": setting,
            "mean": study.mean(method, setting, _METRIC),
            "share": _ratio(study, bias, method, setting),
        }
        for method in study.methods
        for setting in study.settings
    ]
    caption = "Remaining share of the bias by confounding"
    return make_table("numbers-error-against-confounding", caption, columns, rows)


def _alt(study: Study, bias: Mapping[str, float], title: str) -> str:
    parts = []
    for setting in study.settings:
        shares = {
            method: share
            for method in study.leaders(_METRIC)
            if np.isfinite(share := _ratio(study, bias, method, setting))
        }
        shares_text = ", ".join(f"{method} {percent(share)}" for method, share in shares.items())
        parts.append(f"{setting_words(setting)}: error as a share of the bias: {shares_text}")
    return f"Scatter plots of {title} by bias of the datasets. " + ". ".join(parts) + "."
