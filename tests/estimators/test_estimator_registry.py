from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

import estimators
from estimators import (
    CATEEstimator,
    EstimatorError,
    EstimatorInfo,
    MissingExtraError,
    PluginError,
    UnknownEstimatorError,
    errors,
)
from estimators.interface import HasATE, HasEffect, HasITEInterval
from estimators.registry import Registry


class Constant(CATEEstimator):
    """Estimates the same effect for every row.

    More words.
    """

    def __init__(self, value: float = 1.0) -> None:
        self.value = value

    def _fit(self, X, t, y):
        pass

    def _effect(self, X):
        return np.full(len(X), self.value)


def test_listing_imports_no_library():
    code = (
        "import sys, estimators; assert len(estimators.infos()) > 20; "
        "heavy = {'numpy', 'pandas', 'sklearn', 'scipy', 'joblib', 'econml', 'causalml', 'dowhy', "
        "'lightgbm', 'xgboost', 'torch', 'statsmodels'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_names_and_infos_go_together(registry):
    assert [info.name for info in registry.infos()] == registry.names()
    assert registry.names()[0] == "Oracle"


def test_the_oracle_is_the_only_one_that_sees_the_truth():
    assert [info.name for info in estimators.infos() if info.oracle] == ["Oracle"]


@pytest.mark.parametrize("name", estimators.names())
def test_the_declared_estimand_is_what_the_class_offers(name):
    estimator = estimators.get(name)
    if isinstance(estimator, HasITEInterval):
        offered = "ITE"
    else:
        offered = "CATE" if isinstance(estimator, HasEffect) else "ATE"
        assert isinstance(estimator, HasATE)
    assert estimators.info(name).estimand == offered


@pytest.mark.parametrize("name", estimators.names())
def test_an_extra_is_declared_by_those_that_need_one(name):
    family = estimators.info(name).family
    extras = {
        "EconML": "econml",
        "CausalML": "causalml",
        "DoWhy": "dowhy",
        "DoubleML": "doubleml",
        "quantile-forest": "conformal",
        "stochtree": "bart",
        "PyTorch": "networks",
        "linearmodels": "linearmodels",
        "ivmodels": "ivmodels",
        "Embedding": "lm",
    }
    assert estimators.info(name).extra == extras.get(family, "")


def test_get_passes_parameters():
    assert estimators.get("RF", n_estimators=7, random_state=3).get_params() == {
        "n_estimators": 7,
        "min_samples_leaf": 1,
        "random_state": 3,
        "standardise": True,
    }
    assert estimators.parameters("ForestT") == {
        "n_estimators": 100,
        "random_state": 0,
        "standardise": True,
    }
    assert estimators.parameters("Zero") == {}


def test_a_wrong_parameter_names_the_right_ones():
    with pytest.raises(EstimatorError, match=r"ForestT: has no parameter 'trees'; .*n_estimators"):
        estimators.get("ForestT", trees=5)
    with pytest.raises(EstimatorError, match=r"Zero: .*its parameters: none"):
        estimators.get("Zero", value=5)


def test_an_unknown_name_gives_close_ones_in_either_case():
    with pytest.raises(UnknownEstimatorError) as caught:
        estimators.get("linreg")
    assert "did you mean 'LinReg'" in str(caught.value)
    assert "sdscm estimators list" in str(caught.value)
    assert "\n" not in str(caught.value)
    with pytest.raises(UnknownEstimatorError, match=r"no estimator 'qqqq' \(list"):
        estimators.info("qqqq")


@pytest.mark.parametrize(
    ("name", "library", "adapter"),
    [
        ("LinearDML", "econml", "econml_estimators"),
        ("CausalML S-LGBM", "causalml", "causalml_estimators"),
        ("CausalML S-LGBM", "lightgbm", "causalml_estimators"),
        ("DoWhy linear", "dowhy", "dowhy_estimators"),
    ],
)
def test_a_missing_library_is_one_line_with_the_extra(name, library, adapter, monkeypatch):
    loaded = [key for key in sys.modules if key == library or key.startswith(f"{library}.")]
    for key in {library, *loaded}:
        monkeypatch.setitem(sys.modules, key, None)
    for module in (f"adapters.{adapter}", "support.boosting"):
        monkeypatch.delitem(sys.modules, f"estimators.{module}", raising=False)
    extra = estimators.info(name).extra
    with pytest.raises(MissingExtraError) as caught:
        estimators.get(name)
    why = errors.missing_wheels(extra) or f"pip install 'sdscm[{extra}]'"
    assert str(caught.value) == f"estimator {name!r} needs the extra '{extra}': {why}"


def test_an_extra_without_wheels_names_the_python_that_has_them(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 13, 0))
    assert str(MissingExtraError("estimator 'CausalML tree'", "causalml")) == (
        "estimator 'CausalML tree' needs the extra 'causalml': CausalML has no wheels for "
        "Python 3.13; use Python 3.12"
    )
    assert str(MissingExtraError("x", "econml")).endswith("pip install 'sdscm[econml]'")


def test_those_extras_are_the_ones_that_the_markers_leave_out():
    text = (Path(__file__).parents[2] / "pyproject.toml").read_text()
    extras = tomllib.loads(text)["project"]["optional-dependencies"]
    left_out = {
        name: {each.partition("; ")[2] for each in needs}
        for name, needs in extras.items()
        if all("python_version <" in each for each in needs)
    }
    assert left_out == {
        extra: {f"python_version < '{'.'.join(map(str, first))}'"}
        for extra, (_, first) in errors.NO_WHEELS.items()
    }


