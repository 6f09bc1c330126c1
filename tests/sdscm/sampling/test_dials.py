"""Dials: their effect on mechanisms, and the exactness of the truth."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdscm import SDSCM, InputError, Spec
from sdscm.lm import TabularLM
from sdscm.lm.backends.tabular import random_table
from sdscm.sampling.dials import Dials

Line = Callable[[BaseException], str]
TABLE = random_table(7)


@pytest.fixture
def make(clinic: Spec) -> Callable[..., SDSCM]:
    return lambda **options: SDSCM(clinic, TabularLM(TABLE), **options)


def two(p: float) -> np.ndarray:
    """Log-probabilities of a treatment, of shape (1, 2)."""
    return np.log([[1 - p, p]])


def test_overlap_mixes_with_a_coin() -> None:
    found = Dials(overlap=0.4).treatment(two(0.9))
    np.testing.assert_allclose(np.exp(found[0]), [0.6 * 0.1 + 0.2, 0.6 * 0.9 + 0.2], rtol=1e-14)


def test_confounding_multiplies_the_log_odds() -> None:
    found = Dials(confounding=2).treatment(two(0.9))
    np.testing.assert_allclose(np.exp(found[0]), [0.01 / 0.82, 0.81 / 0.82], rtol=1e-14)


def test_confounding_comes_before_overlap() -> None:
    found = Dials(overlap=0.5, confounding=2).treatment(two(0.9))
    np.testing.assert_allclose(np.exp(found[0, 1]), 0.5 * 0.81 / 0.82 + 0.25, rtol=1e-14)


def test_effect_is_a_power_between_two_mechanisms() -> None:
    """Half way from (0.5, 0.5) to (0.9, 0.1): proportional to the square roots of the products."""
    found = Dials(effect=0.5).child(np.log([[0.9, 0.1]]), np.log([[0.5, 0.5]]))
    np.testing.assert_allclose(np.exp(found[0]), [3 / 4, 1 / 4], rtol=1e-14)
    found = Dials(effect=2).child(np.log([[0.9, 0.1]]), np.log([[0.5, 0.5]]))
    np.testing.assert_allclose(np.exp(found[0]), [0.81 / 0.82, 0.01 / 0.82], rtol=1e-14)


@pytest.mark.parametrize("dials", [Dials(confounding=0), Dials(0.5, 0.5), Dials(0.0, 3.0)])
def test_an_impossible_treatment_stays_so_before_the_mixture(dials: Dials) -> None:
    with np.errstate(divide="ignore"):
        found = dials.treatment(np.log([[0.0, 1.0]]))
    np.testing.assert_allclose(np.exp(found), [[dials.overlap / 2, 1 - dials.overlap / 2]])


@pytest.mark.parametrize("effect", [0.5, 2.0])
def test_an_impossible_value_of_a_child_stays_so(effect: float) -> None:
    with np.errstate(divide="ignore"):
        fixed = np.log([[0.25, 0.0, 0.75]])
    found = np.exp(Dials(effect=effect).child(fixed, fixed))
    np.testing.assert_allclose(found, [[0.25, 0, 0.75]])


def test_a_coin_decides_the_treatment(make: Callable[..., SDSCM]) -> None:
    scm = make(overlap=1)
    assert (scm.dataset(200, 1).propensity == 0.5).all()
    assert (np.exp(scm.exact().arrays.log_table("drug")) == 0.5).all()


def test_without_confounding_the_treatment_does_not_know_its_parents(
    make: Callable[..., SDSCM],
) -> None:
    found = make(confounding=0).exact().arrays.conditional("drug", ["age", "smoker", "town"])
    np.testing.assert_allclose(found, 0.5, rtol=0, atol=1e-12)


def test_then_the_difference_of_means_is_the_effect(make: Callable[..., SDSCM]) -> None:
    for options, biased in (({}, True), ({"confounding": 0}, False), ({"overlap": 1}, False)):
        exact = make(**options).exact().arrays
        log_worsens = exact.log_table("state")[..., 1]
        seen = exact.mean(log_worsens, ["drug"])
        bias = abs(seen[1] - seen[0] - exact.effect(log_worsens))
        assert bias > 1e-3 if biased else bias < 1e-12


def test_twice_the_confounding_twice_the_log_odds(make: Callable[..., SDSCM]) -> None:
    plain, double = (make(confounding=c).exact().arrays.log_table("drug") for c in (1, 2))
    odds = plain[..., 1] - plain[..., 0]
    np.testing.assert_allclose(double[..., 1] - double[..., 0], 2 * odds, rtol=1e-12)


@pytest.mark.parametrize(
    "outcome", ["log-probability", "probability", "expected-score", "category"]
)
def test_no_effect_is_exactly_none(make: Callable[..., SDSCM], outcome: str) -> None:
    """Also through the mediator, and for the sampled category: the bits are the same."""
    scm = make(effect=0)
    dataset = scm.dataset(300, 2, outcome=outcome)
    assert (dataset.ite == 0).all()
    assert dataset.y.std() > 0
    exact = scm.exact().arrays
    assert exact.effect(exact.log_table("state")[..., 1]) == 0
    assert (exact.effect(exact.log_table("state")[..., 1], ["age", "hobby"]) == 0).all()


def test_redrawn_worlds_have_no_effect_on_average_alone(make: Callable[..., SDSCM]) -> None:
    """A new draw of a mediator differs between the worlds, but its distribution does not."""
    scm = make(effect=0, coupling="redraw")
    ite = scm.dataset(20_000, 2).ite
    assert (ite != 0).any()
    assert abs(ite.mean()) < 4 * ite.std() / np.sqrt(len(ite))


def test_no_effect_changes_nothing_under_control(make: Callable[..., SDSCM]) -> None:
    plain, none = make().exact().arrays, make(effect=0).exact().arrays
    np.testing.assert_array_equal(none.log_table("state")[:, 0], plain.log_table("state")[:, 0])
    np.testing.assert_array_equal(none.log_table("state")[:, 1], plain.log_table("state")[:, 0])
    np.testing.assert_array_equal(
        none.log_table("pressure")[:, 1], plain.log_table("pressure")[:, 0]
    )
    np.testing.assert_array_equal(none.log_table("ward"), plain.log_table("ward"))


def test_the_dials_at_rest_change_no_bit(make: Callable[..., SDSCM]) -> None:
    plain, same = make(), make(overlap=0.0, confounding=1.0, effect=1.0)
    assert plain.dataset(100, 3).fingerprint == same.dataset(100, 3).fingerprint
    for name in plain.spec.order:
        np.testing.assert_array_equal(
            plain.exact().arrays.log_table(name), same.exact().arrays.log_table(name)
        )


@pytest.mark.parametrize("option", [{"overlap": 0.5}, {"confounding": 2.0}, {"effect": 0.5}])
def test_each_dial_turns_its_own_mechanisms_alone(
    make: Callable[..., SDSCM], option: dict[str, float]
) -> None:
    plain, turned = make().exact().arrays, make(**option).exact().arrays
    changed = {n for n in plain.spec.order if (plain.log_table(n) != turned.log_table(n)).any()}
    assert changed == ({"pressure", "state"} if "effect" in option else {"drug"})


@given(
    seed=st.integers(0, 10**6),
    overlap=st.sampled_from([0.0, 0.3, 1.0]),
    confounding=st.sampled_from([0.0, 0.5, 3.0]),
    effect=st.sampled_from([0.0, 0.5, 1.0, 2.0]),
)
@settings(max_examples=40)
def test_the_truth_stays_exact(
    seed: int, overlap: float, confounding: float, effect: float, random_spec: Any, by_hand: Any
) -> None:
    """Joint, propensity and effect of random specs against all rows one by one."""
    spec, table = random_spec(seed), random_table(seed)
    dials = {"overlap": overlap, "confounding": confounding, "effect": effect}
    scm, hand = SDSCM(spec, TabularLM(table), **dials), by_hand(spec, table, **dials)
    exact = scm.exact().arrays
    np.testing.assert_allclose(exact.joint(), hand.marginal(spec.order), rtol=0, atol=1e-12)
    found = exact.effect(np.exp(exact.log_table(spec.outcome.name)[..., 0]))
    np.testing.assert_allclose(found, hand.cate(lambda p: p[0], []), rtol=0, atol=1e-12)
    dataset = scm.dataset(20, seed)
    codes = scm.sample(20, seed).codes
    treatment = spec.treatment.name
    expected = [hand.mechanism(treatment, row)[1] for row in codes.to_dict("records")]
    np.testing.assert_allclose(dataset.propensity, expected, rtol=1e-12)


def test_the_true_cate_under_the_dials(clinic: Spec, by_hand: Any) -> None:
    """The pressure does not come after the drug here, so that the covariates can be given."""
    variables = []
    for variable in clinic.variables:
        if variable.name == "pressure":
            variable = variable.model_copy(update={"parents": ("smoker",)})
        if variable.name != "ward":
            variables.append(variable)
    spec = clinic.model_copy(update={"variables": tuple(variables)})
    dials = {"overlap": 0.2, "confounding": 1.5, "effect": 0.5}
    scm, hand = SDSCM(spec, TabularLM(TABLE), **dials), by_hand(spec, TABLE, **dials)
    dataset = scm.dataset(60, 4)
    given_ = ["smoker", "hobby", "pressure"]
    table = hand.cate(lambda p: float(np.log(p[1])), given_)
    expected = table[tuple(dataset.X[name] for name in given_)]
    np.testing.assert_allclose(dataset.cates["hidden"], expected, rtol=0, atol=1e-12)
    assert np.ptp(expected) > 0.01


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ({"overlap": -0.1}, ["overlap", "-0.1", "0 and 1"]),
        ({"overlap": 1.5}, ["overlap", "1.5"]),
        ({"overlap": float("nan")}, ["overlap", "nan"]),
        ({"confounding": -1}, ["confounding", "-1", "0"]),
        ({"confounding": float("inf")}, ["confounding", "inf"]),
        ({"effect": -0.5}, ["effect", "-0.5"]),
        ({"effect": float("nan")}, ["effect", "nan"]),
    ],
)
def test_dials_that_cannot_be_set(
    make: Callable[..., SDSCM], option: dict[str, float], words: list[str], one_line: Line
) -> None:
    with pytest.raises(InputError) as caught:
        make(**option)
    assert all(word in one_line(caught.value) for word in words)
