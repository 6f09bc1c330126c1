"""Make tables of datasets, metrics, versions, and cells without a score."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from benchmarks import metrics
from benchmarks.boards.board_table import BoardTable
from benchmarks.boards.columns import first_sentence
from benchmarks.boards.library_warnings import LibraryWarning
from benchmarks.boards.scores import of_cells
from benchmarks.datasets.facts import OF_INSTRUMENT
from benchmarks.storage.store import Record
from sdscm.data.dataset import Provenance
from sdscm.number_format import NONE, integer, level, number, percent, span, two_decimals
from sdscm.report_page import ReportTable, TableColumn, make_table, number_column, text_column

#: Explanation of `dataset_table` for readers.
DATASET_NOTE = (
    "Naive is the difference of the observed means, bias its distance from the SATE: what "
    "confounding does to a method that ignores it; the expected bias leaves out the chance of one "
    "draw of the treatments. Distinct rows are those of covariates and "
    "treatment. The hidden CATE is the true mean effect given the covariates that are left in "
    "the setting hidden; where it hardly varies, PEHE is mostly the error of the average. "
    "Effective rows are Kish's, under stabilised weights by the true propensity. "
    f"{NONE}: not known for this dataset."
)
#: More of it, where a dataset has an instrument.
_INSTRUMENT_NOTE = (
    "First-stage F is the strength of the instrument; below 10 it is weak. The shares are those of "
    "units by their treatment under both values of the instrument."
)

#: Warnings in a table, and methods in a row of it.
_MOST_WARNINGS = 10
_MOST_METHODS = 6

_DATASET_COLUMNS: tuple[TableColumn[Any], ...] = (
    text_column("dataset"),
    text_column("problems", value=lambda fact: fact["problems"] or "none"),
    number_column("n", "Rows", form=integer, better="higher"),
    number_column("distinct", "Distinct", form=integer, better="higher"),
    number_column("treated", "Treated", form=percent),
    number_column("sate_sd", "SATE / SD(y)"),
    number_column(
        "naive_sd",
        "Naive / SD(y)",
        text=lambda fact: number(fact["naive_sd"]) + " (sign flips)" * bool(fact["sign_flip"]),
    ),
    number_column("bias_sd", "Bias / SD(y)", better="higher"),
    number_column("confounding", "Expected bias / SD(y)", better="higher"),
    number_column("heterogeneity", "SD(ITE) / SD(y)", better="higher"),
    number_column("cate_spread", "SD(hidden CATE) / SD(y)", better="higher"),
    number_column("hidden_share", "Var(ITE given X) / Var(ITE), hidden"),
    number_column(
        "propensity_min",
        "True propensity",
        text=lambda fact: span(fact["propensity_min"], fact["propensity_max"], two_decimals),
    ),
    number_column("effective_n", "Effective rows", better="higher"),
    number_column("seed", "Seed", form=str),
)


def dataset_note(facts: pd.DataFrame) -> str:
    """Explain `dataset_table` for readers."""
    return f"{DATASET_NOTE} {_INSTRUMENT_NOTE}" if _has_instrument(facts) else DATASET_NOTE


def _has_instrument(facts: pd.DataFrame) -> bool:
    return set(OF_INSTRUMENT) <= set(facts)


_INSTRUMENT_COLUMNS: tuple[TableColumn[Any], ...] = (
    number_column("first_stage_f", "First-stage F", better="higher"),
    number_column("compliers", "Compliers", form=percent, better="higher"),
    number_column("always_takers", "Always-takers", form=percent),
    number_column("never_takers", "Never-takers", form=percent),
    number_column("defiers", "Defiers", form=percent, better="lower"),
)


def dataset_table(facts: pd.DataFrame) -> ReportTable:
    """List facts that make datasets hard or easy; see `benchmarks.datasets.facts.fact_table`."""
    columns = _DATASET_COLUMNS
    if _has_instrument(facts):
        columns += _INSTRUMENT_COLUMNS
    rows = facts.to_dict("records")
    return make_table("datasets-table", "The datasets of the run", columns, rows)


def metric_table(tables: Sequence[BoardTable], alpha: float) -> ReportTable:
    """List the metrics of the tables: meaning, direction, and source of the formula.

    Markdown lists the metrics that its tables show.
    """
    seen = {column.name for table in tables for column in table.columns}
    found = [metric for name in metrics.names() if (metric := metrics.find(name)).name in seen]
    columns: list[TableColumn[Any]] = [
        text_column("metric", value=lambda metric: metric.title),
        text_column("board", value=lambda metric: metric.group),
        text_column("definition", "What it is", value=first_sentence),
        text_column("direction", value=lambda metric: metric.direction(level(1 - alpha))),
        text_column(
            "target",
            "Compared with",
            value=lambda metric: "" if metric.target == "none" else metric.target,
        ),
        text_column("source", value=lambda metric: metric.source),
    ]
    return make_table("metrics-table", "The metrics of the boards", columns, found)


def trouble_table(scores: pd.DataFrame) -> ReportTable | None:
    """List cells without a score by method, setting and reason; None if all cells have one."""
    cells = of_cells(scores)
    lost = cells[cells["status"] != "ok"]
    if lost.empty:
        return None
    names = ["setting", "status", "reason"]
    groups = lost.groupby(["estimator", *names], sort=False).size().rename("cells").reset_index()
    columns = [
        text_column("estimator", "Method"),
        *map(text_column, names),
        number_column("cells", "Cells", form=integer, better="higher"),
    ]
    rows = groups.to_dict("records")
    return make_table("trouble-table", "Cells without a score, and why", columns, rows)


def warning_table(warnings: Sequence[LibraryWarning]) -> ReportTable | None:
    """List the most frequent warnings of libraries; None without warnings.

    A last row counts the others, so that a library cannot flood a page.
    """
    if not warnings:
        return None
    shown, others = list(warnings[:_MOST_WARNINGS]), warnings[_MOST_WARNINGS:]
    if others:
        methods = {name for each in others for name in each.methods}
        shown.append(
            LibraryWarning(
                f"{len(others)} other texts, each in at most {others[0].cells} cells",
                tuple(sorted(methods)),
                sum(each.cells for each in others),
            )
        )
    columns: list[TableColumn[LibraryWarning]] = [
        text_column("warning", value=lambda each: each.text),
        text_column("methods", value=_methods),
        number_column(
            "cells", "Cells", value=lambda each: each.cells, form=integer, better="higher"
        ),
    ]
    return make_table("warnings-table", "Warnings of libraries", columns, shown)


def _methods(warning: LibraryWarning) -> str:
    names = warning.methods
    more = f" and {len(names) - _MOST_METHODS} more" if len(names) > _MOST_METHODS else ""
    return ", ".join(names[:_MOST_METHODS]) + more


def version_table(provenance: Iterable[Provenance], records: Iterable[Record]) -> ReportTable:
    """List the versions that made data and scores; one row holds all versions of a library."""
    found: dict[str, set[str]] = {}
    makers = [*(each.versions for each in provenance), *(each.versions for each in records)]
    for versions in makers:
        for name, version in versions.items():
            found.setdefault(name, set()).add(version)
    columns = [
        text_column("library", value=lambda item: item[0]),
        text_column("version", value=lambda item: ", ".join(sorted(item[1]))),
    ]
    caption = "Versions of what made the data and the scores"
    return make_table("versions", caption, columns, sorted(found.items()))
