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

import estimators
from benchmarks.boards.summary import ALL
from sdscm.figure_style import (
    BLUE,
    GRID,
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
_COLUMNS = (
    *("dataset", "setting", "rows", "estimator", "family"),
    *("late_abs_error_sd_median", "ate_abs_error_sd", "pehe_sd"),
    *("bounds_hold", "bounds_hold_half", "bounds_width_sd"),
)
#: Larger errors are drawn at this one.
_LARGEST = 1.0


def board(folder: Path) -> pd.DataFrame:
    """Read the boards of the fitted rows."""
    table = pd.read_csv(folder / "leaderboard.csv", usecols=_COLUMNS, low_memory=False)
    return table[table["rows"] == "fitted"].drop_duplicates(["dataset", "setting", "estimator"])


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


def bounds(table: pd.DataFrame) -> pd.DataFrame:
    """Shares of datasets whose effect bounds hold, and widths, with hidden confounders."""
    part = table[(table["setting"] == "hidden") & (table["dataset"] != ALL)]
    columns = ["bounds_hold", "bounds_hold_half", "bounds_width_sd"]
    return part.groupby("estimator")[columns].mean().dropna(subset="bounds_hold")


def _figure(height: float) -> Figure:
    figure = new_figure(7.6, height, layout="constrained")
    figure.get_layout_engine().set(w_pad=0.15)
    return figure


@in_figure_style(size=10)
def draw_instrument(table: pd.DataFrame) -> Figure:
    """Draw the error of the LATE by the strength of the instrument."""
    errors = strengths(table)
    kinds = {name: kind_of(str(name)) for name in errors.index}
    with_instrument = [name for name, kind in kinds.items() if kind == "instrument"]
    others = [name for name, kind in kinds.items() if kind == "adjusts"]
    figure = _figure(4.0)
    axes = figure.subplots()
    adjusting = errors.loc[others]
    axes.fill_between(
        errors.columns,
        adjusting.min(),
        adjusting.max(),
        color=REST,
        alpha=0.45,
        linewidth=0,
        label="all that adjust",
    )
    axes.plot(
        errors.columns,
        errors.loc["Zero"],
        color=MUTED,
        linestyle=":",
        linewidth=1.2,
        label="the answer 0",
    )
    alike: dict[tuple[float, ...], list[str]] = {}
    for name in with_instrument:
        alike.setdefault(tuple(errors.loc[name].clip(upper=_LARGEST).round(6)), []).append(name)
    for place, (values, names) in enumerate(alike.items()):
        axes.plot(
            errors.columns,
            values,
            marker=MARKERS[place % len(MARKERS)],
            color=PALETTE[place % len(PALETTE)],
            markersize=5,
            linewidth=1.4,
            label=", ".join(names),
            clip_on=False,
        )
    axes.set_xscale("log")
    axes.set_xticks(list(errors.columns), [f"{each:g}" for each in errors.columns])
    axes.minorticks_off()
    axes.set_ylim(0, _LARGEST)
    axes.set_xlabel("strength of the instrument (dial)")
    axes.set_ylabel(f"|LATE error| / SD(y), median, at most {_LARGEST:g}")
    axes.grid(axis="y")
    figure.legend(
        *axes.get_legend_handles_labels(), frameon=False, loc="outside right center", fontsize=9
    )
    remove_frame(axes)
    return figure


def kind_of(label: str) -> str:
    """Return ``instrument``, ``adjusts``, or ``other`` for bounds and references."""
    info = estimators.info(label.removesuffix(" (one-hot)"))
    if "instrument" in info.needs:
        return "instrument"
    plain = not info.needs and not info.oracle and not info.bounds
    return "adjusts" if plain and info.name != "Zero" else "other"


@in_figure_style(size=10)
def draw_text(table: pd.DataFrame, entries: Sequence[str]) -> Figure:
    """Draw the error of the effects with hidden confounders, with texts, and with all seen."""
    figure = _figure(2.6)
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
def draw_bounds(table: pd.DataFrame) -> Figure:
    """Draw how often bounds hold the truth, against their width."""
    mean = bounds(table).sort_values("bounds_width_sd")
    figure = _figure(1.4 + 0.33 * len(mean))
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
    right.barh(list(places), mean["bounds_width_sd"], color=REST, height=0.5)
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
    with_text = [entry for entry in with_text if entry != ALL]
    figures = {
        "instrument": draw_instrument(table),
        "text": draw_text(table, [str(entry) for entry in with_text]),
        "bounds": draw_bounds(table),
    }
    for name, figure in figures.items():
        put_atomically(folder / f"{name}.png", figure_bytes(figure, "png"))


if __name__ == "__main__":
    sys.exit(main())
