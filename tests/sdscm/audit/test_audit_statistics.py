"""Intervals, tests and variance components against brute force and textbook numbers."""

from __future__ import annotations

import math
from itertools import product
from typing import Any

import numpy as np
import pytest
from scipy import stats

from sdscm.audit.inference import (
    bootstrap_interval,
    detectable_effect,
    equivalence,
    minimum_effect,
    sign_flip,
    variance_split,
)
from sdscm.statistics.multiplicity import adjusted

EFFECTS = np.array([0.31, -0.04, 0.22, 0.11, 0.4, 0.07, -0.1, 0.18])


def flipped(effects: np.ndarray) -> np.ndarray:
    """The means under every pattern of signs, one by one."""
    return np.array([np.mean(effects * s) for s in product((1, -1), repeat=len(effects))])


def test_the_sign_flip_test_counts_all_patterns() -> None:
    means, seen = flipped(EFFECTS), EFFECTS.mean()
    expected = np.mean(np.abs(means) >= abs(seen) - 1e-12)
    assert 0.01 < expected < 0.1
    assert sign_flip(EFFECTS) == pytest.approx(expected)
    greater = np.mean(means >= seen - 1e-12)
    assert sign_flip(EFFECTS, alternative="greater") == pytest.approx(greater)
    assert sign_flip(-EFFECTS, alternative="less") == pytest.approx(greater)
    shifted = flipped(EFFECTS - 0.05)
    expected = np.mean(shifted >= (EFFECTS - 0.05).mean() - 1e-12)
    assert sign_flip(EFFECTS, at=0.05, alternative="greater") == pytest.approx(expected)


def test_the_sign_flip_test_of_few_phrasings() -> None:
    assert sign_flip(np.full(6, 0.1)) == pytest.approx(2 / 2**6)
    assert sign_flip(np.full(3, -0.1)) == pytest.approx(2 / 2**3)
    assert sign_flip(np.array([0.3])) == 1
    assert sign_flip(np.array([0.3]), alternative="greater") == 0.5
    assert sign_flip(np.array([0.3]), alternative="less") == 1
    assert sign_flip(np.array([-0.3]), alternative="less") == 0.5
    assert sign_flip(np.zeros(9)) == 1


def test_the_sign_flip_test_of_many_phrasings_draws_patterns() -> None:
    effects = np.random.default_rng(2).normal(0.25, 1, 60)
    found = sign_flip(effects, seed=1)
    assert found == sign_flip(effects, seed=1)
    assert found != sign_flip(effects, seed=2)
    assert found == pytest.approx(stats.ttest_1samp(effects, 0).pvalue, abs=0.02)
    assert sign_flip(effects + 9) == pytest.approx(1 / (2**14 + 1))


@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
@pytest.mark.parametrize("at", [0.0, 0.1, 0.2])
def test_the_sign_flip_test_agrees_with_scipy(alternative: Any, at: float) -> None:
    off = EFFECTS - at
    expected = stats.permutation_test(
        (off, -off),
        lambda one, _, axis: one.mean(axis=axis),
        permutation_type="samples",
        vectorized=True,
        alternative=alternative,
    )
    assert sign_flip(EFFECTS, at=at, alternative=alternative) == pytest.approx(expected.pvalue)


def test_adjustment_and_power_agree_with_statsmodels() -> None:
    multitest = pytest.importorskip("statsmodels.stats.multitest")
    power = pytest.importorskip("statsmodels.stats.power")
    given = np.random.default_rng(3).uniform(size=40) ** 3
    for found, method in zip(adjusted(given), ("holm", "fdr_bh"), strict=True):
        np.testing.assert_allclose(found, multitest.multipletests(given, method=method)[1])
    for alpha, chance in ((0.05, 0.8), (0.1, 0.95)):
        size = power.TTestPower().solve_power(nobs=8, alpha=alpha, power=chance)
        found = detectable_effect(EFFECTS, alpha=alpha, power=chance)
        assert found == pytest.approx(float(size) * EFFECTS.std(ddof=1), rel=1e-5)


def test_scale_changes_no_p_value() -> None:
    assert sign_flip(EFFECTS * 1e-7) == sign_flip(EFFECTS) == sign_flip(EFFECTS * 1e7)


def test_minimum_effect_and_equivalence() -> None:
    """A clear effect, a clear absence, and one that is neither, at 0.1 of interest."""
    large = 0.3 + (EFFECTS - EFFECTS.mean()) / 10
    none = 0.01 + (EFFECTS - EFFECTS.mean()) / 10
    least = 1 / 2**8
    assert minimum_effect(large, 0.1) == pytest.approx(2 * least)
    assert minimum_effect(-large, 0.1) == pytest.approx(2 * least)
    assert equivalence(large, 0.1) == 1
    assert equivalence(none, 0.1) == pytest.approx(least)
    assert equivalence(-none, 0.1) == pytest.approx(least)
    assert minimum_effect(none, 0.1) == 1
    assert minimum_effect(EFFECTS, 0.1) > 0.1
    assert equivalence(EFFECTS, 0.1) > 0.1


def test_the_minimum_effect_of_0_is_the_test_of_no_effect() -> None:
    assert minimum_effect(EFFECTS, 0.0) == pytest.approx(sign_flip(EFFECTS))


def test_adjusted_p_values_by_hand() -> None:
    holm, hochberg = adjusted([0.01, float("nan"), 0.04, 0.03, 0.005])
    np.testing.assert_allclose(holm, [0.03, np.nan, 0.06, 0.06, 0.02])
    np.testing.assert_allclose(hochberg, [0.02, np.nan, 0.04, 0.04, 0.02])
    assert all(np.isnan(each).all() for each in adjusted([float("nan")]))


