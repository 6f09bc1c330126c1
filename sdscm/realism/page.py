"""The page of a comparison."""

from __future__ import annotations

from collections.abc import Sequence

from sdscm.realism.comparison import ColumnDistance, PairDifference, Realism, verdict
from sdscm.report_page import Page, ReportTable, Section, make_table, number_column, text_column

#: Pairs in the table; the others differ less.
_MOST_PAIRS = 40


def page(found: Realism, made: str, real: str) -> Page:
    """The page of a comparison of the data ``made`` with the table ``real``, names of files."""
    separation = found.separation
    lead = (
        f"{verdict(separation)} Area under its ROC curve: {separation.auc:.3f}, 95 % interval "
        f"{separation.low:.3f} to {separation.high:.3f} (0.5: never told apart; 1: always)."
    )
    method = (
        f"A boosted-tree classifier was trained to tell {separation.rows:,} rows of {made} from "
        f"as many of {real}, and predicted the rows of five folds that it had not seen. "
        "Equal rows are in the same fold, unless there are many of them. The interval is "
        "that of Hanley and McNeil (1982)."
    )
    alone = [
        f"Only in {name}, and not compared: {', '.join(columns)}."
        for name, columns in ((made, found.made_only), (real, found.real_only))
        if columns
    ]
    return Page(
        title=f"Realism of {made}",
        kicker=f"Compared with {real}",
        lead=lead,
        parts=(
            Section("method", "How it was measured", (method, *alone)),
            Section(
                "columns",
                "Each column",
                (
                    "Distance of the distributions: total variation for categories, "
                    "Kolmogorov-Smirnov for numbers; 0 is the same, 1 has nothing in common.",
                ),
                (_columns(found.columns),),
            ),
            Section(
                "pairs",
                "Each pair of columns",
                (
                    "Association: Cramer's V without its bias (Bergsma 2013); numbers are cut into "
                    "five parts. The pairs that differ most come first.",
                ),
                (_pairs(found.pairs[:_MOST_PAIRS]),),
            ),
        ),
    )


def _columns(columns: Sequence[ColumnDistance]) -> ReportTable:
    return make_table(
        "columns",
        "Each column",
        [
            text_column("column", "Column", value=lambda each: each.column),
            number_column("distance", "Distance", value=lambda each: each.distance, form=_three),
            text_column("made", "Made data", value=lambda each: each.made),
            text_column("real", "Real table", value=lambda each: each.real),
        ],
        columns,
    )


def _pairs(pairs: Sequence[PairDifference]) -> ReportTable:
    return make_table(
        "pairs",
        "Each pair of columns",
        [
            text_column("first", "Column", value=lambda each: each.first),
            text_column("second", "and", value=lambda each: each.second),
            number_column("made", "Made data", value=lambda each: each.made, form=_three),
            number_column("real", "Real table", value=lambda each: each.real, form=_three),
            number_column(
                "difference", "Difference", value=lambda each: each.difference, form=_signed
            ),
        ],
        pairs,
    )


def _three(value: float) -> str:
    return f"{value:.3f}"


def _signed(value: float) -> str:
    return f"{value:+.3f}"
