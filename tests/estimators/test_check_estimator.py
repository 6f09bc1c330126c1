"""The conformance check finds each kind of broken estimator."""

from __future__ import annotations

import random
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, Ridge

import estimators
from estimators import (
    ATEEstimator,
    ATEIntervals,
    CATEEstimator,
    ConformanceError,
    EffectIntervals,
    ITEIntervals,
    Standardised,
)
from estimators.check import RULES, RULES_OF_REGISTERED, check_data


class RawSlope(CATEEstimator):
    """Differences of two regressions on an intercept and X. Dates are beyond its precision."""

    def _fit(self, X, t, y):
        Z = np.column_stack([np.ones(len(X)), X])
        self.b_ = [np.linalg.lstsq(Z[t == a], y[t == a], rcond=None)[0] for a in (0, 1)]

    def _effect(self, X):
        return np.column_stack([np.ones(len(X)), X]) @ (self.b_[1] - self.b_[0])


class Slope(Standardised, RawSlope):
    """Valid."""


class Forgetful(Slope):
    def fit(self, X, t, y):
        super().fit(X, t, y)


class ReturnsAnother(Slope):
    def fit(self, X, t, y):
        super().fit(X, t, y)
        return Slope().fit(X, t, y)


class NarrowBounds(Slope, estimators.ATEBounds):
    """Its bounds become narrower with the strength."""

    change: ClassVar[float] = -1.0

    def _ate_bounds(self, X, strength, alpha):
        half = 1 + self.change * np.log(strength) + (alpha is not None)
        return self._ate(X) - half, self._ate(X) + half


class BoundsElsewhere(NarrowBounds):
    change = 1.0

    def _ate_bounds(self, X, strength, alpha):
        lower, upper = super()._ate_bounds(X, strength, alpha)
        return lower + 9, upper + 9


class AnyStrength(NarrowBounds):
    change = 1.0

    def ate_bounds(self, X, gamma=2.0, alpha=None):
        return super().ate_bounds(X, abs(gamma) + 1 if gamma == gamma else 1, alpha=alpha)


class Mute:
    def fit(self, X, t, y):
        return self


class TwoColumns(Slope):
    def effect(self, X):
        return super().effect(X)[:, None]


class Nan(Slope):
    def _effect(self, X):
        return super()._effect(X) * np.nan


class Listing(Slope):
    def effect(self, X):
        return list(super().effect(X))


class NumpyAverage(Slope):
    def ate(self, X):
        return np.float32(super().ate(X))


class UpsideDown(EffectIntervals, Slope):
    def _effect_interval(self, X, alpha):
        return self._effect(X) + 1, self._effect(X) - 1


class NarrowWhenSure(ATEIntervals, Slope):
    def _ate_interval(self, X, alpha):
        return self._ate(X) - alpha, self._ate(X) + alpha


class OfOneLevel(ATEIntervals, Slope):
    def _ate_interval(self, X, alpha):
        return self._ate(X) - 1, self._ate(X) + 1


class NanEnds(EffectIntervals, Slope):
    def _effect_interval(self, X, alpha):
        return self._effect(X) - alpha, np.full(len(X), np.nan)


class NoisyIntervals(ATEIntervals, Slope):
    def _fit(self, X, t, y):
        super()._fit(X, t, y)
        self.noise_ = np.random.default_rng().random()

    def _ate_interval(self, X, alpha):
        wide = self.noise_ + 1 / alpha
        return self._ate(X) - wide, self._ate(X) + wide


class WearsOff(Slope):
    def _effect(self, X):
        self.b_ = [b + 1 * (i == 1) for i, b in enumerate(self.b_)]
        return super()._effect(X)


class Picky(Slope):
    def fit(self, X, t, y):
        if np.asarray(t).dtype != np.int64:
            raise TypeError("t must be int64")
        return super().fit(X, t, y)


