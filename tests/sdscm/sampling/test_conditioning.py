"""Units with given values, by rejection, weights and clamping, against enumeration.

Tests of distribution stand at fixed seeds; each would fail one seed in 1,000 if all were well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from sdscm import SDSCM, UNIFORM, InputError, Spec, Units
from sdscm.inference.enumeration import ExactArrays
from sdscm.lm import TabularLM
from sdscm.lm.backends.tabular import random_table

Line = Callable[[BaseException], str]
LEVEL = 1e-3
N = 10_000
ASKED = ("age", "smoker", "drug", "state")

# Roots, variables in the middle, the outcome, what comes after it, and several at once.
GIVEN: list[dict[str, str]] = [
    {"age": "old"},
    {"town": "Oslo", "smoker": "yes"},
    {"pressure": "high"},
    {"state": "worsens"},
    {"ward": "B", "pressure": "low"},
]


@pytest.fixture
def scm(clinic: Spec) -> SDSCM:
    return SDSCM(clinic, TabularLM(random_table(17, temperature=0.8)))


def conditional(exact: ExactArrays, given: Mapping[str, str], do: Any = None) -> np.ndarray:
    """P(ASKED | given), with one axis for each of ``ASKED``; 0 for other values."""
    names = [*ASKED, *(name for name in given if name not in ASKED)]
    joint = exact.marginal(names, do)
    fits = np.ones(joint.shape, dtype=bool)
    for name, value in given.items():
        axis = names.index(name)
        is_given = np.arange(joint.shape[axis]) == code(exact.spec, name, value)
        fits &= is_given.reshape([-1 if i == axis else 1 for i in range(joint.ndim)])
    cut = np.where(fits, joint, 0).sum(axis=tuple(range(len(ASKED), joint.ndim)))
    return np.asarray(cut / cut.sum())


def code(spec: Spec, name: str, value: str) -> int:
    return spec.variable(name).values.index(value)


def p_value(units: Units, expected: np.ndarray) -> float:
    """Pearson's test of units that count alike."""
    counts = np.zeros(expected.shape)
    np.add.at(counts, tuple(units.codes[name].to_numpy() for name in ASKED), 1)
    assert counts[expected == 0].sum() == 0, "a unit has not what was given"
    counts, expected = counts.ravel(), expected.ravel() * len(units)
    large = expected >= 5
    cells = [np.append(each[large], each[~large].sum()) for each in (counts, expected)]
    cells = [each[cells[1] > 0] for each in cells]
    assert len(cells[0]) >= 4
    return float(stats.chisquare(*cells).pvalue)


def largest_z(units: Units, expected: np.ndarray) -> float:
    """Largest distance of a weighted share from its probability, in standard errors.

    Those of a ratio of means, as the weights' sum is estimated, too.
    """
    weights, found = units.weights, []
    codes = units.codes[list(ASKED)].to_numpy()
    for cell in np.argwhere(expected > 0.002):
        hit = (codes == cell).all(axis=1)
        share = weights[hit].sum()
        error = np.sqrt((weights**2 * (hit - share) ** 2).sum())
        found.append(abs(share - expected[tuple(cell)]) / error)
    assert len(found) >= 4
    return float(max(found))


@pytest.mark.parametrize("given", GIVEN)
def test_rejection(scm: SDSCM, given: dict[str, str]) -> None:
    units = scm.sample(N, 1, given=given, block=N)
    assert len(units) == N
    assert units.log_weights is None
    assert p_value(units, conditional(scm.exact().arrays, given)) > LEVEL


@pytest.mark.parametrize("given", GIVEN)
def test_weights(scm: SDSCM, given: dict[str, str]) -> None:
    """No share is more than 4.5 standard errors off: one seed in 1,000, for 100 shares or more."""
    units = scm.sample(N, 2, given=given, how="weight", block=N)
    assert units.weights.sum() == pytest.approx(1)
    assert all((units.labels[name] == value).all() for name, value in given.items())
    assert largest_z(units, conditional(scm.exact().arrays, given)) < 4.5


def test_weights_matter_and_are_the_probability_of_what_is_given(scm: SDSCM) -> None:
    given = {"ward": "B", "pressure": "low"}
    units = scm.sample(N, 2, given=given, how="weight", block=N)
    expected = units.log_probability("ward", "B") + units.log_probability("pressure", "low")
    np.testing.assert_allclose(np.exp(expected) / np.exp(expected).sum(), units.weights)
    unweighted = Units(units.phrased, units.codes, units.log_probabilities, units.noise)
    assert largest_z(unweighted, conditional(scm.exact().arrays, given)) > 10


