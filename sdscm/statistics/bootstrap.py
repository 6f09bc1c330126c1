"""Compute studentised bootstrap intervals of a mean over clusters."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

#: Fewer clusters have too few distinct resamples for the tails of a studentised mean.
MIN_CLUSTERS = 5
#: Least standard error of a resample, as a share of that of the data.
_LEAST_SPREAD = 0.5


def studentised_interval(
    sums: np.ndarray, counts: np.ndarray, *, level: float, resamples: int, seed: int
) -> tuple[float, float]:
    """Compute the studentised bootstrap interval of a mean of values in clusters.

    Whole clusters are resampled. Studentising keeps the coverage with few clusters, where
    percentile intervals are too narrow (Cameron, Gelbach and Miller, "Bootstrap-based improvements
    for inference with clustered errors", Review of Economics and Statistics 2008; Efron and
    Tibshirani, "An introduction to the bootstrap", 1993, section 12.5). The standard error of the
    data has the divisor P - 1, that of a resample P: without this factor the interval is too narrow
    for skewed values. The standard error of a resample is at least half of ``1 / sqrt(P)`` of the
    data's. Without this bound, where few clusters carry the mean, a third of the resamples miss
    them, and their small spread stretches the interval far beyond all values.

    ``docs/explanation/statistics.md`` has the coverage, as ``tests/performance/coverage.py``
    measures it.

    Parameters
    ----------
    sums, counts : arrays of shape (P,)
        Sum of the values of each cluster, and their number, which is not 0. The mean is
        ``sums.sum() / counts.sum()``.
    level, resamples, seed
        Level of the interval, number of resamples, and their seed.

    Returns
    -------
    lower, upper : float

    Raises
    ------
    ValueError
        If there are fewer than `MIN_CLUSTERS` clusters.
    """
    clusters = len(sums)
    if clusters < MIN_CLUSTERS:
        raise ValueError(f"{clusters} clusters; at least {MIN_CLUSTERS} are needed")
    total = float(counts.sum())
    centre = float(sums.sum() / total)
    # Deviations from the centre: a small spread would be lost in the rounding of the squares.
    off = sums - centre * counts
    error = float(np.sqrt((off**2).sum())) / total
    if error <= 1e-12 * max(abs(centre), 1e-300):
        return centre, centre
    draws = resampled_counts(clusters, resamples, seed)
    drawn = draws @ counts
    shifts = draws @ off / drawn
    squares = draws @ off**2 - 2 * shifts * (draws @ (off * counts))
    squares += shifts**2 * (draws @ counts.astype(float) ** 2)
    errors = np.sqrt(np.maximum(squares, 0.0)) / drawn
    ratios = shifts / np.maximum(errors, _LEAST_SPREAD * error / np.sqrt(clusters))
    tail = (1 - level) / 2
    upper, lower = np.quantile(ratios, [1 - tail, tail])
    error *= float(np.sqrt(clusters / (clusters - 1)))
    return centre - float(upper) * error, centre - float(lower) * error


@lru_cache(maxsize=16)
def resampled_counts(clusters: int, resamples: int, seed: int) -> np.ndarray:
    """Count how often each cluster is drawn in each resample; shape (resamples, clusters)."""
    generator = np.random.Generator(np.random.Philox(seed))
    drawn = generator.multinomial(clusters, np.full(clusters, 1 / clusters), resamples)
    drawn = drawn.astype(float)
    drawn.setflags(write=False)
    return drawn
