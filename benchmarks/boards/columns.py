"""Register the columns of boards, in order.

A column is one `BoardColumn`. `register_column` adds one to every output: Markdown, LaTeX, HTML,
the terminal, CSV and JSON.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import pandas as pd

from benchmarks import metrics
from benchmarks.boards.board import ORACLE_RANK, Board
from benchmarks.boards.intervals import MIN_CLUSTERS
from benchmarks.boards.ranking import Ranking
from benchmarks.metrics import Metric, PooledMetric
from estimators.plugins import note_other
from sdscm.errors import InputError
from sdscm.number_format import level, number, two_decimals
from sdscm.report_page.table import EVERYWHERE, PAGES, Ends, Medium, TableColumn

AnyMetric = Metric | PooledMetric

#: Mark of a mean over fewer datasets than the means of other methods; see `Board.undefined`.
FEWER = "†"
_NOBODY: frozenset[Medium] = frozenset()
_ON_REQUEST: frozenset[Medium] = frozenset({"html-more"})
_TERMINAL: frozenset[Medium] = frozenset({"terminal"})


@dataclass(frozen=True, eq=False)
class BoardEntry:
    """Hold the values of one method on a board, from which columns make their cells.

    Attributes
    ----------
    board
        The board.
    row
        The method's row of ``board.table``, as a dictionary by column.
    ranking
        The ranking that the table shows; None for columns that do not depend on it.
    """

    board: Board
    row: Mapping[str, Any]
    ranking: Ranking | None = None

    @property
    def method(self) -> str:
        """The label of the method."""
        return str(self.row["estimator"])

    def ranked(self, name: str) -> Any:
        """Return a value of ``board.table`` for the metric of the ranking, such as ``win_rate``."""
        assert self.ranking is not None
        return self.row[self.ranking.column(name)]


@dataclass(frozen=True, kw_only=True)
class BoardColumn(TableColumn[BoardEntry]):
    """Define a column of boards.

    Attributes
    ----------
    by_ranking
        True if the values depend on the metric by which methods are ranked.
    before_metrics
        True if the column is before the metrics; otherwise it is after them.
    """

    by_ranking: bool = False
    before_metrics: bool = False


_COLUMNS: dict[str, BoardColumn] = {}


def register_column(column: BoardColumn) -> None:
    """Add a column at the end of all boards, or at the end of those before the metrics.

    Raises
    ------
    InputError
        If there is another column or a metric of that name.
    """
    if _COLUMNS.get(column.name, column) != column or column.name in metrics.names():
        raise InputError(f"the board column '{column.name}' exists: choose another name")
    _COLUMNS[column.name] = column
    note_other(column.name)


def registered_columns() -> list[BoardColumn]:
    """List the columns other than metrics, in order."""
    return list(_COLUMNS.values())


def ranking_columns(
    board: Board, ranking: Ranking, chosen: Sequence[str] | None, alpha: float
) -> list[BoardColumn]:
    """List the columns of the table of a ranking, for people.

    Parameters
    ----------
    board, ranking
        The board, and one of its rankings.
    chosen
        Names of metrics; the table shows those of them that measure its estimand or a cost. None
        for the metrics that are ``usual`` and for which a method other than the Oracle has a score.
    alpha
        Intervals of methods have the nominal level 1 - alpha.
    """
    shown = [column for column in registered_columns() if column.media]
    scores = _ranking_metrics(board, ranking, chosen, alpha)
    return [
        *(column for column in shown if column.before_metrics),
        *(map(_scenario_column, board.scenarios) if board.scenarios else scores),
        *(column for column in shown if not column.before_metrics),
    ]


def all_columns(board: Board) -> list[BoardColumn]:
    """List every column of a board, for programs: the costs, which differ between runs, last."""
    registry = registered_columns()
    found = [
        _of_ranking(column, ranking)
        for ranking in board.rankings.values()
        for column in registry
        if column.by_ranking
    ]
    found += [column for column in registry if not column.by_ranking]
    known = [
        metric
        for metric in map(metrics.find, metrics.names())
        if not metric.optional or _has_score(board.table, metric.name)
    ]
    for metric in sorted(known, key=lambda metric: metric.group == "cost"):
        found.append(_metric_column(metric))
        if isinstance(metric, Metric) and metric.group != "cost":
            found.append(_median_column(metric))
    return found


def _has_score(rows: pd.DataFrame, metric: str) -> bool:
    """Return whether a row has a score; a published board lacks metrics that are newer."""
    return metric in rows and bool(rows[metric].notna().any())


def _of_ranking(column: BoardColumn, ranking: Ranking) -> BoardColumn:
    """Make the column of one ranking; the metric becomes part of the column's name."""

    def bound(entry: BoardEntry) -> BoardEntry:
        return replace(entry, ranking=ranking)

    value, interval = column.value, column.interval
    return replace(
        column,
        name=ranking.column(column.name),
        value=lambda entry: value(bound(entry)),
        interval=None if interval is None else lambda entry: interval(bound(entry)),
        text=lambda entry: "",
        mark=None,
    )


