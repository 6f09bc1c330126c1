"""What a metric is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Literal, get_args

import numpy as np

from benchmarks.interface import Prediction, Truth
from sdscm.errors import InputError

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

    def __post_init__(self) -> None:
        _check_words(self)
        parts = [field.name for field in fields(Prediction)]
        for part in self.needs:
            if part not in parts:
                raise InputError(
                    f"metric '{self.name}': needs '{part}': choose among {', '.join(parts)}"
                )

    def score(self, prediction: Prediction, truth: Truth) -> float:
        """The score, or NaN if the prediction lacks what it needs.

        Raises
        ------
        InputError
            If the function raises, or gives no number: it may be a stranger's.
        """
        if any(getattr(prediction, part) is None for part in self.needs):
            return float("nan")
        try:
            return float(self.function(prediction, truth))
        except Exception as error:
            raise broken(self, error) from error


@dataclass(frozen=True)
class PooledMetric:
    """A score of all datasets of a board together, such as the R2 of their average effects.

    Attributes
    ----------
    name, title, group, target, better, source
        As of a `Metric`.
    columns
        Columns of the table of scores (see `benchmarks.boards.scores.score`) that it is made of.
        Datasets that lack one are left out.
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

    def __post_init__(self) -> None:
        _check_words(self)


def broken(metric: Metric | PooledMetric, error: Exception) -> InputError:
    """What to tell whose metric raises."""
    why = " ".join(f"{type(error).__name__}: {error}".split())
    return InputError(
        f"metric '{metric.name}': its function fails ({why}); it must give a number wherever its "
        "needs are there, NaN where it is not defined"
    )


def _check_words(metric: Metric | PooledMetric) -> None:
    """Refuse a word that no board knows where it is written, and not hours later."""
    for key, known in (("group", get_args(Group)), ("better", get_args(Better))):
        value = getattr(metric, key)
        if value not in known:
            raise InputError(
                f"metric '{metric.name}': {key} '{value}': choose among {', '.join(known)}"
            )
