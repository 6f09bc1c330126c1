"""Make the HTML page of a run, and write it with its figures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.boards.board_table import BoardTable, board_tables
from benchmarks.boards.by_model import RULE, TITLE, ModelComparison, headlines, model_table
from benchmarks.boards.explain import NO_LM, ROWS, rows_words, rules, setting_words
from benchmarks.boards.library_warnings import NOTE
from benchmarks.boards.scores import of_cells
from benchmarks.datasets.facts import entry_lines
from benchmarks.datasets.truth import FITTED, UNSEEN
from benchmarks.report import origins
from benchmarks.report.html.figures import boxes, by_model, drawings
from benchmarks.report.html.studies import Run, studies
from benchmarks.report.html.study import Study
from benchmarks.report.lists import (
    dataset_note,
    dataset_table,
    metric_table,
    trouble_table,
    version_table,
    warning_table,
)
from sdscm import __version__
from sdscm.files import put_atomically
from sdscm.number_format import counted, joined, slug
from sdscm.report_page import (
    Boards,
    Drawing,
    Page,
    Picture,
    Section,
    exported,
    render,
    require_libraries,
)

if TYPE_CHECKING:
    from benchmarks.boards.result import Result

_NAME = "report.html"
_DPI = 200
#: What a reader chooses boards by: key in the group of a board, name, and words for a value.
_CHOICES: tuple[tuple[str, str, Callable[[str], str]], ...] = (
    ("dataset", "Data", str),
    ("setting", "Setting", setting_words),
    ("rows", "Rows", rows_words),
    ("lm", "Language model", lambda lm: lm or NO_LM),
    ("target", "Target", str),
)


def write_page(result: Result, folder: Path, *, mixed: bool = False) -> tuple[Path, ...]:
    """Write ``report.html``, and each figure as PNG and PDF to ``figures/``.

    The page needs no other file and no network. Equal records give equal bytes.

    Parameters
    ----------
    result
        The result of `benchmarks.run` or `benchmarks.leaderboard`.
    folder
        Folder of the page.
    mixed
        The value with which the result was made.

    Returns
    -------
    The paths, the page first.

    Raises
    ------
    MissingExtraError
        If matplotlib or Jinja2 is not installed.
    InputError
        If the run's manifest or a dataset of it is damaged.
    """
    require_libraries()
    run = Run.read(result, mixed)
    suite, manifest = result.suite, run.manifest
    pictures = [
        (where, exported(drawing, dpi=_DPI)) for where, drawing in placed_drawings(studies(run))
    ]
    compared = result.by_model
    pictures += [(where, exported(each, dpi=_DPI)) for where, each in ranks_by_model(compared)]
    origin = [dataset.meta for dataset in run.datasets.values()]
    tables = board_tables(result.boards, suite)
    trouble = trouble_table(result.scores)
    reading = (metric_table(tables, suite.alpha),)
    notes = (*entry_lines(result.facts, suite.settings_of), dataset_note(result.facts))
    parts = []
    if compared:
        lines = tuple(each.finding for each in headlines(compared))
        parts.append(Section("models", TITLE, (RULE,), (model_table(compared),), lines))
    parts += [
        Section("reading", "How to read it", rules(suite), reading),
        Section("datasets", "Datasets", notes, (dataset_table(result.facts),)),
    ]
    if trouble is not None:
        parts.append(Section("trouble", "Cells without a score", tables=(trouble,)))
    warned = warning_table(result.warnings)
    if warned is not None:
        parts.append(Section("library-warnings", warned.caption, (NOTE,), (warned,)))
    page = Page(
        title=suite.title or suite.name,
        kicker=f"Benchmark report: suite {suite.name}, sdscm {__version__}",
        lead=_summary(run),
        parts=tuple(parts),
    )
    html = render(
        page,
        "report.html.j2",
        __package__,
        findings=[table.finding for table in tables if table.finding and _rows(table) == FITTED],
        links=_links(tables),
        shown=boards_of(tables, pictures),
        commands=origins.commands(manifest, mixed),
        provenance=origins.facts(manifest, origin),
        suite=origins.suite_yaml(manifest),
        versions=version_table(origin, run.records.values()),
    )
    contents = {_NAME: html.encode()}
    for _, picture in pictures:
        contents |= picture.files
    for name, content in contents.items():
        put_atomically(folder / name, content)
    return tuple(folder / name for name in contents)


def _rows(table: BoardTable) -> str:
    return table.board.group.get("rows", FITTED)


def _links(tables: Sequence[BoardTable]) -> dict[str, str]:
    """Find the first table of each kind of rows, if there are several; names by description."""
    first = {rows_words(_rows(table)): table.name for table in reversed(tables)}
    return {words: first[words] for words in ROWS.values() if words in first and len(first) > 1}


def _summary(run: Run) -> str:
    facts, settings = run.result.facts, run.manifest.suite.settings
    cells = of_cells(run.result.scores)
    ok = int((cells["status"] == "ok").sum())
    known = sum(dataset.effects_known for dataset in run.datasets.values())
    truth = f", {known} of them with known true effects"
    if known == len(run.datasets):
        truth = " whose true effects are known"
    return (
        f"{counted(len(run.manifest.methods), 'method')} on "
        f"{counted(len(facts), 'dataset')}{truth} "
        f"({counted(int(facts['n'].sum()), 'row')} in all), in the "
        f"{'settings' if len(settings) > 1 else 'setting'} {joined(settings)}. "
        f"{ok:,} of {counted(len(cells), 'cell')} scored."
    )


def boards_of(
    tables: Iterable[BoardTable], pictures: Iterable[tuple[dict[str, str], Picture]]
) -> Boards:
    """Join tables and pictures: those of errors by method are above the tables, others below."""
    above: list[tuple[dict[str, str], Picture]] = []
    below: list[tuple[dict[str, str], Picture]] = []
    for where, picture in pictures:
        (above if picture.name.startswith(boxes.NAME) else below).append((where, picture))
    return Boards(tuple(placed_tables(tables)), tuple(above), tuple(below))


def placed_tables(tables: Iterable[BoardTable]) -> Iterator[tuple[dict[str, str], BoardTable]]:
    """Find the values of the choices under which a page shows each table."""
    for table in tables:
        yield _place(table.board.group, table.title), table


def _place(group: Mapping[str, str], effect: str = "") -> dict[str, str]:
    """Name the values under which a page shows a board, or a figure of boards."""
    found = {"Effect": effect} if effect else {}
    for key, name, words in _CHOICES:
        if key in group:
            found[name] = words(group[key])
    return found


def placed_drawings(found: Sequence[Study]) -> Iterator[tuple[dict[str, str], Drawing]]:
    """Draw the figures of all studies, each with the values under which a page shows it.

    The title names the study if there are several.
    """
    several = len({study.lm for study in found}) > 1
    entries = len({study.entry for study in found}) > 1
    for study in found:
        parts = [study.lm or NO_LM] * several
        parts += [study.entry] * entries + [rows_words(study.rows)] * bool(study.rows)
        mark = ", ".join(parts)
        group = {"lm": study.lm, "dataset": study.entry}
        place = _place(group | ({"rows": study.rows} if study.rows else {}))
        for each in drawings(study):
            if mark and each.table is not None:
                table = replace(each.table, name=f"{each.table.name}-{slug(mark)}")
                name, title = f"{each.name}-{slug(mark)}", f"{each.title}, {mark}"
                each = replace(each, name=name, title=title, table=table)
            yield place, each


def ranks_by_model(
    compared: Sequence[ModelComparison],
) -> Iterator[tuple[dict[str, str], Drawing]]:
    """Draw the ranks by language model of each entry and kind of rows, with its place."""
    parts: dict[tuple[str, str], list[ModelComparison]] = {}
    for each in compared:
        rows = each.group.get("rows", "")
        if rows != UNSEEN:
            parts.setdefault((each.group.get("dataset", ""), rows), []).append(each)
    for (entry, rows), found in parts.items():
        drawn = by_model.draw(found)
        marks = [mark for mark in (entry, rows_words(rows)) if mark]
        name, title = slug(drawn.name, *marks), ", ".join([drawn.title, *marks])
        table = drawn.table and replace(drawn.table, name=slug(drawn.table.name, *marks))
        shared = {"dataset": entry, "rows": rows}
        place = _place({key: value for key, value in shared.items() if value})
        yield place, replace(drawn, name=name, title=title, table=table)
