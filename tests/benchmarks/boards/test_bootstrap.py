from __future__ import annotations

import numpy as np
import pytest

from benchmarks.boards.bootstrap import (
    cluster_means,
    cluster_medians,
    cluster_statistic,
    stratified_statistic,
    weighted_mean,
    weighted_median,
)

OPTIONS = {"resamples": 2000, "level": 0.95, "seed": 0}


def test_clusters_are_resampled_and_not_rows() -> None:
    """Two phrasings of 20 equal scores: a quarter of the resamples is all 0, a quarter all 1."""
    values, clusters = np.repeat([0.0, 1.0], 20), np.repeat(["a", "b"], 20)
    assert cluster_means(values, clusters, **OPTIONS) == (0.5, 0.0, 1.0)
    _, low, high = cluster_means(values, np.arange(40), **OPTIONS)
    assert 0.3 < low < 0.4 < 0.6 < high < 0.7


def test_interval_agrees_with_the_normal_one_with_many_clusters() -> None:
    draw = np.random.Generator(np.random.Philox(5))
    values = draw.normal(size=400)
    mean, low, high = cluster_means(values, np.arange(400), **OPTIONS)
    half = 1.96 * values.std() / np.sqrt(400)
    assert mean == pytest.approx(values.mean())
    assert (mean - low, high - mean) == pytest.approx((half, half), rel=0.1)


def test_equal_clusters_leave_no_width() -> None:
    assert cluster_means(np.full(6, 3.0), np.repeat([1, 2, 3], 2), **OPTIONS) == (3.0, 3.0, 3.0)


def test_missing_scores_are_left_out() -> None:
    values = np.array([1.0, np.nan, 3.0, np.nan])
    mean, low, high = cluster_means(values, np.array(["a", "a", "b", "c"]), **OPTIONS)
    assert (mean, low, high) == (2.0, 1.0, 3.0)


def test_one_cluster_has_a_mean_but_no_interval() -> None:
    mean, low, high = cluster_means(np.array([1.0, 3.0]), np.array(["a", "a"]), **OPTIONS)
    assert mean == 2.0
    assert np.isnan([low, high]).all()


def test_nothing_gives_nothing() -> None:
    assert np.isnan(cluster_means(np.array([np.nan]), np.array(["a"]), **OPTIONS)).all()


def test_seeded() -> None:
    draw = np.random.Generator(np.random.Philox(5)).normal(size=10)
    first, again = (cluster_means(draw, np.arange(10), **OPTIONS) for _ in range(2))
    other = cluster_means(draw, np.arange(10), **(OPTIONS | {"seed": 1}))
    assert first == again
    assert first != other


def test_median_of_counted_values_is_that_of_the_written_out_list() -> None:
    draw = np.random.Generator(np.random.Philox(3))
    values, weights = draw.normal(size=7).round(1), draw.integers(0, 4, size=(50, 7)).astype(float)
    weights[:, 0] += 1
    expected = [np.median(np.repeat(values, w.astype(int))) for w in weights]
    assert weighted_median(weights, values) == pytest.approx(expected)
    assert float(weighted_median(weights[0], values)) == pytest.approx(expected[0])


def test_medians_by_hand() -> None:
    """Three clusters: the median is the middle one unless another is drawn twice, 7/27 each."""
    values, clusters = np.array([1.0, 2.0, 9.0]), np.array(["a", "b", "c"])
    assert cluster_medians(values, clusters, **OPTIONS) == (2.0, 1.0, 9.0)
    assert cluster_medians(values, clusters, **(OPTIONS | {"level": 0.4})) == (2.0, 2.0, 2.0)
    assert cluster_medians(np.array([1, np.nan, 3]), clusters, **OPTIONS)[0] == 2.0


def test_methods_are_compared_on_the_same_draws() -> None:
    """A score that is always 1 more has an interval that is 1 higher, though a part is missing."""
    draw = np.random.Generator(np.random.Philox(5)).normal(size=10)
    clusters = np.arange(10) // 2
    for function in (cluster_means, cluster_medians):
        first = function(draw, clusters, **OPTIONS)
        assert function(draw + 1, clusters, **OPTIONS) == pytest.approx(np.array(first) + 1)


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
