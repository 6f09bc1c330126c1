"""Intervals over clusters: by hand, and against independent formulas."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from benchmarks.boards.intervals import cluster_means, cluster_medians, quantiles
from sdscm.statistics.bootstrap import studentised_interval

OPTIONS = {"resamples": 2000, "level": 0.95, "seed": 0}
NAN = float("nan")


def draw(seed: int, size: int) -> np.ndarray:
    return np.random.Generator(np.random.Philox(seed)).normal(size=size)


def test_a_studentised_interval_by_hand() -> None:
    """Each resample is drawn again, and its mean and error are those of the written-out list."""
    values, seed = np.array([0.3, 1.0, 2.5, 4.0, 9.0]), 3
    found = studentised_interval(values, np.ones(5), level=0.9, resamples=400, seed=seed)
    generator, ratios = np.random.Generator(np.random.Philox(seed)), []
    for counts in generator.multinomial(5, np.full(5, 0.2), 400):
        resample = np.repeat(values, counts)
        error = max(resample.std() / math.sqrt(5), 0.5 * values.std() / 5)
        ratios.append((resample.mean() - values.mean()) / error)
    error = values.std(ddof=1) / math.sqrt(5)
    low, high = (values.mean() - np.quantile(ratios, share) * error for share in (0.95, 0.05))
    assert found == pytest.approx((low, high))


def test_the_interval_of_means_agrees_with_the_normal_one_with_many_clusters() -> None:
    values = draw(5, 400)
    mean, low, high = cluster_means(values, np.arange(400), **OPTIONS)
    half = 1.96 * values.std() / 20
    assert mean == pytest.approx(values.mean())
    assert (mean - low, high - mean) == pytest.approx((half, half), rel=0.1)


def test_clusters_are_resampled_and_not_rows() -> None:
    """Twenty copies of a score say no more than one."""
    values = draw(1, 8)
    once = cluster_means(values, np.arange(8), **OPTIONS)
    often = cluster_means(np.repeat(values, 20), np.repeat(np.arange(8), 20), **OPTIONS)
    assert often == pytest.approx(once)


@given(st.integers(5, 12), st.integers(0, 10), st.floats(0.1, 100), st.floats(-100, 100))
def test_units_do_not_matter(count: int, seed: int, factor: float, shift: float) -> None:
    values, clusters = draw(seed, count), np.arange(count) // 2 * 2
    clusters[: count // 2] = np.arange(count // 2) + 100  # clusters of one and of two datasets
    found = cluster_means(values, clusters, **OPTIONS)
    moved = cluster_means(factor * values + shift, clusters, **OPTIONS)
    assert moved == pytest.approx([factor * x + shift for x in found], nan_ok=True, abs=1e-8)


def test_equal_scores_have_no_interval() -> None:
    """Six equal scores do not show that the next one is equal, too."""
    found = cluster_means(np.full(10, 3.0), np.repeat(range(5), 2), **OPTIONS)
    assert found == pytest.approx((3.0, NAN, NAN), nan_ok=True)


def test_missing_scores_are_left_out_and_clusters_without_any_do_not_count() -> None:
    values, clusters = np.append(draw(2, 6), NAN), np.array([0, 1, 2, 3, 4, 5, 6])
    assert cluster_means(values, clusters, **OPTIONS) == cluster_means(
        values[:6], clusters[:6], **OPTIONS
    )
    four = cluster_means(np.array([1.0, 2, 3, 4, NAN]), np.arange(5), **OPTIONS)
    assert four == pytest.approx((2.5, NAN, NAN), nan_ok=True)
    nothing = cluster_means(np.array([NAN]), np.array(["a"]), **OPTIONS)
    assert np.isnan(nothing).all()


def test_an_infinite_score_has_no_interval_of_the_mean() -> None:
    values = np.array([1.0, 2, 3, 4, 5, np.inf])
    mean, low, high = cluster_means(values, np.arange(6), **OPTIONS)
    assert mean == np.inf
    assert np.isnan([low, high]).all()
    assert cluster_medians(values, np.arange(6), level=0.95) == (3.5, 1.0, np.inf)


def test_seeded() -> None:
    first, again = (cluster_means(draw(5, 10), np.arange(10), **OPTIONS) for _ in range(2))
    assert first == again
    assert first != cluster_means(draw(5, 10), np.arange(10), **(OPTIONS | {"seed": 1}))


def test_medians_by_hand() -> None:
    """At 5 % the sign test drops none of 6 medians and one on each side of 9; 5 are too few."""
    nine = np.array([9.0, 1, 8, 2, 7, 3, 6, 4, 5])
    assert cluster_medians(nine, np.arange(9), level=0.95) == (5, 2, 8)
    assert cluster_medians(nine[:6], np.arange(6), level=0.95) == (5, 1, 9)
    five = cluster_medians(nine[:5], np.arange(5), level=0.95)
    assert five == pytest.approx((7, NAN, NAN), nan_ok=True)
    twice = cluster_medians(np.array([0.0, 10, 1, NAN, 2, 2]), np.repeat(range(3), 2), level=0.5)
    assert twice == (2, 1, 5)


@pytest.mark.parametrize("count", range(6, 40))
def test_the_interval_of_a_median_is_that_of_the_sign_test(count: int) -> None:
    _, low, high = cluster_medians(np.arange(count, dtype=float), np.arange(count), level=0.95)
    outside = int(low)
    assert high == count - 1 - outside
    covers = [1 - 2 * stats.binom.cdf(k, count, 0.5) for k in (outside, outside + 1)]
    assert covers[0] >= 0.95 > covers[1]


def test_quantiles() -> None:
    finite = np.arange(5.0)
    assert quantiles(finite, [0.1, 0.5]).tolist() == np.quantile(finite, [0.1, 0.5]).tolist()
    assert quantiles(np.array([0, 1, 2, np.inf]), [0, 0.7, 1]).tolist() == [0, 2, np.inf]
