"""Records of metrics: of each dataset (`Metric`), and of all datasets together (`PooledMetric`)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, Literal, get_args

import numpy as np

from benchmarks.interface import Prediction, Truth
from benchmarks.provenance.hashing import digest
from benchmarks.provenance.source_code import code_of_function
from sdscm.errors import InputError
from sdscm.number_format import number

Group = Literal["ATE", "CATE", "ITE", "cost"]
Better = Literal["lower", "higher", "nominal"]


@dataclass(frozen=True)
class _Described:
    """Describe a metric.

    Attributes
    ----------
    name, title
        Column in tables for programs, and in tables for people.
    group
        Estimand of the metric, or ``cost``.
    target
        True effect that the metric compares with; ``none`` if it compares with nothing.
    better
        ``lower``, ``higher``, or ``nominal``: best at a nominal value.
    nominal
        The nominal value; None for 1 - alpha, as of a coverage.
    usual
        Tables show the metric unless a suite chooses others.
    form
        Writes a score for people.
    """

    name: str
    title: str
    group: Group
    target: str
    better: Better
    nominal: float | None = field(default=None, kw_only=True)
    usual: bool = field(default=False, kw_only=True)
    form: Callable[[Any], str] = field(default=number, kw_only=True)

    def __post_init__(self) -> None:
        for key, known in (("group", get_args(Group)), ("better", get_args(Better))):
            self._check(key, getattr(self, key), known)

    def _check(self, key: str, value: str, known: tuple[str, ...] | list[str]) -> None:
        """Refuse an unknown word where it is written, and not hours later on a board."""
        if value not in known:
            raise InputError(
                f"metric '{self.name}': {key} '{value}': choose among {', '.join(known)}"
            )

    def failure(self, error: Exception) -> InputError:
        """Make the message for the author of a metric whose function raises."""
        why = " ".join(f"{type(error).__name__}: {error}".split())
        return InputError(
            f"metric '{self.name}': its function fails ({why}); it must give a number wherever its "
            "needs are there, NaN where it is not defined"
        )

    def direction(self, level: str) -> str:
        """Say where the best scores lie; ``level`` is 1 - alpha, in words."""
        if self.better != "nominal":
            return f"{self.better} is better"
        return f"best near {level if self.nominal is None else f'{self.nominal:g}'}"


@dataclass(frozen=True)
class Metric(_Described):
    """Score one prediction against the truth of one dataset.

    Attributes
    ----------
    name, title, group, target, better, nominal, usual, form
        Name and title; estimand (or ``cost``); what the metric compares with; where its best
        scores lie; whether tables show it by default; how a score is written.
    needs
        Parts of a `Prediction` without which there is no score.
    function
        From prediction and truth to a number; NaN where the metric is not defined.
    source
        Citation of the formula.

    Raises
    ------
    InputError
        If ``group``, ``better`` or ``needs`` are none of the known words.
    """

    needs: tuple[str, ...]
    function: Callable[[Prediction, Truth], float]
    source: str

    def __post_init__(self) -> None:
        super().__post_init__()
        for part in self.needs:
            self._check("needs", part, [field.name for field in fields(Prediction)])

    @cached_property
    def definition(self) -> str:
        """Hash of the code and of what the score is made of: scores of another one are stale."""
        return digest([self.target, list(self.needs), code_of_function(self.function)])

    def score(self, prediction: Prediction, truth: Truth) -> float:
        """Score a prediction; NaN if it lacks what the metric needs.

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
    """Score all datasets of a board together, such as by the R2 of their average effects.

    Attributes
    ----------
    name, title, group, target, better, nominal, usual, form, source
        As of a `Metric`.
    columns
        Columns of the table of scores (see `benchmarks.boards.scores.score`) that the function
        takes. Datasets that lack one of them are left out.
    function
        From weights of shape (..., k), how often each dataset was drawn, and the columns, of shape
        (k,), to scores of shape (...); NaN where the metric is not defined.
    """

    columns: tuple[str, ...]
    function: Callable[..., np.ndarray]
    source: str


def in_sd(value: float, truth: Truth) -> float:
    """Divide by SD(y), as in the paper, section 4.2; NaN if y is constant."""
    return value / truth.sd if truth.sd > 0 else float("nan")
