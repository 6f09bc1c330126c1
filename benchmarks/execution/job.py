"""Input of a worker for one cell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchmarks.execution.methods import Maker
from estimators import FitMany

Truths = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of a dataset, for the fit or held out; see `Job`."""

    X: pd.DataFrame
    t: np.ndarray
    y: np.ndarray
    reveal: Truths | None


@dataclass(frozen=True, eq=False)
class Job:
    """Input of a worker for one cell.

    Attributes
    ----------
    maker
        Factory of the estimator.
    X, t, y
        Data of the fit: shapes (n, p), (n,) and (n,).
    reveal
        For an Oracle: the individual effects, and the effects that estimates are scored against.
        None for all other estimators.
    seed, alpha, threads
        As in the cell.
    held_out
        Rows that are not used for the fit.
    memory_limit
        GiB that the cell may use; None for no limit.
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
        """Number of rows of the fit."""
        return len(self.X)