def test_the_interval_of_many_phrasings_is_the_normal_one() -> None:
    effects = np.random.default_rng(0).normal(2, 3, 400)
    found = bootstrap_interval(effects)
    half = 1.96 * effects.std(ddof=1) / 20
    assert found.low == pytest.approx(effects.mean() - half, abs=0.05 * half)
    assert found.high == pytest.approx(effects.mean() + half, abs=0.05 * half)
    assert bootstrap_interval(effects, level=0.5).high < found.high
    assert found == bootstrap_interval(effects)
    assert found != bootstrap_interval(effects, seed=1)


def test_the_interval_leans_to_the_long_tail() -> None:
    effects = np.random.default_rng(0).exponential(size=15)
    found = bootstrap_interval(effects)
    assert found.high - effects.mean() > 1.3 * (effects.mean() - found.low)
    moved = bootstrap_interval(-5 * effects + 100)
    assert moved.low == pytest.approx(100 - 5 * found.high)
    assert moved.high == pytest.approx(100 - 5 * found.low)


def test_intervals_of_equal_and_of_few_phrasings() -> None:
    same = bootstrap_interval(np.full(7, 0.3))
    assert (same.low, same.high) == pytest.approx((0.3, 0.3))
    assert bootstrap_interval(np.zeros(5)).covers(0.0)
    one_off = bootstrap_interval(np.array([0.0] * 9 + [1.0]))
    assert math.isfinite(one_off.low)
    assert math.isfinite(one_off.high)
    with pytest.raises(ValueError, match="4 clusters"):
        bootstrap_interval(EFFECTS[:4])


@pytest.mark.parametrize("count", [5, 10, 30])
def test_the_interval_of_one_phrasing_with_an_effect_is_no_wider_than_effects_can_be(
    count: int,
) -> None:
    """The others are all but 0: resamples without the one have hardly any spread."""
    effects = np.append(1e-6 * np.random.default_rng(1).normal(size=count - 1), 0.3)
    found = bootstrap_interval(effects)
    assert found.covers(0.0)
    assert -0.1 < found.low < effects.mean() < found.high < 0.6
    # Were one in a few of all phrasings such, as may be: the interval holds that, too.
    assert found.covers(2 * effects.mean())
    alone = bootstrap_interval(np.append(np.zeros(count - 1), 0.3))
    assert (alone.low, alone.high) == pytest.approx((found.low, found.high), abs=1e-3)


@pytest.mark.parametrize("count", [6, 20])
def test_coverage_where_few_phrasings_carry_the_effect(count: int) -> None:
    generator = np.random.default_rng(count)
    held, runs = 0, 200
    for _ in range(runs):
        effects = (generator.random(count) < 0.4) * 0.3 + generator.normal(0, 1e-3, count)
        held += bootstrap_interval(effects, resamples=500).covers(0.12)
    assert held / runs > (0.9 if count == 20 else 0.85)


def test_within_and_covers() -> None:
    found = bootstrap_interval(EFFECTS)
    assert found.covers(EFFECTS.mean())
    assert not found.covers(9)
    assert found.within(9)
    assert not found.within(EFFECTS.mean())


def test_variance_components_by_hand() -> None:
    """Rows 0, 2; columns 0, 4; plus 1 in one cell: every mean square on paper."""
    found = variance_split(np.array([[0.0, 4.0], [2.0, 7.0]]))
    # Residuals are 1/4 each: 4 / 16. Rows 2 and 4.5: 2 * 2 * 1.25**2. Columns 1 and 5.5.
    assert found.rest == pytest.approx(0.25)
    assert found.phrasings == pytest.approx((6.25 - 0.25) / 2)
    assert found.units == pytest.approx((20.25 - 0.25) / 2)
    assert sum(found.shares) == pytest.approx(1)


def test_variance_components_are_found() -> None:
    generator = np.random.default_rng(4)
    found = np.mean(
        [
            [split.phrasings, split.units, split.rest]
            for split in (
                variance_split(
                    generator.normal(0, 2, (12, 1))
                    + generator.normal(0, 1, 40)
                    + generator.normal(0, 3, (12, 40))
                )
                for _ in range(400)
            )
        ],
        axis=0,
    )
    np.testing.assert_allclose(found, [4, 1, 9], rtol=0.1)


def test_nothing_varies() -> None:
    split = variance_split(np.full((3, 4), 2.0))
    assert (split.phrasings, split.units, split.rest) == (0, 0, 0)
    assert all(map(math.isnan, split.shares))


@pytest.mark.parametrize("count", [8, 20])
def test_the_detectable_effect_is_detected_as_often_as_it_says(count: int) -> None:
    generator = np.random.default_rng(count)
    unit = generator.normal(size=count)
    unit = (unit - unit.mean()) / unit.std(ddof=1)
    size = detectable_effect(3 * unit)
    runs = 200
    found = [sign_flip(generator.normal(size, 3, count)) <= 0.05 for _ in range(runs)]
    assert abs(np.mean(found) - 0.8) < 3 * math.sqrt(0.16 / runs) + 0.02


def test_too_few_phrasings_detect_nothing() -> None:
    assert detectable_effect(np.ones(5)) == math.inf
    assert math.isfinite(detectable_effect(EFFECTS[:6]))
    assert math.isfinite(detectable_effect(EFFECTS[:5], alpha=0.1))


def test_equal_effects_detect_anything() -> None:
    assert detectable_effect(0.44 + np.array([0, 1e-16, -1e-16, 0, 0, 1e-16, 0])) == 0
    assert detectable_effect(np.zeros(8)) == 0
    assert detectable_effect(EFFECTS * 1e-20) > 0