def test_the_mean_weight_is_the_probability_of_what_is_given(scm: SDSCM) -> None:
    units = scm.sample(N, 3, given={"state": "dies"}, how="weight", block=N)
    assert units.log_weights is not None
    weights = np.exp(units.log_weights)
    expected = scm.exact().arrays.marginal(["state"])[2]
    assert abs(weights.mean() - expected) < 4 * weights.std() / np.sqrt(N)


@pytest.mark.parametrize("how", ["reject", "weight"])
def test_given_what_was_seen_after_an_intervention(scm: SDSCM, how: Any) -> None:
    """P(. | do(drug = statin), state = recovers): conditional-interventional."""
    do, given = {"drug": "statin"}, {"state": "recovers"}
    expected = conditional(scm.exact().arrays, given, do)
    units = scm.sample(N, 4, do=do, given=given, how=how, block=N)
    assert units.do == ("drug",)
    if how == "reject":
        assert p_value(units, expected) > LEVEL
    else:
        assert largest_z(units, expected) < 4.5


def test_given_a_value_under_an_intervention_to_a_distribution(scm: SDSCM) -> None:
    do, given = {"drug": UNIFORM}, {"ward": "B"}
    units = scm.sample(N, 4, do=do, given=given, block=N)
    assert p_value(units, conditional(scm.exact().arrays, given, do)) > LEVEL


@pytest.mark.parametrize("given", [{"pressure": "high"}, {"state": "worsens", "smoker": "no"}])
def test_clamped_endogenous_variables_are_set(scm: SDSCM, given: dict[str, str]) -> None:
    clamped, set_ = (scm.sample(500, 5, given=given, how="clamp"), scm.sample(500, 5, do=given))
    pd.testing.assert_frame_equal(clamped.codes, set_.codes)
    for name in scm.spec.order:
        np.testing.assert_allclose(
            clamped.log_probabilities[name], set_.log_probabilities[name], rtol=1e-12, atol=1e-12
        )
    assert clamped.log_weights is None
    assert clamped.do == set_.do


def test_clamping_is_not_conditioning_where_something_comes_before(scm: SDSCM) -> None:
    exact, given = scm.exact().arrays, {"state": "worsens"}
    units = scm.sample(N, 6, given=given, how="clamp", block=N)
    assert p_value(units, conditional(exact, given, {"state": "worsens"})) > LEVEL
    assert p_value(units, conditional(exact, given)) < 1e-9


def test_clamping_a_root_is_conditioning(scm: SDSCM) -> None:
    given = {"town": "Bonn", "age": "young"}
    units = scm.sample(N, 6, given=given, how="clamp", block=N)
    assert p_value(units, conditional(scm.exact().arrays, given)) > LEVEL
    assert units.do == ()
    assert len(scm.counterfactual(units, {"drug": "statin"})) == N


def test_counterfactuals_of_units_that_were_given_values(scm: SDSCM) -> None:
    """Of units that were rejected or weighted alike: E[state | do(drug)] among those with B."""
    given = {"ward": "B", "pressure": "high"}
    shares, errors = [], []
    for how in ("reject", "weight"):
        units = scm.sample(N, 7, given=given, how=how, block=N)  # type: ignore[arg-type]
        same = scm.counterfactual(units, {"drug": units.labels["drug"]})
        pd.testing.assert_frame_equal(same.codes, units.codes)
        world = scm.counterfactual(units, {"drug": "statin"}, block=N)
        np.testing.assert_array_equal(world.weights, units.weights)
        hit = world.codes["state"].to_numpy() == 1
        shares.append(world.weights @ hit)
        errors.append(np.sqrt((world.weights**2 * (hit - shares[-1]) ** 2).sum()))
        assert (world.codes["pressure"] != 2).any(), "the drug no longer moves the pressure"
    assert abs(shares[0] - shares[1]) < 4 * np.hypot(*errors)


def test_a_counterfactual_of_clamped_units_is_refused(scm: SDSCM, one_line: Line) -> None:
    """Their world is that of an intervention already; their noise does not lead to it."""
    units = scm.sample(5, 1, given={"pressure": "high"}, how="clamp")
    with pytest.raises(InputError) as caught:
        scm.counterfactual(units, {"drug": "statin"})
    assert "observed" in one_line(caught.value)


