"""A job: what a worker gets of a cell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchmarks.execution.methods import Maker
from estimators import FitMany

Truths = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows that an estimator is not fitted on, but asked about; see `Job`."""

    X: pd.DataFrame
    t: np.ndarray
    y: np.ndarray
    reveal: Truths | None


@dataclass(frozen=True, eq=False)
class Job:
    """All that a worker is told of a cell.

    Attributes
    ----------
    maker
        Makes the estimator.
    X, t, y
        What the estimator sees.
    reveal
        The individual effects and what effects are scored against, for an Oracle; None for others.
    seed, alpha, threads
        As in the cell.
    held_out
        Rows to ask about beside those of the fit.
    memory_limit
        GiB that the cell may take; None for no limit.
    isolation_group
        Jobs of different isolation groups run in different processes.
    fit_many, fit_key
        As in `benchmarks.execution.methods.Method`.
    """

    maker: Maker
    X: pd.DataFrame
    t: np.ndarray
    y: np.ndarray
    reveal: Truths | None
    seed: int
    alpha: float
    threads: int
    held_out: Rows | None = None
    memory_limit: float | None = None
    isolation_group: str = ""
    fit_many: FitMany = ""
    fit_key: str = ""

    @property
    def rows(self) -> int:
        """Number of rows that it is fitted on."""
        return len(self.X)
