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
    """Rows of a dataset, for the fit or held out.

    Attributes
    ----------
    X, t, y
        Shapes (n, p), (n,) and (n,).
    reveal
        For an Oracle: the individual effects, and the effects that estimates are scored against.
        None for all other estimators.
    """

    X: pd.DataFrame
    t: np.ndarray
    y: np.ndarray
    reveal: Truths | None

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