def test_a_class_is_registered_with_what_is_known_of_it(registry):
    registry.register(name="constant", family="Mine", source="me", assumes="luck")(Constant)
    assert registry.info("constant") == EstimatorInfo(
        name="constant",
        family="Mine",
        estimand="CATE",
        summary="Estimates the same effect for every row.",
        source="me",
        assumes="luck",
        origin=f"module {__name__}",
        stochastic=False,  # no parameter random_state
    )
    assert registry.get("constant", value=4.0).value == 4.0
    assert registry.names()[-1] == "constant"


def test_a_function_is_registered_as_it_is(registry, small_truth):
    X, t, y, _ = small_truth

    @estimators.register("slope")
    def slope(X, t, y, *, scale=1.0):
        return scale * X[:, 1]

    assert registry.parameters("slope") == {"scale": 1.0}
    estimator = registry.get("slope", scale=2.0).fit(X, t, y)
    np.testing.assert_allclose(estimator.effect(X), 2 * X["b"])
    assert estimator.ate(X) == pytest.approx(2 * X["b"].mean())
    with pytest.raises(EstimatorError, match="rows of fit only"):
        estimator.effect(X[::-1])


def test_a_function_may_give_the_average_effect_alone(registry, small_truth):
    X, t, y, _ = small_truth

    @estimators.register("contrast", estimand="ATE")
    def contrast(X, t, y):
        return y[t == 1].mean() - y[t == 0].mean()

    estimator = registry.get("contrast").fit(X, t, y)
    expected = estimators.get("DiffInMeans").fit(X, t, y).ate(X)
    assert estimator.ate(X) == pytest.approx(expected)
    assert not hasattr(estimator, "effect")


def test_a_function_that_returns_the_wrong_shape_is_an_error(registry, small_truth):
    X, t, y, _ = small_truth
    registry.register("one number")(lambda X, t, y: 1.0)
    registry.register("a row each", estimand="ATE")(lambda X, t, y: y)
    with pytest.raises(EstimatorError, match=r"returned shape \(\) for 200 rows"):
        registry.get("one number").fit(X, t, y)
    with pytest.raises(EstimatorError, match=r"returned shape \(200,\); return one number"):
        registry.get("a row each").fit(X, t, y)


class Abstract(CATEEstimator):
    """Lacks what it must have."""


class Needy(Constant):
    def __init__(self, size, depth=1):
        self.size, self.depth = size, depth


class Average(estimators.ATEEstimator):
    def _fit(self, X, t, y):
        pass

    def _ate(self, X):
        return 0.0


@pytest.mark.parametrize(
    ("arguments", "target", "message"),
    [
        ({"name": ""}, Constant, "must be text"),
        ({"name": "new\nline"}, Constant, r"text on one line, not 'new\\nline'"),
        ({"name": "linreg"}, Constant, "'linreg' differs from 'LinReg' in case only"),
        ({"name": "new"}, Abstract, "class Abstract is abstract; write _effect, _fit"),
        ({"name": "new"}, Needy, "class Needy needs size; give each argument"),
        ({"name": "new"}, Average, r"has no effect\(X\); register it with estimand='ATE'"),
        ({"name": "new", "estimand": "ITE"}, Average, "register it with estimand='ATE'"),
        ({"name": "new", "estimand": "LATE"}, Constant, "must be one of ATE, CATE, ITE"),
        ({"name": "new"}, object, "has no method fit"),
        ({"name": "new"}, type("F", (), {"fit": len}), "has neither effect"),
        ({"name": "new"}, 3, "decorate a class or a function"),
        ({"name": "new"}, lambda X: X, r"must take \(X, t, y\)"),
        ({"name": "new"}, lambda X, t, y, k: X, "give k a default"),
        ({"name": "new", "estimand": "ITE"}, lambda X, t, y: y, "ATE or the CATE"),
    ],
)
def test_what_cannot_be_an_estimator_is_not_registered(arguments, target, message, registry):
    with pytest.raises(EstimatorError, match=message):
        registry.register(**arguments)(target)
    assert "new" not in registry.names()


def test_a_decorator_without_a_name_shows_how_to_write_it(registry):
    for target in (Constant, lambda X, t, y: y):
        with pytest.raises(EstimatorError, match=r'write @estimators\.register\("') as caught:
            registry.register(target)
        assert target.__name__ in str(caught.value)


def test_the_docstring_of_a_base_class_is_not_used(registry):
    class Quiet(Constant):
        pass

    registry.register("quiet")(Quiet)
    assert registry.info("quiet").summary == ""


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (RuntimeError("no\nlicence"), "cannot be made: RuntimeError: no licence"),
        (SystemExit(), "cannot be made: SystemExit without a text"),
    ],
)
def test_a_constructor_that_raises_names_its_plugin(error, message, registry):
    class Broken(Constant):
        def __init__(self, value=1.0):
            raise error

    with registry.loading("plugin mine.py"):
        registry.register("broken")(Broken)
    with pytest.raises(PluginError, match=message) as caught:
        registry.get("broken")
    assert str(caught.value).startswith("plugin mine.py: estimator 'broken' ")
    assert registry.parameters("broken") == {"value": 1.0}


def test_a_taken_name_is_one_clear_error(registry):
    with pytest.raises(PluginError, match=r"'LinReg' is taken by a built-in"):
        registry.register("LinReg")(Constant)
    registry.register("mine")(Constant)

    class Other(Constant):
        pass

    with pytest.raises(PluginError, match="'mine' is taken by module"):
        registry.register("mine")(Other)


def test_registering_the_same_again_replaces_it(registry):
    registry.register("mine", source="first")(Constant)
    registry.register("mine", source="second")(Constant)
    assert registry.info("mine").source == "second"


def test_registries_do_not_share_names():
    first, second = Registry(), Registry(())
    second.register("mine")(Constant)
    assert "mine" in second.names()
    assert "mine" not in first.names()
