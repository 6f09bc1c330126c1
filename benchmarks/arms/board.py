"""Make the board of a run with several arms: a page, and files for programs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchmarks.arms.experiment import ArmsResult
from benchmarks.arms.methods import ORACLE
from benchmarks.arms.scores import SCORES
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
from sdscm.number_format import counted, joined, number, percent, slug
from sdscm.report_page import Page, ReportTable, Section, make_table, number_column, text_column

#: The score that ranks; those that the terminal shows, too; and those with their interval shown.
RANKED_BY = "pehe_sd"
_TERMINAL = ("pehe_sd", "ate_error_sd", "regret_sd")
_INTERVALS = ("pehe_sd", "regret_sd")


def board(result: ArmsResult, scenario: str, setting: str) -> list[dict[str, Any]]:
    """Average the scores of each method over the phrasings of a scenario.

    Returns
    -------
    A record for each method, the best first; see `benchmarks.tasks.board.averages`.
    """
    cells = result.cells
    here = cells[(cells["scenario"] == scenario) & (cells["setting"] == setting)]
    return averages(here, SCORES, by=RANKED_BY, oracles=[ORACLE])


def arm_summary(result: ArmsResult, scenario: str, setting: str) -> list[dict[str, Any]]:
    """Summarise the arms of a scenario by means over phrasings.

    Returns
    -------
    A record for each arm, the reference first: ``arm``, ``share``, ``best`` and ``effect_sd``; see
    `benchmarks.arms.ArmsResult`. Empty if the setting shows nothing.
    """
    arms = result.arms
    if arms.empty:
        return []
    here = arms[(arms["scenario"] == scenario) & (arms["setting"] == setting)]
    facts = ["share", "best", "effect_sd"]
    means = here.groupby("arm", sort=False)[facts].mean()
    return [{"arm": arm, **{name: means.at[arm, name] for name in facts}} for arm in means.index]


def _boards(result: ArmsResult) -> dict[tuple[str, str], list[dict[str, Any]]]:
    return {
        (scenario, setting): board(result, scenario, setting)
        for scenario in result.facts["scenarios"]
        for setting in result.facts["settings"]
        if arm_summary(result, scenario, setting)
    }


def page(result: ArmsResult, *, brief: bool = False) -> Page:
    """Make the page of a run; ``brief``: without the definitions and the list of methods."""
    facts, cells = result.facts, result.cells
    lead = (
        f"Task: the effect of each arm against the reference, from {facts['n']:,} units of "
        f"{joined(list(facts['scenarios']))} that {facts['lm']} made. "
        f"{counted(len(facts['methods']), 'method')}, "
        f"{counted(facts['phrasings'], 'phrasing')} of each scenario. "
        f"{(cells['status'] == 'ok').sum():,} of {len(cells):,} cells gave effects."
    )
    return Page(
        title="Several arms",
        kicker=f"Language model {facts['lm']}, temperature {facts['temperature']:g}",
        lead=lead,
        parts=(*_parts(result), *(() if brief else _references(result))),
    )


def _parts(result: ArmsResult) -> Iterator[Section]:
    boards = _boards(result)
    by = next(each for each in SCORES if each.name == RANKED_BY)
    if len(boards) > 1:
        named = {f"{scenario}, {setting}": found for (scenario, setting), found in boards.items()}
        table = overall_table(named, result.facts["methods"], by, form=number)
        yield Section("all", "All boards", (_ALL,), (table,))
    reading = (
        describe_board(by, result.facts["phrasings"])
        + ": a method of averages has no effects of units. Zero has an effect of 0 for each arm, "
        "and its policy is the reference for all."
    )
    for (scenario, setting), records in boards.items():
        reference, *others = result.facts["arms"][scenario]
        title = f"{scenario}, {setting}"
        table = board_table(
            title, title, records, SCORES, terminal=_TERMINAL, intervals=_INTERVALS, form=number
        )
        compared = f"Reference: {reference}; compared with it: {joined(others)}."
        summary = _arm_table(title, arm_summary(result, scenario, setting))
        yield Section(slug(title), title, (compared, reading), (table, summary))
    yield from lost_section(result.cells, "Cells without effects")


_ALL = "The mean rank is over the boards; the other columns are the means over phrasings of each."


def _arm_table(title: str, summary: list[dict[str, Any]]) -> ReportTable:
    columns = [
        text_column("arm", "Arm"),
        number_column("share", "Units", form=percent),
        number_column("best", "Best for", form=percent),
        number_column("effect_sd", "True average effect / SD(y)"),
    ]
    return make_table(f"arms-{slug(title)}", f"Arms of {title}", columns, summary)


def _references(result: ArmsResult) -> Iterator[Section]:
    yield definitions_section(SCORES)
    columns = [text_column("method"), text_column("how", "Arms")]
    rows = [{"method": name, "how": how} for name, how in result.facts["how"].items()]
    table = make_table("methods", "Methods", columns, rows)
    yield Section("methods", "Methods", tables=(table,), folded=True)


def files(result: ArmsResult) -> dict[str, str]:
    """Make the files for programs: cells, pairs and arms as CSV, the boards as JSON.

    Returns
    -------
    The text of each file, by its name.
    """
    boards = [
        {
            "scenario": scenario,
            "setting": setting,
            "board": records,
            "arms": arm_summary(result, scenario, setting),
        }
        for (scenario, setting), records in _boards(result).items()
    ]
    return {
        "cells.csv": csv_text(result.cells),
        "pairs.csv": csv_text(result.pairs),
        "arms.csv": csv_text(result.arms),
        "board.json": json_text({"facts": result.facts, "boards": boards}),
    }
