"""Compute scores over clusters of datasets (phrasings or files), with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from scipy.stats import binom

from sdscm.statistics.bootstrap import MIN_CLUSTERS as MIN_CLUSTERS
from sdscm.statistics.bootstrap import studentised_interval

#: A statistic, and the two ends of its interval.
WithInterval = tuple[float, float, float]

_NAN = float("nan")


def cluster_means(
    values: np.ndarray, clusters: np.ndarray, *, resamples: int, level: float, seed: int
) -> WithInterval:
    """Compute a mean over datasets, and its interval over clusters.

    Parameters
    ----------
    values : array of shape (k,)
        One score for each dataset; missing scores (NaN) are left out.
    clusters : array of shape (k,)
        Label of the cluster of each dataset. Datasets of one phrasing share the mechanisms, so that
        only phrasings are independent (Cameron, Gelbach and Miller 2008, section 2).
    resamples, level, seed
        See `sdscm.statistics.bootstrap.studentised_interval`.

    Returns
    -------
    mean, lower, upper : float
        NaN if all scores are missing; the ends are NaN with fewer than `MIN_CLUSTERS` clusters, if
        a score is infinite, or if all clusters have the same mean: their spread is then unknown and
        not 0.
    """
    kept, member = _present(values, clusters)
    if not len(kept):
        return _NAN, _NAN, _NAN
    mean, counts = float(kept.mean()), np.bincount(member)
    if len(counts) < MIN_CLUSTERS or not np.isfinite(kept).all():
        return mean, _NAN, _NAN
    sums = np.bincount(member, weights=kept)
    low, high = studentised_interval(sums, counts, level=level, resamples=resamples, seed=seed)
    return (mean, low, high) if low < high else (mean, _NAN, _NAN)


def cluster_medians(values: np.ndarray, clusters: np.ndarray, *, level: float) -> WithInterval:
    """Compute the median over clusters of the median of each, and its interval.

    The ends are order statistics, so that the interval covers the median with at least ``level``
    for any distribution (the inverted sign test; Conover 1999, section 3.2). With 6 clusters and
    the level 95 % they are the smallest and the largest median; with 5 there are no ends.

    Parameters
    ----------
    values, clusters : arrays of shape (k,)
        As in `cluster_means`.
    level
        Level of the interval.
    """
    kept, member = _present(values, clusters)
    if not len(kept):
        return _NAN, _NAN, _NAN
    count = 1 + int(member.max())
    if count < len(kept):
        kept = np.array([np.median(kept[member == number]) for number in range(count)])
    medians = np.sort(kept)
    outside = _outside(count, level)
    ends = (medians[outside], medians[-1 - outside]) if outside >= 0 else (_NAN, _NAN)
    return float(np.median(medians)), float(ends[0]), float(ends[1])


@lru_cache(maxsize=256)
def _outside(count: int, level: float) -> int:
    """Return the largest number of ``count`` medians outside the interval, on each side."""
    outside = int(binom.ppf((1 - level) / 2, count, 0.5))
    return outside - int(binom.cdf(outside, count, 0.5) > (1 - level) / 2)


def _present(values: np.ndarray, clusters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the scores that are there, and the number of the cluster of each."""
    there = ~np.isnan(values)
    return values[there], np.unique(clusters[there], return_inverse=True)[1]


def quantiles(values: np.ndarray, shares: Sequence[float]) -> np.ndarray:
    """Compute quantiles as ``numpy.quantile``; if some values are infinite, without interpolation.

    A finite and an infinite value have no value between them.
    """
    if np.isfinite(values).all():
        return np.quantile(values, shares)
    return np.quantile(values, shares, method="inverted_cdf")
