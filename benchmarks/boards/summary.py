"""Average the ranks of boards over scenarios."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from scipy.stats import t

from benchmarks.boards.board import ORACLE_RANK, Board, sorted_rows
from benchmarks.boards.intervals import MIN_CLUSTERS, WithInterval
from benchmarks.boards.ranking import Ranking, place_methods

#: Value of ``dataset`` in the group of a board over scenarios.
ALL = "all scenarios"
_COUNTS = ["cells", "ok", "failed", "timeout", "skipped", "missing", "off"]


def summaries(boards: Sequence[Board]) -> Iterator[Board]:
    """Make a board over scenarios for boards that differ in ``dataset`` only.

    Ranks are averaged within each scenario first, so that each scenario has the same weight,
    whatever its numbers of entries, phrasings and datasets. Scores are not averaged: errors on
    different outcomes, with different targets, have no common mean. Boards that share phrasings are
    of one scenario. A method is ranked if it is ranked on each board.
    """
    alike: dict[tuple[tuple[str, str], ...], list[Board]] = {}
    for board in boards:
        ranked = any(len(ranking.ranks) for ranking in board.rankings.values())
        if "dataset" in board.group and ranked:
            shared = {**board.group, "dataset": ALL}
            shared.pop("target", None)
            alike.setdefault(tuple(shared.items()), []).append(board)
    for group, members in alike.items():
        scenarios = _scenarios(members)
        if len(scenarios) > 1:
            yield _summary(dict(group), members, scenarios)


def _scenarios(boards: Sequence[Board]) -> list[list[Board]]:
    """Put boards that share phrasings together."""
    found: list[tuple[set[str], list[Board]]] = []
    for board in boards:
        own = {str(block) for ranking in board.rankings.values() for block in ranking.ranks.index}
        for blocks, members in found:
            if blocks & own:
                blocks |= own
                members.append(board)
                break
        else:
            found.append((own, [board]))
    return [members for _, members in found]


def _summary(
    group: dict[str, str], boards: Sequence[Board], scenarios: Sequence[Sequence[Board]]
) -> Board:
    names = [members[0].group["dataset"] for members in scenarios]
    rankings = {
        name: _ranking([[b.rankings[name] for b in members] for members in scenarios], names)
        for name in boards[0].rankings
        if all(name in board.rankings for board in boards)
    }
    tables = [board.table.set_index("estimator") for board in boards]
    first = tables[0][["family", "estimand", "oracle"]]
    counts = pd.concat([table[_COUNTS] for table in tables]).groupby(level=0).sum(min_count=1)
    rows = first.join(counts)
    rows["lost"] = 1 - rows["ok"] / rows["cells"]
    for name, ranking in rankings.items():
        places = ranking.average["rank"].astype(str).reindex(rows.index).fillna("")
        rows[f"rank_{name}"] = places.where(~rows["oracle"].astype(bool), ORACLE_RANK)
        for column in ranking.average.columns.drop("rank"):
            rows[ranking.column(column)] = ranking.average[column]
    table = rows.reset_index().reindex(columns=boards[0].table.columns)
    return Board(
        group=group,
        target=" and ".join(sorted({board.target for board in boards})),
        clusters=sum(max(board.clusters for board in members) for members in scenarios),
        table=sorted_rows(table, list(rankings)),
        rankings=rankings,
        undefined={},
        scenarios=tuple(names),
        lms=tuple(dict.fromkeys(name for board in boards for name in board.lms)),
        unseen_share=float(np.mean([board.unseen_share for board in boards])),
    )


def _ranking(rankings: Sequence[Sequence[Ranking]], scenarios: Sequence[str]) -> Ranking:
    """Rank methods by the mean over scenarios of their average ranks.

    ``rankings`` has a list for each scenario: one ranking for each of its boards.
    """
    every = [ranking for members in rankings for ranking in members]
    metric, level = every[0].metric, every[0].level
    methods = list(dict.fromkeys(name for ranking in every for name in ranking.methods))
    common = [name for name in methods if all(name in ranking.ranks for ranking in every)]
    # The mean rank of each phrasing over the boards of a scenario, which share phrasings.
    blocks = [
        pd.concat([ranking.ranks[common] for ranking in members]).groupby(level=0).mean()
        for members in rankings
    ]
    ranks = pd.concat([part.mean() for part in blocks], axis=1, keys=scenarios).T
    wins = np.mean(
        [
            np.mean([ranking.wins.loc[common, common].to_numpy() for ranking in members], axis=0)
            for members in rankings
        ],
        axis=0,
    )
    rows = {}
    for name in common:
        won = [
            np.mean([ranking.average["win_rate"].to_dict()[name] for ranking in members])
            for members in rankings
        ]
        samples = [part[name].to_numpy() for part in blocks]
        rows[name] = (*mean_of_means(samples, level), float(np.mean(won)))
    largest = max(len(ranking.ranks.columns) for ranking in every)
    table = pd.DataFrame(wins, common, common)
    return place_methods(
        metric, methods, ranks, ranks, rows, table, level, largest, "scenario", blocks
    )


def mean_of_means(samples: Sequence[np.ndarray], level: float) -> WithInterval:
    """Compute the mean of the means of independent samples, and its interval.

    The interval is that of Student's t with Satterthwaite's degrees of freedom (Satterthwaite
    1946), which allows each sample a variance of its own.

    Parameters
    ----------
    samples
        Arrays of shape (P,), each of its own size.
    level
        Level of the interval.

    Returns
    -------
    mean, lower, upper : float
        The ends are NaN if a sample has fewer than `MIN_CLUSTERS` values, or if all values of each
        sample are equal.
    """
    mean = float(np.mean([sample.mean() for sample in samples]))
    sizes = np.array([len(sample) for sample in samples])
    if sizes.min() < MIN_CLUSTERS:
        return mean, float("nan"), float("nan")
    variances = np.array([sample.var(ddof=1) for sample in samples]) / sizes
    total = float(variances.sum())
    if total == 0:
        return mean, float("nan"), float("nan")
    freedom = total**2 / float((variances**2 / (sizes - 1)).sum())
    half = float(t.isf((1 - level) / 2, freedom)) * np.sqrt(total) / len(samples)
    return mean, mean - half, mean + half
