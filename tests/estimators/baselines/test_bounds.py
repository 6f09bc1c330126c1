"""Bounds of the average effect against linear programs, closed forms and a known Gamma."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.optimize import linprog

import estimators
from estimators.baselines.marginal_sensitivity import extreme_means
from estimators.baselines.sharp_sensitivity import _Forest
from estimators.check import check_data


def _by_linear_program(y: np.ndarray, odds: np.ndarray, gamma: float) -> tuple[float, float]:
    """The extremes of a ratio of linear functions, after Charnes and Cooper (1962)."""
    n = len(y)
    # Variables v_i = weight_i * s and s, with sum v = 1 and low_i s <= v_i <= high_i s.
    low, high = 1 + odds / gamma, 1 + odds * gamma
    limits = np.vstack([np.c_[-np.eye(n), low], np.c_[np.eye(n), -high]])
    ends = []
    for sign in (1, -1):
        found = linprog(
            np.append(sign * y, 0),
            A_ub=limits,
            b_ub=np.zeros(2 * n),
            A_eq=[np.append(np.ones(n), 0)],
            b_eq=[1],
            bounds=[(0, None)] * (n + 1),
        )
        ends.append(sign * found.fun)
    return ends[0], ends[1]


@pytest.mark.parametrize("gamma", [1, 1.3, 4, 50])
def test_extreme_means_are_the_optimum_of_a_linear_program(gamma):
    draw = np.random.default_rng(0)
    y, odds = draw.normal(size=40).round(1), draw.exponential(size=40)
    assert extreme_means(y, odds, gamma) == pytest.approx(
        _by_linear_program(y, odds, gamma), abs=1e-8
    )


def test_without_confounding_the_bounds_are_ipw():
    data = check_data(300)
    fitted = estimators.get("Marginal sensitivity").fit(data.X, data.t, data.y)
    ipw = estimators.get("IPW").fit(data.X, data.t, data.y).ate(data.X)
    assert fitted.ate_bounds(data.X, gamma=1) == pytest.approx((ipw, ipw), abs=1e-9)
    assert fitted.ate(data.X) == pytest.approx(ipw, abs=1e-9)


def _hidden(n: int, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """A hidden coin doubles or halves the odds of treatment: Gamma is known, and the effect is 0.

    P(t | x, u) is 2/3 or 1/3 and P(t | x) is 1/2, so that the odds ratio is 2 in both directions.
    """
    draw = np.random.default_rng(seed)
    u = draw.integers(0, 2, n)
    t = (draw.random(n) < np.where(u == 1, 2 / 3, 1 / 3)).astype(int)
    return pd.DataFrame({"x": draw.normal(size=n)}), t, u.astype(float)


def test_bounds_at_the_true_gamma_are_tight_on_the_worst_confounder():
    """y is the hidden coin: the weights of the true model are the extreme ones."""
    X, t, y = _hidden(20_000)
    fitted = estimators.get("Marginal sensitivity").fit(X, t, y)
    assert fitted.ate(X) == pytest.approx(1 / 3, abs=0.03)
    lower, upper = fitted.ate_bounds(X, gamma=2)
    assert lower == pytest.approx(0, abs=0.03)
    # The treated with u = 1 weigh 3, the others 1.5: (2/3 * 3) / (2/3 * 3 + 1/3 * 1.5) = 4/5.
    assert upper == pytest.approx(4 / 5 - 1 / 5, abs=0.03)
    assert fitted.ate_bounds(X, gamma=2**0.5)[0] > 0.1


def test_the_ends_with_alpha_cover_at_the_true_gamma():
    held = {2.0: [], 2**0.5: []}
    for seed in range(40):
        X, t, y = _hidden(300, seed)
        fitted = estimators.get("Marginal sensitivity", resamples=40).fit(X, t, y)
        for gamma, found in held.items():
            lower, upper = fitted.ate_bounds(X, gamma=gamma, alpha=0.1)
            found.append(lower <= 0 <= upper)
    assert np.mean(held[2.0]) >= 0.9
    assert np.mean(held[2**0.5]) <= 0.5


def test_sharp_bounds_by_hand():
    """Given x, u has the chance 2/3 among the treated; Gamma = 2 allows 1/3 to 5/6 for the others.

    So E[y1] is between 1/2 and 3/4, and in the same way E[y0] between 1/4 and 1/2. A term of x
    moves y of both arms, which the bounds that are not sharp do not use.
    """
    X, t, u = _hidden(8_000)
    X = X.assign(x=(X["x"] > 0).astype(float))
    y = u + 3 * X["x"].to_numpy()
    fitted = estimators.get("Sharp sensitivity", n_estimators=20).fit(X, t, y)
    assert fitted.ate(X) == pytest.approx(1 / 3, abs=0.04)
    assert fitted.ate_bounds(X, gamma=2) == pytest.approx((0, 1 / 2), abs=0.04)
    assert fitted.ate_bounds(X, gamma=2**0.5)[0] > 0.1
    wide = estimators.get("Marginal sensitivity").fit(X, t, y).ate_bounds(X, gamma=2)
    assert np.ptp(wide) > 1.5
    assert fitted.ate_bounds(X, gamma=1) == pytest.approx((fitted.ate(X),) * 2)


@pytest.mark.parametrize("level", [0.5, 2 / 3, 0.9])
def test_the_quantile_of_a_leaf_is_the_smallest_value_that_reaches_the_level(level):
    draw = np.random.default_rng(0)
    leaves, places = draw.integers(0, 3, (40, 2)), draw.integers(0, 3, (7, 2))
    y = draw.normal(size=40)
    forest = _Forest(1, np.arange(40), np.arange(7), leaves, places)
    by_tree = np.array(
        [
            [np.quantile(y[leaves[:, tree] == leaf], level, method="inverted_cdf") for leaf in at]
            for tree, at in enumerate(np.vstack([leaves, places]).T)
        ]
    )
    found = np.concatenate(forest.quantiles(y, level))
    np.testing.assert_allclose(found, by_tree.mean(axis=0), atol=1e-12)


@pytest.mark.parametrize("name", ["Marginal sensitivity", "Sharp sensitivity"])
def test_bounds_of_the_effect_do_not_depend_on_the_name_of_an_arm(name):
    """The effect on -y of the control as the treatment is the same, with rare treatments, too."""
    draw = np.random.default_rng(0)
    x = draw.normal(size=600)
    t = (draw.random(600) < 1 / (1 + np.exp(1 - 1.5 * x))).astype(int)
    y = x + t + draw.normal(size=600)
    X = pd.DataFrame({"x": x})
    for alpha in (None, 0.1):
        one, other = (
            estimators.get(name).fit(X, *turned).ate_bounds(X, gamma=1.5, alpha=alpha)
            for turned in ((t, y), (1 - t, -y))
        )
        assert one == pytest.approx(other, rel=1e-3)


def test_ends_of_sharp_bounds_cover_at_the_true_gamma():
    held = {2.0: [], 2**0.5: []}
    for seed in range(40):
        X, t, y = _hidden(300, seed)
        fitted = estimators.get("Sharp sensitivity", n_estimators=10).fit(X, t, y)
        for gamma, found in held.items():
            lower, upper = fitted.ate_bounds(X, gamma=gamma, alpha=0.1)
            found.append(lower <= 0 <= upper)
    assert np.mean(held[2.0]) >= 0.85
    assert np.mean(held[2**0.5]) <= 0.5


def test_worst_case_bounds_by_hand():
    X = pd.DataFrame({"x": np.zeros(5)})
    t, y = np.array([1, 1, 0, 0, 0]), np.array([4.0, 2.0, 1.0, 0.0, 3.0])
    fitted = estimators.get("Manski", y_min=-1, y_max=5).fit(X, t, y)
    # E[y1] is between (4 + 2 - 3) / 5 and (4 + 2 + 15) / 5, E[y0] between 2 / 5 and 14 / 5.
    assert fitted.ate_bounds(X) == pytest.approx((3 / 5 - 14 / 5, 21 / 5 - 2 / 5), abs=1e-12)
    assert fitted.ate(X) == pytest.approx(3 - 4 / 3, abs=1e-12)
    lower, upper = fitted.ate_bounds(X, alpha=0.05)
    assert lower < -11 / 5
    assert upper > 19 / 5
    observed = estimators.get("Manski").fit(X, t, y)
    low, high = observed.ate_bounds(X)
    assert high - low == pytest.approx(4, abs=1e-12)
    with pytest.raises(estimators.EstimatorError, match="give limits that hold all"):
        estimators.get("Manski", y_min=0.5).fit(X, t, y)


def test_monotone_bounds_by_hand():
    X = pd.DataFrame({"x": np.zeros(5)})
    t, y = np.array([1, 1, 0, 0, 0]), np.array([4.0, 2.0, 1.0, 0.0, 3.0])
    low, high = estimators.get("Manski").fit(X, t, y).ate_bounds(X)
    difference = 3 - 4 / 3
    expected = {
        ("Monotone selection", "increasing"): (low, difference),
        ("Monotone selection", "decreasing"): (difference, high),
        ("Monotone response", "increasing"): (0, high),
        ("Monotone response", "decreasing"): (low, 0),
    }
    for (name, direction), ends in expected.items():
        fitted = estimators.get(name, direction=direction).fit(X, t, y)
        assert fitted.ate_bounds(X) == pytest.approx(ends, abs=1e-12)
        # Each end is moved by its own error; 0 is known.
        moved = np.subtract(fitted.ate_bounds(X, alpha=0.05), ends)
        assert (np.abs(moved) > 0.1).tolist() == [end != 0 for end in ends]
        assert moved[0] <= 0 <= moved[1]
    with pytest.raises(estimators.EstimatorError, match="direction: is 'up'"):
        estimators.get("Monotone response", direction="up").fit(X, t, y)


def test_bounds_ask_for_their_own_strength():
    data = check_data(60)
    fitted = estimators.get("Marginal sensitivity").fit(data.X, data.t, data.y)
    for arguments, message in (
        ({}, "how strong is hidden confounding"),
        ({"partial_r2": (0.1, 0.1)}, "takes no partial_r2"),
        ({"gamma": 0.5}, "at least 1"),
        ({"gamma": 2, "alpha": 3}, "alpha"),
    ):
        with pytest.raises(estimators.EstimatorError, match=message):
            fitted.ate_bounds(data.X, **arguments)
    with pytest.raises(estimators.EstimatorError, match="takes no gamma"):
        estimators.get("Manski").fit(data.X, data.t, data.y).ate_bounds(data.X, gamma=2)


def test_bounds_refuse_a_resample_that_cannot_be():
    data = check_data(60)
    with pytest.raises(estimators.EstimatorError, match="resamples: is 3"):
        estimators.get("Marginal sensitivity", resamples=3).fit(data.X, data.t, data.y)


def _confounded(n: int) -> tuple[pd.DataFrame, np.ndarray, np.ndarray, np.ndarray]:
    draw = np.random.default_rng(0)
    x, u = draw.normal(size=(2, n))
    t = (draw.random(n) < 1 / (1 + np.exp(-0.5 * x - u))).astype(int)
    y = x + 2 * u + t + draw.normal(size=n)
    return pd.DataFrame({"x": x}), t, y, u


def _rest(columns: list[np.ndarray], values: np.ndarray) -> np.ndarray:
    design = np.column_stack([np.ones(len(values)), *columns])
    return values - design @ np.linalg.lstsq(design, values, rcond=None)[0]


def test_the_bias_of_linear_regression_is_that_of_the_omitted_variable():
    """At the partial R2 of the sample, one end is the coefficient of the regression that has u."""
    X, t, y, u = _confounded(500)
    x = X["x"].to_numpy()
    shares = []
    for target, before in ((y, [x, t]), (t.astype(float), [x])):
        less, more = _rest(before, target), _rest([*before, u], target)
        shares.append(1 - (more @ more) / (less @ less))
    fitted = estimators.get("DoWhy linear bounds").fit(X, t, y)
    lower, upper = fitted.ate_bounds(X, partial_r2=tuple(shares))
    whole = np.column_stack([np.ones(500), t, x, u])
    assert lower == pytest.approx(np.linalg.lstsq(whole, y, rcond=None)[0][1], rel=1e-6)
    assert upper - fitted.ate(X) == pytest.approx(fitted.ate(X) - lower, rel=1e-6)
    # Without hidden confounding the ends are those of the regression's own interval.
    design = np.column_stack([np.ones(500), t, x])
    rest = y - design @ np.linalg.lstsq(design, y, rcond=None)[0]
    error = np.sqrt(rest @ rest / 497 * np.linalg.inv(design.T @ design)[1, 1])
    for alpha in (0.05, 0.4):
        far = stats.t.isf(alpha / 2, 497) * error
        ends = fitted.ate_bounds(X, partial_r2=(0, 0), alpha=alpha)
        assert ends == pytest.approx((fitted.ate(X) - far, fitted.ate(X) + far), rel=5e-3)


@pytest.mark.parametrize(
    ("name", "kind"), [("DoubleML PLR bounds", "partial_r2"), ("DoubleML IRM bounds", "riesz_r2")]
)
def test_doubleml_moves_the_ends_by_the_largest_bias(name, kind):
    X, t, y, _ = _confounded(300)
    fitted = estimators.get(name, n_estimators=10).fit(X, t, y)
    assert fitted.ate_bounds(X, **{kind: (0, 0)}) == pytest.approx((fitted.ate(X),) * 2)
    widths = [np.ptp(fitted.ate_bounds(X, **{kind: (r, c)})) for r, c in ((0.2, 0.1), (0.4, 0.3))]
    # The bias is proportional to the root of R C / (1 - C).
    ratio = np.sqrt((0.4 * 0.3 / 0.7) / (0.2 * 0.1 / 0.9))
    assert widths[1] / widths[0] == pytest.approx(ratio, rel=1e-6)
    one = fitted.ate_interval(X, alpha=0.1)
    assert fitted.ate_bounds(X, **{kind: (0, 0)}, alpha=0.1) == pytest.approx(one, rel=1e-6)
    assert np.isfinite(fitted.ate_bounds(X, **{kind: (1, 0.3)}, alpha=0.1)).all()
