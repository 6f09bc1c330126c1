"""The paper's Figure 2 drawn from `benchmarks.paper.analysis.toy`, in a design of our own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from benchmarks.paper.analysis.toy import CORRELATION, ERROR, GIVEN, SCENARIOS
from benchmarks.paper.report.style import bare, explain, save
from sdscm.figure_style import BLUE, INK, ORANGE, in_figure_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLOURS = dict(zip(SCENARIOS, (BLUE, ORANGE), strict=True))
#: Width over which the phrasings of one number are spread.
_SPREAD = 0.16


@in_figure_style(size=10)
def draw_toy(table: pd.DataFrame, title: str, path: Path) -> Path:
    """Write the figure as a PNG file: each number once a phrasing, from units and from all units.

    Parameters
    ----------
    table
        What `toys` gave.
    title
        Of what model and how many units.
    path

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    """
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    figure = Figure(figsize=(13, 4), layout="constrained")
    axes = figure.subplots(1, 3)
    correlations = table[table["quantity"] == CORRELATION]
    limit = 1.08 * max(correlations[["sample", "population"]].abs().max())
    for axis, role in zip(axes, SCENARIOS, strict=False):
        part = correlations[correlations["scenario"] == role]
        _numbers(axis, part, 0.0, role)
        axis.set_ylim(-limit, limit)
        axis.axhline(0, color=INK, linewidth=0.8, zorder=0.5)
        axis.set_title(f"The {GIVEN} is a {role}", color=INK, fontsize=10)
    axes[0].set_ylabel("correlation of P(run outside) and P(worsen)", color=INK)
    for axis in axes[:2]:
        axis.set_xlabel(f"{GIVEN} of the units (any, or one)", color=INK)
    errors = table[table["quantity"] == ERROR].copy()
    errors[["sample", "population"]] = errors[["sample", "population"]].abs()
    for role, shift in zip(SCENARIOS, (-0.2, 0.2), strict=True):
        _numbers(axes[2], errors[errors["scenario"] == role], shift, role)
    # Below 0, so that marks at 0 are seen whole.
    axes[2].set_ylim(bottom=-0.03 * axes[2].get_ylim()[1])
    axes[2].set_title("Estimates of the SATE, which is 0", color=INK, fontsize=10)
    axes[2].set_ylabel("absolute error / SD(y)", color=INK)
    handles = [
        Line2D([], [], ls="", marker=mark, ms=ms, alpha=alpha, color=colour, label=f"{role}, {of}")
        for role, colour in _COLOURS.items()
        for mark, ms, alpha, of in (("o", 6, 0.5, "drawn units"), ("D", 4, 1, "all units"))
    ]
    explain(figure, handles)
    figure.suptitle(title, color=INK)
    return save(figure, path)


def _numbers(axis: Axes, part: pd.DataFrame, shift: float, role: str) -> None:
    """A column a number: the phrasings' samples, and beside them what these are samples of."""
    names = list(part["given"].drop_duplicates())
    count = part["phrasing"].nunique()
    offsets = np.linspace(-_SPREAD, _SPREAD, count) if count > 1 else np.zeros(1)
    colour = _COLOURS[role]
    for place, name in enumerate(names):
        rows = part[part["given"] == name]
        where = place + shift + offsets
        axis.vlines(where, rows["sample"], rows["population"], color=colour, alpha=0.25)
        axis.plot(where, rows["sample"], "o", color=colour, alpha=0.5, markersize=5)
        axis.plot(where, rows["population"], "D", color=colour, markersize=3.5)
    axis.set_xticks(range(len(names)), [name.replace(", ", ",\n") for name in names])
    bare(axis, "y")
