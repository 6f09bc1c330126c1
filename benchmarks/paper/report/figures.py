"""Figures from the records: the spread over datasets of what the tables average.

They show what the paper's box plots show (errors, coverage and width by method and setting) and the
distribution of the true average effects, in a design of our own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from benchmarks.datasets.paper.release import LMS, ROWS
from benchmarks.paper.methods import METHODS, NAMES
from benchmarks.paper.report.style import LM_COLOURS, bare, explain, save
from sdscm.data.dataset import SETTINGS
from sdscm.figure_style import BLUE, GRID, INK, MUTED, ORANGE, in_figure_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

_COLOURS: dict[str, str] = dict(zip(SETTINGS, (BLUE, ORANGE), strict=True))
_BINS = 60
#: Datasets in the figure of examples.
_SHOWN = 6
#: Percentiles of the datasets that whiskers reach to.
_WHISKERS = (5, 95)
#: A spread below this is one value.
_LINE = 1e-3
_CAPTION = (
    "Boxes: quartiles over datasets, and the median. Whiskers: 5th to 95th percentile; datasets "
    "beyond are not drawn. Arrows: the box or whisker goes on beyond the axis."
)
#: Coverage that all intervals here are asked for.
_NOMINAL = 0.95


@dataclass(frozen=True)
class _Panel:
    """One metric beside the others of a figure.

    ``limits`` cut the axis off, as a few R2 of -1000 would hide all others; an upper one above 1.1
    is drawn nearer where the boxes end before it. ``line`` is a value to look at. With ``powers``
    the axis is linear from -1 to 1 and logarithmic beyond.
    """

    metric: str
    title: str
    limits: tuple[float | None, float | None]
    line: float | None = None
    powers: bool = False


_FIGURES = {
    "effects": (
        _Panel("r2_swapped", "R² of individual effects,\nswapped as published", (-2, 1.02), 0),
        _Panel(
            "r2", "R² of individual effects\n(logarithmic below -1)", (-2000, 1.05), 0, powers=True
        ),
        _Panel("pehe_sd", "PEHE / SD(y)", (0, 1.5)),
    ),
    "intervals": (
        _Panel("ate_coverage", "Coverage of the SATE\n(share of datasets)", (0, 1.02), _NOMINAL),
        _Panel("ate_width_sd", "Width of the SATE interval / SD(y)", (0, 5)),
        _Panel(
            "coverage",
            "Coverage of individual effects\n(CATE intervals; CQR, BART-ITE: ITE intervals)",
            (0, 1.02),
            _NOMINAL,
        ),
        _Panel("width", "Width of the intervals\nof individual effects / SD(y)", (0, 5)),
    ),
}


@in_figure_style(size=10)
def write_figures(folder: Path, records: pd.DataFrame) -> list[Path]:
    """Write the figures as PNG files.

    Parameters
    ----------
    folder
    records
        As `one_each` gives them. Failed cells, pooled datasets and estimators beyond the paper's
        are left out.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    """
    shown = (records["status"] == "ok") & (records["rows"] == ROWS)
    good = records[shown & records["method"].isin(NAMES)].copy()
    # Methods with intervals for individual effects have no others.
    for name in ("coverage", "width_sd"):
        good[name.removesuffix("_sd")] = good[f"ite_{name}"].fillna(good[f"cate_{name}"])
    files = []
    for lm in LMS:
        part = good[good["lm"] == lm]
        if part.empty:
            continue
        for name, panels in _FIGURES.items():
            files.append(save(_boxes(part, panels, lm), folder / f"{name}-{lm}.png"))
        if part["ate_width_sd"].notna().any():
            files.append(save(_examples(part, lm), folder / f"examples-{lm}.png"))
    if len(good):
        files.append(save(_average_effects(good), folder / "sate.png"))
    return files


def _boxes(part: pd.DataFrame, panels: Sequence[_Panel], lm: str) -> Figure:
    shown = part.dropna(subset=[panel.metric for panel in panels], how="all")
    names = [method.name for method in METHODS if (shown["method"] == method.name).any()]
    figure, axes = _panels(len(panels), 4 * len(panels) + 1, 0.36 * len(names) + 2.2)
    for axis, panel in zip(axes, panels, strict=True):
        scaled = _fitting(panel, shown)
        for place, name in enumerate(reversed(names)):
            mine = shown[shown["method"] == name].dropna(subset=panel.metric)
            if mine.empty:
                # An empty place could be taken for a box that was lost.
                text = axis.text(0.5, place, "none", transform=axis.get_yaxis_transform())
                text.set(ha="center", va="center", fontsize=8, color=MUTED)
            for offset, setting in zip((0.19, -0.19), SETTINGS, strict=True):
                values = mine.loc[mine["setting"] == setting, panel.metric].to_numpy(float)
                if len(values):
                    _box(axis, values, place + offset, setting, scaled)
        _dress(axis, scaled)
    count = shown.groupby("method")["number"].nunique()
    # Boxes of other numbers of datasets must not be taken for equals.
    most = count.max()
    _rows(axes[0], [f"{n} ({count[n]:,})" if count[n] < most else n for n in names])
    # Room for the arrows of boxes that the axis cuts.
    axes[0].tick_params(axis="y", pad=9)
    explain(figure, _settings(), _CAPTION)
    figure.suptitle(
        f"{lm}: {most:,} datasets of 1,000 rows a method"
        + (", or as many as beside its name" if count.min() < most else ""),
        color=INK,
    )
    return figure


def _fitting(panel: _Panel, part: pd.DataFrame) -> _Panel:
    lower, upper = panel.limits
    if upper is None or upper <= 1.1 or part[panel.metric].isna().all():
        return panel
    ends = part.groupby(["method", "setting"])[panel.metric].quantile(_WHISKERS[1] / 100)
    return replace(panel, limits=(lower, min(upper, float(ends.max()) * 1.05)))


def _box(axis: Axes, values: np.ndarray, place: float, setting: str, panel: _Panel) -> None:
    from matplotlib.cbook import boxplot_stats
    from matplotlib.markers import CARETLEFTBASE, CARETRIGHTBASE

    colour = _COLOURS[setting]
    if panel.metric == "ate_coverage":  # 0 or 1 for a dataset: only the mean says something
        axis.plot(values.mean(), place, "o", color=colour, markersize=5)
        return
    (spread,) = boxplot_stats(values, whis=_WHISKERS)
    if spread["whishi"] - spread["whislo"] < _LINE:  # a box would be thinner than its median
        axis.plot(spread["med"], place, "|", color=colour, markersize=10, markeredgewidth=3)
    else:
        axis.bxp(
            [spread],
            positions=[place],
            widths=0.3,
            orientation="horizontal",
            showfliers=False,
            patch_artist=True,
            # A wider edge than the median has colour beside it in the narrowest box.
            boxprops={"facecolor": colour, "edgecolor": colour, "linewidth": 2},
            medianprops={"color": "black", "linewidth": 1, "solid_capstyle": "butt"},
            whiskerprops={"color": colour},
            capprops={"color": colour},
            manage_ticks=False,
        )
    lower, upper = panel.limits
    for limit, beyond, marker, end in (
        (lower, -1, CARETLEFTBASE, spread["whislo"]),
        (upper, 1, CARETRIGHTBASE, spread["whishi"]),
    ):
        if limit is None or beyond * (end - limit) <= 0:
            continue
        axis.plot(limit, place, marker=marker, color=colour, markersize=6, clip_on=False)
        median = spread["med"]
        if beyond * (median - limit) > 0:
            # Less than half a box is shown, or none: say where it is.
            axis.annotate(
                f"median {median:.3g}",
                (limit, place),
                xytext=(-8 * beyond, 0),
                textcoords="offset points",
                ha="left" if beyond < 0 else "right",
                va="center",
                fontsize=7,
                color=colour,
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5},
            )


def _dress(axis: Axes, panel: _Panel) -> None:
    named = panel.line == _NOMINAL
    axis.set_title(panel.title, fontsize=10, color=INK, pad=16 if named else None)
    axis.set_xlim(*panel.limits)
    if panel.powers:
        axis.set_xscale("symlog", linthresh=1, linscale=0.8)
        axis.set_xticks([-1000, -100, -10, -1, 0, 1], ["−1000", "−100", "−10", "−1", "0", "1"])
        axis.minorticks_off()
    else:
        axis.locator_params(axis="x", nbins=5)
    bare(axis, "x")
    if panel.line is not None:
        axis.axvline(panel.line, color=INK, linewidth=0.8, zorder=0.5)
    if named:
        text = axis.text(_NOMINAL, 1, f"nominal {_NOMINAL}", transform=axis.get_xaxis_transform())
        text.set(ha="center", va="bottom", fontsize=8, color=INK)


def _panels(count: int, width: float, height: float) -> tuple[Figure, np.ndarray]:
    """Make a figure of panels in a row, with space between the numbers below them."""
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    figure = Figure(figsize=(width, height), layout=ConstrainedLayoutEngine(w_pad=0.15))
    return figure, figure.subplots(1, count, sharey=True, squeeze=False)[0]


def _rows(axis: Axes, labels: list[str]) -> None:
    """Name the rows of a figure, from top to bottom."""
    axis.set_yticks(range(len(labels)), labels[::-1])
    axis.set_ylim(-0.6, len(labels) - 0.4)


def _settings() -> list[Patch]:
    """Make the legend of the settings."""
    from matplotlib.patches import Patch

    words = {"all": "all covariates", "hidden": "exogenous covariates hidden"}
    return [Patch(color=_COLOURS[setting], label=words[setting]) for setting in SETTINGS]


def _examples(part: pd.DataFrame, lm: str) -> Figure:
    """Average effects that methods give on a few datasets of other phrasings, with intervals.

    The datasets are the first one of each of some phrasings on which most methods have an interval,
    evenly spaced by their true effects.
    """
    part = part[part["ate_width_sd"].notna()]
    methods = part.groupby("number")["method"].nunique()
    often = part[part["number"].isin(methods[methods == methods.max()].index)]
    first = often.sort_values("number").drop_duplicates("variant").sort_values("sate")
    places = np.unique(np.linspace(0, len(first) - 1, _SHOWN).round().astype(int))
    numbers = first["number"].to_numpy()[places]
    names = [method.name for method in METHODS if (often["method"] == method.name).any()]
    figure, axes = _panels(len(numbers), 2 * len(numbers) + 2, 0.4 * len(names) + 2)
    for axis, number in zip(axes, numbers, strict=True):
        mine = often[often["number"] == number].set_index(["method", "setting"])
        sd, sate = mine["sd"].iloc[0], mine["sate"].iloc[0]
        for offset, setting in zip((0.15, -0.15), SETTINGS, strict=True):
            for place, name in enumerate(reversed(names)):
                if (name, setting) in mine.index:
                    cell = mine.loc[(name, setting)]
                    axis.errorbar(
                        cell["ate"] / sd,
                        place + offset,
                        xerr=cell["ate_width_sd"] / 2,
                        fmt="o",
                        markersize=3,
                        color=_COLOURS[setting],
                    )
        # Before the limits are settled, so that a truth far from all estimates is in the picture.
        axis.axvline(sate / sd, color=INK, linewidth=0.8, zorder=0.5)
        axis.margins(x=0.1)
        _dress(axis, _Panel("", f"dataset {number}", (None, None)))
        axis.locator_params(axis="x", nbins=3)
        axis.set_xlabel("average effect / SD(y)", fontsize=9, color=INK)
    _rows(axes[0], names)
    explain(figure, _settings())
    figure.suptitle(
        f"{lm}: estimated average effects and their 95 % intervals, drawn symmetric; "
        "the line is the SATE",
        color=INK,
    )
    return figure


def _average_effects(good: pd.DataFrame) -> Figure:
    """Histograms of the true average effects, in units of y and of SD(y)."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 3.4), layout="constrained")
    axes = figure.subplots(1, 2)
    each = good.drop_duplicates(["lm", "number"])
    for axis, values, what in (
        (axes[0], each["sate"], "SATE"),
        (axes[1], each["sate"] / each["sd"], "SATE / SD(y)"),
    ):
        bins = np.histogram_bin_edges(values, bins=_BINS)
        for lm, colour in LM_COLOURS.items():
            mine = values[each["lm"] == lm]
            if len(mine):
                label = f"{lm}, {len(mine):,} datasets"
                axis.hist(mine, bins=bins, color=colour, alpha=0.6, label=label)
        _dress(axis, _Panel("", "", (None, None), 0))
        axis.grid(axis="y", color=GRID)
        axis.set_xlabel(f"{what}, y = log score of therapy 0", color=INK)
    axes[0].set_ylabel("datasets", color=INK)
    explain(figure, axes[0].get_legend_handles_labels()[0])
    return figure
