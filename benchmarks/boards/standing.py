"""Find where methods stand on boards, and test if they differ from their neighbours."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchmarks.boards.board import Board
from benchmarks.boards.comparison import paired_row
from benchmarks.boards.ranking import Ranking
from benchmarks.boards.scores import average_repetitions
from sdscm.statistics.multiplicity import adjusted

_COLUMN = {"lm": "lm", "dataset": "entry", "setting": "setting", "rows": "rows", "target": "target"}

#: Definition of the tests, for readers.
NEIGHBOUR_RULE = (
    "A neighbour is the method next to it in the order of average ranks. The difference is the "
    "mean over phrasings (or files) of the mean difference of scores on the datasets that both "
    "have a score of; its interval and p value are those of Student's t over phrasings (Ibragimov "
    "and Mueller 2010), adjusted for the two neighbours (Holm 1979). A method that was tuned on "
    "these datasets looks better than it is."
)


@dataclass(frozen=True)
class Neighbour:
    """A method next to another one in a ranking, and the test of their difference.

    Attributes
    ----------
    name, rank
        The neighbour.
    difference, low, high
        Mean score of the method less that of the neighbour, and its interval.
    p_value
        Adjusted for the neighbours of the method; NaN if it is not tested.
    verdict
        ``better`` or ``worse`` (more than noise), ``noise``, ``same``, ``untested`` (a single
        phrasing or file) or ``unpaired``.
    """

    name: str
    rank: int
    difference: float
    low: float
    high: float
    p_value: float
    verdict: str


@dataclass(frozen=True, eq=False)
class Standing:
    """Place of a method on a board.

    Attributes
    ----------
    method, board, ranking
        The method, the board, and the ranking on it.
    rank, of
        Rank of the method, and number of ranked methods.
    neighbours
        The method before it, and the one after it, if there are any.
    """

    method: str
    board: Board
    ranking: Ranking
    rank: int
    of: int
    neighbours: tuple[Neighbour, ...]


def standings(
    boards: Sequence[Board], scores: pd.DataFrame, methods: Collection[str]
) -> Iterator[Standing]:
    """Find the places of methods on boards, except on those over scenarios.

    Parameters
    ----------
    boards
    scores
        As `benchmarks.boards.scores.score` returns them.
    methods
        Labels. A method without a rank on a board is left out there.
    """
    for board in boards:
        if board.scenarios:
            continue
        inside = np.ones(len(scores), dtype=bool)
        for key, value in board.group.items():
            inside &= (scores[_COLUMN[key]].astype(str) == value).to_numpy()
        inside &= (scores["target"] == board.target).to_numpy()
        part = average_repetitions(scores[inside])
        part = part.assign(place=part["dataset"] + " " + part["setting"] + " " + part["rows"])
        for ranking in board.rankings.values():
            for method in methods:
                if method in ranking.ranks:
                    yield _standing(method, board, ranking, part)


def _standing(method: str, board: Board, ranking: Ranking, scores: pd.DataFrame) -> Standing:
    order = [str(name) for name in ranking.ranks.columns]
    place, ranks = order.index(method), ranking.average["rank"].to_dict()
    names = [*order[max(place - 1, 0) : place], *order[place + 1 : place + 2]]
    own = scores[scores["estimator"] == method]
    rows = [
        paired_row(scores[scores["estimator"] == name], own, ranking.metric.name, ranking.level)
        for name in names
    ]
    tested = [row["p_value"] if row["verdict"] == "tested" else np.nan for row in rows]
    p_values = adjusted(tested)[0]
    return Standing(
        method,
        board,
        ranking,
        rank=int(ranks[method]),
        of=len(order),
        neighbours=tuple(
            Neighbour(
                name,
                int(ranks[name]),
                row["change"],
                row["low"],
                row["high"],
                float(p_value),
                _verdict(ranking, row["change"], float(p_value), row["verdict"]),
            )
            for name, row, p_value in zip(names, rows, p_values, strict=True)
        ),
    )


def _verdict(ranking: Ranking, change: float, p_value: float, found: str) -> str:
    if found != "tested":
        return found
    if p_value >= 1 - ranking.level:
        return "noise"
    return "better" if (change < 0) == (ranking.metric.better == "lower") else "worse"
