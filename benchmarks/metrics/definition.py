"""Define records of metrics: of one dataset (`Metric`), or all datasets (`PooledMetric`)."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, Literal, get_args

import numpy as np

from benchmarks.interface import IV_TARGETS, Prediction, Truth
from benchmarks.provenance.hashing import digest
from benchmarks.provenance.source_code import code_of_function
from sdscm.errors import InputError
from sdscm.number_format import number

Group = Literal["ATE", "CATE", "ITE", "cost"]
Better = Literal["lower", "higher", "nominal"]

#: Limits of scores; see `Metric`.
NOT_NEGATIVE = (0.0, math.inf)
SHARE = (0.0, 1.0)
AT_MOST_1 = (-math.inf, 1.0)
FROM_MINUS_1_TO_1 = (-1.0, 1.0)


@dataclass(frozen=True)
class _Described:
    """Describe a metric.

    Attributes
    ----------
    name, title
        Column name in tables for programs, and column title in tables for people.
    group
        Estimand of the metric, or ``cost``.
    target
        True effect that estimates are compared with; ``none`` for a metric without a truth.
    better
        ``lower``, ``higher``, or ``nominal`` for a metric that is best at a nominal value.
    nominal
        The nominal value; None for 1 - alpha, the nominal value of a coverage.
    usual
        Show the metric in tables unless a suite chooses other metrics.
    form
        Function that formats a score for people.
    limits
        Smallest and largest possible score.
    """

    name: str
    title: str
    group: Group
    target: str
    better: Better
    nominal: float | None = field(default=None, kw_only=True)
    usual: bool = field(default=False, kw_only=True)
    form: Callable[[Any], str] = field(default=number, kw_only=True)
    limits: tuple[float, float] = field(default=(-math.inf, math.inf), kw_only=True)

    def __post_init__(self) -> None:
        for key, known in (("group", get_args(Group)), ("better", get_args(Better))):
            self._check(key, getattr(self, key), known)

    def _check(self, key: str, value: str, known: tuple[str, ...] | list[str]) -> None:
        """Raise an InputError for an unknown word at once, not hours later on a board."""
        if value not in known:
            raise InputError(
                f"metric '{self.name}': {key} '{value}': choose among {', '.join(known)}"
            )

    @property
    def optional(self) -> bool:
        """True for a metric that some runs do not have: tables without a score leave it out."""
        return self.target in IV_TARGETS

    def failure(self, error: Exception) -> InputError:
        """Make the error for the author of a metric whose function raises an exception."""
        why = " ".join(f"{type(error).__name__}: {error}".split())
        return InputError(
            f"metric '{self.name}': its function fails ({why}); it must give a number wherever its "
            "needs are there, NaN where it is not defined"
        )

    def direction(self, level: str) -> str:
        """Describe the best scores in words; ``level`` is 1 - alpha as text."""
        if self.better != "nominal":
            return f"{self.better} is better"
        return f"best near {level if self.nominal is None else f'{self.nominal:g}'}"


@dataclass(frozen=True)
class Metric(_Described):
    """Score one prediction against the truth of one dataset.

    Attributes
    ----------
    name, title, group, target, better, nominal, usual, form, limits
        Name and title; estimand (or ``cost``); true effect; direction of better scores and
        nominal value; shown in tables by default; format of a score; smallest and largest one.
    needs
        Parts of a `Prediction` that the metric needs; without them the score is NaN.
    function
        Function of prediction and truth that returns a number; NaN if the metric is not defined.
    source
        Citation of the formula.

    Raises
    ------
    InputError
        If ``group``, ``better`` or ``needs`` has an unknown value.

    Examples
    --------
    >>> metric = benchmarks.metrics.get("pehe_sd")
    >>> metric.title, metric.better
    ('PEHE / SD(y)', 'lower')
    """

    needs: tuple[str, ...]
    function: Callable[[Prediction, Truth], float]
    source: str

    def __post_init__(self) -> None:
        super().__post_init__()
        for part in self.needs:
            self._check("needs", part, [field.name for field in fields(Prediction)])

    @property
    def optional(self) -> bool:
        """True for a metric that some runs do not have: tables without a score leave it out."""
        return super().optional or "ate_bounds" in self.needs

    @cached_property
    def definition(self) -> str:
        """Hash of the code and the fields that decide a score; a score with another is stale."""
        return digest([self.target, list(self.needs), code_of_function(self.function)])

    def score(self, prediction: Prediction, truth: Truth) -> float:
        """Score a prediction; NaN if it lacks a part that the metric needs.

        Raises
        ------
        InputError
            If the function raises, or does not give a number.
        """
        if any(getattr(prediction, part) is None for part in self.needs):
            return float("nan")
        try:
            return float(self.function(prediction, truth))
        except Exception as error:  # of a plugin, which may raise anything
            raise self.failure(error) from error


@dataclass(frozen=True)
class PooledMetric(_Described):
    """Score all datasets of a board together, for example by the R2 of their average effects.

    Attributes
    ----------
    name, title, group, target, better, nominal, usual, form, limits, source
        As in `Metric`.
    columns
        Columns of the table of scores (see `benchmarks.boards.scores.score`) that the function
        takes. Datasets that lack one of them are left out.
    function
        Function of the weights, of shape (..., k), and the columns, each of shape (k,). A weight
        counts a dataset, or leaves it out (0). Returns scores of shape (...); NaN if the metric is
        not defined. Boards show no interval of the score: where one phrasing in many decides it,
        as for a root mean square of skewed errors, none covers with the phrasings of a suite.

    Examples
    --------
    >>> benchmarks.metrics.find("ate_rmse").title
    'ATE RMSE'
    """

    columns: tuple[str, ...]
    function: Callable[..., np.ndarray]
    source: str

    def score(self, *columns: np.ndarray) -> float:
        """Score the datasets that lack none of the columns; NaN if there is none.

        Parameters
        ----------
        columns : arrays of shape (k,)
            See ``columns``.

        Raises
        ------
        InputError
            If the function raises, or does not give a number.
        """
        there = ~np.isnan(np.array(columns, dtype=float)).any(axis=0)
        if not there.any():
            return float("nan")
        try:
            weights = np.ones(there.sum())
            return float(self.function(weights, *(column[there] for column in columns)))
        except Exception as error:  # of a plugin, which may raise anything
            raise self.failure(error) from error


def in_sd(value: float, truth: Truth) -> float:
    """Divide by SD(y), as in the paper, section 4.2; NaN if y is constant."""
    return value / truth.sd if truth.sd > 0 else float("nan")
