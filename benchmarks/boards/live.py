"""Rank methods while their run goes on."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

import numpy as np

from benchmarks import metrics
from benchmarks.boards.ranking import merit
from benchmarks.boards.scores import definitions
from benchmarks.datasets.truth import FITTED
from benchmarks.metrics import Metric
from benchmarks.storage.manifest import Manifest
from benchmarks.storage.store import Record
from sdscm.number_format import counted, percent
from sdscm.report_page import ReportTable, make_table, number_column, text_column

#: Rule of the ranks, for the readers of a board.
RULE = (
    "The ranks are of the cells that have ended. Each pair of methods is compared on the datasets "
    "that both have finished; the win rate of a method is its mean over the other methods."
)


@dataclass(frozen=True)
class LiveRow:
    """Hold a method of a `LiveBoard`: its rank (NaN without a score), scores and cells."""

    method: str
    rank: float
    win_rate: float
    score: float
    ended: int
    planned: int
    failed: int


class LiveBoard:
    """Rank methods by one metric in one setting, on the cells that have ended.

    A method's win rate against another one is the share of datasets, among those that both have
    finished, on which its score is better; a tie is half a win, and a failed cell loses. It is
    averaged within phrasings (or files) and over them. With all cells, the order by the mean win
    rate is that by the average rank of the final board.

    Parameters
    ----------
    manifest
        Plan of the run.
    setting
        Setting of the cells; by default the first one of the suite.
    datasets
        Names of the datasets; by default all.
    name
        Identifier of the table.
    """

    def __init__(
        self,
        manifest: Manifest,
        setting: str = "",
        datasets: Collection[str] | None = None,
        name: str = "live",
    ) -> None:
        self.name = name
        suite = manifest.suite
        self.metric: Metric = metrics.get(suite.board.rank_by[0])
        self.setting = setting or suite.settings[0]
        self._definition = definitions(suite, manifest.methods)[self.metric.name]
        sources = [s for s in manifest.sources if datasets is None or s.name in datasets]
        labels = [each.label for each in manifest.methods if not each.oracle]
        self._labels = {label: place for place, label in enumerate(labels)}
        self._datasets = {source.name: place for place, source in enumerate(sources)}
        names = list(dict.fromkeys(source.cluster for source in sources))
        self._cluster = np.array([names.index(source.cluster) for source in sources], dtype=int)
        shape = (len(sources), len(labels))
        self._planned, self._ended, self._failed = (np.zeros(shape, dtype=int) for _ in range(3))
        self._sums = np.zeros(shape)
        for cell in manifest.cells:
            if (place := self._place(cell.dataset, cell.setting, cell.estimator)) is not None:
                self._planned[place] += 1

    def add(self, record: Record) -> None:
        """Add the record of a cell; one of another setting or dataset is left out."""
        cell = record.cell
        place = self._place(cell.dataset, cell.setting, cell.estimator)
        # A score of an older definition is computed again when the run ends.
        old = record.definitions.get(self.metric.name, self._definition) != self._definition
        if place is None or old:
            return
        self._ended[place] += 1
        self._failed[place] += record.outcome.status in ("failed", "timeout")
        self._sums[place] += record.scores.get(FITTED, {}).get(self.metric.name, math.nan)

    def table(self) -> ReportTable:
        """Make the table of all methods, the best first."""
        rows = sorted(self._rows(), key=lambda row: (math.isnan(row.rank), row.rank, row.method))
        columns = [
            number_column("rank", "Rank", value=lambda row: row.rank, form=lambda v: f"{v:.0f}"),
            text_column("method", value=lambda row: row.method),
            number_column(
                "win_rate",
                "Win rate",
                value=lambda row: row.win_rate,
                form=percent,
                better="higher",
                definition="Share of comparisons with another method that it wins.",
            ),
            number_column(
                "score",
                self.metric.title,
                value=lambda row: row.score,
                form=self.metric.form,
                better="higher" if self.metric.better == "higher" else "lower",
                definition="Mean over the datasets that the method has finished.",
            ),
            number_column(
                "cells",
                "Cells",
                value=lambda row: row.ended,
                text=_cells,
                definition="Cells that have ended, of those planned.",
            ),
        ]
        where = f"{self.metric.title}, setting {self.setting}"
        compared = counted(int((self._ended > 0).all(axis=1).sum()), "dataset")
        caption = (
            f"Best so far by {where}; all methods have finished {compared} of {len(self._datasets)}"
        )
        return replace(make_table(self.name, caption, columns, rows), head="method")

    def _place(self, dataset: str, setting: str, method: str) -> tuple[int, int] | None:
        if setting != self.setting or dataset not in self._datasets or method not in self._labels:
            return None
        return self._datasets[dataset], self._labels[method]

    def _rows(self) -> Iterator[LiveRow]:
        done = self._ended > 0
        with np.errstate(invalid="ignore", divide="ignore"):
            scores = np.where(done, self._sums / self._ended, np.nan)
        wins = self._win_rates(scores, done)
        competes = np.isfinite(wins)
        merits = [
            merit(-wins[place]) if competes[place] else math.nan for place in range(len(wins))
        ]
        for label, place in self._labels.items():
            found = scores[:, place]
            found = found[~np.isnan(found)]
            yield LiveRow(
                method=label,
                rank=1.0 + sum(each < merits[place] for each in merits)
                if competes[place]
                else math.nan,
                win_rate=float(wins[place]),
                score=float(found.mean()) if len(found) else math.nan,
                ended=int(self._ended[:, place].sum()),
                planned=int(self._planned[:, place].sum()),
                failed=int(self._failed[:, place].sum()),
            )

    def _win_rates(self, scores: np.ndarray, done: np.ndarray) -> np.ndarray:
        """Compute the mean win rate of each method; NaN if it is compared with no other."""
        sign = -1 if self.metric.better == "higher" else 1
        # Rounded as on the final board; an infinite score is better than none.
        values = np.vectorize(merit, otypes=[float])(sign * scores)
        values = np.minimum(values, np.finfo(float).max)
        compete = ~np.isnan(values).all(axis=0)
        done = done & compete & ~np.isnan(values).all(axis=1, keepdims=True)
        values = np.where(np.isnan(values), np.inf, values)
        first, second = values[:, :, None], values[:, None, :]
        both = done[:, :, None] & done[:, None, :] & ~np.eye(len(compete), dtype=bool)
        won = np.where(both, (first < second) + 0.5 * (first == second), 0.0)
        count = np.zeros((1 + self._cluster.max(initial=0), *both.shape[1:]))
        total = np.zeros_like(count)
        np.add.at(count, self._cluster, both)
        np.add.at(total, self._cluster, won)
        with np.errstate(invalid="ignore"):
            return _mean(_mean(total / count, axis=0), axis=1)


def _mean(values: np.ndarray, axis: int) -> np.ndarray:
    """Average the numbers that are there; NaN if there are none."""
    there = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        return np.where(there, values, 0.0).sum(axis=axis) / there.sum(axis=axis)


def _cells(row: LiveRow) -> str:
    failed = f", {row.failed} failed" if row.failed else ""
    return f"{row.ended:,} of {row.planned:,}{failed}"
