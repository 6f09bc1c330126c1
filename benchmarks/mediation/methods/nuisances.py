"""Models that mediation methods share: of the treatment, the mediators and the outcome."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression


@dataclass(frozen=True, eq=False)
class Rows:
    """The rows that a method sees, as arrays.

    Attributes
    ----------
    X : array of shape (n, p)
    t : array of shape (n,)
        0 or 1.
    m : array of shape (n,)
        The combination of the categories of all mediators: 0, ..., levels - 1.
    y : array of shape (n,)
    levels
        Number of combinations that occur.
    """

    X: np.ndarray
    t: np.ndarray
    m: np.ndarray
    y: np.ndarray
    levels: int

    @classmethod
    def of(cls, X: pd.DataFrame, t: np.ndarray, m: pd.DataFrame, y: np.ndarray) -> Rows:
        """Make the arrays of what ``fit`` gets."""
        found, codes = np.unique(m.to_numpy(), axis=0, return_inverse=True)
        return cls(X.to_numpy(float), np.asarray(t, dtype=int), codes.reshape(-1), y, len(found))

    def take(self, rows: np.ndarray) -> Rows:
        """Some of the rows."""
        return Rows(self.X[rows], self.t[rows], self.m[rows], self.y[rows], self.levels)


def chances(target: np.ndarray, design: np.ndarray, levels: int) -> LevelModel:
    """Fit P(target | design) by logistic regression; see `LevelModel`."""
    present = np.unique(target)
    if len(present) == 1:
        return LevelModel(None, present, levels)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return LevelModel(
            LogisticRegression(C=10.0, max_iter=300).fit(design, target), present, levels
        )


@dataclass(frozen=True, eq=False)
class LevelModel:
    """A fitted model of categories 0, ..., levels - 1, some of which may not occur."""

    model: LogisticRegression | None
    present: np.ndarray
    levels: int

    def __call__(self, design: np.ndarray) -> np.ndarray:
        """P(each level), of shape (n, levels)."""
        found = np.zeros((len(design), self.levels))
        found[:, self.present] = 1.0 if self.model is None else self.model.predict_proba(design)
        return found


def least_squares(design: np.ndarray, y: np.ndarray, penalty: float = 1e-3) -> np.ndarray:
    """Coefficients of a regression with a small penalty, so that each design has a solution."""
    gram = design.T @ design + penalty * np.eye(design.shape[1])
    return np.asarray(np.linalg.solve(gram, design.T @ y))
