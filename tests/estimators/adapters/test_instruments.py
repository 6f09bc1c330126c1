"""Methods with an instrument against closed forms and a simulation with known compliers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import f

import estimators

METHODS = [
    "Wald",
    "2SLS",
    "2SLS-AR",
    "OrthoIV",
    "DMLIV",
    "LinearDRIV",
    "LinearIntentToTreatDRIV",
    "IntentToTreatDRIV",
    "DoubleML PLIV",
    "DoubleML IIVM",
    "DoWhy IV",
]


def _trial(n: int, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray, np.ndarray, np.ndarray]:
    """A randomised offer, a hidden confounder, and an effect of 2 for every unit."""
    draw = np.random.default_rng(seed)
    hidden, x = draw.normal(size=(2, n))
    z = draw.integers(0, 2, n)
    t = (0.8 * hidden + 2 * z - 1 + 0.5 * x + draw.logistic(scale=0.4, size=n) > 0).astype(int)
    y = 2 * t + 3 * hidden + x + draw.normal(scale=0.2, size=n)
    return pd.DataFrame({"x": x, "other": draw.normal(size=n)}), t, y, z


def test_wald_is_the_ratio_of_two_differences():
    X, t, y, z = _trial(200)
    fitted = estimators.get("Wald").fit(X, t, y, instrument=z)
    ratio = np.cov(z, y)[0, 1] / np.cov(z, t)[0, 1]
    assert fitted.ate(X) == pytest.approx(ratio, abs=1e-12)
    low, high = fitted.ate_interval(X)
    assert low < ratio < high
    # The delta method, written another way: the robust sandwich of the moment z (y - a - b t).
    rest = y - ratio * t
    parts = [rest[z == k].var(ddof=1) / (z == k).sum() for k in (0, 1)]
    spread = np.sqrt(sum(parts)) / (t[z == 1].mean() - t[z == 0].mean())
    assert high - low == pytest.approx(2 * 1.959964 * spread, rel=1e-6)


def test_dowhy_gives_the_ratio_of_wald():
    X, t, y, z = _trial(300)
    fitted = [estimators.get(name).fit(X, t, y, instrument=z) for name in ("Wald", "DoWhy IV")]
    assert fitted[0].ate(X) == pytest.approx(fitted[1].ate(X), rel=1e-9)


def test_two_stage_least_squares_by_matrices():
    X, t, y, z = _trial(300)
    fitted = estimators.get("2SLS").fit(X, t, y, instrument=z)
    ones = np.ones((300, 1))
    exogenous = np.hstack([ones, X.to_numpy()])
    instruments, regressors = np.column_stack([exogenous, z]), np.column_stack([exogenous, t])
    projected = instruments @ np.linalg.lstsq(instruments, regressors, rcond=None)[0]
    expected = np.linalg.lstsq(projected, y, rcond=None)[0][-1]
    assert fitted.ate(X) == pytest.approx(expected, rel=1e-9)


def test_the_interval_of_anderson_and_rubin_by_its_test():
    """Each end is an effect that the F test of the instrument just rejects."""
    X, t, y, z = _trial(300)
    fitted = estimators.get("2SLS-AR").fit(X, t, y, instrument=z)
    assert fitted.ate(X) == pytest.approx(
        estimators.get("2SLS").fit(X, t, y, instrument=z).ate(X), rel=1e-9
    )
    low, high = fitted.ate_interval(X, alpha=0.1)
    short = np.column_stack([np.ones(300), X.to_numpy()])
    full = np.column_stack([short, z])
    for end in (low, high):
        rest = y - end * t
        losses = [
            ((rest - design @ np.linalg.lstsq(design, rest, rcond=None)[0]) ** 2).sum()
            for design in (short, full)
        ]
        statistic = (losses[0] - losses[1]) / (losses[1] / (300 - full.shape[1]))
        assert f.sf(statistic, 1, 300 - full.shape[1]) == pytest.approx(0.1, abs=1e-6)
    assert low < fitted.ate(X) < high


def test_an_interval_without_a_strong_instrument_is_infinite():
    X, t, y, _ = _trial(300)
    weak = np.empty(300, dtype=int)
    weak[np.argsort(t, kind="stable")] = np.arange(300) % 2
    weak[np.argmax(weak == t)] = 1 - t[np.argmax(weak == t)]
    fitted = estimators.get("2SLS-AR").fit(X, t, y, instrument=weak)
    assert fitted.ate_interval(X) == (-np.inf, np.inf)
    narrow = fitted.ate_interval(X, alpha=0.999)
    assert np.isfinite(narrow).all(), "no test of this level is passed far from the estimate"
    assert narrow[0] <= fitted.ate(X) <= narrow[1]


@pytest.mark.parametrize("name", METHODS)
def test_the_hidden_confounder_does_no_harm(name):
    """Least squares is off by more than 1; these methods are off by less than 0.5."""
    X, t, y, z = _trial(3_000)
    naive = estimators.get("LinReg").fit(X, t, y).ate(X)
    assert naive > 3
    found = estimators.get(name).fit(X, t, y, instrument=z).ate(X)
    assert abs(found - 2) < 0.5


@pytest.mark.parametrize("name", ["Wald", "2SLS", "2SLS-AR"])
def test_coverage_of_the_interval(name):
    held = []
    for seed in range(200):
        X, t, y, z = _trial(400, seed + 1)
        low, high = estimators.get(name).fit(X, t, y, instrument=z).ate_interval(X)
        held.append(low <= 2 <= high)
    assert 0.91 <= np.mean(held) <= 0.99


@pytest.mark.slow
def test_coverage_of_the_interval_with_a_weak_instrument():
    """Median first-stage F of 2: intervals of Wald and 2SLS are too short, the other one is not.

    Staiger and Stock 1997 show that normal intervals fail then, since the estimate is not normal.
    """
    held: dict[str, list[bool]] = {"Wald": [], "2SLS": [], "2SLS-AR": []}
    for seed in range(600):
        draw = np.random.default_rng(seed)
        hidden, noise = draw.normal(size=(2, 300))
        z = draw.integers(0, 2, 300)
        t = (hidden + 0.2 * z + 0.1 * noise > 0.1).astype(int)
        y = 2 * t + 3 * hidden + 0.3 * draw.normal(size=300)
        X = pd.DataFrame({"x": draw.normal(size=300)})
        for name, found in held.items():
            low, high = estimators.get(name).fit(X, t, y, instrument=z).ate_interval(X)
            found.append(low <= 2 <= high)
    shares = {name: float(np.mean(found)) for name, found in held.items()}
    assert shares["2SLS-AR"] >= 0.94, shares
    assert max(shares["Wald"], shares["2SLS"]) <= 0.92, shares


def test_an_instrument_without_effect_is_refused():
    X, t, y, _ = _trial(100)
    half = np.arange(100) % 2
    order = np.argsort(t, kind="stable")
    even = np.empty(100, dtype=int)
    even[order] = half
    if t.sum() % 2 == 0:
        with pytest.raises(estimators.EstimatorError, match="not defined"):
            estimators.get("Wald").fit(X, t, y, instrument=even)
    with pytest.raises(estimators.EstimatorError, match="same in every row"):
        estimators.get("Wald").fit(X, t, y, instrument=np.zeros(100))
    with pytest.raises(estimators.EstimatorError, match="linear function"):
        estimators.get("2SLS").fit(X.assign(z=half), t, y, instrument=half)
