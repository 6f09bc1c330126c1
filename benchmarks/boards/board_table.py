"""Tables of boards: one for each ranking, for people, and one of all columns, for programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from benchmarks.boards import explain
from benchmarks.boards.board import Board
from benchmarks.boards.columns import BoardColumn, BoardEntry, all_columns, ranking_columns
from benchmarks.boards.ranking import Ranking
from benchmarks.boards.table import (
    ReportTable,
    TableCell,
    TableColumn,
    TableRow,
    best_of,
    make_table,
    number_column,
    text_column,
)
from benchmarks.suite.model import Suite
from sdscm.number_format import slug, two_decimals


@dataclass(frozen=True, kw_only=True)
class BoardTable(ReportTable):
    """Hold the table of a ranking, with what a reader has to know.

    Attributes
    ----------
    name, caption, columns, rows, head
        As of a `ReportTable`; the rows are ordered by the ranking, Oracles last.
    board, ranking
        What the table shows.
    title
        Estimand and metric of the ranking.
    place
        What all cells of the board share: language model, setting, rows.
    notes
        Sentences: what scores compare with, what intervals are, and what marks mean.
    test
        What the tests say of differences; empty if no method competes.
    finding
        Who leads, and how many methods the tests do not tell apart from it; may be empty.
    wins
        Win rate of each method against each other.
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
    """Make the table of each ranking of each board, in their order."""
    return tuple(
        board_table(board, ranking, suite.board.columns, suite.alpha)
        for board in boards
        for ranking in board.rankings.values()
    )


def board_table(
    board: Board, ranking: Ranking, chosen: Sequence[str] | None, alpha: float
) -> BoardTable:
    """Make the table of a ranking; parameters as of `benchmarks.boards.columns.ranking_columns`."""
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


def wide_table(board: Board) -> ReportTable:
    """Make the table of all methods and all columns of a board."""
    columns = all_columns(board)
    entries = [BoardEntry(board, row) for row in _records(board)]
    return make_table("all", "All methods and columns", columns, entries)


def _records(board: Board) -> list[dict[str, Any]]:
    table = board.table
    return [dict(zip(table.columns, row, strict=True)) for row in table.to_numpy(object)]


def _rows(columns: Sequence[BoardColumn], entries: Sequence[BoardEntry]) -> list[TableRow]:
    """Make the rows, the best of each column marked.

    Methods with lost cells, and means over fewer datasets than of other methods, are never best.
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


def _is_apart(entry: BoardEntry) -> bool:
    return bool(entry.row["oracle"])


def _has_lost(entry: BoardEntry) -> bool:
    return bool(entry.row["ok"] < entry.row["cells"])


def _wins(ranking: Ranking, name: str, what: str) -> ReportTable:
    names = [str(method) for method in ranking.wins.columns]

    def column(other: str) -> TableColumn[str]:
        def rate(method: str) -> Any:
            return ranking.wins.loc[method, other]

        def text(method: str) -> str:
            return "" if method == other else two_decimals(rate(method))

        return number_column(other, other, value=rate, text=text, better="higher")

    columns = [text_column("method", value=str), *map(column, names)]
    caption = f"Share of phrasings on which the row's method beats the column's: {what}"
    return make_table(name, caption, columns, names)
