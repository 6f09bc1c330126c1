"""Compute percentile bootstrap intervals of statistics over phrasings, and within them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from benchmarks.boards.intervals import WithInterval, quantiles
from sdscm.statistics.bootstrap import resampled_counts


def cluster_statistic(
    statistic: Callable[..., np.ndarray],
    columns: Sequence[np.ndarray],
    clusters: np.ndarray,
    *,
    resamples: int,
    level: float,
    seed: int,
) -> WithInterval:
    """Compute a statistic of columns, and its percentile bootstrap interval over whole clusters.

    It is for many clusters: the paper has 50 phrasings. With few, it is too narrow.

    Parameters
    ----------
    statistic
        Function of the weights, of shape (..., k), and the columns, each of shape (k,). A weight
        is the number of times that a dataset was drawn. Returns values of shape (...). Resamples
        on which the statistic is NaN are left out.
    columns
        Arrays of shape (k,); datasets with a NaN in one of them are left out.
    clusters : array of shape (k,)
        Label of the cluster of each dataset.
    resamples, level, seed
        Number of resamples, level of the interval, and seed.
    """
    names, member = np.unique(clusters, return_inverse=True)
    there = ~np.isnan(np.array(columns, dtype=float)).any(axis=0)
    kept, member = [column[there] for column in columns], member[there]
    if not there.any():
        return float("nan"), float("nan"), float("nan")
    estimate = float(statistic(np.ones(len(member)), *kept))
    if len(np.unique(member)) < 2:
        return estimate, float("nan"), float("nan")
    weights = resampled_counts(len(names), resamples, seed)[:, member]
    return estimate, *_ends(statistic(weights[weights.sum(axis=1) > 0], *kept), level)


def stratified_statistic(
    statistic: Callable[..., np.ndarray],
    columns: Sequence[np.ndarray],
    strata: np.ndarray,
    *,
    resamples: int,
    level: float,
    seed: int,
) -> WithInterval:
    """Compute a statistic, and its percentile bootstrap interval over datasets within strata.

    Datasets are drawn within each stratum, so that differences between strata do not widen the
    interval. From the n datasets of a stratum, n - 1 are drawn and weighted by n / (n - 1), so that
    the variance is correct for small n too (Rao and Wu 1988, JASA 83, section 2).

    Parameters
    ----------
    statistic, columns, resamples, level, seed
        As in `cluster_statistic`.
    strata : array of shape (k,)
        Label of the stratum of each dataset.

    Returns
    -------
    estimate, lower, upper : float
        The ends are NaN if a stratum has a single dataset, because its variance is unknown.
    """
    there = ~np.isnan(np.array(columns, dtype=float)).any(axis=0)
    kept, strata = [column[there] for column in columns], strata[there]
    if not there.any():
        return float("nan"), float("nan"), float("nan")
    estimate = float(statistic(np.ones(len(strata)), *kept))
    names, counts = np.unique(strata, return_counts=True)
    if counts.min() < 2:
        return estimate, float("nan"), float("nan")
    generator = np.random.Generator(np.random.Philox(seed))
    weights = np.empty((resamples, len(strata)))
    for name, count in zip(names, counts, strict=True):
        drawn = generator.multinomial(count - 1, np.full(count, 1 / count), resamples)
        weights[:, strata == name] = drawn * count / (count - 1)
    return estimate, *_ends(statistic(weights, *kept), level)


def _ends(found: np.ndarray, level: float) -> tuple[float, float]:
    """Compute the ends of the percentile interval of resampled values; NaN without a value."""
    found = found[~np.isnan(found)]
    if not len(found):
        return float("nan"), float("nan")
    lower, upper = quantiles(found, [(1 - level) / 2, (1 + level) / 2])
    return float(lower), float(upper)


def weighted_mean(weights: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Compute the mean of values of shape (k,), weighted by ``weights`` of shape (..., k)."""
    count = weights.sum(axis=-1)
    if np.isfinite(values).all():
        return weights @ values / count
    # An infinite score that was not drawn must not count, but 0 times infinity is NaN.
    return (weights * np.where(weights > 0, values, 0.0)).sum(axis=-1) / count
