from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import estimators
from estimators import CATEEstimator, EstimatorError

pytest.importorskip("dowhy")

from estimators.refutation import REFUTERS, refute


class AlwaysOne(CATEEstimator):
    """Estimates an effect of 1 for every row and all data."""

    def _fit(self, X, t, y):
        pass

    def _effect(self, X):
        return np.ones(len(X))


class Recorder(AlwaysOne):
    """Keeps what it was fitted on, in a list that its copies share."""

    fits: list = []  # noqa: RUF012 - shared on purpose

    def _fit(self, X, t, y):
        self.fits.append((X, t, y))


def by_name(report):
    return report.set_index("refuter")


def test_a_sound_estimator_stands(linear_truth):
    X, t, y, _ = (values[:500] for values in linear_truth)
    report = by_name(refute("LinReg", X, t, y, simulations=10))
    assert tuple(report.index) == REFUTERS
    fitted = estimators.get("LinReg").fit(X, t, y).ate(X)
    assert report["estimate"].to_numpy() == pytest.approx(np.full(5, fitted))
    assert report.loc["placebo treatment", "expected"] == 0
    assert report.loc["placebo treatment", "refuted"] == pytest.approx(0, abs=0.1)
    for name in ("random common cause", "data subset", "bootstrap"):
        assert report.loc[name, "refuted"] == pytest.approx(fitted, abs=0.1)
    tested = report.drop("unobserved common cause")["p_value"]
    assert ((tested > 0.05) & (tested <= 0.5)).all()
    # A hidden cause that flips treatments and lowers y takes from the estimate.
    assert report.loc["unobserved common cause", "refuted"] < fitted - 0.05
    assert np.isnan(report.loc["unobserved common cause", "p_value"])


def test_a_placebo_exposes_what_ignores_the_data(small_truth):
    X, t, y, _ = small_truth
    report = by_name(refute(AlwaysOne(), X, t, y, simulations=3))
    assert report.loc["placebo treatment", "refuted"] == pytest.approx(1)
    assert report.loc["placebo treatment", "expected"] == 0
    # There is no spread to test; DoWhy divides by it.
    assert not report.loc["placebo treatment", "p_value"] > 0.05
    assert report.loc["data subset", "p_value"] == 0.5


def test_each_refuter_changes_the_data_as_documented(small_truth):
    X, t, y, _ = small_truth
    matrix = X.to_numpy()
    seen = {}
    for name in REFUTERS:
        Recorder.fits.clear()
        refute(Recorder(), X, t, y, refuters=[name], simulations=2)
        (first, *others) = Recorder.fits
        np.testing.assert_array_equal(first[0], matrix)
        assert len(others) == 2
        # Each simulation is another one.
        assert not all(np.array_equal(a, b) for a, b in zip(*others, strict=True))
        seen[name] = others[0]
    assert seen["random common cause"][0].shape == (200, 5)
    placebo = seen["placebo treatment"]
    assert placebo[1].sum() == t.sum()
    assert not np.array_equal(placebo[1], t)
    np.testing.assert_array_equal(placebo[2], y)
    assert seen["data subset"][0].shape == (160, 4)
    assert seen["bootstrap"][0].shape == (200, 4)
    flipped = np.mean(seen["unobserved common cause"][1] != t)
    assert 0 < flipped < 0.15


def test_the_seed_decides_and_nothing_leaks(small_truth, capsys):
    X, t, y, _ = small_truth
    before = np.random.get_state()  # noqa: NPY002
    one, again, two = (
        refute("DoWhy weighting", X, t.astype(bool), y, simulations=3, random_state=seed)
        for seed in (1, 1, 2)
    )
    after = np.random.get_state()  # noqa: NPY002
    np.testing.assert_array_equal(before[1], after[1])
    pd.testing.assert_frame_equal(one, again)
    assert not one.equals(two)
    alone = refute("DoWhy weighting", X, t, y, ["bootstrap"], simulations=3, random_state=1)
    pd.testing.assert_series_equal(by_name(alone).loc["bootstrap"], by_name(one).loc["bootstrap"])
    assert capsys.readouterr() == ("", "")


def test_bad_arguments_are_errors(small_truth):
    X, t, y, _ = small_truth
    with pytest.raises(EstimatorError, match=r"there is no 'bootstrp', only random common cause"):
        refute("LinReg", X, t, y, refuters=["bootstrp"])
    with pytest.raises(EstimatorError, match=r"give a list of names, \['placebo treatment'\]"):
        refute("LinReg", X, t, y, refuters="placebo treatment")
    with pytest.raises(EstimatorError, match="simulations: is 1"):
        refute("LinReg", X, t, y, simulations=1)
    with pytest.raises(EstimatorError, match="X: has no column"):
        refute("LinReg", X[[]], t, y)
    with pytest.raises(EstimatorError, match="no estimator"):
        refute("LinRge", X, t, y)
