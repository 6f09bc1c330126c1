from __future__ import annotations

import numpy as np
import pytest

import estimators
from estimators import EstimatorError


def test_the_oracle_returns_the_revealed_effects(small_truth):
    X, t, y, ite = small_truth
    oracle = estimators.get("Oracle")
    oracle.reveal(ite)
    oracle.fit(X, t, y)
    np.testing.assert_array_equal(oracle.effect(X), ite)
    assert oracle.ate(X) == pytest.approx(ite.mean())
    assert oracle.ate_interval(X) == pytest.approx((ite.mean(), ite.mean()))
    for ends in (oracle.effect_interval(X), oracle.ite_interval(X, t, y)):
        np.testing.assert_array_equal(ends, [ite, ite])


def test_the_oracle_keeps_a_copy(small_truth):
    X, t, y, ite = small_truth
    given = ite.copy()
    oracle = estimators.get("Oracle")
    oracle.reveal(given)
    given[:] = 0
    oracle.fit(X, t, y).effect(X)[:] = 0
    np.testing.assert_array_equal(oracle.effect(X), ite)


def test_the_oracle_without_effects_raises(small_truth):
    X, t, y, ite = small_truth
    oracle = estimators.get("Oracle")
    with pytest.raises(EstimatorError, match="call reveal"):
        oracle.fit(X, t, y)
    oracle.reveal(ite[:-1])
    with pytest.raises(EstimatorError, match="X has 200 rows, but 199 effects"):
        oracle.fit(X, t, y)
    with pytest.raises(EstimatorError, match="finite"):
        oracle.reveal(np.full(200, np.nan))
