"""Figures of the paper that need the data: the example of a dataset, and its histogram of SATEs."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from benchmarks.paper.analysis.example import HISTOGRAM_THERAPY, LM, NUMBER, THERAPY, Example
from benchmarks.paper.report.style import LM_COLOURS, bare, explain, save
from sdscm.figure_style import BLUE, GREEN, INK, ORANGE, PINK, in_figure_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_ARMS = (BLUE, ORANGE)
_BINS = 40
#: Letters of a value in one line.
_WIDE = 14


@in_figure_style(size=10)
def draw_example(example: Example, path: Path) -> Path:
    """Write the figure of one dataset as a PNG file.

    The upper part shows the true effects of all units on the score in order, with their mean and
    the difference that an analyst without covariates sees, and the therapies that the units were
    drawn in the two worlds. The lower part shows the shares of the units' values by treatment.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    """
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine
    from matplotlib.patches import Patch

    figure = Figure(figsize=(15, 11), layout=ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.1))
    grid = figure.add_gridspec(2, 1, height_ratios=(1, 1.5))
    above = grid[0].subgridspec(1, 2, width_ratios=(2, 1))
    _effects(figure.add_subplot(above[0]), example)
    _worlds(figure.add_subplot(above[1]), example)
    below = grid[1].subgridspec(2, 7)
    for place, name in enumerate(example.labels.columns.drop(example.treatment)):
        _shares(figure.add_subplot(below[divmod(place, 7)]), example, name)
    _propensity(figure.add_subplot(below[1, 6]), example)
    explain(
        figure,
        [
            Patch(
                color=_ARMS[k], label=f"{example.treatment} {arm}, {(example.t == k).sum()} units"
            )
            for k, arm in enumerate(example.arms)
        ],
        "\n".join(f"Therapy {k}: {text}." for k, text in enumerate(example.therapies)),
    )
    figure.suptitle(f"Dataset {NUMBER} of {LM}: {len(example.t):,} units", color=INK)
    return save(figure, path)


def _effects(axis: Axes, example: Example) -> None:
    ite = np.sort(example.ite)
    axis.plot(ite, ".", color=INK, markersize=3, label="ITE")
    for value, colour, style, label in (
        (ite.mean(), PINK, "--", f"SATE {ite.mean():.3f}"),
        (example.mean_difference, GREEN, ":", f"mean difference {example.mean_difference:.3f}"),
    ):
        axis.axhline(value, color=colour, linestyle=style, linewidth=2, label=label)
    axis.axhline(0, color=INK, linewidth=0.8, zorder=0.5)
    bare(axis, "y")
    axis.set_xlabel("units, by their effects", color=INK)
    axis.set_title(f"Effect on the score of therapy {THERAPY}, in SD(y)", color=INK, fontsize=10)
    axis.legend(edgecolor="none", framealpha=1)  # white, as it lies on grid lines


def _worlds(axis: Axes, example: Example) -> None:
    count = len(example.therapies)
    table = np.zeros((count, count), int)
    np.add.at(table, tuple(example.categories.T), 1)
    axis.imshow(table, cmap="Greys", vmin=0, vmax=2.5 * table.max())
    for row, column in np.ndindex(table.shape):
        axis.text(column, row, str(table[row, column]), ha="center", va="center", color=INK)
    axis.set_xticks(range(count))
    axis.set_yticks(range(count))
    bare(axis, "y")
    axis.grid(visible=False)
    control, treated = (f"under do({example.treatment} = {arm})" for arm in example.arms)
    axis.set_ylabel(f"therapy {control}", color=INK)
    axis.set_xlabel(treated, color=INK)
    own = example.categories[np.arange(len(example.t)), example.t]
    other = (own != example.labels.iloc[:, -1].cat.codes).mean()
    axis.set_title(
        "Categories, drawn again in each world\n"
        f"({other:.0%} are not what was observed under the same treatment)",
        color=INK,
        fontsize=10,
    )


def _shares(axis: Axes, example: Example, name: str) -> None:
    values = example.labels[name]
    shown = list(values.cat.categories)[::-1]
    for arm, shift in ((0, 0.2), (1, -0.2)):
        shares = values[example.t == arm].value_counts(normalize=True).loc[shown]
        axis.barh(np.arange(len(shown)) + shift, shares, height=0.38, color=_ARMS[arm])
    if name == example.labels.columns[-1]:
        texts = [str(example.therapies.index(value)) for value in shown]
    else:
        texts = [textwrap.fill(value, _WIDE) for value in shown]
    axis.set_yticks(range(len(shown)), texts, fontsize=8)
    bare(axis, "x")
    axis.set_title(name, color=INK, fontsize=10)
    axis.set_xlabel("share of units", color=INK, fontsize=8)
    axis.locator_params(axis="x", nbins=3)


def _propensity(axis: Axes, example: Example) -> None:
    edges = np.histogram_bin_edges(example.propensity, bins=_BINS // 2).tolist()
    for arm, colour in enumerate(_ARMS):
        values = example.propensity[example.t == arm]
        axis.hist(values, bins=edges, density=True, color=colour, alpha=0.6)
    bare(axis, "y")
    axis.set_yticks([])
    axis.set_ylabel("density of units", color=INK, fontsize=8)
    axis.set_title(f"P({example.treatment} {example.arms[1]})", color=INK, fontsize=10)


@in_figure_style(size=10)
def draw_sates(sates: Mapping[str, pd.Series], path: Path) -> Path:
    """Write the histogram of what `normalised_sates` gave, by language model, as a PNG file."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4 * len(sates), 3), layout="constrained")
    axes = figure.subplots(1, len(sates), squeeze=False)[0]
    for axis, (lm, values) in zip(axes, sates.items(), strict=True):
        axis.hist(values, bins=_BINS, color=LM_COLOURS[lm])
        axis.axvline(0, color=INK, linewidth=0.8)
        bare(axis, "y")
        axis.set_title(f"{lm}, {len(values):,} datasets", color=INK, fontsize=10)
        axis.set_xlabel(f"SATE / SD(y), y = P(therapy {HISTOGRAM_THERAPY})", color=INK)
    axes[0].set_ylabel("datasets", color=INK)
    return save(figure, path)
