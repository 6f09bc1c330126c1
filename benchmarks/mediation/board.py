"""Make the boards of a mediation run: a page, and files for programs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchmarks.mediation import registry
from benchmarks.mediation.experiment import MediationResult
from benchmarks.mediation.scores import SCORES
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
from sdscm.number_format import counted, joined, number, slug
from sdscm.report_page import Page, ReportTable, Section, make_table, number_column, text_column

#: Scores that the terminal shows, too; those that have their interval shown.
_TERMINAL = ("error", "nde_error", "nie_error")
_INTERVALS = ("error",)


def board(result: MediationResult, scenario: str, setting: str) -> list[dict[str, Any]]:
    """Average the scores of each method over the phrasings of a scenario in a setting.

    Returns
    -------
    A record for each method, the best first; see `benchmarks.tasks.board.averages`.
    """
    cells = result.cells
    cells = cells[(cells["scenario"] == scenario) & (cells["setting"] == setting)]
    oracles = [name for name in result.facts["methods"] if registry.get(name).oracle]
    return averages(cells, SCORES, by="error", oracles=oracles)


def boards(result: MediationResult) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """Make the board of each scenario and setting."""
    facts = result.facts
    places = [(s, each) for s in facts["scenarios"] for each in facts["settings"]]
    return {place: board(result, *place) for place in places}


def page(result: MediationResult, *, brief: bool = False) -> Page:
    """Make the page of a run; ``brief``: without the definitions and the list of methods."""
    facts, cells = result.facts, result.cells
    lead = (
        f"Task: the natural direct and indirect effects of {joined(list(facts['scenarios']))} from "
        f"{facts['n']:,} rows that {facts['lm']} made. "
        f"{counted(len(facts['methods']), 'method')}, "
        f"{counted(facts['phrasings'], 'phrasing')} of each scenario. "
        f"{(cells['status'] == 'ok').sum():,} of {len(cells):,} cells gave an answer."
    )
    return Page(
        title="Mediation",
        kicker=f"Language model {facts['lm']}, temperature {facts['temperature']:g}",
        lead=lead,
        parts=(*_parts(result), *(() if brief else _references(result))),
    )


def _parts(result: MediationResult) -> Iterator[Section]:
    facts, by_place = result.facts, boards(result)
    if len(by_place) > 1:
        named = {f"{scenario}, {setting}": each for (scenario, setting), each in by_place.items()}
        table = overall_table(named, facts["methods"], SCORES[0], number)
        yield Section("all", "All boards", (_ALL,), (table,))
    for scenario in facts["scenarios"]:
        yield Section(
            f"truth-{slug(scenario)}",
            f"{scenario}: the true effects",
            (_TRUTH.format(joined(facts["mediators"][scenario])),),
            (_truth_table(result, scenario),),
        )
        for setting in facts["settings"]:
            name = f"{scenario}, {setting}"
            table = board_table(
                name,
                name,
                by_place[scenario, setting],
                SCORES,
                terminal=_TERMINAL,
                intervals=_INTERVALS,
                form=number,
            )
            notes = (
                describe_board(SCORES[0], facts["phrasings"]) + ".",
                _IDENTIFIED if facts["identified"][scenario][setting] else _NOT_IDENTIFIED,
            )
            yield Section(slug(name), name, notes, (table,))
    yield from lost_section(result.cells, "Cells without an answer")


def _references(result: MediationResult) -> Iterator[Section]:
    yield definitions_section(SCORES)
    yield Section("methods", "Methods", tables=(_method_table(result),), folded=True)


_ALL = "The mean rank is over the boards. The other columns are the errors on each board."
_TRUTH = (
    "Effects of the population by enumeration, in units of SD(y); through {}. Direct: "
    "E[Y(1, M(0))] - E[Y(0)]. Indirect: E[Y(0, M(1))] - E[Y(0)]. Interaction: the total less both "
    "(Pearl 2001)."
)
_IDENTIFIED = (
    "The graph identifies the effects from the shown covariates, by the mediation formula."
)
_NOT_IDENTIFIED = "The graph does not identify the effects: a hidden variable confounds them."


def _truth_table(result: MediationResult, scenario: str) -> ReportTable:
    rows = result.truths[result.truths["scenario"] == scenario].to_dict("records")

    def in_sd(name: str) -> Any:
        return lambda row: row[name] / row["sd"]

    columns = [
        text_column("phrasing", "Phrasing", value=lambda row: str(row["phrasing"])),
        number_column("nde", "Direct", value=in_sd("nde")),
        number_column("nie", "Indirect", value=in_sd("nie")),
        number_column("interaction", "Interaction", value=in_sd("interaction")),
        number_column("total", "Total", value=in_sd("total")),
        number_column("sd", "SD(y)"),
    ]
    return make_table(f"truth-{slug(scenario)}", f"True effects of {scenario}", columns, rows)


def _method_table(result: MediationResult) -> ReportTable:
    columns = [
        text_column("name", "Method", value=lambda info: info.name),
        text_column("assumes", "Assumes", value=lambda info: info.assumes),
        text_column("source", "Source", value=lambda info: info.source),
    ]
    infos = [registry.get(name) for name in result.facts["methods"]]
    return make_table("methods", "Methods", columns, infos)


def files(result: MediationResult) -> dict[str, str]:
    """Make the files for programs: the cells and truths as CSV, the boards as JSON.

    Returns
    -------
    The text of each file, by its name.
    """
    found: dict[str, dict[str, Any]] = {}
    for (scenario, setting), records in boards(result).items():
        found.setdefault(scenario, {})[setting] = records
    return {
        "cells.csv": csv_text(result.cells),
        "truths.csv": csv_text(result.truths),
        "board.json": json_text({"facts": result.facts, "boards": found}),
    }
