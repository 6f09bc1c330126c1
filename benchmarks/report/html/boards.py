"""Boards as tables of the page: one for each estimand that a board ranks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from benchmarks import metrics
from benchmarks.boards.board import CHECK, Board, averaged
from benchmarks.boards.ranking import Standing
from benchmarks.metrics import Metric, PooledMetric
from benchmarks.report.columns import FEWER, best, columns_of, direction, fewer, rows_of
from benchmarks.report.html.view import BoardView, Cell, Column, Row, Table
from benchmarks.report.html.words import first_direction, numeric, setting_words, words
from benchmarks.report.tables import score
from benchmarks.suite.model import Suite
from sdscm.number_format import NONE, joined, number, p_equals, slug

AnyMetric = Metric | PooledMetric


def board_views(boards: Sequence[Board], suite: Suite) -> tuple[BoardView, ...]:
    """One view for each estimand of each board, in their order."""
    return tuple(
        _view(board, standing, suite) for board in boards for standing in board.standings.values()
    )


def metrics_shown(boards: Sequence[Board], chosen: Sequence[str] | None) -> list[AnyMetric]:
    """Every metric of some table of the page, in the order of the registry."""
    seen = {
        metric.name
        for board in boards
        for standing in board.standings.values()
        for metric in _columns(board, standing, chosen)
    }
    return [metrics.find(name) for name in metrics.names() if name in seen]


def title_of(board: Board) -> str:
    """What the cells of a board share, in words."""
    group = dict(board.group)
    setting = group.pop("setting", None)
    parts = [setting_words(setting)] if setting is not None else []
    if rows := group.pop("rows", None):
        parts.append(f"{rows} rows")
    parts += [value or "data of other origin" for value in group.values()]
    return ", ".join(parts) or "all cells"


def _view(board: Board, standing: Standing, suite: Suite) -> BoardView:
    group = standing.metric.group
    heading = f"{group}, {title_of(board)}"
    columns = _columns(board, standing, suite.board.columns)
    usual = {metric.name for metric in columns_of(board, standing, suite.board.columns)}
    bold = {metric.name: best(board, standing, metric) for metric in columns}
    rows = [
        _row(str(name), row, columns, board, standing, bold)
        for name, row in rows_of(board, standing).iterrows()
    ]
    place = slug(" ".join((group, standing.metric.name, *board.group.values())))
    return BoardView(
        heading=heading,
        note=_note(board, standing, columns, suite),
        table=Table(
            id=f"board-{place}",
            caption=f"Leaderboard: {heading}",
            columns=tuple(_heads(columns, usual, suite)),
            rows=tuple(rows),
            filtered=True,
        ),
        test=_test(standing),
        wins=_wins(standing, f"wins-{place}", heading),
    )


def _columns(board: Board, standing: Standing, chosen: Sequence[str] | None) -> list[AnyMetric]:
    """The metrics of a table: the usual or chosen ones, then the others with a score."""
    usual = columns_of(board, standing, chosen)
    rows = rows_of(board, standing)
    seen = rows[~rows["oracle"]]
    others = [
        metric
        for metric in map(metrics.find, metrics.names())
        if metric.group in (standing.metric.group, "cost") and seen[metric.name].notna().any()
    ]
    return list({metric.name: metric for metric in (*usual, *others)}.values())


def _note(board: Board, standing: Standing, columns: Sequence[AnyMetric], suite: Suite) -> str:
    parts = [board.scored_against] if standing.metric.group == "CATE" else []
    if board.clusters < 2:
        parts.append("One phrasing or file: no intervals.")
    else:
        parts.append(
            f"Under the ranked score its {suite.board.level:.0%} interval, which resamples "
            f"{board.clusters} phrasings or files."
        )
    parts.append("Bold: the best.")
    if any(fewer(board, str(name), m) for name in rows_of(board, standing).index for m in columns):
        parts.append(f"{FEWER}: a mean over fewer datasets, since it is not defined on all.")
    return " ".join(parts)


def _heads(columns: Sequence[AnyMetric], usual: set[str], suite: Suite) -> list[Column]:
    found = [
        Column("Method", numeric=False),
        Column("Rank"),
        Column("Family", numeric=False, key=False),
    ]
    for metric in columns:
        note = direction(metric, f"{1 - suite.alpha:.0%}")
        first = first_direction(metric)
        found.append(Column(metric.title, note=note, first=first, key=metric.name in usual))
    found += [
        Column("Median", note="of the ranked score", key=False),
        Column("Average rank", note="over phrasings"),
        Column("Win rate", note="over the others", first="descending", key=False),
        Column("Group", note="a shared letter: no difference", numeric=False),
        Column("Cells", note="scored", first="descending"),
    ]
    return found


def _row(
    name: str,
    row: pd.Series,
    columns: Sequence[AnyMetric],
    board: Board,
    standing: Standing,
    bold: dict[str, set[str]],
) -> Row:
    ranked = standing.metric.name
    cells = [words(name), _rank(str(row[f"rank_{ranked}"])), words(str(row["family"]))]
    for metric in columns:
        value: Any = row[metric.name]
        detail = ""
        if metric.name == ranked and not row["oracle"] and metric.group != "cost":
            detail = _ends(row, ranked)
        shown = score(value, metric) + fewer(board, name, metric)
        cells.append(numeric(float(value), shown, detail, name in bold[metric.name]))
    tested = standing.significance
    average = averaged("average_rank", ranked)
    letters = tested.letters(name) if tested else ""
    cells += [
        numeric(float(row.get(f"{ranked}_median", row[ranked]))),
        numeric(float(row[average]), f"{row[average]:.2f}", _ends(row, average, ".1f")),
        numeric(float(row[averaged("win_rate", ranked)])),
        words(letters) if letters else Cell(NONE),
        _count(row),
    ]
    return Row(tuple(cells), family=str(row["family"]), aside=bool(row["oracle"]))


def _rank(text: str) -> Cell:
    if not text:
        return Cell(NONE)
    return Cell("check") if text == CHECK else Cell(text, text)


def _ends(row: pd.Series, name: str, form: str = "") -> str:
    """The ends of an interval; empty if there is none."""
    low, high = float(row[f"{name}_low"]), float(row[f"{name}_high"])
    if low != low:
        return ""
    return " to ".join(format(end, form) if form else number(end) for end in (low, high))


def _count(row: pd.Series) -> Cell:
    lost = [f"{row[name]} {name}" for name in ("failed", "skipped", "missing") if row[name]]
    whole = row["ok"] == row["cells"]
    text = str(row["ok"]) if whole else f"{row['ok']} of {row['cells']}"
    return Cell(text, str(row["ok"]), joined(lost))


def _test(standing: Standing) -> str:
    tested = standing.significance
    if tested is None:
        return "Too few methods or phrasings to test which methods differ."
    return (
        f"Friedman's test that all methods are alike: {p_equals(tested.friedman)}. Average "
        f"ranks differ at {1 - tested.level:.0%} if they are more than "
        f"{tested.critical_difference:.2f} apart "
        f"(Nemenyi, {len(standing.ranks)} phrasings or files); methods that share a letter do not."
    )


def _wins(standing: Standing, place: str, heading: str) -> Table:
    """The win rate of each method against each other."""
    names = [str(name) for name in standing.ranks.columns]
    wins = standing.wins.loc[names, names].to_numpy(float)
    rows = []
    for name, rates in zip(names, wins, strict=True):
        cells = [
            Cell("") if name == other else numeric(float(rate), f"{rate:.2f}")
            for other, rate in zip(names, rates, strict=True)
        ]
        rows.append(Row((words(name), *cells)))
    columns = [Column("Method", numeric=False)]
    columns += [Column(name, first="descending") for name in names]
    caption = f"Share of phrasings on which the row's method beats the column's: {heading}"
    return Table(place, caption, tuple(columns), tuple(rows))


def findings(boards: Sequence[Board]) -> tuple[str, ...]:
    """One sentence a table: who leads, by how much, and how many the tests do not tell apart."""
    return tuple(
        sentence
        for board in boards
        for standing in board.standings.values()
        if (sentence := _finding(board, standing))
    )


def _finding(board: Board, standing: Standing) -> str:
    metric, rows = standing.metric, rows_of(board, standing)
    leaders = [str(name) for name in rows.index[rows[f"rank_{metric.name}"] == "1"]]
    if not leaders:
        return ""
    value = number(rows.loc[leaders[0], metric.name])
    verb = "leads" if len(leaders) == 1 else "lead"
    told = (
        f"{metric.group}, {title_of(board)}: {joined(leaders)} {verb} with {metric.title} {value}"
    )
    tested = standing.significance
    if tested is None:
        return f"{told}."
    alike = {other for group in tested.groups if leaders[0] in group for other in group}
    count, rivals = len(alike - set(leaders)), len(standing.ranks.columns) - len(leaders)
    return f"{told}; the tests do not tell {count} of the {rivals} others from it."