def _ranking_metrics(
    board: Board, ranking: Ranking, chosen: Sequence[str] | None, alpha: float
) -> Iterator[BoardColumn]:
    ranked, group = ranking.metric, (ranking.metric.group, "cost")
    rows = board.table[
        board.table["estimator"].isin(ranking.methods) & ~board.table["oracle"].astype(bool)
    ]
    known = [metric for name in metrics.names() if (metric := metrics.find(name)).group in group]
    known = [metric for metric in known if _has_score(rows, metric.name)]
    if chosen is None:
        usual = [m for m in known if m.usual or m.group == ranked.group == "cost" or m == ranked]
        shown = sorted(usual, key=lambda metric: metric != ranked)
    else:
        shown = [metric for metric in map(metrics.find, chosen) if metric.group in group]
    for metric in (*shown, *(metric for metric in known if metric not in shown)):
        media = EVERYWHERE if metric in shown else _ON_REQUEST
        if metric == ranked:
            media |= _TERMINAL
        elif chosen is None:
            media -= _TERMINAL
        column = replace(_metric_column(metric, 1 - alpha), media=media)
        if metric == ranked and metric.group != "cost":
            column = replace(column, interval_shown=True)
            if 1 < board.clusters < MIN_CLUSTERS:
                column = replace(column, text=partial(_with_means, column, ranking))
        yield column
    if isinstance(ranked, Metric) and ranked.group != "cost":
        yield replace(
            _median_column(ranked), heading="Median", note="of the ranked score", media=PAGES
        )


def _scenario_column(scenario: str) -> BoardColumn:
    def rank(entry: BoardEntry) -> float | None:
        assert entry.ranking is not None
        return entry.ranking.ranks.T[scenario].to_dict().get(entry.method)

    return BoardColumn(
        name=f"rank_on_{scenario}",
        heading=scenario,
        value=rank,
        form=two_decimals,
        best=True,
        note="average rank",
        definition="Average rank on the board of the scenario.",
    )


def _with_means(column: BoardColumn, ranking: Ranking, entry: BoardEntry) -> str:
    """Write a score and its mean on each phrasing, where these are too few for an interval."""
    form = column.form or number
    score = replace(column, text=None).cell(entry).text
    if entry.method not in ranking.means:
        return score
    return f"{score} [{', '.join(map(form, ranking.means[entry.method].dropna()))}]"


def _metric_column(metric: AnyMetric, nominal: float | None = None) -> BoardColumn:
    name, compared = metric.name, metric.target != "none"
    best = nominal if metric.nominal is None else metric.nominal
    best = best if metric.better == "nominal" else None
    has_interval = metric.group != "cost" and not isinstance(metric, metrics.PooledMetric)

    def interval(entry: BoardEntry) -> Ends:
        return entry.row[f"{name}_low"], entry.row[f"{name}_high"]

    def mark(entry: BoardEntry) -> str:
        return FEWER if entry.method in entry.board.undefined.get(name, {}) else ""

    return BoardColumn(
        name=name,
        heading=metric.title,
        value=lambda entry: entry.row[name],
        form=metric.form,
        interval=interval if has_interval else None,
        mark=mark,
        better="higher" if metric.better == "higher" else "lower",
        nominal=best,
        # A narrow interval or a short time alone does not make a method better.
        best=compared and metric.better != "nominal",
        note=metric.direction("1 - alpha" if nominal is None else level(nominal)),
        definition=first_sentence(metric),
        media=_NOBODY,
        digits=2 if metric.group == "cost" else None,
    )


