"""Draw the board of the front page: few methods, large letters, readable on a phone."""

from __future__ import annotations

import pandas as pd
from cache import ROOT

from sdscm.figure_style import (
    BAND,
    INK,
    SERIES,
    figure_bytes,
    in_figure_style,
    new_figure,
    remove_frame,
)

BOARD = ROOT / "results" / "published" / "quick" / "leaderboard.csv"
#: The best methods, and two references.
TOP, ALWAYS = 9, ("LinReg", "Zero")
_LABELS = {"all": "confounders seen", "hidden": "confounders hidden"}


@in_figure_style(size=13)
def draw() -> bytes:
    """Return an SVG of the errors of individual effects, with confounders seen and hidden."""
    table = pd.read_csv(BOARD)
    table = table[(table["dataset"] == "tea_or_coffee") & (table["rows"] == "fitted")]
    by_setting = {name: table[table["setting"] == name].set_index("estimator") for name in _LABELS}
    ranks = pd.to_numeric(by_setting["all"]["rank_pehe_sd"], errors="coerce").dropna()
    ranked = ranks.sort_values().index
    names = [*ranked[:TOP], *(name for name in ALWAYS if name not in ranked[:TOP])]
    figure = new_figure(8, 0.42 * len(names) + 1.3)
    axes = figure.add_subplot()
    for place in range(0, len(names), 2):
        axes.axhspan(place - 0.5, place + 0.5, color=BAND, linewidth=0)
    for shift, setting, (color, marker) in zip((-0.15, 0.15), _LABELS, SERIES[:2], strict=True):
        rows = by_setting[setting].loc[names]
        places = [place + shift for place in range(len(names))]
        low, high = rows["pehe_sd_median_low"], rows["pehe_sd_median_high"]
        axes.hlines(places, low, high, color=color, linewidth=2)
        axes.plot(rows["pehe_sd_median"], places, marker, color=color, label=_LABELS[setting])
    axes.set_yticks(range(len(names)), names, color=INK)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xscale("log")
    axes.set_xticks([0.05, 0.1, 0.2, 0.5, 1], ["0.05", "0.1", "0.2", "0.5", "1"])
    axes.minorticks_off()
    axes.set_xlabel("error of the individual effects, PEHE / SD(y): less is better")
    remove_frame(axes)
    figure.legend(*axes.get_legend_handles_labels(), loc="upper right", ncols=2, frameon=False)
    figure.subplots_adjust(
        left=0.23, right=0.98, top=1 - 0.45 / figure.get_figheight(), bottom=0.15
    )
    return figure_bytes(figure, "svg")