class ByLabel(Slope):
    def fit(self, X, t, y):
        return super().fit(X.sort_index() if hasattr(X, "sort_index") else X, t, y)


class AnyLevel(Slope):
    def effect_interval(self, X, alpha=0.05):
        return self.effect(X) - 1 / alpha, self.effect(X) + 1 / alpha


class Tolerant(Slope):
    def fit(self, X, t, y):
        return super().fit(X, np.minimum(t, 1), y)


class Vandal(Slope):
    def fit(self, X, t, y):
        super().fit(X, t, y)
        y += 1
        return self


class VandalOfX(Slope):
    def effect(self, X):
        effect = super().effect(X)
        X.iloc[0, 0] = 9.0
        return effect


class Gambler(Slope):
    def _effect(self, X):
        return super()._effect(X) + self.offset_

    def fit(self, X, t, y):
        self.offset_ = np.random.normal()  # noqa: NPY002
        return super().fit(X, t, y)


class Seeder(Slope):
    def fit(self, X, t, y):
        np.random.seed(0)  # noqa: NPY002
        return super().fit(X, t, y)


class PythonSeeder(Slope):
    def fit(self, X, t, y):
        random.seed(0)
        return super().fit(X, t, y)


class FramesOnly(Slope):
    def fit(self, X, t, y):
        X.columns  # noqa: B018
        return super().fit(X, t, y)


class Talker(Slope):
    def fit(self, X, t, y):
        print("epoch 1")
        return super().fit(X, t, y)


class Threshold(RawSlope):
    """Takes outcomes of a small spread for constant ones, as XGBoost's absolute gain does."""

    def _fit(self, X, t, y):
        super()._fit(X, t, y if np.std(y) > 0.01 else np.zeros(len(y)))


class Shifty(RawSlope):
    def _fit(self, X, t, y):
        super()._fit(X, t, y)
        self.b_[1] = self.b_[1] * 1.1


class RidgePenalty(CATEEstimator):
    """A penalty on coefficients that are as large as the units say."""

    def _fit(self, X, t, y):
        self.models_ = [Ridge(10.0).fit(X[t == a], y[t == a]) for a in (0, 1)]

    def _effect(self, X):
        return self.models_[1].predict(X) - self.models_[0].predict(X)


class DeclaredShifty(Shifty):
    depends_on_units: ClassVar = dict.fromkeys(
        ("shift of y", "scale of X"), "one coefficient is 1.1 times as large: 0.1 of the shift"
    )


class OneSided(Slope):
    def _effect(self, X):
        return np.abs(super()._effect(X))


class Careless(Slope):
    def fit(self, X, t, y):
        return super().fit(np.nan_to_num(np.asarray(X, dtype=float)), t, y)


class Untyped(Slope):
    def fit(self, X, t, y):
        if len(np.unique(t)) < 2:
            raise RuntimeError("no arm")
        return super().fit(X, t, y)


class Inverting(Slope):
    def _fit(self, X, t, y):
        np.linalg.cholesky(np.cov(X.T))
        super()._fit(X, t, y)


class Hungry(Slope):
    rows_per_arm = 50


class Failing(Slope):
    def fit(self, X, t, y):
        raise KeyError


class Opposite(Slope):
    def _effect(self, X):
        return -super()._effect(X)


class Thousand(RawSlope):
    def _effect(self, X):
        return 0 * super()._effect(X) + 1000


class WrongAverage(Slope):
    def _ate(self, X):
        return -super()._ate(X)


class FarAway(EffectIntervals, Slope):
    def _effect_interval(self, X, alpha):
        return self._effect(X) + 90 - 1 / alpha, self._effect(X) + 90 + 1 / alpha


class FarFromUnits(ITEIntervals, Slope):
    def _ite_interval(self, X, t, y, alpha):
        return y + 90 - 1 / alpha, y + 90 + 1 / alpha


class OneEnd(ATEIntervals, Slope):
    def _ate_interval(self, X, alpha):
        return self._ate(X) - 1, self._ate(X) + 1 / alpha


