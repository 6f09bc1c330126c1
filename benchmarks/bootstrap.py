"""Intervals of means over datasets that come in clusters."""

from __future__ import annotations

import numpy as np


def cluster_means(
    values: np.ndarray, clusters: np.ndarray, *, resamples: int, level: float, seed: int
) -> tuple[float, float, float]:
    """Mean, and percentile bootstrap interval that resamples whole clusters.

    Parameters
    ----------
    values : array of shape (k,)
        One score a dataset; NaN are left out.
    clusters : array of shape (k,)
        Label of the cluster of each. Datasets of one phrasing share the mechanisms, so that only
        phrasings are independent (Cameron, Gelbach and Miller 2008, section 2).
    resamples, level, seed
        Number of resamples, level of the interval, and seed. Equal seeds and clusters give equal
        resamples, so that methods are compared on the same draws.

    Returns
    -------
    mean, lower, upper : float
        NaN if no value is there; the ends are NaN with fewer than two clusters.
    """
    names, member = np.unique(clusters, return_inverse=True)
    there = ~np.isnan(values)
    sums = np.bincount(member, np.where(there, values, 0.0), len(names))
    counts = np.bincount(member, there, len(names))
    if counts.sum() == 0:
        return float("nan"), float("nan"), float("nan")
    mean = float(sums.sum() / counts.sum())
    if (counts > 0).sum() < 2:
        return mean, float("nan"), float("nan")
    generator = np.random.Generator(np.random.Philox(seed))
    drawn = generator.multinomial(len(names), np.full(len(names), 1 / len(names)), resamples)
    weight = drawn @ counts
    means = (drawn @ sums)[weight > 0] / weight[weight > 0]
    lower, upper = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return mean, float(lower), float(upper)
