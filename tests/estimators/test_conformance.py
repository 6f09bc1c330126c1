"""Every shipped estimator passes the conformance check."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from econml.sklearn_extensions.linear_model import StatsModelsLinearRegression
from sklearn.linear_model import LinearRegression, LogisticRegression

import estimators
from estimators.check import RULES, RULES_OF_REGISTERED
from estimators.check.subject import check_data, estimates, fit

DML_MODELS = {"model_y": LinearRegression(), "model_t": LogisticRegression()}
DRIV_MODELS = {
    **DML_MODELS,
    "flexible_model_effect": StatsModelsLinearRegression(fit_intercept=False),
}
BART = {"n_trees": 20, "n_burn_in": 60, "n_draws": 25, "n_chains": 2}
NETWORK = {"representation_layers": (20,), "head_layers": (10,), "learning_rate": 3e-3}
DR_MODELS = {"model_regression": LinearRegression(), "model_propensity": LogisticRegression()}

#: Fewer trees and quicker nuisance models than the defaults: the rules do not depend on them.
LIGHT: dict[str, dict[str, object]] = {
    "LinearDML": DML_MODELS,
    "ForestDML": {**DML_MODELS, "n_estimators": 40},
    "SparseLinearDML": DML_MODELS,
    "KernelDML": DML_MODELS,
    "NonParamDML": DML_MODELS,
    "LinearDR": DR_MODELS,
    "LinearDR-trimmed": DR_MODELS,
    "SparseLinearDR": DR_MODELS,
    "DRLearner": DR_MODELS,
    "ForestDR": {**DR_MODELS, "n_estimators": 40},
    "ForestDR-trimmed": {**DR_MODELS, "n_estimators": 40},
    **{f"CausalML {learner}-XGB": {"n_estimators": 20} for learner in ("X", "R", "DR")},
    "OrthoIV": DML_MODELS,
    "DMLIV": DML_MODELS,
    **dict.fromkeys(("LinearDRIV", "LinearIntentToTreatDRIV", "IntentToTreatDRIV"), DRIV_MODELS),
    "DoubleML PLIV": {"n_estimators": 10},
    "DoubleML IIVM": {"n_estimators": 10},
    "DoubleML PLR": {"n_estimators": 10},
    "Sharp sensitivity": {"n_estimators": 10},
    "DoubleML PLR bounds": {"n_estimators": 10},
    "DoubleML IRM bounds": {"n_estimators": 10},
    "DoubleML IRM": {"n_estimators": 10},
    "CQR": {"n_estimators": 40},
    "CQR-nested": {"n_estimators": 40},
    "BART": BART,
    "BART-ITE": BART,
    "stochtree BCF": {**BART, "n_effect_trees": 10, "n_chains": 1},
    **dict.fromkeys(("TARNet", "TNet"), NETWORK),
}


def make(name, **parameters):
    """The estimator of that name; the test is skipped where its library is missing."""
    try:
        return estimators.get(name, **parameters)
    except estimators.MissingExtraError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("name", estimators.names())
def test_every_estimator_conforms(name, capfd):
    make(name)
    report = estimators.check_estimator(name, **LIGHT.get(name, {}))
    assert len(report.passed) == len(RULES) + len(RULES_OF_REGISTERED)
    # Libraries in C or C++ print past sys.stdout.
    assert capfd.readouterr() == ("", "")


def factorial():
    """Every combination of five binary covariates, so that splits of a tree tie."""
    X = pd.DataFrame(
        np.array(list(itertools.product((0, 1), repeat=5)) * 10), columns=list("abcde")
    )
    t = np.arange(len(X)) // 32 % 2
    return X, t, (X["a"] * X["b"] * X["c"]).to_numpy() * t + 0.0


def measured_as_stochastic(name, **parameters):
    """Whether the seed changes the effects by more than rounding, on data with and without ties."""
    if "random_state" not in estimators.parameters(name):
        return False
    drawn = check_data(120, seed=3)
    for X, t, y in ((drawn.X, drawn.t, drawn.y), factorial()):
        made = (estimators.get(name, **parameters, random_state=seed) for seed in range(8))
        answers = (estimates(fit(each, X, t, y), X) for each in made)
        first = next(answers)
        if any(np.abs(other - first).max() > 1e-9 for other in answers):
            return True
    return False


@pytest.mark.parametrize("name", estimators.names())
def test_every_estimator_declares_whether_its_seed_matters(name):
    make(name)
    measured = measured_as_stochastic(name, **LIGHT.get(name, {}))
    assert estimators.info(name).stochastic == measured


def test_costly_estimators_are_those_that_take_more_than_five_seconds():
    """The table of docs/reference/estimators.md tells."""
    table = pd.read_csv(Path(__file__).parents[2] / "results" / "estimators" / "seconds.csv")
    measured = table[table["rows"] == 1000].set_index("estimator")["seconds"]
    for name, seconds in measured.items():
        assert estimators.info(name).costly == (seconds > 5), name


@pytest.mark.slow
@pytest.mark.parametrize("name", estimators.names())
def test_every_estimator_fits_many_rows(name):
    make(name)
    report = estimators.check_estimator(name, large=True)
    assert "It can be fitted on 20,000 rows" in report.passed


@pytest.mark.parametrize(
    ("name", "tolerance"),
    [
        ("LinReg", 0.1),
        ("LinearS", 0.1),
        ("LinearT", 0.1),
        ("RF", 0.2),
        ("ForestS", 0.2),
        ("ForestT", 0.2),
        ("LinearDML", 0.15),
        ("ForestDML", 0.1),
        ("LinearDR", 0.1),
        ("ForestDR", 0.1),
        ("CausalForest", 0.4),
        ("DoWhy linear", 0.1),
        ("DoWhy weighting", 0.15),
    ],
)
def test_the_average_effect_is_recovered(name, tolerance, linear_truth):
    X, t, y, ite = linear_truth
    fitted = make(name).fit(X, t, y)
    assert fitted.ate(X) == pytest.approx(ite.mean(), abs=tolerance)
    confounded = estimators.get("T-Only OLS").fit(X, t, y).ate(X)
    assert abs(confounded - ite.mean()) > 2 * tolerance
