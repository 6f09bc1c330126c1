"""Every shipped estimator passes the conformance check."""

from __future__ import annotations

import pytest

import estimators

#: Fewer trees than the defaults: the rules do not depend on their number.
LIGHT = {"ForestDR": {"n_estimators": 40}}


@pytest.mark.parametrize("name", estimators.names())
def test_every_estimator_conforms(name, capfd):
    library = estimators.info(name).extra
    if library:
        pytest.importorskip(library)
    report = estimators.check_estimator(estimators.get(name, **LIGHT.get(name, {})))
    assert len(report.passed) == 15
    # Libraries in C or C++ print past sys.stdout.
    assert capfd.readouterr() == ("", "")


@pytest.mark.slow
@pytest.mark.parametrize("name", estimators.names())
def test_every_estimator_fits_many_rows(name):
    library = estimators.info(name).extra
    if library:
        pytest.importorskip(library)
    assert "It can be fitted on 20,000 rows" in estimators.check_estimator(name, large=True).passed


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
    library = estimators.info(name).extra
    if library:
        pytest.importorskip(library)
    X, t, y, ite = linear_truth
    fitted = estimators.get(name).fit(X, t, y)
    assert fitted.ate(X) == pytest.approx(ite.mean(), abs=tolerance)
    confounded = estimators.get("T-Only OLS").fit(X, t, y).ate(X)
    assert abs(confounded - ite.mean()) > 2 * tolerance
