"""What a metric is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from benchmarks.prediction import Prediction
from benchmarks.truth import Truth

Group = Literal["ATE", "CATE", "ITE", "cost"]
Better = Literal["lower", "higher", "nominal"]


@dataclass(frozen=True)
class Metric:
    """One column of scores.

    Attributes
    ----------
    name, title
        Column in tables for machines, and in tables for people.
    group
        The estimand it belongs to, or ``cost``.
    target
        What it compares with, in words.
    better
        ``nominal``: near a nominal value (0 for a signed error, 1 - alpha for a coverage).
    needs
        The parts of a `Prediction` without which there is no score.
    function
        From prediction and truth to a number; NaN where it is not defined.
    source
        Citation of the formula.
    """

    name: str
    title: str
    group: Group
    target: str
    better: Better
    needs: tuple[str, ...]
    function: Callable[[Prediction, Truth], float]
    source: str

    def score(self, prediction: Prediction, truth: Truth) -> float:
        """The score, or NaN if the prediction lacks what it needs."""
        if any(getattr(prediction, part) is None for part in self.needs):
            return float("nan")
        return float(self.function(prediction, truth))


@dataclass(frozen=True)
class PooledMetric:
    """A score of all datasets of a board together, such as the R2 of their average effects.

    Attributes
    ----------
    name, title, group, target, better, source
        As of a `Metric`.
    columns
        Columns of the table of scores (see `benchmarks.scores.score`) that it is made of. Datasets
        that lack one are left out.
    function
        From weights of shape (..., k), how often each dataset was drawn, and the columns, of shape
        (k,), to scores of shape (...); NaN where it is not defined.
    """

    name: str
    title: str
    group: Group
    target: str
    better: Better
    columns: tuple[str, ...]
    function: Callable[..., np.ndarray]
    source: str
