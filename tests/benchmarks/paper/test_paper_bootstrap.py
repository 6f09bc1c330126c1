from __future__ import annotations

import numpy as np
import pytest

from benchmarks.paper.analysis.bootstrap import (
    cluster_statistic,
    stratified_statistic,
    weighted_mean,
)

OPTIONS = {"resamples": 2000, "level": 0.95, "seed": 0}


def test_a_statistic_of_two_columns() -> None:
    """A ratio of means: datasets that lack either are left out, undefined resamples too."""

    def ratio(weights: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        below = weights @ b
        return np.where(below > 0, weights @ a / np.where(below > 0, below, 1), np.nan)

    a, b = np.array([2.0, 4.0, np.nan, 8.0]), np.array([0.0, 2.0, 5.0, np.nan])
    estimate, low, high = cluster_statistic(ratio, [a, b], np.arange(4), **OPTIONS)
    assert (estimate, low) == (3.0, 2.0)  # the first dataset alone is undefined
    assert high > 3


def test_strata_are_kept() -> None:
    """What differs between strata is in every resample: only the spread within them counts."""
    values = np.repeat(np.arange(40.0) * 100, 2) + np.tile([-1.0, 1.0], 40)
    strata = np.repeat(np.arange(40), 2)
    mean, low, high = stratified_statistic(weighted_mean, [values], strata, **OPTIONS)
    assert mean == pytest.approx(1950)
    # The unbiased variance of two values -1 and 1 is 2, of the mean of 80 such values 2 / 80.
    half = 1.96 * np.sqrt(2 / 80)
    assert (mean - low, high - mean) == pytest.approx((half, half), rel=0.08)


@pytest.mark.parametrize("count", [2, 3, 20])
def test_strata_of_few_are_not_too_narrow(count: int) -> None:
    """The variance of resamples is that of the mean of strata, whatever their size."""
    draw = np.random.Generator(np.random.Philox(count))
    values, strata = draw.normal(size=200 * count), np.repeat(np.arange(200), count)
    spread = values.reshape(200, count).var(axis=1, ddof=1).mean() / (200 * count)
    _, low, high = stratified_statistic(weighted_mean, [values], strata, **OPTIONS)
    assert (high - low) / 2 == pytest.approx(1.96 * np.sqrt(spread), rel=0.08)


def test_a_stratum_of_one_has_no_spread() -> None:
    values, strata = np.array([1.0, 2.0, 6.0]), np.array([0, 0, 1])
    found = stratified_statistic(weighted_mean, [values], strata, **OPTIONS)
    assert found[0] == 3
    assert np.isnan(found[1:]).all()
    # A score that is missing does not count.
    pair = stratified_statistic(
        weighted_mean, [np.append(values, np.nan)], np.append(strata, 1), **OPTIONS
    )
    assert np.isnan(pair[1:]).all()
    nothing = stratified_statistic(weighted_mean, [np.full(3, np.nan)], strata, **OPTIONS)
    assert np.isnan(nothing).all()


def test_strata_keep_their_sizes() -> None:
    """Twenty zeros in strata of two, sixty ones in strata of six: the mean is 0.75 in all draws."""
    values = np.repeat([0.0, 1.0], [20, 60])
    strata = np.concatenate([np.repeat(np.arange(10), 2), np.repeat(np.arange(10, 20), 6)])
    found = stratified_statistic(weighted_mean, [values], strata, **OPTIONS)
    assert found == pytest.approx((0.75, 0.75, 0.75))
