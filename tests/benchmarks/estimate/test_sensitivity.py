"""E-values and robustness values equal published numbers."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from benchmarks.estimate.sensitivity import (
    Coefficient,
    coefficient,
    e_value,
    interval_e_value,
    partial_r2,
    ratio_e_value,
    robustness_value,
)


def test_the_robustness_value_of_darfur():
    """Cinelli and Hazlett 2020, Table 1."""
    assert robustness_value(4.18445, 783) == pytest.approx(0.1388, abs=5e-4)
    assert robustness_value(4.18445, 783, alpha=0.05) == pytest.approx(0.0763, abs=5e-4)
    assert Coefficient(0.09731582, 0.02325654, 783).partial_r2 == pytest.approx(0.0219, abs=1e-4)


def test_a_confounder_of_the_robustness_value_reduces_the_estimate_to_0():
    """The bound on the bias, |bias| = se sqrt(df) sqrt(R2y R2t / (1 - R2t)), is the estimate."""
    for t, df, q in ((2.5, 40, 1.0), (-9.0, 300, 0.5)):
        share = robustness_value(t, df, q)
        assert np.sqrt(df * share * share / (1 - share)) == pytest.approx(q * abs(t))


def test_an_estimate_that_is_not_significant_has_no_robustness():
    assert robustness_value(1.5, 100, alpha=0.05) == 0
    assert robustness_value(0.0, 100) == 0
    assert 0 < robustness_value(1.5, 100) < 1


@pytest.mark.parametrize(
    ("ratio", "value"), [(3.9, 7.26), (1.8, 3.0), (0.80, 1.81), (0.71, 2.17), (1.0, 1.0)]
)
def test_e_values_of_risk_ratios(ratio, value):
    """VanderWeele and Ding 2017: breast feeding, and the first end of its interval; and others."""
    assert ratio_e_value(ratio) == pytest.approx(value, abs=5e-3)


def test_the_e_value_of_a_standardised_difference():
    """Phenobarbital and intelligence, -0.42 (0.14), with the numbers of episensr: 2.292, 1.545."""
    assert e_value(-0.42) == pytest.approx(2.292, abs=1e-3)
    ends = -0.42 - 1.96 * 0.14, -0.42 + 1.96 * 0.14
    assert interval_e_value(*ends) == pytest.approx(1.545, abs=2e-3)
    assert interval_e_value(-0.1, 0.2) == 1
    assert e_value(1e9) == np.inf
    assert np.isnan(e_value(np.nan))


def test_the_coefficient_is_that_of_statsmodels():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(120, 3))
    X[:, 2] = X[:, 0] + 2  # collinear: one degree of freedom less
    t = (rng.random(120) < 1 / (1 + np.exp(-X[:, 0]))).astype(float)
    y = 1e4 + X[:, 1] + 2 * t + rng.normal(size=120)
    fit = sm.OLS(y, sm.add_constant(np.column_stack([t, X[:, :2]]))).fit()
    found = coefficient(X, t, y)
    assert found is not None
    assert (found.estimate, found.standard_error) == pytest.approx((fit.params[1], fit.bse[1]))
    assert (found.df, found.t) == (fit.df_resid, pytest.approx(fit.tvalues[1]))
    # The squared t-value of a column alone gives its partial R2.
    share = fit.tvalues[3] ** 2 / (fit.tvalues[3] ** 2 + fit.df_resid)
    rest = np.column_stack([t, X[:, 0]])
    assert partial_r2(rest, X[:, 1:2], y) == pytest.approx(share)


def test_without_residual_variance_there_is_no_coefficient():
    X = np.arange(20.0)[:, None]
    assert coefficient(X, (X[:, 0] > 9) * 1.0, X[:, 0]) is None
    assert coefficient(np.column_stack([X, X > 9]), (X[:, 0] > 9) * 1.0, X[:, 0] ** 2) is None
    assert coefficient(X[:3], np.array([0.0, 1, 0]), np.array([1.0, 2, 2])) is None
