"""Strength of an instrument against another library, strata against potential treatments."""

from dataclasses import replace

import numpy as np
import pytest
from statsmodels.regression.linear_model import OLS

import sdscm
from sdscm.data.instrument_facts import first_stage_f


def test_first_stage_f_by_statsmodels():
    draw = np.random.default_rng(0)
    X = draw.normal(size=(300, 3))
    z = (draw.normal(size=300) + X[:, 0] > 0).astype(int)
    t = (0.4 * z + X[:, 1] + draw.normal(size=300) > 0).astype(int)
    full = OLS(t, np.column_stack([np.ones(300), X, z])).fit()
    short = OLS(t, np.column_stack([np.ones(300), X])).fit()
    assert first_stage_f(t, z, X) == pytest.approx(full.compare_f_test(short)[0], rel=1e-9)
    repeated = np.column_stack([X, X[:, 0] - X[:, 1], np.ones(300)])
    assert first_stage_f(t, z, repeated) == pytest.approx(first_stage_f(t, z, X), rel=1e-9)


def test_ends_of_first_stage_f():
    draw = np.random.default_rng(1)
    z = draw.integers(0, 2, 100)
    t = draw.integers(0, 2, 100)
    assert first_stage_f(t, z, z[:, None]) == 0, "X determines the instrument"
    assert first_stage_f(z, z, np.zeros((100, 1))) == np.inf, "it determines the treatment"
    assert first_stage_f(t[:2], z[:2], np.ones((2, 1))) == 0, "no row is left for the error"


def test_the_dial_strength_and_the_strata():
    model = sdscm.SDSCM("training", "tabular:0")
    weak = sdscm.facts(model.dataset(400, settings=["instrument"]))
    data = sdscm.SDSCM("training", "tabular:0", strength=8).dataset(400, settings=["instrument"])
    strong = sdscm.facts(data)
    assert weak.first_stage_f < strong.first_stage_f
    low, high = data.potential_treatments.T
    expected = {(0, 1): "compliers", (1, 1): "always_takers", (0, 0): "never_takers"}
    for (first, second), name in {**expected, (1, 0): "defiers"}.items():
        share = np.mean((low == first) & (high == second))
        assert getattr(strong, name) == pytest.approx(share, abs=1e-12)
    assert f"compliers {strong.compliers:.0%}" in strong.strata
    assert "first-stage F" in strong._repr_html_()
    assert sdscm.facts(data.setting("instrument")).first_stage_f == strong.first_stage_f
    for setting in ("hidden", "randomised"):  # another treatment, or the instrument is a covariate
        assert not sdscm.facts(data.setting(setting)).has_instrument


def test_a_dataset_whose_other_covariates_are_all_hidden_has_a_strength():
    data = sdscm.SDSCM("training", "tabular:0").dataset(100, settings=["instrument"])
    few = replace(data, X=data.X[[*data.exogenous, "lottery"]], labels=None)
    assert sdscm.facts(few).first_stage_f == pytest.approx(
        first_stage_f(data.t, data.X["lottery"].to_numpy(), np.empty((100, 0))), rel=1e-9
    )


def test_a_table_with_an_instrument_has_a_strength_and_no_strata():
    data = sdscm.SDSCM("training", "tabular:0").dataset(200, settings=["instrument"])
    table = data.X.assign(took=data.t, earned=data.y)
    known = sdscm.facts(
        sdscm.CausalDataset.from_frame(
            table,
            treatment="took",
            outcome="earned",
            instrument="lottery",
            exogenous=data.exogenous,
        )
    )
    assert known.first_stage_f == pytest.approx(sdscm.facts(data).first_stage_f, rel=1e-9)
    assert known.strata == ""
    assert "not known" in known._repr_html_()


def test_datasets_without_an_instrument_have_none_of_these_facts():
    plain = sdscm.facts(sdscm.SDSCM("headache", "tabular:0").dataset(50))
    assert not plain.has_instrument
    assert not plain.weak
    assert "first-stage F" not in plain._repr_html_()
