"""Noise is a function of seed, unit and variable, with the stated distribution."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sdscm.sampling.noise import gumbel_noise, uniform_noise

SIZES = st.integers(1, 9)


@given(
    seed=st.integers(-(2**70), 2**70),
    stream=st.text(max_size=8),
    first=st.integers(0, 10**9),
    count=st.integers(1, 30),
    size=SIZES,
    data=st.data(),
)
def test_a_unit_has_its_noise_whoever_stands_beside_it(
    seed: int, stream: str, first: int, count: int, size: int, data: st.DataObject
) -> None:
    whole = uniform_noise(seed, stream, first, count, size)
    assert whole.shape == (count, size)
    begin = data.draw(st.integers(0, count - 1))
    part = uniform_noise(seed, stream, first + begin, count - begin, size)
    np.testing.assert_array_equal(part, whole[begin:])
    np.testing.assert_array_equal(uniform_noise(seed, stream, first, begin + 1, size)[-1], part[0])


def test_the_noise_of_a_seed_is_the_same_on_every_machine() -> None:
    """Pinned: a change of these numbers changes every dataset ever made."""
    pinned = [0.4682389024315508, 0.6662053015120777, 0.25071584749111225]
    np.testing.assert_allclose(uniform_noise(7, "age", 3, 1, 3)[0], pinned, rtol=0, atol=1e-12)


@pytest.mark.parametrize("other", [(8, "age", 0), (7, "agE", 0), (7, "age", 1), (-7, "age", 0)])
def test_other_seeds_variables_and_units_have_other_noise(other: tuple[int, str, int]) -> None:
    here = uniform_noise(7, "age", 0, 1, 4)
    assert not np.isin(uniform_noise(*other, 1, 4), here).any()


def test_a_seed_and_a_stream_are_not_run_together() -> None:
    """Seed 1 of variable '2' is not seed 12 of variable ''."""
    assert (uniform_noise(1, "2", 0, 1, 4) != uniform_noise(12, "", 0, 1, 4)).all()


# Tests of distribution, each at a fixed seed: they would fail one seed in 1,000 if all were well.
LEVEL = 1e-3


def test_uniform() -> None:
    draws = uniform_noise(0, "u", 0, 20_000, 5)
    assert draws.min() > 0
    assert draws.max() < 1
    for column in draws.T:
        assert stats.kstest(column, "uniform").pvalue > LEVEL / 5


def test_the_largest_raw_number_is_still_below_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """At 1 the Gumbel noise would be infinite, and the value certain for any probability."""

    class Highest:
        def __init__(self, **options: object) -> None:
            pass

        def random_raw(self, count: int) -> np.ndarray:
            return np.full(count, 2**64 - 1, dtype=np.uint64)

    monkeypatch.setattr("sdscm.sampling.noise.Philox", Highest)
    assert uniform_noise(0, "u", 0, 1, 1)[0, 0] < 1
    assert np.isfinite(gumbel_noise(0, "u", 0, 1, 1)).all()


def test_gumbel() -> None:
    draws = gumbel_noise(0, "g", 0, 20_000, 3)
    for column in draws.T:
        assert stats.kstest(column, "gumbel_r").pvalue > LEVEL / 3


def test_no_correlation_between_values_units_variables_and_seeds() -> None:
    here = uniform_noise(0, "a", 0, 20_001, 2)
    there = uniform_noise(0, "b", 0, 20_001, 2)
    later = uniform_noise(1, "a", 0, 20_001, 2)
    pairs = [
        (here[:, 0], here[:, 1]),
        (here[:-1, 0], here[1:, 0]),
        (here[:, 0], there[:, 0]),
        (here[:, 0], later[:, 0]),
    ]
    for one, other in pairs:
        assert stats.pearsonr(one, other).pvalue > LEVEL / len(pairs)


@pytest.mark.parametrize("probabilities", [[0.5, 0.5], [0.7, 0.2, 0.1], [0.9, 0.05, 0.03, 0.02]])
def test_the_largest_of_log_p_and_gumbel_noise_is_a_draw_from_p(probabilities: list[float]) -> None:
    n = 20_000
    noise = gumbel_noise(3, "v", 0, n, len(probabilities))
    counts = np.bincount((np.log(probabilities) + noise).argmax(axis=1))
    assert stats.chisquare(counts, n * np.array(probabilities)).pvalue > LEVEL / 3