class AnyLowLevel(Slope):
    def effect_interval(self, X, alpha=0.05):
        if alpha > 1:
            raise estimators.EstimatorError("alpha")
        width = 9 if alpha <= 0 else 1 / alpha
        return self.effect(X) - width, self.effect(X) + width


class VandalOfUnits(Slope):
    def ite_interval(self, X, t, y, alpha=0.05):
        ends = y - 9 / alpha, y + 9 / alpha
        y[:] = 0
        return ends


class VandalOfTreatment(VandalOfUnits):
    def ite_interval(self, X, t, y, alpha=0.05):
        t[:] = 0
        return y - 9 / alpha, y + 9 / alpha


class VandalInIntervals(AnyLevel):
    def effect_interval(self, X, alpha=0.05):
        X.iloc[0, 0] = 9.0
        return super().effect_interval(X, alpha)


class VandalInAverage(Slope):
    def ate(self, X):
        X.iloc[0, 0] = 9.0
        return super().ate(X)


class Cumulative(Slope):
    """Adds the rows of a fit to those of the fits before."""

    seen_: tuple = ()

    def _fit(self, X, t, y):
        self.seen_ = (*self.seen_, (X, t, y))
        super()._fit(*(np.concatenate(part) for part in zip(*self.seen_, strict=True)))


class Unclonable(Slope):
    def __init__(self, size=1):
        self.size = size + 1


class Unpicklable(Slope):
    def _fit(self, X, t, y):
        super()._fit(X, t, y)
        self.hook_ = lambda: None


@pytest.mark.parametrize(
    ("estimator", "rule", "detail"),
    [
        (Mute, "It offers effect", "it has neither"),
        (Forgetful, "Fit returns the estimator itself", "return self"),
        (ReturnsAnother, "Fit returns the estimator itself", "return self"),
        (TwoColumns, "Effects are floats", r"shape \(240, 1\)"),
        (Nan, "Effects are floats", "NaN"),
        (Listing, "Effects are floats", "returned list"),
        (NumpyAverage, "Effects are floats", "ate returned float32"),
        (UpsideDown, "Intervals have", "lower end above"),
        (NarrowWhenSure, "Intervals have", "wider at alpha 0.5"),
        (OfOneLevel, "Intervals have", "same lower end at alpha 0.5"),
        (NanEnds, "Intervals have", "NaN"),
        (NoisyIntervals, "The same random_state", "ate_interval after a second fit"),
        (WearsOff, "The same random_state", "effect in a second call"),
        (NarrowBounds, "Bounds are two floats", "it must hold"),
        (BoundsElsewhere, "Without hidden confounding", "and ate_bounds gave"),
        (AnyStrength, "A strength that cannot be", "ate_bounds with gamma = 0.5 raised nothing"),
        (Picky, "Row labels", "t must be int64"),
        (ByLabel, "Row labels", "differ by"),
        (AnyLevel, "An empty arm", "effect_interval with alpha 1.5 raised nothing"),
        (Tolerant, "An empty arm", "a treatment of 2 raised nothing"),
        (Vandal, "A fit and each answer leave", "changed y"),
        (VandalOfX, "A fit and each answer leave", "effect changed X"),
        (
            VandalOfUnits,
            "A fit and each answer leave",
            "ite_interval changed y",
        ),
        (
            VandalOfTreatment,
            "A fit and each answer leave",
            "ite_interval changed t",
        ),
        (
            VandalInIntervals,
            "A fit and each answer leave",
            "effect_interval changed X",
        ),
        (VandalInAverage, "A fit and each answer leave", "ate changed X"),
        (Failing, "It can be made and fitted", "raised KeyError without a text"),
        (Opposite, "On easy randomised data", r"effect\(X\) is -1\.9, the truth 1\.99"),
        (Thousand, "On easy randomised data", "is 1e\\+03"),
        (WrongAverage, "On easy randomised data", r"ate\(X\) is -1\.9"),
        (FarAway, "On easy data most intervals", "effect_interval contains it in 0%"),
        (FarFromUnits, "On easy data most intervals", "ite_interval contains it in 0%"),
        (OneEnd, "Intervals have", "ate_interval has the same lower end"),
        (AnyLowLevel, "An empty arm", "effect_interval with alpha 0 raised nothing"),
        (Cumulative, "A second fit of the same object", "effect after a fit on other data"),
        (Gambler, "The same random_state", "differ by up to"),
        (Seeder, "The same random_state", "numpy.random; use"),
        (PythonSeeder, "The same random_state", "module random; use"),
        (FramesOnly, "An array of the same", "AttributeError"),
        (Talker, "It prints nothing", "epoch 1"),
        (Shifty, "Shift of y: a constant", "depends_on_units"),
        (Threshold, "Scale of y: c times y", "effect changes by .*, more than 1e-06"),
        (RidgePenalty, "Scale of X: other units", "effect changes by .*estimators.Standardised"),
        (OneSided, "Effects change their sign", "for 1 - t"),
        (Careless, "An empty arm", "NaN in X raised nothing"),
        (Untyped, "An empty arm", "no treated row raised RuntimeError instead"),
        (Inverting, "A constant covariate", "LinAlgError"),
        (Hungry, "It can be fitted on 30 rows", "arm has"),
        (Unclonable, "sklearn.base.clone", ""),
        (Unpicklable, "It can be pickled after a fit", ""),
    ],
)
def test_each_broken_rule_is_named(estimator, rule, detail):
    with pytest.raises(ConformanceError, match=f"{estimator.__name__}: {rule}.*{detail}") as caught:
        estimators.check_estimator(estimator)
    assert "\n" not in str(caught.value)


