"""Average the regrets of selectors: a board for each setting, entry and level of a dial."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from benchmarks.boards.columns import FEWER
from benchmarks.boards.explain import place
from benchmarks.boards.intervals import cluster_means
from benchmarks.report.html.varied_dials import VariedDial
from benchmarks.selection.picks import NUMBERS
from benchmarks.suite.model import BoardOptions
from sdscm.number_format import integer, percent, signed, slug, two_decimals
from sdscm.report_page import ReportTable, TableColumn, make_table, number_column, text_column
from sdscm.report_page.table import PAGES

#: Value of ``dataset`` in the group of a board over all entries.
ALL = "all entries"
#: The selector that others are compared with.
RANDOM = "random"

#: Explanations of the boards, one paragraph each.
RULES = (
    "A selector picks one method on each dataset from covariates, treatment, observed outcome and "
    "the methods' effects, never from the truth. PEHE of the pick minus PEHE of the best method is "
    "its regret. The truth scores the same rows as the selector compares: the held-out rows, or "
    "all rows if the suite holds out none. Errors and policy values are in SD(y) of each dataset.",
    "Regret counts a PEHE above 1 SD(y) as 1, so that one exploding estimate does not decide a "
    "mean; the column Uncapped does not. The boards are ordered by Regret. In brackets: intervals "
    "over the phrasings or files, as on other boards; there are none with fewer than five. Against "
    "random is the mean difference of Regret to a pick at random on the same dataset.",
    "Policy regret: treat the rows where the pick's effect is positive; the value that is lost "
    "against the best method's policy, and (Optimal) against that of the true effects. More of y "
    "counts as better. Best: share of datasets where the pick is the method with the least PEHE. "
    "Off: share where its PEHE is above 1 SD(y). Tau: Kendall's tau-b of the scores and the true "
    "errors of all methods. Failed: datasets where the selector picks none; its means are over the "
    f"others ({FEWER}). Each dataset has the same weight, also on a board over entries of several "
    "scenarios.",
    "Methods with equal scores are picked with equal chance, and numbers are exact expectations. "
    "Each method counts with its first fit. A method whose cell has no effects of rows (it failed, "
    "timed out, was skipped, or answers the average effect only) cannot be picked there.",
)


@dataclass(frozen=True, eq=False)
class SelectionBoard:
    """A board of selectors.

    Attributes
    ----------
    group
        What all datasets of the board share: ``setting``, ``dataset`` (an entry, or `ALL`), ``lm``
        if there are several, and a dial with its level.
    clusters, datasets
        Number of phrasings or files, and of datasets.
    table : DataFrame
        A row for each selector, the least regret first. Columns: ``selector``, ``title``, the mean
        of each of `benchmarks.selection.picks.NUMBERS`, ``capped_regret_low`` and ``_high``,
        ``policy_regret_low`` and ``_high``, ``against_random`` with its ends, ``regret_median``,
        ``failed``, and ``usual_pick``, the method that it picks most often.
    """

    group: Mapping[str, str]
    clusters: int
    datasets: int
    table: pd.DataFrame

    @property
    def title(self) -> str:
        """The group in words."""
        return place(self.group)


def selection_boards(
    picks: pd.DataFrame,
    titles: Mapping[str, str],
    dials: Sequence[VariedDial],
    options: BoardOptions,
    seed: int,
) -> list[SelectionBoard]:
    """Make a board for each setting, then for each of its entries, then for each level of a dial.

    Parameters
    ----------
    picks
        The result of `benchmarks.selection.picks.pick_table`.
    titles
        Title of each selector.
    dials
        The dials that the suite varies.
    options
        Level and resamples of the intervals.
    seed
        Seed of the bootstrap.
    """
    return [
        SelectionBoard(
            group=group,
            clusters=part["cluster"].nunique(),
            datasets=part["dataset"].nunique(),
            table=_table(part, titles, options, seed),
        )
        for group, part in _parts(picks, dials)
    ]


def _parts(
    picks: pd.DataFrame, dials: Sequence[VariedDial]
) -> Iterator[tuple[dict[str, str], pd.DataFrame]]:
    keys = ["lm", "setting"] if picks["lm"].nunique() > 1 else ["setting"]
    groups = [
        (dict(zip(keys, map(str, values), strict=True)), part)
        for values, part in picks.groupby(keys, sort=False)
    ]
    for shared, part in groups:
        if part["entry"].nunique() > 1:
            yield {"dataset": ALL, **shared}, part
    for shared, part in groups:
        for entry, own in part.groupby("entry", sort=False):
            yield {"dataset": str(entry), **shared}, own
    for shared, part in groups:
        for dial in dials:
            level = part["dataset"].map(dial.levels)
            for value, own in part.groupby(level):
                yield {"dial": f"{dial.title.lower()} {value:g}", **shared}, own


def widest(boards: Sequence[SelectionBoard]) -> list[SelectionBoard]:
    """List the boards over all entries; if the suite has one entry, those of it."""
    over_all = [board for board in boards if board.group.get("dataset") == ALL]
    return over_all or [board for board in boards if "dataset" in board.group]


def _table(
    picks: pd.DataFrame, titles: Mapping[str, str], options: BoardOptions, seed: int
) -> pd.DataFrame:
    names = list(dict.fromkeys(picks["selector"]))
    order = {name: number for number, name in enumerate(titles)}
    indexed = {name: picks[picks["selector"] == name].set_index(["dataset"]) for name in names}
    rows = [
        {"selector": name, "title": titles[name], **_row(own, indexed.get(RANDOM), options, seed)}
        for name, own in indexed.items()
    ]
    table = pd.DataFrame(rows)
    table["place"] = table["selector"].map(order)
    return table.sort_values(["capped_regret", "place"], ignore_index=True).drop(columns="place")


_ENDS = ("against_random_low", "against_random_high")


def _row(
    own: pd.DataFrame, random: pd.DataFrame | None, options: BoardOptions, seed: int
) -> dict[str, Any]:
    row: dict[str, Any] = {name: float(own[name].mean()) for name in NUMBERS}
    clusters = own["cluster"].to_numpy()

    def add(name: str, values: pd.Series) -> None:
        mean, low, high = cluster_means(
            values.to_numpy(dtype=float),
            clusters,
            resamples=options.resamples,
            level=options.level,
            seed=seed,
        )
        # A mean of regrets is not negative.
        low = low if name == "against_random" else max(low, 0.0)
        row.update({name: mean, f"{name}_low": low, f"{name}_high": high})

    add("capped_regret", own["capped_regret"])
    add("policy_regret", own["policy_regret"])
    if random is None or own is random:
        row.update(dict.fromkeys(("against_random", *_ENDS), float("nan")))
    else:
        there = random["capped_regret"].reindex(own.index)
        add("against_random", own["capped_regret"] - there)
    row["regret_median"] = float(own["regret"].median())
    row["failed"] = int((own["status"] != "ok").sum())
    usual = own.loc[own["status"] == "ok", "pick"].value_counts()
    row["usual_pick"] = _usual(usual)
    return row


def _usual(counts: pd.Series) -> str:
    """Describe the most frequent pick: ``BART (4 of 6)``, or that several methods share a score."""
    if counts.empty:
        return ""
    name = str(counts.index[0])
    methods = name.count(" | ") + 1
    shown = name.replace(" | ", " or ") if methods < 3 else f"any of {methods}"
    return f"{shown} ({counts.iloc[0]} of {counts.sum()})"


def _ends(name: str) -> Callable[[Mapping[str, Any]], tuple[float, float]]:
    return lambda row: (row[f"{name}_low"], row[f"{name}_high"])


COLUMNS: tuple[TableColumn[Mapping[str, Any]], ...] = (
    text_column("title", "Selector"),
    number_column(
        "capped_regret",
        "Regret",
        interval=_ends("capped_regret"),
        interval_shown=True,
        mark=lambda row: FEWER if row["failed"] else "",
    ),
    number_column(
        "against_random",
        "Against random",
        form=signed,
        interval=_ends("against_random"),
        interval_shown=True,
    ),
    number_column("regret", "Uncapped"),
    number_column("regret_median", "Median", media=PAGES),
    number_column(
        "policy_regret", "Policy regret", interval=_ends("policy_regret"), interval_shown=False
    ),
    number_column("optimal_policy_regret", "Optimal"),
    number_column("best", "Best", form=percent, better="higher"),
    number_column("off", "Off", form=percent),
    number_column("kendall", "Tau", form=two_decimals, better="higher"),
    number_column("failed", "Failed", form=integer),
    text_column("usual_pick", "Usual pick", media=PAGES),
)


def board_table(board: SelectionBoard) -> ReportTable:
    """Make the table of a board for people."""
    name = slug("selectors", *board.group.values())
    rows: list[Any] = board.table.to_dict("records")
    return make_table(name, board.title, COLUMNS, rows)