@pytest.mark.parametrize("how", ["reject", "weight", "clamp"])
def test_the_size_of_a_block_changes_no_unit(scm: SDSCM, how: Any) -> None:
    given = {"pressure": "high", "town": "Rome"}
    one, other = (scm.sample(60, 8, given=given, how=how, block=block) for block in (300, 17))
    pd.testing.assert_frame_equal(one.codes, other.codes)
    np.testing.assert_allclose(one.weights, other.weights, rtol=1e-12)
    for name in scm.spec.order:
        size = len(scm.spec.variable(name).values)
        np.testing.assert_array_equal(one.noise.gumbel(name, size), other.noise.gumbel(name, size))


def test_weighted_units_can_be_sampled_from_the_middle(scm: SDSCM) -> None:
    given = {"pressure": "high"}
    all_, later = (
        scm.sample(n, 8, given=given, how="weight", first=first) for n, first in ((50, 0), (20, 30))
    )
    pd.testing.assert_frame_equal(all_.codes[30:].reset_index(drop=True), later.codes)
    np.testing.assert_array_equal(
        all_.noise.gumbel("pressure", 3)[30:], later.noise.gumbel("pressure", 3)
    )


def test_rejected_units_are_those_of_the_sample_that_fit(scm: SDSCM) -> None:
    everyone = scm.sample(400, 9).labels
    fits = everyone[everyone["pressure"] == "high"].reset_index(drop=True)
    units = scm.sample(len(fits), 9, given={"pressure": "high"})
    pd.testing.assert_frame_equal(units.labels, fits)


def without_bonn(clinic: Spec) -> SDSCM:
    town = clinic.variable("town").model_copy(update={"distribution": (0.5, 0.5, 0.0)})
    variables = tuple(town if v.name == "town" else v for v in clinic.variables)
    spec = clinic.model_copy(update={"variables": variables})
    return SDSCM(spec, TabularLM(random_table(17)))


@pytest.mark.parametrize("how", ["reject", "weight"])
def test_what_cannot_be(clinic: Spec, how: Any, one_line: Line) -> None:
    with pytest.raises(InputError) as caught:
        without_bonn(clinic).sample(20, 1, given={"town": "Bonn", "age": "old"}, how=how)
    assert all(word in one_line(caught.value) for word in ("town = Bonn", "age = old"))


def test_what_is_too_rare_to_wait_for(clinic: Spec, one_line: Line) -> None:
    """All of a row is as rare as one in thousands; the weights have no such trouble."""
    scm = SDSCM(clinic, TabularLM(random_table(17, temperature=3)))
    joint = scm.exact().arrays.joint()
    rarest = np.unravel_index(joint.argmin(), joint.shape)
    assert joint.min() < 1e-6
    given = {
        name: scm.spec.variable(name).values[place]
        for name, place in zip(scm.spec.order, rarest, strict=True)
    }
    with pytest.raises(InputError) as caught:
        scm.sample(10, 1, given=given)
    message = one_line(caught.value)
    assert "weight" in message
    assert all(f"{name} = {value}" in message for name, value in given.items())
    units = scm.sample(10, 1, given=given, how="weight")
    np.testing.assert_allclose(np.exp(units.log_weights), joint.min())


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"given": {"weather": "wet"}}, ["weather", "hobby"]),
        ({"given": {"age": "ancient"}}, ["ancient", "young, old"]),
        ({"given": {"drug": "statin"}, "do": {"drug": "placebo"}}, ["drug", "do"]),
        ({"given": {"age": "old"}, "how": "guess"}, ["guess", "reject", "weight", "clamp"]),
        ({"given": {"age": "old"}, "do": {"drug": ["statin"] * 5}}, ["do", "reject"]),
        ({"given": {"age": "old"}, "do": {"drug": "aspirin"}}, ["aspirin"]),
        ({"how": "guess"}, ["guess"]),
    ],
)
def test_questions_that_make_no_sense(
    scm: SDSCM, options: Any, words: list[str], one_line: Line
) -> None:
    with pytest.raises(InputError) as caught:
        scm.sample(5, 1, **options)
    assert all(word in one_line(caught.value) for word in words)


def test_progress_of_rejection_rises_to_the_number_of_units(scm: SDSCM) -> None:
    seen: list[tuple[float, int]] = []
    scm.sample(
        300, 1, given={"pressure": "high"}, block=64, progress=lambda d, n: seen.append((d, n))
    )
    assert seen == sorted(seen)
    assert seen[-1] == (300, 300)