def test_a_sound_one_passes_as_class_as_object_and_by_name(registry):
    registry.register("slope")(Slope)
    for form, rules in (
        (Slope, RULES),
        (Slope(), RULES),
        ("slope", RULES + RULES_OF_REGISTERED),
    ):
        report = estimators.check_estimator(form)
        assert report.estimator in ("Slope", "slope")
        assert len(set(report.passed)) == len(rules)


class Certain(EffectIntervals, Slope):
    """Valid: an interval may have no width, or an infinite one."""

    def _effect_interval(self, X, alpha):
        return np.full(len(X), -np.inf), np.full(len(X), np.inf)


class RowsOfFit(ATEIntervals, Slope):
    def _fit(self, X, t, y):
        super()._fit(X, t, y)
        self.of_fit_ = float(self._effect(X).mean())

    def _ate(self, X):
        return self.of_fit_

    def _ate_interval(self, X, alpha):
        return self.of_fit_ - 1 / alpha, self.of_fit_ + 1 / alpha


class More(Slope):
    def _ate(self, X):
        return 1.2 * self._effect(X).mean()


DESCRIBED = estimators.Intervals(ate="as wide as the inverse of alpha")


@pytest.mark.parametrize(
    ("target", "registration", "rule", "detail"),
    [
        (
            Certain,
            {},
            "Its registration",
            r"effect_interval is not described; register with intervals=",
        ),
        (Slope, {"estimand": "ATE"}, "It estimates the estimand", "register it for the CATE"),
        (
            Slope,
            {"ate": estimators.ATE_OF_FIT},
            "Its average effect is the one",
            "it is not that of the rows of fit",
        ),
        (
            RowsOfFit,
            {"intervals": DESCRIBED},
            "Its average effect is the one",
            "it is not the mean of",
        ),
        (
            More,
            {},
            "Its average effect is the one",
            r"it is not the mean of effect\(X\).*register with ate=",
        ),
    ],
)
def test_a_registration_must_be_true(target, registration, rule, detail, registry):
    registry.register("mine", **registration)(target)
    with pytest.raises(ConformanceError, match=f"mine: {rule}.*{detail}"):
        estimators.check_estimator("mine")
    # An object declares nothing, and keeps the rules.
    estimators.check_estimator(target)


