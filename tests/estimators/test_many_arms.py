"""Estimators of several arms: exact answers on data without noise, and the pairwise wrapper."""

import numpy as np
import pytest

import estimators
from estimators.check import arms
from estimators.check.subject import Subject, check_data
from estimators.check.verdict import Broken


@pytest.fixture
def three():
    """X, t and y of three arms with linear effects, without noise; the true effects."""
    rng = np.random.default_rng(0)
    X, t = rng.normal(size=(150, 2)), np.arange(150) % 3
    effects = np.column_stack([1 + X[:, 0], -2 + 0.5 * X[:, 1]])
    y = 3 * X[:, 1] + np.column_stack([np.zeros(150), effects])[np.arange(150), t]
    return X, t, y, effects


@pytest.mark.parametrize(
    "make",
    [
        lambda: estimators.get("LinearT"),
        lambda: estimators.Pairwise("LinearT"),
        lambda: estimators.Pairwise(estimators.get("LinearT")),
    ],
)
def test_linear_arms_are_found_exactly(three, make) -> None:
    X, t, y, effects = three
    fitted = make().fit(X, t, y)
    np.testing.assert_allclose(fitted.effects(X), effects, atol=1e-8)
    np.testing.assert_allclose(fitted.ates(X), effects.mean(axis=0), atol=1e-8)
    assert fitted.n_arms_ == 3


def test_with_two_arms_the_answers_are_those_of_the_estimator() -> None:
    data = check_data(120)
    for name in ("LinearT", "ForestT"):
        one = estimators.get(name).fit(data.X, data.t, data.y)
        assert np.array_equal(one.effects(data.X)[:, 0], one.effect(data.X))
        assert one.ates(data.X)[0] == pytest.approx(one.ate(data.X), rel=1e-12)
    for name in ("RF", "IPW"):
        one = estimators.get(name).fit(data.X, data.t, data.y)
        two = estimators.Pairwise(name).fit(data.X, data.t, data.y)
        assert two.ates(data.X)[0] == one.ate(data.X)
    two = estimators.Pairwise("RF").fit(data.X, data.t, data.y)
    one = estimators.get("RF").fit(data.X, data.t, data.y)
    assert np.array_equal(two.effects(data.X)[:, 0], one.effect(data.X))


def test_pairwise_is_a_fit_on_the_rows_of_each_pair(three) -> None:
    X, t, y, _ = three
    fitted = estimators.Pairwise("IPW").fit(X, t, y)
    for arm, found in enumerate(fitted.ates(X), start=1):
        pair = (t == 0) | (t == arm)
        alone = estimators.get("IPW").fit(X[pair], (t[pair] == arm).astype(int), y[pair])
        assert found == alone.ate(X)
    with pytest.raises(estimators.EstimatorError, match="average effect only"):
        fitted.effects(X)


def test_what_is_refused_is_one_line(three, one_line) -> None:
    X, t, y, _ = three
    cases = {
        "arm 1 is empty": lambda: estimators.get("LinearT").fit(X, np.where(t == 1, 2, t), y),
        "t: holds -1": lambda: estimators.get("LinearT").fit(X, t - 1, y),
        "t: holds 0.5": lambda: estimators.get("LinearT").fit(X, t / 2, y),
        "code control as 0": lambda: estimators.get("LinearS").fit(X, t, y),
        "needs instrument": lambda: estimators.Pairwise("Wald").fit(X, t, y),
        "not fitted": lambda: estimators.Pairwise("RF").effects(X),
        "call effects": lambda: estimators.get("LinearT").fit(X, t, y).effect(X),
        "or ates": lambda: estimators.get("LinearT").fit(X, t, y).ate(X),
    }
    for why, call in cases.items():
        with pytest.raises(estimators.EstimatorError, match=why) as wrong:
            call()
        one_line(wrong.value)


def test_pairwise_passes_the_check() -> None:
    passed = estimators.check_estimator(estimators.Pairwise("LinearS")).passed
    assert len(passed) == len(estimators.check_estimator(estimators.get("LinearT")).passed)


class _Swapped(estimators.Pairwise):
    """Arms in the wrong order."""

    def _effects(self, X):
        return super()._effects(X)[:, ::-1]


class _Careless(estimators.Pairwise):
    """Fits the arms that there are."""

    def _checked(self, X, t, y):
        return super()._checked(X, np.unique(t, return_inverse=True)[1], y)


@pytest.mark.parametrize(
    ("estimator", "why"), [(_Swapped, "for arm 1"), (_Careless, "a treatment of 3 raised nothing")]
)
def test_the_check_finds(estimator, why) -> None:
    with pytest.raises(estimators.ConformanceError, match=why):
        estimators.check_estimator(estimator("LinearS"))


def test_registered_estimators_declare_their_arms() -> None:
    many = [info.name for info in estimators.infos() if info.many_arms]
    assert {"LinearT", "ForestT", "LinearDML", "CausalML X-LGBM"} <= set(many)
    assert not {"LinearS", "NonParamDML", "CausalForest", "OrthoIV"} & set(many)

    silent = Subject(lambda: estimators.get("LinearT"), check_data(60), estimators.info("LinearS"))
    with pytest.raises(Broken, match="write many_arms = True"):
        arms.declares_its_arms(silent)
    with pytest.raises(estimators.EstimatorError, match="many_arms"):

        @estimators.register("Declared")
        class Declared(estimators.get("LinearS").__class__):
            many_arms = True
