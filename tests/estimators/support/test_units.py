"""Standard units are the same for every affine change of the units of the data."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import estimators
from estimators.support.units import StandardUnits

#: Multiples of 2**-10, which stay exact under the changes below.
COLUMN = st.lists(st.integers(-4096, 4096).map(lambda k: k / 1024), min_size=2, max_size=20).filter(
    lambda values: len(set(values)) > 1
)


def standard(column):
    values = np.asarray(column, dtype=float)[:, None]
    return StandardUnits.of(values).standard(values)[:, 0]


@settings(max_examples=200, deadline=None)
@given(COLUMN, st.sampled_from([1e-300, 1e-6, -1.0, 0.3, -1e5, 1e250]))
def test_a_scale_changes_nothing(column, scale):
    np.testing.assert_allclose(standard(np.array(column) * scale), standard(column), atol=1e-12)


@settings(max_examples=200, deadline=None)
@given(COLUMN, st.sampled_from([2.0**30, -(2.0**40), 5.0]))
def test_a_shift_changes_nothing(column, shift):
    np.testing.assert_allclose(standard(np.array(column) + shift), standard(column), atol=1e-12)


@settings(max_examples=200, deadline=None)
@given(COLUMN)
def test_the_mean_is_0_and_the_standard_deviation_1(column):
    units = standard(column)
    assert units.mean() == pytest.approx(0, abs=1e-12)
    assert units.std() == pytest.approx(1)
    # The order is that of the data, or its reverse.
    order = units[np.argsort(column, kind="stable")]
    assert (np.diff(order) >= 0).all() or (np.diff(order) <= 0).all()


@pytest.mark.parametrize("column", [[0.0, 0.0], [7.0, 7.0], [0.1 + 0.2, 0.3, 0.3]])
def test_a_column_that_differs_by_rounding_only_is_constant(column):
    np.testing.assert_allclose(standard(column), 0, atol=1e-15)


def test_values_far_beyond_those_of_the_fit_stay_within_single_precision():
    units = StandardUnits.of(np.array([[0.0], [1e-300]]))
    assert np.isfinite(units.standard(np.array([[1e300], [-1e300]])).astype(np.float32)).all()


DATES = {"days": (1.0, 0.0), "us": (8.64e10, 1.7356e15), "1e-9": (1e-9, 0.0), "back": (-2.0, 50.0)}


@pytest.mark.parametrize("code", DATES)
@pytest.mark.parametrize("name", ["LinReg", "LinearS", "LinearT", "AIPW"])
def test_a_date_has_the_same_effect_in_every_unit(name, code):
    rng = np.random.default_rng(3)
    day, other = rng.integers(0, 365, 400).astype(float), rng.normal(size=400)
    t = (rng.random(400) < 1 / (1 + np.exp(-(day - 180) / 100))).astype(int)
    y = t + (day - 180) / 100 + 0.5 * other + rng.normal(size=400)
    scale, shift = DATES[code]
    centred = (day - day.mean()) / day.std()
    by_day = estimators.get(name, standardise=False)
    expected = by_day.fit(np.column_stack([centred, other]), t, y).ate(
        np.column_stack([centred, other])
    )
    X = np.column_stack([shift + scale * day, other])
    assert estimators.get(name).fit(X, t, y).ate(X) == pytest.approx(expected, abs=1e-6)


def test_intervals_are_in_units_of_y_and_in_order_where_y_is_turned_around():
    rng = np.random.default_rng(0)
    X, t = rng.normal(size=(200, 2)), rng.integers(0, 2, 200)
    y = X[:, 0] + 2.0 * t + rng.normal(size=200)
    lower, upper = estimators.get("LinReg").fit(X, t, y).ate_interval(X)
    turned = estimators.get("LinReg").fit(X, t, -1000 * y).ate_interval(X)
    assert lower < 2 < upper
    np.testing.assert_allclose(turned, (-1000 * upper, -1000 * lower))


@pytest.mark.parametrize(
    "values",
    [
        np.arange("2020-01", "2020-05", dtype="datetime64[M]"),
        np.arange(4).astype("timedelta64[D]"),
        np.array(["1", "2", "3", "4"]),
        np.array(["1", 2, 3, 4], dtype=object),
        np.arange(4) + 1j,
    ],
)
def test_dates_text_and_complex_numbers_are_no_outcomes(values):
    X, t = np.arange(8.0).reshape(4, 2), np.array([0, 1, 0, 1])
    with pytest.raises(estimators.EstimatorError, match="y: cannot be read as numbers"):
        estimators.get("LinReg").fit(X, t, values)
    with pytest.raises(estimators.EstimatorError, match="X: cannot be read as numbers"):
        estimators.get("LinReg").fit(np.column_stack([values, values]), t, np.arange(4.0))
