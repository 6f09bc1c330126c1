"""Make tables of boards: one of each ranking, for people, and one of all columns, for programs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from benchmarks.boards import explain
from benchmarks.boards.board import Board
from benchmarks.boards.columns import BoardColumn, BoardEntry, all_columns, ranking_columns
from benchmarks.boards.ranking import Ranking, merit
from benchmarks.suite.model import Suite
from sdscm.display import html_card, html_note, html_table
from sdscm.number_format import slug, two_decimals
from sdscm.report_page import ReportTable, TableColumn, make_table, number_column, text_column
from sdscm.report_page.table import TableCell, TableRow, Value

_SHOWN = 8  # methods in a notebook


@dataclass(frozen=True, kw_only=True)
class BoardTable(ReportTable):
    """Hold the table of a ranking, and the sentences that explain it.

    Attributes
    ----------
    name, caption, columns, rows, head
        As in `ReportTable`. The rows are in the order of the ranking, Oracles last.
    board, ranking
        Board and ranking that the table shows.
    title
        Estimand and metric of the ranking.
    place
        Language model, setting and rows of all cells of the board.
    notes
        Sentences on the target of the scores, the intervals and the marks.
    test
        Result of the tests of differences; empty if no method competes.
    finding
        The best method, and the number of methods that do not differ significantly from it; may
        be empty.
    wins
        Win rate of each method against each other method.
    """

    board: Board
    ranking: Ranking
    title: str
    place: str
    notes: tuple[str, ...]
    test: str
    finding: str
    wins: ReportTable


def board_tables(boards: Sequence[Board], suite: Suite) -> tuple[BoardTable, ...]:
    """Make the table of each ranking of each board, in the order of boards and rankings."""
    return tuple(
        board_table(board, ranking, suite.board.columns, suite.alpha)
        for board in boards
        for ranking in board.rankings.values()
    )


def board_table(
    board: Board, ranking: Ranking, chosen: Sequence[str] | None, alpha: float
) -> BoardTable:
    """Make the table of a ranking; parameters as in `benchmarks.boards.columns.ranking_columns`."""
    columns = ranking_columns(board, ranking, chosen, alpha)
    rows = {row["estimator"]: row for row in _records(board)}
    entries = [BoardEntry(board, rows[name], ranking) for name in ranking.methods]
    place = explain.place(board.group)
    title = f"{ranking.metric.group} by {ranking.metric.title}"
    name = slug(ranking.metric.group, ranking.metric.name, *board.group.values())
    made = tuple(_rows(columns, entries))
    marks = {cell.mark for row in made for cell in row.cells}
    return BoardTable(
        name=f"board-{name}",
        caption=f"Leaderboard: {title}, {place}",
        columns=tuple(columns),
        rows=made,
        head="estimator",
        board=board,
        ranking=ranking,
        title=title,
        place=place,
        notes=explain.notes(board, ranking, marks),
        test=explain.test(ranking),
        finding=explain.finding(board, ranking),
        wins=_wins(ranking, f"wins-{name}", f"{title}, {place}"),
    )


def board_html(board: Board) -> str:
    """Show the best methods of each ranking of a board in a notebook."""
    parts = []
    for ranking in board.rankings.values():
        table = board_table(board, ranking, None, 1 - ranking.level)
        columns, rows = table.only("terminal")
        cells = [[cell.full_text for cell in row] for row in rows[:_SHOWN]]
        parts += [
            html_note(table.title),
            html_table([column.heading for column in columns], cells),
            html_note(f"the first {_SHOWN} of {len(rows)} methods" * (len(rows) > _SHOWN)),
        ]
    return html_card("Board", explain.place(board.group), *parts)


def wide_table(board: Board) -> ReportTable:
    """Make the table of all methods and all columns of a board."""
    columns = all_columns(board)
    entries = [BoardEntry(board, row) for row in _records(board)]
    return make_table("all", "All methods and columns", columns, entries)


def _records(board: Board) -> list[dict[str, Any]]:
    table = board.table
    return [dict(zip(table.columns, row, strict=True)) for row in table.to_numpy(object)]


def _rows(columns: Sequence[BoardColumn], entries: Sequence[BoardEntry]) -> list[TableRow]:
    """Make the rows, and mark the best value of each column.

    A method with lost cells is never marked, nor a mean over fewer datasets than other means.
    """
    lists: list[list[TableCell]] = [[] for _ in entries]
    for column in columns:
        cells = [column.cell(entry) for entry in entries]
        best = [False] * len(cells)
        if column.best:
            eligible = [
                None if _is_apart(entry) or _has_lost(entry) or cell.mark else cell.value
                for entry, cell in zip(entries, cells, strict=True)
            ]
            best = best_of(eligible, column.better)
        for found, entry, cell, is_best in zip(lists, entries, cells, best, strict=True):
            interval = "" if _is_apart(entry) else cell.interval
            found.append(replace(cell, best=is_best, interval=interval))
    return [
        TableRow(tuple(cells), str(entry.row["family"]), _is_apart(entry))
        for entry, cells in zip(entries, lists, strict=True)
    ]


def best_of(values: Sequence[Value], better: str) -> list[bool]:
    """Return True for each best value, ties included; texts and infinite values are never best."""
    merits = [
        merit(value) if isinstance(value, int | float) and math.isfinite(value) else None
        for value in values
    ]
    known = [value for value in merits if value is not None]
    if not known:
        return [False] * len(values)
    end = max(known) if better == "higher" else min(known)
    return [value == end for value in merits]


def _is_apart(entry: BoardEntry) -> bool:
    return bool(entry.row["oracle"])


def _has_lost(entry: BoardEntry) -> bool:
    return bool(entry.row["ok"] < entry.row["cells"])


def _wins(ranking: Ranking, name: str, what: str) -> ReportTable:
    names = [str(method) for method in ranking.wins.columns]
    wins = {str(other): rates.to_dict() for other, rates in ranking.wins.items()}

    def column(other: str) -> TableColumn[str]:
        def rate(method: str) -> Any:
            return wins[other][method]

        def text(method: str) -> str:
            return "" if method == other else two_decimals(rate(method))

        return number_column(other, other, value=rate, text=text, better="higher")

    columns = [text_column("method", value=str), *map(column, names)]
    caption = f"Share of phrasings on which the row's method beats the column's: {what}"
    return make_table(name, caption, columns, names)
