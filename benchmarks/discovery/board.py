"""Make the board of a discovery run: a page, and files for programs."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.boards.intervals import MIN_CLUSTERS, cluster_means
from benchmarks.discovery import registry
from benchmarks.discovery.experiment import DiscoveryResult
from benchmarks.discovery.faithfulness import NO_EFFECT
from benchmarks.discovery.scores import SCORES, GraphScore
from sdscm.number_format import counted, integer, joined, scientific, seconds, slug, two_decimals
from sdscm.report_page import Page, ReportTable, Section, make_table, number_column, text_column
from sdscm.report_page.table import PAGES, TableColumn

_LEVEL, _RESAMPLES = 0.95, 4_000
#: Scores that the terminal shows, too; those that have their interval shown.
_TERMINAL = ("shd", "skeleton_errors", "orientation_f1", "ancestor_accuracy")
_INTERVALS = ("shd", "skeleton_errors", "ancestor_accuracy")


def ranked_by(result: DiscoveryResult) -> str:
    """The score that ranks the methods: SHD, or the skeleton where variables are hidden."""
    return "skeleton_errors" if result.hidden else "shd"


def board(result: DiscoveryResult, scenario: str) -> list[dict[str, Any]]:
    """Average the scores of each method over the phrasings of a scenario.

    Returns
    -------
    A record for each method, the best first: ``method``, ``oracle``, ``rank``, ``ok`` and
    ``cells`` (numbers of cells), ``seconds`` (median), and each score with ``<score>_low`` and
    ``<score>_high``. An oracle, a method with a lost cell, and one without the score that ranks
    have no rank (NaN).
    """
    found = []
    cells = result.cells[result.cells["scenario"] == scenario]
    for name, group in cells.groupby("method", sort=False):
        fitted = group[group["status"] == "ok"]
        record: dict[str, Any] = {
            "method": name,
            "oracle": registry.get(str(name)).oracle,
            "ok": len(fitted),
            "cells": len(group),
            "seconds": fitted["seconds"].median(),
        }
        for each in SCORES:
            mean, low, high = cluster_means(
                fitted[each.name].to_numpy(float),
                fitted["phrasing"].to_numpy(),
                resamples=_RESAMPLES,
                level=_LEVEL,
                seed=0,
            )
            low, high = np.clip([low, high], *each.limits)
            record |= {each.name: mean, f"{each.name}_low": low, f"{each.name}_high": high}
        found.append(record)
    by = ranked_by(result)
    scores = pd.Series(
        [r[by] if r["ok"] == r["cells"] and not r["oracle"] else np.nan for r in found], dtype=float
    )
    for record, rank in zip(found, scores.round(9).rank(method="min"), strict=True):
        record["rank"] = rank
    return sorted(found, key=lambda r: (r["oracle"], math.isnan(r["rank"]), r["rank"]))


def edge_summary(result: DiscoveryResult, scenario: str) -> list[dict[str, Any]]:
    """Summarise the strength of each edge over the phrasings of a scenario.

    Returns
    -------
    A record for each edge, the weakest first: ``edge``, ``largest_change`` and ``information``
    (medians; NaN where the mechanisms were not enumerated), ``no_effect`` and ``seen`` (numbers of
    phrasings), and ``phrasings``.
    """
    found = []
    edges = result.edges[result.edges["scenario"] == scenario]
    for (parent, child), group in edges.groupby(["parent", "child"], sort=False):
        known = group["largest_change"].notna()
        found.append(
            {
                "edge": f"{parent} → {child}",
                "largest_change": group["largest_change"].median(),
                "information": group["information"].median(),
                "no_effect": int((group["largest_change"] < NO_EFFECT).sum()),
                "seen": int(group.loc[known, "seen"].astype(bool).sum()),
                "phrasings": int(known.sum()),
            }
        )
    return sorted(found, key=lambda r: (math.isnan(r["information"]), r["information"]))


def page(result: DiscoveryResult, *, brief: bool = False) -> Page:
    """Make the page of a run; ``brief``: without the definitions and the list of methods."""
    facts, scenarios = result.facts, list(result.facts["scenarios"])
    cells = result.cells
    hidden = " The exogenous variables are hidden from the methods." if result.hidden else ""
    lead = (
        f"Task: recover the DAG of {joined(scenarios)} from {facts['n']:,} rows that {facts['lm']} "
        f"made. {counted(len(facts['methods']), 'method')}, "
        f"{counted(facts['phrasings'], 'phrasing')} of each scenario.{hidden} "
        f"{(cells['status'] == 'ok').sum():,} of {len(cells):,} cells gave a graph."
    )
    return Page(
        title="Causal discovery",
        kicker=f"Language model {facts['lm']}, temperature {facts['temperature']:g}",
        lead=lead,
        parts=(*_parts(result, scenarios), *(() if brief else _references(result))),
    )


def _parts(result: DiscoveryResult, scenarios: list[str]) -> Iterator[Section]:
    boards = {scenario: board(result, scenario) for scenario in scenarios}
    if len(scenarios) > 1:
        yield Section("all", "All scenarios", (_ALL,), (_overall(result, boards),))
    for scenario, records in boards.items():
        tables = [_board_table(result, scenario, records)]
        yield Section(slug(scenario), scenario, (_reading(result),), tuple(tables))
        summary = edge_summary(result, scenario)
        yield Section(
            f"edges-{slug(scenario)}",
            f"{scenario}: what each edge does",
            (_EDGES, _unfaithful(summary)),
            (_edge_table(scenario, summary),),
        )
    lost = result.cells[result.cells["status"] != "ok"]
    if len(lost):
        yield Section("lost", "Cells without a graph", (), (_lost_table(lost),))


def _references(result: DiscoveryResult) -> Iterator[Section]:
    definitions = tuple(f"{each.title}: {each.definition}" for each in SCORES)
    yield Section("scores", "Scores", lines=definitions, folded=True)
    yield Section("methods", "Methods", tables=(_method_table(result),), folded=True)


_ALL = (
    "The mean rank is over the scenarios. The other columns are the means over the phrasings of "
    "one scenario; they have different numbers of edges, and are not averaged."
)
_EDGES = (
    "Largest change: the largest total variation between two distributions of the effect that "
    "differ in the value of this cause only. Information: what cause and effect share given the "
    "other causes, in nats. Seen: the phrasings in which the expected G-square statistic of this "
    "number of rows, given the other causes, is above its 5 % point. Medians over the phrasings."
)


def _reading(result: DiscoveryResult) -> str:
    by = next(each for each in SCORES if each.name == ranked_by(result)).title
    intervals = (
        "Brackets: 95 % studentised bootstrap intervals over the phrasings."
        if result.facts["phrasings"] >= MIN_CLUSTERS
        else f"Fewer than {MIN_CLUSTERS} phrasings give no intervals."
    )
    return (
        f"Means over the phrasings, ranked by {by}. {intervals} Methods that are shown the truth "
        "have no rank, nor has a method with a lost cell or without the score that ranks: a PAG "
        "has no SHD."
    )


def _unfaithful(summary: list[dict[str, Any]]) -> str:
    known = [each for each in summary if each["phrasings"]]
    if not known:
        return "The mechanisms are too large to enumerate: the strengths are not known."
    cells = sum(each["phrasings"] for each in known)
    nothing = sum(each["no_effect"] for each in known)
    unseen = cells - sum(each["seen"] for each in known)
    return (
        f"All phrasings together have {cells} edges: {nothing} change nothing by {NO_EFFECT:g} or "
        f"more, and {unseen} are too weak for this number of rows."
    )


def _score_column(each: GraphScore) -> TableColumn[dict[str, Any]]:
    name = each.name
    return number_column(
        name,
        each.title,
        form=two_decimals,
        better=each.better or "lower",
        definition=each.definition,
        interval=lambda r: (r[f"{name}_low"], r[f"{name}_high"]),
        interval_shown=name in _INTERVALS,
        media=PAGES | ({"terminal", "html"} if name in _TERMINAL else set()),
    )


def _board_table(
    result: DiscoveryResult, scenario: str, records: list[dict[str, Any]]
) -> ReportTable:
    columns = [
        number_column("rank", "Rank", form=integer),
        text_column("method", "Method", mark=lambda r: " (oracle)" if r["oracle"] else ""),
        text_column("cells", "Cells", value=lambda r: f"{r['ok']}/{r['cells']}", media=PAGES),
        *(_score_column(each) for each in SCORES if _is_defined(each.name, records)),
        number_column("seconds", "Seconds", form=seconds, media=PAGES),
    ]
    return make_table(f"board-{slug(scenario)}", scenario, columns, records)


def _is_defined(name: str, records: list[dict[str, Any]]) -> bool:
    return any(not math.isnan(record[name]) for record in records)


def _overall(result: DiscoveryResult, boards: Mapping[str, list[dict[str, Any]]]) -> ReportTable:
    by = ranked_by(result)
    of = {
        scenario: {record["method"]: record for record in records}
        for scenario, records in boards.items()
    }
    rows = []
    for method in result.facts["methods"]:
        ranks = [records[method]["rank"] for records in of.values()]
        scores = {scenario: records[method][by] for scenario, records in of.items()}
        oracle = registry.get(method).oracle
        rows.append({"method": method, "oracle": oracle, "rank": np.mean(ranks), **scores})
    rows.sort(key=lambda r: (r["oracle"], math.isnan(r["rank"]), r["rank"]))
    columns = [
        number_column("rank", "Mean rank", form=two_decimals),
        text_column("method", "Method", mark=lambda r: " (oracle)" if r["oracle"] else ""),
        *(number_column(scenario, scenario, form=two_decimals) for scenario in boards),
    ]
    title = next(each.title for each in SCORES if each.name == by)
    return make_table("all", f"{title} by scenario", columns, rows)


def _edge_table(scenario: str, summary: list[dict[str, Any]]) -> ReportTable:
    def share(name: str) -> Any:
        return lambda r: f"{r[name]}/{r['phrasings']}"

    columns = [
        text_column("edge", "Edge"),
        number_column("largest_change", "Largest change"),
        number_column("information", "Information", form=scientific),
        text_column("no_effect", f"Changes less than {NO_EFFECT:g}", value=share("no_effect")),
        text_column("seen", "Seen", value=share("seen")),
    ]
    return make_table(f"edges-{slug(scenario)}", f"Edges of {scenario}", columns, summary)


def _method_table(result: DiscoveryResult) -> ReportTable:
    columns = [
        text_column("name", "Method", value=lambda info: info.name),
        text_column("assumes", "Assumes", value=lambda info: info.assumes),
        text_column("source", "Source", value=lambda info: info.source),
    ]
    infos = [registry.get(name) for name in result.facts["methods"]]
    return make_table("methods", "Methods", columns, infos)


def _lost_table(lost: pd.DataFrame) -> ReportTable:
    keys = ["scenario", "method", "status", "reason"]
    rows = [
        {**dict(zip(keys, key, strict=True)), "count": len(group)}
        for key, group in lost.groupby(keys, sort=False)
    ]
    columns = [text_column(key) for key in keys]
    return make_table(
        "lost", "Lost cells", [*columns, number_column("count", "Cells", form=integer)], rows
    )


def files(result: DiscoveryResult) -> dict[str, str]:
    """Make the files for programs: the cells and edges as CSV, the boards as JSON.

    Returns
    -------
    The text of each file, by its name.
    """
    content = {
        "facts": result.facts,
        "boards": {name: board(result, name) for name in result.facts["scenarios"]},
        "edges": {name: edge_summary(result, name) for name in result.facts["scenarios"]},
    }
    return {
        "cells.csv": result.cells.to_csv(index=False, lineterminator="\n"),
        "edges.csv": result.edges.to_csv(index=False, lineterminator="\n"),
        "board.json": json.dumps(_plain(content), indent=1, ensure_ascii=False, allow_nan=False)
        + "\n",
    }


def _plain(value: Any) -> Any:
    """Convert to JSON values; a missing number is null."""
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    value = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(value, float) and not math.isfinite(value) else value
