from __future__ import annotations

import numpy as np
import pytest

import estimators

pytest.importorskip("causalml")

from causalml.inference.meta import (
    BaseDRRegressor,
    BaseRRegressor,
    BaseSRegressor,
    BaseTRegressor,
    BaseXRegressor,
)
from lightgbm import LGBMRegressor

from estimators.weighting import propensity_model


def lgbm():
    return LGBMRegressor(random_state=7, n_jobs=1, verbose=-1)


@pytest.mark.parametrize(
    ("name", "learner"),
    [("CausalML S-LGBM", BaseSRegressor), ("CausalML T-LGBM", BaseTRegressor)],
)
def test_plain_learners_agree_with_a_direct_call(name, learner, small_truth, capsys):
    X, t, y, _ = small_truth
    direct = learner(lgbm())
    direct.fit(X.to_numpy(), t, y)
    fitted = estimators.get(name, random_state=7).fit(X, t, y)
    np.testing.assert_allclose(fitted.effect(X), direct.predict(X.to_numpy()).ravel())


@pytest.mark.parametrize(
    ("name", "make", "options"),
    [
        ("CausalML X-LGBM", lambda: BaseXRegressor(lgbm()), {}),
        ("CausalML R-LGBM", lambda: BaseRRegressor(lgbm(), random_state=7), {}),
        ("CausalML DR-LGBM", lambda: BaseDRRegressor(lgbm()), {"seed": 7}),
    ],
)
def test_propensity_learners_agree_with_a_direct_call(name, make, options, small_truth):
    X, t, y, _ = small_truth
    X = X.to_numpy()
    p = np.clip(propensity_model().fit(X, t).predict_proba(X)[:, 1], 0.1, 0.9)
    direct = make()
    direct.fit(X, t, y, p=p, **options)
    fitted = estimators.get(name, clip=0.1, random_state=7).fit(X, t, y)
    np.testing.assert_allclose(fitted.effect(X), direct.predict(X, p=p).ravel())


@pytest.mark.parametrize("learner", ["S", "T", "X", "R", "DR"])
def test_the_average_effect_is_recovered(learner, linear_truth):
    X, t, y, ite = linear_truth
    fitted = estimators.get(f"CausalML {learner}-LGBM").fit(X, t, y)
    assert fitted.ate(X) == pytest.approx(ite.mean(), abs=0.15)