@pytest.mark.parametrize("ate", [estimators.ATE_OF_FIT, "the mean over the fitted rows"])
def test_a_registration_that_is_true_passes(ate, registry):
    registry.register("of rows", ate=ate, intervals=DESCRIBED)(RowsOfFit)
    assert "Its average effect is the one that its registration describes" in (
        estimators.check_estimator("of rows").passed
    )


def test_intervals_that_are_not_there_cannot_be_declared(registry):
    with pytest.raises(estimators.EstimatorError, match="declares ate intervals, but has no"):
        registry.register("mine", intervals=DESCRIBED)(Slope)


def test_parameters_go_with_a_name():
    report = estimators.check_estimator("RF", n_estimators=3)
    assert report.estimator == "RF"
    with pytest.raises(estimators.EstimatorError, match="has no parameter 'trees'"):
        estimators.check_estimator("RF", trees=3)
    with pytest.raises(estimators.EstimatorError, match=r"parameters \(size\) go with a name"):
        estimators.check_estimator(Slope(), size=3)


def test_a_shift_may_be_declared():
    assert len(estimators.check_estimator(DeclaredShifty).passed) == len(RULES)


def test_a_large_check_is_asked_for():
    assert "It can be fitted on 20,000 rows" in estimators.check_estimator(Slope, large=True).passed


def test_a_missing_seed_is_set_for_the_check():
    estimators.check_estimator(estimators.get("ForestT", n_estimators=5, random_state=None))


class Single(Slope):
    """Valid: keeps the precision of y."""

    def fit(self, X, t, y):
        self.single_ = np.asarray(y).dtype == np.float32
        return super().fit(X, t, y)

    def _effect(self, X):
        effect = super()._effect(X)
        return effect.astype(np.float32).astype(float) if self.single_ else effect


def test_single_precision_is_enough_for_single_precision():
    estimators.check_estimator(Single)


def drawn(X, t, y, random_state=None):
    noise = 0.01 * (y[0] - y[1]) * np.random.default_rng(random_state).normal(size=len(y))
    return np.full(len(y), y[t == 1].mean() - y[t == 0].mean()) + noise


def test_a_function_without_a_seed_is_given_one(registry):
    registry.register("drawn")(drawn)
    for function in ("drawn", drawn):
        estimators.check_estimator(function)


class Silent(Slope):
    """Valid: declares that it does not use the data."""

    learns = False

    def _effect(self, X):
        return np.zeros(len(X))


def test_classes_may_declare_that_they_do_not_learn():
    estimators.check_estimator(Silent)


def test_an_unknown_name_is_an_error():
    with pytest.raises(estimators.UnknownEstimatorError):
        estimators.check_estimator("Slpoe")


def test_the_data_have_the_effects_that_they_declare():
    data = check_data(4000)
    naive = data.y[data.t == 1].mean() - data.y[data.t == 0].mean()
    assert data.ite.mean() == pytest.approx(2, abs=0.05)
    assert naive - data.ite.mean() > 0.4
    np.testing.assert_array_equal((data.y + 8) - 8, data.y)


class Together(Slope):
    @classmethod
    def fit_many(cls, estimators, datasets):
        for estimator, dataset in zip(estimators, datasets, strict=True):
            estimator.fit(*dataset)


class TogetherButShifted(Together):
    @classmethod
    def fit_many(cls, estimators, datasets):
        super().fit_many(estimators, datasets)
        estimators[-1].b_[0][0] += 1.0


