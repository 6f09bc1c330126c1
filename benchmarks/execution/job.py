"""Input of a worker for one cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

import estimators
from benchmarks.execution.methods import Maker
from benchmarks.execution.strengths import Question
from estimators import FitMany

Truths = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of a dataset, for the fit or held out.

    Attributes
    ----------
    X, t, y
        Shapes (n, p), (n,) and (n,).
    shown
        What the method needs beside X, t and y, by name.
    reveal
        For an Oracle: the individual effects, and the effects that estimates are scored against.
        None for all other estimators.
    """

    X: pd.DataFrame
    t: np.ndarray
    y: np.ndarray
    reveal: Truths | None
    shown: Mapping[str, Any] = field(default_factory=dict)

    @property
    def of_rows(self) -> dict[str, Any]:
        """What the answers of the method need of the rows, beside X."""
        return {name: each for name, each in self.shown.items() if name in estimators.OF_ROWS}

    @property
    def rows(self) -> int:
        return len(self.X)


@dataclass(frozen=True, eq=False, kw_only=True)
class Job(Rows):
    """Input of a worker for one cell: the rows of the fit, and how to fit and predict.

    Attributes
    ----------
    maker
        Factory of the estimator.
    seed, alpha, threads
        As in the cell.
    held_out
        Rows that are not used for the fit.
    memory_limit
        GiB that the cell may use; None for no limit.
    isolation_group
        Jobs of different isolation groups run in different processes.
    strengths
        Strengths of hidden confounding at which bounds are asked for, if the method has any.
    fit_many, fit_key
        As in `benchmarks.execution.methods.Method`.
    """

    maker: Maker
    seed: int
    alpha: float
    threads: int
    held_out: Rows | None = None
    memory_limit: float | None = None
    isolation_group: str = ""
    fit_many: FitMany = ""
    fit_key: str = ""
    strengths: tuple[Question, ...] = ()
