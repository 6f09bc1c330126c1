"""BART, BART-ITE and BCF."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import estimators

pytest.importorskip("stochtree")

from stochtree import BARTModel

from estimators.adapters import stochtree_models
from estimators.adapters.bart import _least_squares_noise

PAPER = Path(__file__).resolve().parents[4] / "shared" / "paper"
QUICK = {"n_trees": 30, "n_burn_in": 150, "n_draws": 50, "n_chains": 2}
QUICK_BCF = {"n_trees": 40, "n_effect_trees": 20, "n_burn_in": 200, "n_draws": 100}
NOISE = 0.5  # of draw_linear


@pytest.fixture(scope="module")
def bart(linear_truth):
    X, t, y, _ = linear_truth
    return estimators.get("BART", **QUICK, standardise=False).fit(X, t, y)


@pytest.fixture(scope="module")
def bart_ite(linear_truth):
    X, t, y, _ = linear_truth
    return estimators.get("BART-ITE", **QUICK, standardise=False).fit(X, t, y)


@pytest.fixture(scope="module")
def bcf(linear_truth):
    X, t, y, _ = linear_truth
    return estimators.get("stochtree BCF", **QUICK_BCF).fit(X, t, y)


@pytest.mark.parametrize("name", ["bart", "bcf"])
def test_effects_are_recovered_and_covered(name, request, linear_truth):
    X, _, _, ite = linear_truth
    fitted = request.getfixturevalue(name)
    effect = fitted.effect(X)
    assert np.sqrt(np.mean((effect - ite) ** 2)) < 0.25  # their standard deviation is 0.5
    assert fitted.ate(X) == pytest.approx(ite.mean(), abs=0.1)
    lower, upper = fitted.effect_interval(X)
    assert 0.85 < np.mean((lower < ite) & (ite < upper)) <= 1
    np.testing.assert_allclose((lower + upper) / 2, effect)
    lower, upper = fitted.ate_interval(X)
    assert lower < ite.mean() < upper
    assert 0.05 < upper - lower < 0.3


def test_the_moments_are_those_of_stochtrees_draws(bart, linear_truth):
    X = linear_truth.X.to_numpy()[:40]
    score = bart.propensity_model_.predict_proba(X)[:, 1]
    outcome = [
        bart.model_.model.predict(np.column_stack([np.full(40, arm), X, score]), terms="y_hat")
        for arm in (0.0, 1.0)
    ]
    draws = outcome[1] - outcome[0]
    assert draws.shape == (40, QUICK["n_draws"] * QUICK["n_chains"])
    np.testing.assert_allclose(bart.effect(X), draws.mean(axis=1))
    lower, upper = bart.effect_interval(X, alpha=0.1)
    np.testing.assert_allclose(upper - lower, 2 * 1.6448536 * draws.std(axis=1))
    lower, upper = bart.ate_interval(X, alpha=0.1)
    assert upper - lower == pytest.approx(2 * 1.6448536 * draws.mean(axis=0).std())


def test_rows_in_blocks_give_the_same(bart, linear_truth, monkeypatch):
    X = linear_truth.X.to_numpy()[:50]
    whole = bart.effect_interval(X), bart.ate_interval(X)
    bart.effect(X[:1])  # forget the answer
    monkeypatch.setattr(stochtree_models, "MOST_DRAWS", 1300)
    np.testing.assert_allclose(bart.effect_interval(X), whole[0])
    assert bart.ate_interval(X) == pytest.approx(whole[1])


def test_the_sampler_gets_the_settings_of_the_paper(small_truth, monkeypatch):
    seen = {}

    def sample(self, **options):
        seen.update(options)
        raise RuntimeError("enough")

    monkeypatch.setattr(BARTModel, "sample", sample)
    X, t, y, _ = small_truth
    with pytest.raises(RuntimeError, match="enough"):
        estimators.get("BART", random_state=5).fit(X, t, y)
    assert (seen["num_gfr"], seen["num_burnin"], seen["num_mcmc"]) == (0, 500, 100)
    assert seen["general_params"]["num_chains"] == 4
    assert seen["general_params"]["random_seed"] == 5
    assert seen["general_params"]["num_threads"] == 1
    forest = seen["mean_forest_params"]
    assert (forest["num_trees"], forest["min_samples_leaf"]) == (75, 1)
    assert forest["sample_sigma2_leaf"] is False
    # The sum of 75 leaves has k = 2 standard deviations between the middle and the ends of y.
    reach = 2 * np.sqrt(75 * forest["sigma2_leaf_init"]) * y.std()
    assert reach == pytest.approx((y.max() - y.min()) / 2)
    # Treatment, covariates, propensity score.
    assert seen["X_train"].shape == (200, 1 + 4 + 1)


def test_the_noise_prior_starts_from_least_squares():
    rng = np.random.default_rng(0)
    A = rng.normal(size=(5000, 3))
    signal = A @ [1.0, 2.0, 2.0]
    y = signal + rng.normal(scale=1.5, size=5000)
    assert _least_squares_noise(A, y) == pytest.approx(2.25 / (9 + 2.25), rel=0.05)
    assert _least_squares_noise(A[:3], y[:3]) == 1.0
    assert 0 < _least_squares_noise(A, signal) < 1e-5


def test_the_noise_is_found_in_units_of_y(bart):
    assert np.sqrt(bart.noise_variance_) == pytest.approx(NOISE, rel=0.1)


def test_the_observed_outcome_is_used_as_it_is(bart_ite, linear_truth):
    X, t, y, _ = linear_truth
    score = bart_ite.propensity_model_.predict_proba(X.to_numpy())[:, 1]
    other = np.column_stack([1 - t, X, score])
    missing = bart_ite.model_.model.predict(other, terms="y_hat")
    expected = np.where(t == 1, 1, -1) * (y - missing.mean(axis=1))
    np.testing.assert_allclose(bart_ite.effect(X), expected)
    lower, upper = bart_ite.ite_interval(X, t, y, alpha=0.05)
    sd = np.sqrt(missing.var(axis=1) + bart_ite.noise_variance_)
    np.testing.assert_allclose(upper - lower, 2 * 1.959964 * sd, rtol=1e-6)
    np.testing.assert_allclose((upper + lower) / 2, expected)


def test_other_rows_have_the_effect_of_bart(bart, bart_ite, linear_truth):
    X = linear_truth.X[:30]
    np.testing.assert_allclose(bart_ite.effect(X), bart.effect(X))


def test_individual_effects_of_units_with_noise_are_covered(bart_ite):
    rng = np.random.default_rng(3)
    X = pd.DataFrame(rng.normal(size=(2000, 4)), columns=list("abcd"))
    t = (rng.random(2000) < 1 / (1 + np.exp(-X["a"]))).astype(int).to_numpy()
    base = 3 + X["a"] + 0.5 * X["c"]
    y0 = (base + rng.normal(scale=NOISE, size=2000)).to_numpy()
    y1 = (base + 1 + 0.5 * X["b"] + rng.normal(scale=NOISE, size=2000)).to_numpy()
    lower, upper = bart_ite.ite_interval(X, t, np.where(t == 1, y1, y0))
    assert np.mean((lower < y1 - y0) & (y1 - y0 < upper)) == pytest.approx(0.95, abs=0.03)


@pytest.mark.parametrize("name", ["BART", "BART-ITE", "stochtree BCF"])
def test_the_seed_decides(name, small_truth):
    X, t, y, _ = small_truth
    small = {"n_burn_in": 20, "n_draws": 10, "n_chains": 2}
    one, again, other = (
        estimators.get(name, **small, random_state=seed).fit(X, t, y).effect(X)
        for seed in (1, 1, 2)
    )
    np.testing.assert_allclose(one, again, rtol=1e-9)
    assert not np.allclose(one, other)


@pytest.mark.parametrize("name", ["BART", "stochtree BCF"])
def test_a_constant_outcome_is_an_error(name, small_truth):
    X, t, _, _ = small_truth
    with pytest.raises(estimators.EstimatorError, match="y: is the same in every row"):
        estimators.get(name).fit(X, t, np.full(len(t), 3.0))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("lm", "setting", "most"),
    [
        # Published at 1,000 datasets: 0.0003, 0.0095, 0.0007, 0.0051.
        ("gpt2", "all", 0.0006),
        ("gpt2", "hidden", 0.019),
        ("llama-3-8b", "all", 0.0014),
        ("llama-3-8b", "hidden", 0.0102),
    ],
)
def test_the_error_on_the_papers_data_has_the_published_size(lm, setting, most):
    path = PAPER / f"{lm}.parquet"
    if not path.is_file():
        pytest.skip("the paper's data are not at ../shared/paper")
    covariates = [f"X{i}" for i in range(0 if setting == "all" else 4, 12)]
    outcomes = [f"logP(X13=0)|do(X12={arm})" for arm in (0, 1)]
    data = pd.read_parquet(path, columns=["dataset", "X12", *covariates, *outcomes])
    errors = []
    for _, rows in data[data["dataset"].isin(data["dataset"].unique()[50::100])].groupby("dataset"):
        t = rows["X12"].to_numpy()
        y0, y1 = (rows[name].to_numpy(float) for name in outcomes)
        fitted = estimators.get("BART").fit(rows[covariates], t, np.where(t == 1, y1, y0))
        errors.append(fitted.ate(rows[covariates]) - (y1 - y0).mean())
    assert len(errors) == 10
    assert np.sqrt(np.mean(np.square(errors))) < most
