"""Compute bootstrap intervals of means, medians and other statistics over clustered datasets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np

#: A statistic, and the two ends of its interval.
WithInterval = tuple[float, float, float]


def cluster_means(
    values: np.ndarray, clusters: np.ndarray, *, resamples: int, level: float, seed: int
) -> WithInterval:
    """Compute a mean, and its percentile bootstrap interval over whole clusters.

    Parameters
    ----------
    values : array of shape (k,)
        One score for each dataset; missing scores (NaN) are left out.
    clusters : array of shape (k,)
        Label of the cluster of each dataset. Datasets of one phrasing share the mechanisms, so that
        only phrasings are independent (Cameron, Gelbach and Miller 2008, section 2).
    resamples, level, seed
        Number of resamples, level of the interval, and seed. Equal seeds and clusters give equal
        resamples, so that methods are compared on the same draws.

    Returns
    -------
    mean, lower, upper : float
        NaN if all scores are missing; the ends are NaN with fewer than two clusters.
    """
    return _of_clusters(weighted_mean, _means, values, clusters, resamples, level, seed)


def cluster_medians(
    values: np.ndarray, clusters: np.ndarray, *, resamples: int, level: float, seed: int
) -> WithInterval:
    """Compute a median, and its interval; see `cluster_means`."""
    return _of_clusters(weighted_median, _medians, values, clusters, resamples, level, seed)


def _of_clusters(
    statistic: Callable[..., np.ndarray],
    resampled: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray],
    values: np.ndarray,
    clusters: np.ndarray,
    resamples: int,
    level: float,
    seed: int,
) -> WithInterval:
    """Compute a statistic and its interval as `cluster_statistic`, but from draws of clusters.

    ``resampled`` takes the draws, of shape (resamples, clusters), and the cluster of each value and
    the values, both of shape (k,). It returns the statistic of each resample, of shape
    (resamples,).
    """
    names, member = np.unique(clusters, return_inverse=True)
    there = ~np.isnan(values)
    kept, member = values[there], member[there]
    if not len(kept):
        return float("nan"), float("nan"), float("nan")
    estimate = float(statistic(np.ones(len(kept)), kept))
    counts = np.bincount(member, minlength=len(names))
    if np.count_nonzero(counts) < 2:
        return estimate, float("nan"), float("nan")
    draws = _draws(len(names), resamples, seed)
    return estimate, *_ends(resampled(draws[draws @ counts > 0], member, kept), level)


def _means(draws: np.ndarray, member: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Compute the mean of each resample; see `_of_clusters`."""
    if not np.isfinite(values).all():
        return weighted_mean(draws[:, member], values)
    size = draws.shape[1]
    sums = np.bincount(member, weights=values, minlength=size)
    return (draws @ sums) / (draws @ np.bincount(member, minlength=size))


def _medians(draws: np.ndarray, member: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Compute the median of each resample; see `_of_clusters`.

    The values are sorted. The number of drawn values among the first ones is a sum over clusters,
    so that a binary search finds the median without the weight of each value.
    """
    if draws.shape[1] > len(draws):
        return weighted_median(draws[:, member], values)
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    # Number of values of each cluster among the first values in the sorted order.
    upto = np.zeros((len(values), draws.shape[1]))
    upto[np.arange(len(values)), member[order]] = 1
    np.cumsum(upto, axis=0, out=upto)
    half = draws @ upto[-1] / 2

    def first(enough: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        """Find the first position of each resample at which the count is large enough."""
        low = np.zeros(len(draws), dtype=int)
        high = np.full(len(draws), len(values) - 1)
        while (low < high).any():
            middle = (low + high) // 2
            found = enough(np.einsum("rc,rc->r", draws, upto[middle]))
            low, high = np.where(found, low, middle + 1), np.where(found, middle, high)
        return low

    below = first(lambda count: count >= half)
    above = first(lambda count: count > half)
    return (ordered[below] + ordered[above]) / 2


def cluster_statistic(
    statistic: Callable[..., np.ndarray],
    columns: Sequence[np.ndarray],
    clusters: np.ndarray,
    *,
    resamples: int,
    level: float,
    seed: int,
) -> WithInterval:
    """Compute a statistic of one or more columns, and its interval; see `cluster_means`.

    Parameters
    ----------
    statistic
        Function of the weights, of shape (..., k), and the columns, each of shape (k,). A weight
        is the number of times that a dataset was drawn. Returns values of shape (...). Resamples
        on which the statistic is NaN are left out.
    columns
        Arrays of shape (k,); datasets with a NaN in one of them are left out.
    clusters, resamples, level, seed
        As in `cluster_means`.
    """
    names, member = np.unique(clusters, return_inverse=True)
    there = ~np.isnan(np.array(columns, dtype=float)).any(axis=0)
    kept, member = [column[there] for column in columns], member[there]
    if not there.any():
        return float("nan"), float("nan"), float("nan")
    estimate = float(statistic(np.ones(len(member)), *kept))
    if len(np.unique(member)) < 2:
        return estimate, float("nan"), float("nan")
    weights = _draws(len(names), resamples, seed)[:, member]
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


def quantiles(values: np.ndarray, shares: Sequence[float]) -> np.ndarray:
    """Compute quantiles as ``numpy.quantile``; if some values are infinite, without interpolation.

    A finite and an infinite value have no value between them.
    """
    if np.isfinite(values).all():
        return np.quantile(values, shares)
    return np.quantile(values, shares, method="inverted_cdf")


def weighted_mean(weights: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Compute the mean of values of shape (k,), weighted by ``weights`` of shape (..., k)."""
    count = weights.sum(axis=-1)
    if np.isfinite(values).all():
        return weights @ values / count
    # An infinite score that was not drawn must not count, but 0 times infinity is NaN.
    return (weights * np.where(weights > 0, values, 0.0)).sum(axis=-1) / count


def weighted_median(weights: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Compute the median of values of shape (k,), weighted by ``weights`` of shape (..., k).

    It is the mean of the two middle values if the total weight is even.
    """
    order = np.argsort(values, kind="stable")
    ordered, counted = values[order], np.cumsum(weights[..., order], axis=-1)
    half = counted[..., -1:] / 2
    below = np.argmax(counted >= half, axis=-1)
    above = np.argmax(counted > half, axis=-1)
    return (ordered[below] + ordered[above]) / 2


@lru_cache(maxsize=16)
def _draws(clusters: int, resamples: int, seed: int) -> np.ndarray:
    """Count how often each cluster is drawn in each resample; shape (resamples, clusters)."""
    generator = np.random.Generator(np.random.Philox(seed))
    drawn = generator.multinomial(clusters, np.full(clusters, 1 / clusters), resamples)
    drawn = drawn.astype(float)
    drawn.setflags(write=False)
    return drawn
