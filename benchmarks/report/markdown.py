"""Write the leaderboard as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

import pandas as pd

from benchmarks.boards.board import Board
from benchmarks.boards.board_table import BoardTable
from benchmarks.boards.by_model import RULE, TITLE, compare_models, headlines, model_table
from benchmarks.boards.explain import release_notes, rules
from benchmarks.boards.library_warnings import NOTE, LibraryWarning
from benchmarks.boards.scores import of_cells
from benchmarks.datasets.facts import entry_lines
from benchmarks.report.lists import (
    dataset_note,
    dataset_table,
    metric_table,
    trouble_table,
    version_table,
    warning_table,
)
from benchmarks.report.origins import facts as origin_facts
from benchmarks.storage.manifest import Manifest
from benchmarks.storage.store import Record
from sdscm.data.dataset import Provenance
from sdscm.number_format import joined
from sdscm.report_page.markdown import markdown


def render(
    manifest: Manifest,
    tables: Sequence[BoardTable],
    scores: pd.DataFrame,
    records: Mapping[str, Record],
    warnings: Sequence[LibraryWarning],
    figures: Iterable[str],
    by_model: Sequence[str] = (),
) -> str:
    """Write the whole page; ``by_model`` is the result of `model_section`."""
    suite, facts = manifest.suite, manifest.facts
    parts = [f"# {suite.title or suite.name}", _summary(manifest, facts, scores)]
    parts += [f"{note}." for note in release_notes(manifest)]
    parts += [
        f"![Errors by estimator and setting; the tables below hold the numbers]({name})"
        for name in figures
    ]
    parts += by_model
    for place, of_board in groupby(tables, key=lambda table: table.place):
        parts += [f"## {place[0].upper()}{place[1:]}", *map(_table, of_board)]
    parts += ["## How to read this", *rules(suite), markdown(metric_table(tables, suite.alpha))]
    trouble = trouble_table(scores)
    if trouble is not None:
        parts += ["## Cells without a score", markdown(trouble)]
    warned = warning_table(warnings)
    if warned is not None:
        parts += [f"## {warned.caption}", NOTE, markdown(warned)]
    parts += ["## The datasets", *entry_lines(facts, suite.settings_of)]
    parts += [markdown(dataset_table(facts)), dataset_note(facts)]
    parts += ["## Where it comes from", _provenance(manifest, manifest.provenance, records)]
    return "\n\n".join(parts) + "\n"


def model_section(boards: Sequence[Board], figures: Iterable[str]) -> list[str]:
    """Write the comparison of language models; empty if all boards are of one model."""
    found = compare_models(boards)
    if not found:
        return []
    return [
        f"## {TITLE}",
        "\n".join(f"- {each.finding}" for each in headlines(found)),
        *(f"![Average ranks by language model, in the tables below]({name})" for name in figures),
        markdown(model_table(found)),
        RULE,
    ]


def _summary(manifest: Manifest, facts: pd.DataFrame, scores: pd.DataFrame) -> str:
    cells = of_cells(scores)
    ok = int((cells["status"] == "ok").sum())
    return (
        f"{len(manifest.methods)} estimators, {len(facts)} datasets of {facts['n'].sum():,} rows "
        f"in all, settings {joined(manifest.suite.settings)}: {ok} of {len(cells)} cells scored. "
        f"Remake it with `{manifest.command}`."
    )


def _table(table: BoardTable) -> str:
    parts = [f"### {table.title}", " ".join(table.notes), markdown(table), table.test]
    if table.wins.rows:
        parts.append(
            "<details><summary>Win rate of each method (row) against each other (column)</summary>"
            f"\n\n{markdown(table.wins)}\n\n</details>"
        )
    return "\n\n".join(filter(None, parts))


def _provenance(
    manifest: Manifest, provenance: Mapping[str, Provenance], records: Mapping[str, Record]
) -> str:
    facts = [("Command", f"`{manifest.command}`"), *origin_facts(manifest, provenance.values())]
    rows = version_table(provenance.values(), records.values()).rows
    facts.append(("Versions", "; ".join(" ".join(c.text for c in row.cells) for row in rows)))
    return "\n".join(f"- {name}: {value}" for name, value in facts)