def _median_column(metric: AnyMetric) -> BoardColumn:
    name = f"{metric.name}_median"
    return BoardColumn(
        name=name,
        heading=f"{metric.title}, median",
        value=lambda entry: entry.row[name],
        form=metric.form,
        interval=lambda entry: (entry.row[f"{name}_low"], entry.row[f"{name}_high"]),
        better="higher" if metric.better == "higher" else "lower",
        media=_NOBODY,
    )


def first_sentence(metric: AnyMetric) -> str:
    """Return the first line of a metric's docstring."""
    return (metric.function.__doc__ or "").strip().partition("\n")[0].replace("``", "`")


def _rank(entry: BoardEntry) -> int | str | None:
    rank = str(entry.ranked("rank"))
    return int(rank) if rank.isdigit() else rank or None


def _letters(entry: BoardEntry) -> str:
    assert entry.ranking is not None
    kept = entry.row.get(entry.ranking.column("group"))
    if isinstance(kept, str):  # of a board that was read from a file
        return kept
    tested = entry.ranking.significance
    return tested.letters(entry.method) if tested is not None else ""


def _cells(entry: BoardEntry) -> str:
    """Write the number of cells with a score, and the number of lost cells by reason."""
    row = entry.row
    if row["ok"] == row["cells"]:
        return str(row["ok"])
    lost = [f"{row[name]} {name}" for name in ("failed", "skipped", "missing") if row[name]]
    return f"{row['ok']} of {row['cells']} ({', '.join(lost)})"


def _field(name: str, **options: Any) -> BoardColumn:
    """Define a board column that shows a column of ``Board.table``."""
    defaults: dict[str, Any] = {
        "heading": name.capitalize(),
        "before_metrics": True,
        "media": _NOBODY,
    }
    return BoardColumn(name=name, value=lambda entry: entry.row[name], **(defaults | options))


for _column in (
    BoardColumn(
        name="rank",
        heading="Rank",
        value=_rank,
        form=str,
        by_ranking=True,
        before_metrics=True,
        definition=f"Place by average rank; {ORACLE_RANK}: an Oracle, which has no rank.",
    ),
    _field("estimator", heading="Method", numeric=False, media=EVERYWHERE),
    _field("family", numeric=False, media=PAGES),
    _field("estimand", numeric=False),
    *map(_field, ("cells", "failed", "timeout", "skipped", "missing", "lost")),
    BoardColumn(
        name="average_rank",
        heading="Average rank",
        value=lambda entry: entry.ranked("average_rank"),
        form=two_decimals,
        interval=lambda entry: (
            entry.ranked("average_rank_low"),
            entry.ranked("average_rank_high"),
        ),
        interval_shown=True,
        by_ranking=True,
        note="over phrasings",
        definition="Mean over phrasings (or files) of the mean rank on their datasets.",
    ),
    BoardColumn(
        name="win_rate",
        heading="Win rate",
        value=lambda entry: entry.ranked("win_rate"),
        form=two_decimals,
        by_ranking=True,
        better="higher",
        note="over the others",
        definition="Share of phrasings (or files) that the method wins, mean over the others.",
        media=PAGES,
    ),
    BoardColumn(
        name="group",
        heading="Group",
        value=_letters,
        numeric=False,
        by_ranking=True,
        note="a shared letter: no difference",
        definition="Methods that share a letter do not differ by Nemenyi's test.",
        media=EVERYWHERE - {"terminal"},
    ),
    BoardColumn(
        name="seed_spread",
        heading="Seed spread",
        value=lambda entry: entry.ranked("seed_spread"),
        by_ranking=True,
        note="of the ranked score",
        definition="Standard deviation of the score over seeds, median over datasets.",
        media=PAGES,
    ),
    _field(
        "off",
        heading="Off",
        form=lambda count: f"{count:,.0f}",
        before_metrics=False,
        note="by more than 1 SD(y)",
        definition="Number of cells whose effects or average effect are off by more than 1 SD(y).",
        media=EVERYWHERE,
    ),
    _field(
        "ok",
        heading="Cells",
        text=_cells,
        better="higher",
        before_metrics=False,
        note="with a score",
        media=EVERYWHERE,
    ),
):
    register_column(_column)