@pytest.mark.parametrize("kind", ["datasets", "methods"])
def test_fit_many_answers_as_fit(registry, kind):
    group = "" if kind == "datasets" else "slopes"
    registry.register("sound", fit_many=kind, fit_group=group)(Together)
    estimators.check_estimator("sound")
    registry.register("shifted", fit_many=kind, fit_group=group and "others")(TogetherButShifted)
    with pytest.raises(ConformanceError, match="effect after fit_many: they differ by up to 1"):
        estimators.check_estimator("shifted")


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ({"fit_many": "all"}, "fit_many is 'all', must be 'datasets' or 'methods'"),
        ({"fit_many": "methods"}, "fit_group go together"),
        ({"fit_many": "datasets", "fit_group": "a"}, "fit_group go together"),
    ],
)
def test_a_wrong_declaration_of_fit_many_is_refused(registry, declared, message):
    with pytest.raises(estimators.EstimatorError, match=message):
        registry.register("wrong", **declared)(Together)


def test_fit_many_has_to_be_there(registry):
    with pytest.raises(estimators.EstimatorError, match="has no class method fit_many"):
        registry.register("without", fit_many="datasets")(Slope)


class Plain:
    """As README describes it: a class with fit and effect."""

    def fit(self, X, t, y):
        self.fits = [LinearRegression().fit(X[t == arm], y[t == arm]) for arm in (0, 1)]
        return self

    def effect(self, X):
        return self.fits[1].predict(X) - self.fits[0].predict(X)


class PlainList(Plain):
    def effect(self, X):
        return list(super().effect(X))


class PlainSeries(Plain):
    def effect(self, X):
        return pd.Series(super().effect(X))


class PlainColumn(Plain):
    def effect(self, X):
        return super().effect(X)[:, np.newaxis]


class PlainNothing(Plain):
    def fit(self, X, t, y):
        super().fit(X, t, y)


class PlainNames(Plain):
    def fit(self, X, t, y):
        return super().fit(X[["age", "dose"]], t, y)

    def effect(self, X):
        return super().effect(X[["age", "dose"]])


class PlainSeed(Plain):
    def __init__(self, random_state=None):
        self.random_state = random_state

    def effect(self, X):
        noise = np.random.default_rng(self.random_state).normal(size=len(X))
        return super().effect(X) + noise / 100


class PlainParameters(Plain):
    def __init__(self, number=2):
        self.number = number

    def get_params(self, deep=True):
        return {"number": self.number}

    def set_params(self, **parameters):
        vars(self).update(parameters)
        return self


class PlainATE:
    def fit(self, X, t, y):
        self.difference = float(y[t == 1].mean() - y[t == 0].mean())
        return self

    def ate(self, X):
        return self.difference


@pytest.mark.parametrize(
    "plain",
    [
        Plain,
        PlainList,
        PlainSeries,
        PlainColumn,
        PlainNothing,
        PlainNames,
        PlainSeed,
        PlainParameters,
        PlainATE,
    ],
)
@pytest.mark.parametrize("as_object", [False, True])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_plain_class_is_told_what_to_inherit_and_why(plain, as_object):
    base, method = ("ATE", "ate") if plain is PlainATE else ("CATE", "effect")
    with pytest.raises(ConformanceError) as told:
        estimators.check_estimator(plain() if as_object else plain)
    assert f"inherit from estimators.{base}Estimator, and write _fit(X, t, y) and _{method}(X)" in (
        str(told.value)
    )
    assert "the base class refuses bad input" in str(told.value)


class Advised(CATEEstimator):
    def _fit(self, X, t, y):
        self.plain_ = Plain().fit(X, t, y)

    def _effect(self, X):
        return list(self.plain_.effect(X))


class AdvisedATE(ATEEstimator):
    def _fit(self, X, t, y):
        self.plain_ = PlainATE().fit(X, t, y)

    def _ate(self, X):
        return self.plain_.ate(X)


@pytest.mark.parametrize("advised", [Advised, AdvisedATE])
def test_who_follows_the_advice_passes(advised):
    assert len(estimators.check_estimator(advised).passed) == len(RULES)
