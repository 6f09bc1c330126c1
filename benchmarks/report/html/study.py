"""Hold the data of the figures of one entry of a suite."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from benchmarks import metrics
from benchmarks.metrics import Metric
from benchmarks.report.html.unit_intervals import UnitIntervals
from benchmarks.report.html.varied_dials import VariedDial

#: Metrics to draw if a suite ranks by no metric that is an error.
_USUAL_ERRORS = ("pehe_sd", "ate_abs_error_sd")


@dataclass(frozen=True, eq=False)
class Study:
    """Hold the scores of one language model and entry, and the other data of their figures.

    Attributes
    ----------
    lm
        Identifier of the language model; empty for data of other origin.
    entry
        Entry of the suite.
    rows
        Rows that are scored: ``fitted``, ``held-out``, or empty if the suite holds out no rows.
    scores
        As `benchmarks.boards.scores.average_repetitions` returns them, without Oracles, which do
        not compete.
    settings
        The settings, in the order of the suite.
    errors
        The metrics that are drawn as errors, in order.
    alpha
        Intervals have the nominal level 1 - alpha.
    bias
        Bias of the plain difference in means by confounding, in SD(y), by dataset.
    dials
        The dials that the suite varies.
    unit_intervals
        Intervals for the units of one dataset.
    unit_dataset
        Name of that dataset.
    """

    lm: str
    entry: str
    rows: str
    scores: pd.DataFrame
    settings: tuple[str, ...]
    errors: tuple[Metric, ...]
    alpha: float
    bias: Mapping[str, float]
    dials: tuple[VariedDial, ...]
    unit_intervals: tuple[UnitIntervals, ...]
    unit_dataset: str

    @cached_property
    def methods(self) -> list[str]:
        """Methods with a score, best first by mean rank on the datasets of the first setting."""
        names = [m.name for m in self.errors]
        scored = self.scores.dropna(subset=names, how="all")
        ranks = self._mean_ranks(names).reindex(scored["estimator"].unique())
        return [str(name) for name in ranks.sort_values(names, kind="stable").index]

    def _mean_ranks(self, names: list[str]) -> pd.DataFrame:
        """Compute the mean rank of each method (row) by each error, in the first setting."""
        first = self.scores[self.scores["setting"] == self.settings[0]]
        ranks = first.groupby("dataset")[names].rank(na_option="bottom")
        has_score = first[names].notna().groupby(first["estimator"]).transform("any")
        ranks = ranks.where(has_score)
        return ranks.groupby(first["estimator"]).mean()

    @cached_property
    def families(self) -> dict[str, str]:
        """Family of each method."""
        pairs = self.scores[["estimator", "family"]].drop_duplicates()
        return dict(zip(pairs["estimator"], pairs["family"], strict=True))

    def leaders(self, metric: str) -> list[str]:
        """List the best method of each family by a metric, best first; figures name these.

        Of a family without a score of the metric, the best method by the other errors.
        """
        first = self._mean_ranks([metric])[metric].reindex(self.methods)
        ranked = [str(name) for name in first.sort_values(kind="stable").index]
        families = self.families
        return list({families[name]: name for name in reversed(ranked)}.values())[::-1]

    def mean(self, method: str, setting: str, metric: str) -> float:
        """Compute the mean score over datasets; NaN without a score."""
        return float(self.values(method, setting, metric).mean())

    def values(self, method: str, setting: str, metric: str) -> pd.Series:
        """Return the scores that are not missing, by dataset."""
        key = (method, setting, metric)
        if key not in self._values:
            cells = self.cells(method, setting)
            # `set_index` would copy all columns, thousands of times.
            index = pd.Index(cells["dataset"], name="dataset")
            self._values[key] = pd.Series(cells[metric].to_numpy(), index, name=metric).dropna()
        return self._values[key]

    @cached_property
    def _values(self) -> dict[tuple[str, str, str], pd.Series]:
        """The results of `values`: figures, tables and texts ask for the same ones."""
        return {}

    def cells(self, method: str, setting: str) -> pd.DataFrame:
        """Return the rows of a method in a setting."""
        return self._cells.get((method, setting), self.scores.iloc[:0])

    @cached_property
    def _cells(self) -> dict[object, pd.DataFrame]:
        """Rows of each method and setting."""
        return dict(iter(self.scores.groupby(["estimator", "setting"])))


def errors_of(rank_by: Iterable[str], scores: pd.DataFrame) -> tuple[Metric, ...]:
    """List the metrics to draw as errors: in ``rank_by``, better when lower, and with a score."""
    ranked = [m for m in map(metrics.get, rank_by) if m.better == "lower" and m.group != "cost"]
    wanted = ranked or [metrics.get(name) for name in _USUAL_ERRORS]
    return tuple(m for m in wanted if scores[m.name].notna().any())


def drawable(values: Sequence[float] | np.ndarray | pd.Series[Any]) -> np.ndarray:
    """Return the finite values."""
    array = np.asarray(values, dtype=float)
    return array[np.isfinite(array)]
