"""Make the board of a discovery run: a page, and files for programs."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from benchmarks.discovery import registry
from benchmarks.discovery.experiment import DiscoveryResult
from benchmarks.discovery.faithfulness import NO_EFFECT
from benchmarks.discovery.scores import SCORES, GraphScore
from benchmarks.tasks.board import (
    averages,
    board_table,
    csv_text,
    definitions_section,
    describe_board,
    json_text,
    lost_section,
    overall_table,
)
from sdscm.number_format import counted, joined, scientific, slug
from sdscm.report_page import Page, ReportTable, Section, make_table, number_column, text_column

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
    A record for each method, the best first; see `benchmarks.tasks.board.averages`.
    """
    cells = result.cells[result.cells["scenario"] == scenario]
    oracles = [name for name in result.facts["methods"] if registry.get(name).oracle]
    return averages(cells, SCORES, by=ranked_by(result), oracles=oracles)


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
        table = overall_table(boards, result.facts["methods"], _ranking_score(result))
        yield Section("all", "All scenarios", (_ALL,), (table,))
    for scenario, records in boards.items():
        table = board_table(
            scenario, scenario, records, SCORES, terminal=_TERMINAL, intervals=_INTERVALS
        )
        yield Section(slug(scenario), scenario, (_reading(result),), (table,))
        summary = edge_summary(result, scenario)
        yield Section(
            f"edges-{slug(scenario)}",
            f"{scenario}: what each edge does",
            (_EDGES, _unfaithful(summary)),
            (_edge_table(scenario, summary),),
        )
    yield from lost_section(result.cells, "Cells without a graph")


def _references(result: DiscoveryResult) -> Iterator[Section]:
    yield definitions_section(SCORES)
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


def _ranking_score(result: DiscoveryResult) -> GraphScore:
    return next(each for each in SCORES if each.name == ranked_by(result))


def _reading(result: DiscoveryResult) -> str:
    return describe_board(_ranking_score(result), result.facts["phrasings"]) + ": a PAG has no SHD."


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
        "cells.csv": csv_text(result.cells),
        "edges.csv": csv_text(result.edges),
        "board.json": json_text(content),
    }
