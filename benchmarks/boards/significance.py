"""Test differences between methods: Friedman's test and Nemenyi's test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import friedmanchisquare, studentized_range


@dataclass(frozen=True, eq=False)
class Significance:
    """Hold the tests of the ranks of m methods on b blocks.

    Attributes
    ----------
    friedman
        P-value of the hypothesis that all methods are equivalent (Friedman 1937; Demsar 2006,
        section 3.2.2).
    p_values : DataFrame of shape (m, m)
        P-values of Nemenyi's test for each pair, adjusted for all pairs (Demsar 2006, section
        3.2.2).
    critical_difference
        Two methods differ if the distance of their average ranks is larger than this.
    groups
        Maximal sets of methods in which no two methods differ, the best ranks first. One set of
        all methods if Friedman's test finds no difference.
    level
        The tests have the level 1 - ``level``.
    """

    friedman: float
    p_values: pd.DataFrame
    critical_difference: float
    groups: tuple[tuple[str, ...], ...]
    level: float

    def letters(self, name: str) -> str:
        """Write the groups of a method as letters; ``a`` is the best group.

        Methods that share a letter do not differ. The letters after ``z`` are ``aa``, ``ab``, ...
        """
        return " ".join(_letter(i) for i, group in enumerate(self.groups) if name in group)


def significance(ranks: pd.DataFrame, level: float) -> Significance | None:
    """Test the ranks of methods.

    Parameters
    ----------
    ranks : DataFrame of shape (b, m)
        Rank of each method (column) within each block (row); 1 is the best, ties have their mean.
    level
        The tests have the level 1 - ``level``.

    Returns
    -------
    The tests; None with fewer than three methods, fewer than two blocks, or so few blocks that no
    two average ranks can differ by the critical difference.
    """
    blocks, methods = ranks.shape
    if blocks < 2 or methods < 3 or critical_difference(methods, blocks, level) >= methods - 1:
        return None
    mean = ranks.mean().sort_values(kind="stable")
    ranks = ranks[mean.index]
    ties = (ranks.nunique(axis=1) == 1).all()
    # If all methods tie everywhere, Friedman's statistic is 0 / 0.
    friedman = 1.0 if ties else float(friedmanchisquare(*ranks.to_numpy().T).pvalue)
    found = _nemenyi(mean.to_numpy(), blocks)
    p_values = pd.DataFrame(found, index=mean.index, columns=mean.index)
    names = [str(name) for name in mean.index]
    groups = (tuple(names),) if friedman >= 1 - level else _groups(names, found >= 1 - level)
    return Significance(
        friedman, p_values, critical_difference(methods, blocks, level), groups, level
    )


def critical_difference(methods: int, blocks: int, level: float) -> float:
    """Compute Nemenyi's critical difference of average ranks (Demsar 2006, equation 6)."""
    q = studentized_range.ppf(level, methods, np.inf) / np.sqrt(2)
    return float(q * np.sqrt(methods * (methods + 1) / (6 * blocks)))


def _nemenyi(mean: np.ndarray, blocks: int) -> np.ndarray:
    """Compute the p values of all pairs, from average ranks (Demsar 2006, section 3.2.2)."""
    methods = len(mean)
    rows, columns = np.triu_indices(methods, 1)
    unit = np.sqrt(methods * (methods + 1) / (12 * blocks))
    found = np.ones((methods, methods))
    distance = np.abs(mean[rows] - mean[columns]) / unit
    found[rows, columns] = studentized_range.sf(distance, methods, np.inf)
    found[columns, rows] = found[rows, columns]
    return found


def _groups(names: Sequence[str], alike: np.ndarray) -> tuple[tuple[str, ...], ...]:
    """List the maximal sequences of methods, in the order of average ranks, without a difference.

    Two methods inside a sequence are nearer in rank than its ends, so that they do not differ if
    the ends do not differ.
    """
    found: list[tuple[str, ...]] = []
    reached = -1
    for first in range(len(names)):
        last = int(np.flatnonzero(alike[first]).max())
        if last > reached:
            found.append(tuple(names[first : last + 1]))
            reached = last
    return tuple(found)


def _letter(number: int) -> str:
    alphabet = "abcdefghijklmnopqrstuvwxyz"
    prefix = _letter(number // 26 - 1) if number >= 26 else ""
    return prefix + alphabet[number % 26]
