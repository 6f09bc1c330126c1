"""Draw three tasks of the suite `tasks`: an instrument, texts, and bounds.

    python examples/board_studies/tasks.py results/published/tasks

Reads leaderboard.csv of the folder, and writes instrument.png, text.png and bounds.png beside it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from sdscm.figure_style import (
    BLUE,
    GRID,
    INK,
    MARKERS,
    MUTED,
    ORANGE,
    PALETTE,
    REST,
    SERIES,
    figure_bytes,
    in_figure_style,
    new_figure,
    remove_frame,
)
from sdscm.files import put_atomically

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Entries of the suite with one strength of the instrument each.
INSTRUMENT = "training-strength"
#: Methods that adjust, and the same with texts, by words and by a language model.
TEXT = {
    "AIPW": ("Text-AIPW", "Embedding-AIPW"),
    "RF": ("Text-RF", "Embedding-RF"),
    "LinearDML": ("Text-DML", "Embedding-DML"),
}
REFERENCES = ("Zero", "Oracle")
_LARGEST = 2.0


def board(folder: Path) -> pd.DataFrame:
    """Read the boards of the fitted rows."""
    table = pd.read_csv(folder / "leaderboard.csv", low_memory=False)
    return table[table["rows"] == "fitted"]


def strengths(table: pd.DataFrame) -> pd.DataFrame:
    """Error of the LATE by method (rows) and strength of the instrument (columns)."""
    part = table[table["dataset"].str.startswith(f"{INSTRUMENT}-", na=False)]
    strength = part["dataset"].str.rpartition("-")[2].astype(float)
    return part.assign(strength=strength).pivot_table(
        index="estimator", columns="strength", values="late_abs_error_sd_median"
    )


def settings(table: pd.DataFrame, entry: str, score: str) -> pd.DataFrame:
    """A score of the methods of `TEXT`: hidden, by words, by embeddings, all."""
    of = table[table["dataset"] == entry].set_index(["setting", "estimator"])[score]
    rows = {
        name: [
            of["hidden", f"{name} (one-hot)"],
            *(of["text", each] for each in texts),
            of["all", f"{name} (one-hot)"],
        ]
        for name, texts in TEXT.items()
    }
    return pd.DataFrame(rows, index=["hidden", "words", "embeddings", "all"]).T


@in_figure_style(size=10)
def draw_instrument(table: pd.DataFrame) -> Figure:
    """Draw the error of the LATE by the strength of the instrument."""
    errors = strengths(table)
    needs = {name for name in errors.index if errors.loc[name].notna().all()}
    with_instrument = [name for name in errors.index if name in needs and _instrumental(name)]
    others = [name for name in errors.index if name not in with_instrument]
    others = [name for name in others if name not in REFERENCES]
    figure = new_figure(7.6, 4.2, layout="constrained")
    axes = figure.subplots()
    adjusting = errors.loc[others]
    axes.fill_between(
        errors.columns, adjusting.min(), adjusting.max(), color=REST, alpha=0.45, linewidth=0
    )
    axes.plot(errors.columns, errors.loc["Zero"], color=MUTED, linestyle=":", linewidth=1.2)
    last = errors[errors.columns[-1]]
    for place, name in enumerate(with_instrument):
        axes.plot(
            errors.columns,
            errors.loc[name].clip(upper=_LARGEST),
            marker=MARKERS[place % len(MARKERS)],
            color=PALETTE[place % len(PALETTE)],
            markersize=5,
            linewidth=1.4,
            label=name,
        )
    axes.set_xscale("log")
    axes.set_xticks(list(errors.columns), [f"{each:g}" for each in errors.columns])
    axes.minorticks_off()
    axes.set_ylim(0, min(_LARGEST, float(errors.loc[with_instrument].max().max()) * 1.05))
    axes.set_xlabel("strength of the instrument (dial)")
    axes.set_ylabel("|LATE error| / SD(y), median")
    axes.grid(axis="y")
    axes.annotate(
        "methods that adjust for covariates",
        (errors.columns[-1], float(adjusting[errors.columns[-1]].max())),
        (0, 6),
        textcoords="offset points",
        ha="right",
        color=MUTED,
    )
    axes.annotate(
        "the answer 0",
        (errors.columns[-1], float(last["Zero"])),
        (0, 4),
        textcoords="offset points",
        ha="right",
        color=MUTED,
    )
    axes.legend(frameon=False, loc="upper right", ncols=2)
    remove_frame(axes)
    return figure


def _instrumental(name: str) -> bool:
    import estimators

    return "instrument" in estimators.info(name).needs


@in_figure_style(size=10)
def draw_text(table: pd.DataFrame, entries: Sequence[str]) -> Figure:
    """Draw the error of the effects with hidden confounders, with texts, and with all seen."""
    figure = new_figure(7.6, 1.0 + 1.1 * len(entries), layout="constrained")
    panels = figure.subplots(1, len(entries), sharey=True, squeeze=False)[0]
    titles = ("confounders hidden", "their texts, words", "their texts, embeddings", "all seen")
    for axes, entry in zip(panels, entries, strict=True):
        scores = settings(table, entry, "ate_abs_error_sd")
        _dots(axes, scores, titles)
        axes.set_title(entry)
        axes.set_xlabel("|ATE error| / SD(y)")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, frameon=False, loc="outside upper center", ncols=4)
    return figure


def _dots(axes: Axes, scores: pd.DataFrame, titles: Sequence[str]) -> None:
    for place, name in enumerate(scores.index):
        row = scores.loc[name]
        axes.plot([row.min(), row.max()], [place, place], color=GRID, linewidth=3, zorder=0)
    for (colour, marker), column, title in zip(SERIES, scores.columns, titles, strict=False):
        axes.plot(
            scores[column],
            range(len(scores)),
            linestyle="",
            marker=marker,
            color=colour,
            markersize=6,
            label=title,
        )
    axes.set_yticks(range(len(scores)), list(scores.index))
    axes.set_ylim(len(scores) - 0.5, -0.5)
    axes.set_xlim(left=0)
    axes.grid(axis="x")
    remove_frame(axes)


@in_figure_style(size=10)
def draw_bounds(table: pd.DataFrame, setting: str = "hidden") -> Figure:
    """Draw how often bounds hold the truth, against their width."""
    part = table[(table["setting"] == setting) & table["bounds_hold"].notna()]
    mean = part.groupby("estimator", sort=False)[
        ["bounds_hold", "bounds_hold_half", "bounds_width_sd"]
    ].mean()
    mean = mean.sort_values("bounds_width_sd")
    figure = new_figure(7.6, 1.4 + 0.33 * len(mean), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=(2, 1))
    places = range(len(mean))
    for place, name in enumerate(mean.index):
        ends = mean.loc[name, ["bounds_hold_half", "bounds_hold"]]
        left.plot(ends, [place, place], color=GRID, linewidth=3, zorder=0)
    for column, colour, marker, title in (
        ("bounds_hold_half", ORANGE, "D", "at half of the true strength"),
        ("bounds_hold", BLUE, "o", "at the true strength"),
    ):
        left.plot(
            mean[column], places, linestyle="", marker=marker, color=colour, label=title, ms=6
        )
    left.axvline(0.95, color=MUTED, linewidth=0.9, linestyle=":")
    left.set_yticks(list(places), list(mean.index))
    left.set_ylim(len(mean) - 0.5, -0.5)
    left.set_xlim(0, 1.04)
    left.set_xlabel("share of datasets whose true effect the bounds hold")
    right.barh(list(places), mean["bounds_width_sd"], color=INK, height=0.5)
    right.set_xlabel("width / SD(y)")
    for axes in (left, right):
        axes.grid(axis="x")
        remove_frame(axes)
    figure.legend(
        *left.get_legend_handles_labels(), frameon=False, loc="outside upper center", ncols=2
    )
    return figure


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="results folder of the suite tasks")
    folder = parser.parse_args(arguments).folder
    table = board(folder)
    with_text = table.loc[table["setting"] == "text", "dataset"].dropna().unique()
    figures = {
        "instrument": draw_instrument(table),
        "text": draw_text(table, [str(entry) for entry in with_text]),
        "bounds": draw_bounds(table),
    }
    for name, figure in figures.items():
        put_atomically(folder / f"{name}.png", figure_bytes(figure, "png"))


if __name__ == "__main__":
    sys.exit(main())
