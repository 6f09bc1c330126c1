from __future__ import annotations

import random
import sys
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

import estimators
from estimators import ATEIntervals, CATEEstimator, EffectIntervals, EstimatorError, ITEIntervals
from estimators.support.quiet import quiet
from estimators.support.seeds import guarded_global_generators, resolve_seed


class Noisy(CATEEstimator):
    """Draws its effects from NumPy's global generator, and prints."""

    def __init__(self, random_state=0):
        self.random_state = random_state

    def _fit(self, X, t, y):
        self.draws_ = np.random.normal(size=len(X)) + random.random()  # noqa: NPY002
        X[:] = 0
        y[:] = 0
        warnings.warn("careful", RuntimeWarning, stacklevel=1)
        warnings.warn("careful", RuntimeWarning, stacklevel=1)
        warnings.warn("old", DeprecationWarning, stacklevel=1)
        print("step 1\n\nstep 2")
        print("error", file=sys.stderr)

    def _effect(self, X):
        return self.draws_[:, None, None]


class Everything(EffectIntervals, ATEIntervals, ITEIntervals):
    def _fit(self, X, t, y):
        pass

    def _effect(self, X):
        return np.ones(len(X))

    def _effect_interval(self, X, alpha):
        return np.zeros((len(X), 1)), np.full((len(X), 1), 1 - alpha)

    def _ate_interval(self, X, alpha):
        return np.float32(0), np.array(1 - alpha)

    def _ite_interval(self, X, t, y, alpha):
        return y - t, y + t


def test_libraries_are_quiet_and_their_warnings_kept(small_truth, capfd, recwarn):
    X, t, y, _ = small_truth
    fitted = Noisy().fit(X, t, y)
    assert fitted.warnings_ == [
        "RuntimeWarning: careful",
        "printed: step 1",
        "printed: step 2",
        "printed: error",
    ]
    assert capfd.readouterr() == ("", "")
    assert not recwarn.list


def test_a_new_fit_forgets_the_warnings_of_the_last(small_truth):
    X, t, y, _ = small_truth
    estimator = Noisy().fit(X, t, y)
    assert estimator.fit(X, t, y).warnings_.count("RuntimeWarning: careful") == 1


def test_inputs_are_not_changed(small_truth):
    X, t, y, _ = small_truth
    given = X.to_numpy(copy=True), t.copy(), y.copy()
    Noisy().fit(*given)
    for before, after in zip((X.to_numpy(), t, y), given, strict=True):
        np.testing.assert_array_equal(before, after)


def test_global_generators_are_neither_read_nor_moved(small_truth):
    X, t, y, _ = small_truth
    np.random.seed(1)  # noqa: NPY002
    random.seed(1)
    first = Noisy(random_state=5).fit(X, t, y).effect(X)
    drawn = np.random.random(), random.random()  # noqa: NPY002
    np.random.seed(1)  # noqa: NPY002
    random.seed(1)
    assert drawn == (np.random.random(), random.random())  # noqa: NPY002
    second = Noisy(random_state=5).fit(X, t, y).effect(X)
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, Noisy(random_state=6).fit(X, t, y).effect(X))


def test_without_a_seed_every_fit_is_its_own(small_truth):
    X, t, y, _ = small_truth
    np.random.seed(1)  # noqa: NPY002
    first = Noisy(random_state=None).fit(X, t, y).effect(X)
    np.random.seed(1)  # noqa: NPY002
    assert not np.array_equal(first, Noisy(random_state=None).fit(X, t, y).effect(X))


def test_generators_are_restored_after_an_error():
    before = random.getstate()
    with pytest.raises(KeyError), guarded_global_generators(3):
        raise KeyError
    assert random.getstate() == before


def test_notes_are_kept_after_an_error():
    notes: list[str] = []

    def fail():
        with quiet(notes):
            print("last words " + "x" * 300)
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert notes[0].startswith("printed: last words")
    assert len(notes[0]) < 220


@pytest.mark.parametrize("wrong", [-1, 2**31, 1.5, "7", True, np.random.default_rng(0)])
def test_a_seed_is_an_integer_or_none(wrong):
    with pytest.raises(EstimatorError, match="random_state"):
        resolve_seed(wrong)
    assert resolve_seed(np.int64(7)) == 7


def test_answers_have_plain_shapes_and_types(small_truth):
    X, t, y, _ = small_truth
    fitted = Everything().fit(X, t, y)
    assert fitted.effect(X).shape == (200,)
    lower, upper = fitted.effect_interval(X, alpha=0.1)
    assert lower.shape == upper.shape == (200,)
    assert upper[0] == 0.9
    assert [type(end) for end in fitted.ate_interval(X)] == [float, float]
    np.testing.assert_array_equal(fitted.ite_interval(X, t, y)[1], y + t)


@pytest.mark.parametrize("alpha", [0, 1, -0.1, 5, "0.05", None, np.nan])
def test_the_level_must_be_a_probability(alpha, small_truth):
    X, t, y, _ = small_truth
    fitted = Everything().fit(X, t, y)
    for interval in (fitted.effect_interval, fitted.ate_interval):
        with pytest.raises(EstimatorError, match="alpha"):
            interval(X, alpha)
    with pytest.raises(EstimatorError, match="alpha"):
        fitted.ite_interval(X, t, y, alpha)


