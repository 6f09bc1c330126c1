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

from benchmarks.paper.drawing import (
    BLUE,
    GREEN,
    GRID,
    INK,
    ORANGE,
    PINK,
    bare,
    save,
)
from benchmarks.paper.methods import METHODS, is_beyond
from benchmarks.paper.release import LMS, ROWS
from benchmarks.report.figure import in_default_style
from sdscm.dataset import SETTINGS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import LayoutEngine

_COLOURS: dict[str, str] = dict(zip(SETTINGS, (BLUE, ORANGE), strict=True))
_OF_LMS: dict[str, str] = dict(zip(LMS, (GREEN, PINK), strict=True))
_BINS = 60
#: Datasets in the figure of examples.
_SHOWN = 6
#: Percentiles of the datasets that whiskers reach to.
_WHISKERS = (5, 95)
#: A spread below this is one value.
_LINE = 1e-3


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
        _Panel("r2_swapped", "R² of the effects of rows,\nswapped as published", (-2, 1.02), 0),
        _Panel(
            "r2", "R² of the effects of rows\n(logarithmic below -1)", (-2000, 1.05), 0, powers=True
        ),
        _Panel("pehe_sd", "PEHE / SD(y)", (0, 1.5)),
    ),
    "intervals": (
        _Panel("ate_coverage", "Coverage of the SATE\n(share of datasets)", (0, 1.02), 0.95),
        _Panel("ate_width_sd", "Width / SD(y) of the same", (0, 5)),
        _Panel(
            "coverage", "Coverage of the effects of rows\n(CQR, BART-ITE: ITE)", (0, 1.02), 0.95
        ),
        _Panel("width", "Width / SD(y)\nof the effects of rows", (0, 5)),
    ),
}


@in_default_style
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
    good = records[shown & ~records["method"].map(is_beyond).astype(bool)].copy()
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
    from matplotlib.figure import Figure

    shown = part.dropna(subset=[panel.metric for panel in panels], how="all")
    names = [method.name for method in METHODS if (shown["method"] == method.name).any()]
    figure = Figure(figsize=(4 * len(panels) + 1, 0.36 * len(names) + 1.8), layout=_layout())
    axes = figure.subplots(1, len(panels), sharey=True)
    for axis, panel in zip(axes, panels, strict=True):
        scaled = _fitting(panel, shown)
        for offset, setting in zip((0.19, -0.19), SETTINGS, strict=True):
            seen = shown[shown["setting"] == setting]
            for place, name in enumerate(reversed(names)):
                values = seen.loc[seen["method"] == name, panel.metric].dropna().to_numpy(float)
                if len(values):
                    _box(axis, values, place + offset, setting, scaled)
        _dress(axis, scaled)
    count = shown.groupby("method")["number"].nunique()
    # Boxes of other numbers of datasets must not be taken for equals.
    most = count.max()
    labels = [name if count[name] == most else f"{name} ({count[name]:,})" for name in names]
    axes[0].set_yticks(range(len(names)), list(reversed(labels)))
    axes[0].set_ylim(-0.6, len(names) - 0.4)
    handles = [_handle(setting) for setting in SETTINGS]
    figure.legend(handles=handles, loc="outside lower center", ncols=2, frameon=False)
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
    colour = _COLOURS[setting]
    if panel.metric == "ate_coverage":  # 0 or 1 for a dataset: only the mean says something
        axis.plot(values.mean(), place, "o", color=colour, markersize=5)
        return
    low, median, high = np.quantile(values, (_WHISKERS[0] / 100, 0.5, _WHISKERS[1] / 100))
    if high - low < _LINE:  # a box would be thinner than its median
        axis.plot(median, place, "|", color=colour, markersize=11, markeredgewidth=3)
        return
    box = axis.boxplot(
        [values],
        positions=[place],
        widths=0.32,
        orientation="horizontal",
        whis=_WHISKERS,
        showfliers=False,
        patch_artist=True,
        medianprops={"color": "white", "linewidth": 1.5},
        manage_ticks=False,
    )
    box["boxes"][0].set(facecolor=colour, edgecolor=colour)
    for part in (*box["whiskers"], *box["caps"]):
        part.set_color(colour)
    lower, upper = panel.limits
    for limit, beyond, marker in ((lower, -1, "<"), (upper, 1, ">")):
        if limit is not None and beyond * (median - limit) > 0:
            # The median is off the scale: say where, instead of showing half a box.
            axis.plot(limit, place, marker, color=colour, markersize=5, clip_on=False)
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
    axis.set_title(panel.title, fontsize=10, color=INK)
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


def _layout() -> LayoutEngine:
    """Keeps the numbers below neighbouring panels apart."""
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    return ConstrainedLayoutEngine(w_pad=0.15)


def _handle(setting: str) -> object:
    from matplotlib.patches import Patch

    words = {"all": "all covariates", "hidden": "exogenous covariates hidden"}
    return Patch(color=_COLOURS[setting], label=words[setting])


def _examples(part: pd.DataFrame, lm: str) -> Figure:
    """Average effects that methods give on a few datasets of other phrasings, with intervals.

    The datasets are the first one of each of some phrasings on which most methods have an interval,
    evenly spaced by their true effects.
    """
    from matplotlib.figure import Figure

    part = part[part["ate_width_sd"].notna()]
    methods = part.groupby("number")["method"].nunique()
    often = part[part["number"].isin(methods[methods == methods.max()].index)]
    first = often.sort_values("number").drop_duplicates("variant").sort_values("sate")
    places = np.unique(np.linspace(0, len(first) - 1, _SHOWN).round().astype(int))
    numbers = first["number"].to_numpy()[places]
    names = [method.name for method in METHODS if (often["method"] == method.name).any()]
    figure = Figure(figsize=(2 * len(numbers) + 2, 0.4 * len(names) + 1.8), layout=_layout())
    axes = figure.subplots(1, len(numbers), sharey=True, squeeze=False)[0]
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
    axes[0].set_yticks(range(len(names)), list(reversed(names)))
    axes[0].set_ylim(-0.6, len(names) - 0.4)
    handles = [_handle(setting) for setting in SETTINGS]
    figure.legend(handles=handles, loc="outside lower center", ncols=2, frameon=False)
    figure.suptitle(
        f"{lm}: average effect / SD(y) and 95 % intervals, drawn symmetric; the line is the SATE",
        color=INK,
    )
    return figure


def _average_effects(good: pd.DataFrame) -> Figure:
    """Histograms of the true average effects, in units of y and of SD(y)."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 3), layout="constrained")
    axes = figure.subplots(1, 2)
    each = good.drop_duplicates(["lm", "number"])
    for axis, values, title in (
        (axes[0], each["sate"], "SATE, in units of y"),
        (axes[1], each["sate"] / each["sd"], "SATE / SD(y)"),
    ):
        bins = np.histogram_bin_edges(values, bins=_BINS)
        for lm, colour in _OF_LMS.items():
            mine = values[each["lm"] == lm]
            if len(mine):
                label = f"{lm}, {len(mine):,} datasets"
                axis.hist(mine, bins=bins, color=colour, alpha=0.6, label=label)
        _dress(axis, _Panel("", title, (None, None), 0))
        axis.grid(axis="y", color=GRID)
    axes[0].set_ylabel("datasets", color=INK)
    axes[0].legend(frameon=False, fontsize=8)
    return figure
