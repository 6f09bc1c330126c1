"""Which datasets a share takes, and which cells follow."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.datasets.paper.released import order, pools, taken
from benchmarks.paper.methods import named
from sdscm.errors import InputError

VARIANT = np.random.default_rng(0).permutation(np.repeat(np.arange(50), 20))


def test_every_twentieth_of_the_job_has_each_phrasing_once():
    found = order(VARIANT)
    assert sorted(found) == list(range(1000))
    for turn in found.reshape(20, 50):
        assert sorted(VARIANT[turn]) == list(range(50))


def test_a_larger_share_contains_a_smaller():
    sizes = [len(taken(share, VARIANT)) for share in (0.0001, 0.02, 0.05, 0.3, 1)]
    assert sizes == [1, 20, 50, 300, 1000]
    assert taken(0.3, VARIANT)[:50].tolist() == taken(0.05, VARIANT).tolist()


def test_half_of_the_pools_has_each_phrasing_once():
    assert sorted(pools(0.5) // 2) == list(range(50))
    assert sorted(pools(1)) == list(range(100))


def test_unknown_methods_are_named():
    with pytest.raises(InputError, match=r"'OLS' is not a method.*LinReg"):
        named(["LinReg", "OLS"])
    assert [method.name for method in named(["bart", "t-only ols"])] == ["T-Only OLS", "BART"]