def test_capabilities_are_found_by_presence():
    assert not hasattr(Noisy(), "effect_interval")
    assert not hasattr(estimators.get("DiffInMeans"), "effect")
    assert not hasattr(estimators.get("CausalForest"), "ate_interval")


def bad_inputs():
    X = pd.DataFrame({"a": [1.0, 2, 3, 4], "b": [0.0, 1, 0, 1]})
    t, y = np.array([0, 1, 0, 1]), np.arange(4.0)
    return [
        (X, np.zeros(4), y, "treated arm is empty"),
        (X, np.ones(4), y, "control arm is empty"),
        (X, [0, 1, 2, 1], y, "t: holds 2; code control as 0"),
        (X, t[:3], y, r"t: has shape \(3,\), but X has 4 rows"),
        (X, t, y[:, None], r"y: has shape \(4, 1\)"),
        (X, t, [0, 1, np.nan, 2], "y: holds NaN"),
        (X, [0, 1, np.nan, 1], y, "t: holds NaN"),
        (X, t, list("abcd"), "y: cannot be read as numbers"),
        (X.replace(3.0, np.nan), t, y, "X: column 'a' holds NaN"),
        (X.to_numpy() / [1, 0], t, y, "X: column 1 holds NaN or infinity"),
        (X.assign(b=list("uvwx")), t, y, "X: column 'b' is of type"),
        (X["a"], t, y, "X: must have two dimensions"),
        (np.array([["u"]] * 4), t, y, "X: cannot be read as numbers"),
        (X.to_numpy().tolist(), t, y, "X: is a list; give a DataFrame or an array"),
        (X.set_axis(["a", "a"], axis=1), t, y, "X: has column 'a' twice"),
        (X[[]], t, y, "X: has no column"),
        (X, list("abab"), y, "t: cannot be read as numbers.*; code control as 0 and treated as 1"),
    ]


@pytest.mark.filterwarnings("ignore:divide by zero:RuntimeWarning", "ignore:invalid value")
@pytest.mark.parametrize("case", range(17))
def test_bad_input_is_one_line(case):
    X, t, y, message = bad_inputs()[case]
    with pytest.raises(EstimatorError, match=message) as caught:
        Everything().fit(X, t, y)
    assert "\n" not in str(caught.value)


def test_types_that_hold_zeros_and_ones_are_treatments(small_truth):
    X, t, y, _ = small_truth
    expected = estimators.get("LinReg").fit(X, t, y).ate(X)
    for given in (t.astype(bool), t.astype(np.int8), t.astype(float), pd.Series(t, index=y)):
        assert estimators.get("LinReg").fit(X, given, y).ate(X) == pytest.approx(expected)


def test_effects_are_asked_for_the_columns_of_fit(small_truth):
    X, t, y, _ = small_truth
    with pytest.raises(EstimatorError, match="not fitted yet"):
        Everything().effect(X)
    fitted = Everything().fit(X, t, y)
    with pytest.raises(EstimatorError, match=r"columns \['d', 'c', 'b', 'a'\] are not those"):
        fitted.effect(X[list("dcba")])
    with pytest.raises(EstimatorError, match="has 3 columns, but fit saw 4"):
        fitted.effect(X.to_numpy()[:, :3])


def test_clone_copies_parameters_and_no_fit(small_truth):
    X, t, y, _ = small_truth
    copied = clone(Noisy(random_state=9).fit(X, t, y))
    assert copied.random_state == 9
    assert not hasattr(copied, "draws_")


class Lengths(EffectIntervals, ATEIntervals):
    """The effect of a row is the length of its text."""

    needs = ("text",)

    def _fit(self, X, t, y, text):
        self.longest_ = max(map(len, text))

    def _effect(self, X, text):
        return [len(each) for each in text]

    def _effect_interval(self, X, alpha, text):
        return self._effect(X, text), [self.longest_] * len(X)

    def _ate_interval(self, X, alpha, text):
        return 0.0, self._ate(X, text=text)


def test_answers_get_the_texts_of_their_rows():
    X, t, y = np.zeros((4, 1)), np.array([0, 1, 0, 1]), np.zeros(4)
    fitted = Lengths().fit(X, t, y, text=["a", "aa", "aaa", "aaaa"])
    rows = {"text": ["", "aa"]}
    np.testing.assert_array_equal(fitted.effect(X[:2], **rows), [0, 2])
    assert fitted.ate(X[:2], **rows) == 1
    assert fitted.ate_interval(X[:2], **rows) == (0, 1)
    np.testing.assert_array_equal(fitted.effect_interval(X[:2], **rows), [[0, 2], [4, 4]])
    for wrong, message in (
        ({}, "needs text; call effect"),
        ({"text": ["a"]}, "has 1 rows, but X has 2"),
        ({**rows, "instrument": t[:2]}, "takes no instrument; beside X it needs text"),
    ):
        with pytest.raises(EstimatorError, match=message):
            fitted.effect(X[:2], **wrong)
