"""Semi-synthetic truth by its own oracle: closed forms of the fitted models, and laws of draws."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

import estimators
from sdscm.data.calibrated_fit import fit_calibrated
from sdscm.data.dataset import CausalDataset, Provenance
from sdscm.data.semisynth import FittedTable, fit_models
from sdscm.errors import InputError
from sdscm.sampling.dials import Dials

N = 400


def table_of(X: pd.DataFrame, t: np.ndarray, y: np.ndarray, **more) -> CausalDataset:
    """A table whose effects are unknown."""
    return CausalDataset(
        X=X.astype(float),
        t=np.asarray(t, dtype=np.int8),
        y0=np.where(t == 1, np.nan, y),
        y1=np.where(t == 1, y, np.nan),
        meta=Provenance("toy.csv", options={"contrast": ["no", "yes"]}),
        **more,
    )


def table(kind: str, n: int = N, noise: float = 1.0) -> CausalDataset:
    """``linear``, ``steps`` or ``binary`` outcomes; ``a`` confounds, the effect varies with b."""
    rng = np.random.default_rng(3)
    X = pd.DataFrame({"a": rng.normal(size=n), "b": rng.normal(size=n)})
    t = (rng.random(n) < expit(X["a"])).astype(int)
    if kind == "steps":
        mean = 3 * np.sign(X["a"] * X["b"]) + t * (1 + 4 * (X["b"] > 0))
    else:
        mean = 2 * X["a"] - X["b"] + t * (1 + 0.5 * X["b"])
    y = mean + noise * rng.normal(size=n)
    if kind == "binary":
        y = np.where(rng.random(n) < expit(mean), 7.0, 5.0)
    return table_of(X, t, np.asarray(y, dtype=float))


@cache
def fitted_to(kind: str, learner: str) -> FittedTable:
    return fit_models(table(kind), learner)


@pytest.fixture
def linear() -> FittedTable:
    return fitted_to("linear", "linear")


@pytest.fixture
def binary() -> FittedTable:
    return fitted_to("binary", "linear")


def affine(X: pd.DataFrame, values: np.ndarray) -> np.ndarray:
    """Coefficients of a linear function that equals the values at all rows to 1e-12."""
    design = np.column_stack([np.ones(len(X)), X])
    found = np.linalg.lstsq(design, values, rcond=None)[0]
    np.testing.assert_allclose(design @ found, values, rtol=0, atol=1e-12)
    return found


def test_effects_of_a_linear_model_are_its_closed_form(linear):
    made = linear.dataset(0, dials=Dials(effect=1.5))
    cate = made.cates["all"]
    # Ridge regression with a small penalty: nearly the regressions within the arms.
    data = linear.table
    one, zero = (
        np.linalg.lstsq(
            np.column_stack([np.ones(N), data.X])[data.t == arm], data.y[data.t == arm], rcond=None
        )[0]
        for arm in (1, 0)
    )
    np.testing.assert_allclose(affine(made.X, cate), 1.5 * (one - zero), atol=0.05)
    np.testing.assert_allclose(made.ite, cate, rtol=0, atol=1e-12)
    # The log-odds of a logistic model are linear, and near those that made the table.
    np.testing.assert_allclose(affine(made.X, logit(made.propensity)), [0, 1, 0], atol=0.3)
    # Both outcomes of a row are the means and one noise, and the observed one is that of t.
    assert affine(made.X, linear.dataset(0, noise=0).y0)[1:] == pytest.approx([2, -1], abs=0.2)
    np.testing.assert_array_equal(made.y, np.where(made.t == 1, made.y1, made.y0))


def test_without_noise_in_the_table_the_model_is_the_formula():
    made = fit_models(table("linear", noise=1e-4), "linear").dataset(0, noise=0)
    np.testing.assert_allclose(affine(made.X, made.ite), [1, 0, 0.5], atol=0.01)
    np.testing.assert_allclose(affine(made.X, made.y0), [0, 2, -1], atol=0.01)


@pytest.mark.parametrize("learner", ["linear", "boosted"])
@pytest.mark.parametrize("kind", ["linear", "binary"])
def test_effect_0_removes_every_effect(kind, learner):
    made = fitted_to(kind, learner).dataset(0, dials=Dials(effect=0))
    np.testing.assert_allclose(made.ite, 0, atol=1e-12)
    np.testing.assert_allclose(made.cates["all"], 0, atol=1e-12)


def test_dials_of_the_treatment_have_the_formulas_of_scenarios(linear):
    def log_odds(**dials: float) -> np.ndarray:
        return logit(linear.dataset(0, dials=Dials(**dials)).propensity)

    plain = log_odds()
    np.testing.assert_allclose(log_odds(confounding=0), 0, atol=1e-12)
    np.testing.assert_allclose(log_odds(overlap=1), 0, atol=1e-12)
    np.testing.assert_allclose(log_odds(confounding=2), 2 * plain, atol=1e-9)
    np.testing.assert_allclose(expit(log_odds(overlap=0.4)), 0.6 * expit(plain) + 0.2)


def test_the_treatment_is_drawn_with_the_propensity(linear):
    made = [linear.dataset(seed) for seed in range(200)]
    share = np.mean([each.t for each in made], axis=0)
    e = made[0].propensity
    z = (share - e) / np.sqrt(e * (1 - e) / 200)
    assert np.mean(z) == pytest.approx(0, abs=4 / np.sqrt(N))
    assert np.std(z) == pytest.approx(1, abs=0.15)
    assert {each.fingerprint for each in made}.isdisjoint([linear.dataset(200).fingerprint])
    assert linear.dataset(7).fingerprint == made[7].fingerprint


def test_noise_is_in_units_of_the_outcome_without_it(linear):
    plain = linear.dataset(0, noise=0)
    made = linear.dataset(0, noise=0.5)
    u = made.y0 - plain.y0
    np.testing.assert_allclose(made.y1 - plain.y1, u, atol=1e-12)
    assert u.std() == pytest.approx(0.5 * plain.y.std(), rel=0.15)
    assert abs(np.corrcoef(u, made.t)[0, 1]) < 0.15
    usual = linear.dataset(0)
    residuals = linear.outcome.residuals
    assert {*(usual.y0 - plain.y0).round(9)} <= {*residuals.round(9)}
    assert residuals.std() == pytest.approx(1, abs=0.1)  # of the table
    assert usual.meta.options["noise"] == pytest.approx(residuals.std() / plain.y.std())
    apart = linear.dataset(0, noise=0.5, noise_coupling="independent")
    differences = apart.ite - apart.cates["all"]
    assert differences.std() == pytest.approx(np.sqrt(2) * u.std(), rel=0.15)
    np.testing.assert_array_equal(apart.cates["all"], made.cates["all"])


def test_an_outcome_with_two_values_keeps_them(binary):
    made = [binary.dataset(seed, noise_coupling="independent") for seed in range(300)]
    assert {*np.unique([each.y for each in made])} == {5.0, 7.0}
    cate = made[0].cates["all"]
    mean = np.mean([each.ite for each in made], axis=0)
    assert np.abs(mean - cate).mean() < 4 * 2 * np.sqrt(0.5 / 300)
    assert np.corrcoef(mean, cate)[0, 1] > 0.8
    shared = binary.dataset(0)
    assert set(np.sign(shared.ite[cate > 0])) <= {0, 1}
    # The dial is a factor on the difference of the log-odds.
    zero, one = (expit(scores) for scores in binary.outcome.scores)
    np.testing.assert_allclose(cate, 2 * (one - zero), atol=1e-12)
    more = expit(2 * binary.outcome.scores[1] - binary.outcome.scores[0])
    doubled = binary.dataset(0, dials=Dials(effect=2)).cates["all"]
    np.testing.assert_allclose(doubled, 2 * (more - zero), atol=1e-9)


@pytest.mark.parametrize("learner", ["linear", "boosted"])
def test_models_do_not_fit_chance(learner):
    """Treatment and outcome are noise: no confounding and no effect, however flexible the model."""
    rng = np.random.default_rng(1)
    X = pd.DataFrame(rng.normal(size=(N, 10)))
    t, y = rng.integers(2, size=N), rng.normal(size=N)
    fitted = fit_models(table_of(X, t, y), learner)
    made = fitted.dataset(0)
    assert made.propensity.std() < 0.05
    assert made.cates["all"].std() < 0.15
    assert fitted.outcome.residuals.std() == pytest.approx(y.std(), rel=0.05)
    assert fitted.treatment.quality == pytest.approx(0.5, abs=0.1)
    assert fitted.outcome.quality < 0.03


def test_models_keep_the_shares_and_means_of_the_table():
    for kind in ("linear", "steps"):
        data = table(kind)
        fitted = fitted_to(kind, "boosted")
        assert expit(fitted.treatment.scores[0]).mean() == pytest.approx(data.t.mean())
        for arm, scores in enumerate(fitted.outcome.scores):
            here = data.t == arm
            assert scores[here].mean() == pytest.approx(data.y[here].mean())
            assert fitted.outcome.residuals[here].mean() == pytest.approx(0, abs=1e-9)


def test_auto_takes_the_model_that_predicts():
    assert fitted_to("linear", "auto").outcome.learner == "linear"
    steps = fitted_to("steps", "auto").outcome
    assert (steps.learner, steps.measure) == ("boosted", "R2")
    assert steps.quality > 0.8


def test_a_treatment_that_a_covariate_decides_keeps_some_overlap():
    X = pd.DataFrame({"a": np.linspace(-1, 1, 100)})
    fitted = fit_calibrated(
        X.to_numpy(), (X["a"] > 0).to_numpy().astype(float), None, "linear", binary=True
    )
    assert 0 < fitted.slope <= 1
    assert np.isfinite(fitted.scores).all()


@pytest.mark.parametrize(
    ("kind", "right", "wrong"), [("linear", "LinearT", "ForestT"), ("steps", "ForestT", "LinearT")]
)
def test_estimators_that_match_the_generating_model_win(kind, right, wrong):
    fitted = fitted_to(kind, {"linear": "linear", "steps": "boosted"}[kind])
    for seed in range(3):
        made = fitted.dataset(seed)
        pehe = {
            name: np.sqrt(
                np.mean(
                    (
                        estimators.get(name).fit(made.X, made.t, made.y).effect(made.X)
                        - made.cates["all"]
                    )
                    ** 2
                )
            )
            for name in (right, wrong)
        }
        assert pehe[right] < 0.8 * pehe[wrong]


def test_the_hidden_cate_is_the_mean_over_rows_with_the_same_shown_values():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"hidden": rng.integers(2, size=N), "shown": rng.integers(3, size=N)})
    t = (rng.random(N) < expit(X["hidden"])).astype(int)
    y = X["hidden"] + t * (1 + X["hidden"] + X["shown"]) + 0.1 * rng.normal(size=N)
    data = table_of(X, t, y.to_numpy(), exogenous=("hidden",))
    whole = fit_models(data, "linear")
    full, part = whole.dataset(0), whole.dataset(0, n=50)
    expected = pd.Series(full.cates["all"]).groupby(X["shown"]).mean()
    for made in (full, part):
        np.testing.assert_allclose(made.cates["hidden"], expected[made.X["shown"]])
    # With a covariate of distinct numbers each mean would be over one row.
    many = replace(data, X=data.X.assign(number=rng.normal(size=N)))
    assert "hidden" not in fit_models(many, "linear").dataset(0).cates


def test_rows_and_sizes(linear):
    whole, small = linear.dataset(0), linear.dataset(0, n=100)
    pd.testing.assert_frame_equal(whole.X, linear.table.X)
    places = [int(np.flatnonzero(whole.X["a"] == a)[0]) for a in small.X["a"]]
    assert places == sorted(places)
    np.testing.assert_array_equal(small.y1, whole.y1[places])
    np.testing.assert_array_equal(small.t, whole.t[places])
    again = linear.dataset(0, n=900, rows="bootstrap")
    assert len(again) == 900
    assert 330 < again.X["a"].nunique() < N  # 1 - exp(-900 / 400) of the rows: 358
    np.testing.assert_array_equal(again.y0[:50], linear.dataset(0, n=50, rows="bootstrap").y0)
    with pytest.raises(InputError, match="401 units: the table has 400 rows"):
        linear.dataset(0, n=401)


def test_categories_are_indicators_and_keep_their_names():
    rng = np.random.default_rng(0)
    town = rng.integers(3, size=N)
    t = rng.integers(2, size=N)
    y = np.array([0, 5, 1])[town] + t + 0.1 * rng.normal(size=N)
    labels = pd.DataFrame({"town": np.array(["Bonn", "Kiel", "Ulm"])[town]})
    data = table_of(pd.DataFrame({"town": town}), t, y, labels=labels)
    made = fit_models(data, "linear").dataset(0, noise=0)
    # A model that is linear in the codes 0, 1, 2 would not have these means.
    means = pd.Series(made.y0).groupby(made.labels["town"]).mean()
    assert list(means) == pytest.approx([0, 5, 1], abs=0.1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"t": [1] * 9 + [0] * (N - 9)}, "the treatment is yes in 9 of 400 rows"),
        ({"y": [1.0] * 9 + [0.0] * (N - 9)}, "the outcome is 1 in 9 of 400 rows"),
        ({"y": [0.0, 1e-200, 2e-200, 0.0] * (N // 4)}, "the outcome varies by too little"),
    ],
)
def test_tables_without_models(change, message):
    data = table("linear")
    t = np.array(change.get("t", data.t))
    with pytest.raises(InputError, match=message):
        fit_models(table_of(data.X, t, np.array(change.get("y", data.y))))


def test_noise_of_two_values_is_refused(binary):
    with pytest.raises(InputError, match=r"noise 0\.5: the outcome has two values"):
        binary.dataset(0, noise=0.5)
