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
    whatever its numbers of phrasings and datasets. Scores are not averaged: errors on different
    outcomes, with different targets, have no common mean. A method is ranked if it is ranked on
    the board of each scenario.
    """
    alike: dict[tuple[tuple[str, str], ...], list[Board]] = {}
    for board in boards:
        if "dataset" in board.group:
            shared = {**board.group, "dataset": ALL}
            alike.setdefault(tuple(shared.items()), []).append(board)
    for group, members in alike.items():
        if len(members) > 1:
            yield _summary(dict(group), members)


def _summary(group: dict[str, str], boards: Sequence[Board]) -> Board:
    scenarios = [board.group["dataset"] for board in boards]
    if len(set(scenarios)) < len(boards):  # boards of one scenario with different targets
        scenarios = [f"{board.group['dataset']}, {board.target}" for board in boards]
    rankings = {
        name: _ranking([board.rankings[name] for board in boards], scenarios)
        for name in boards[0].rankings
        if all(name in board.rankings for board in boards)
    }
    tables = [board.table.set_index("estimator") for board in boards]
    first = tables[0][["family", "estimand", "oracle"]]
    counts = pd.concat([table[_COUNTS] for table in tables]).groupby(level=0).sum()
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
        clusters=sum(board.clusters for board in boards),
        table=sorted_rows(table, list(rankings)),
        rankings=rankings,
        undefined={},
        scenarios=tuple(scenarios),
    )


def _ranking(rankings: Sequence[Ranking], scenarios: Sequence[str]) -> Ranking:
    """Rank methods by the mean over scenarios of their average ranks."""
    metric, level = rankings[0].metric, rankings[0].level
    averages = [ranking.average["average_rank"] for ranking in rankings]
    ranks = pd.concat(averages, axis=1, keys=scenarios).dropna().T
    methods = list(dict.fromkeys(name for ranking in rankings for name in ranking.methods))
    rows = {}
    for name in map(str, ranks):
        blocks = [ranking.ranks[name].to_numpy() for ranking in rankings]
        won = [ranking.average["win_rate"].to_dict()[name] for ranking in rankings]
        rows[name] = (*mean_of_means(blocks, level), float(np.mean(won)))
    names = list(ranks.columns)
    wins = np.mean([ranking.wins.loc[names, names].to_numpy() for ranking in rankings], axis=0)
    return place_methods(
        metric, methods, ranks, ranks, rows, pd.DataFrame(wins, names, names), level, "scenario"
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
        The ends are NaN if a sample has fewer than `MIN_CLUSTERS` values.
    """
    mean = float(np.mean([sample.mean() for sample in samples]))
    sizes = np.array([len(sample) for sample in samples])
    if sizes.min() < MIN_CLUSTERS:
        return mean, float("nan"), float("nan")
    variances = np.array([sample.var(ddof=1) for sample in samples]) / sizes
    total = float(variances.sum())
    if total == 0:
        return mean, mean, mean
    freedom = total**2 / float((variances**2 / (sizes - 1)).sum())
    half = float(t.isf((1 - level) / 2, freedom)) * np.sqrt(total) / len(samples)
    return mean, mean - half, mean + half
