"""Weighted Monte Carlo against enumeration.

At fixed seeds. The quotients (estimate - truth) / standard error are treated as normal: with
hundreds of draws a unit that they nearly are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from sdscm import SDSCM, InputError, Spec, Units
from sdscm.inference import monte_carlo
from sdscm.inference.outcome import OutcomeFunction
from sdscm.lm import TabularLM
from sdscm.lm.backends.tabular import random_table

GIVEN = ["town", "smoker", "hobby"]  # age, the confounder, is hidden


@pytest.fixture
def scm(clinic: Spec) -> SDSCM:
    return SDSCM(clinic, TabularLM(random_table(21)))


@pytest.fixture
def units(scm: SDSCM) -> Units:
    return scm.sample(200, 1)


class FourDraws:
    """Two draws for each of two rows: of the first, one has all the weight."""

    log_probabilities = {"a": np.array([[-800.0], [0.0], [-1.0], [-1.0]])}  # noqa: RUF012
    codes = {"a": np.zeros(4, dtype=int)}  # noqa: RUF012

    def __len__(self) -> int:
        return 4


def at(table: np.ndarray, units: Units, given: list[str]) -> np.ndarray:
    return np.asarray(table[tuple(units.codes[name].to_numpy() for name in given)])


def effects(scm: SDSCM, units: Units, outcome: OutcomeFunction, given: list[str]) -> np.ndarray:
    exact = scm.exact().arrays
    return at(exact.effect(outcome.mean(exact.log_table("state")), given), units, given)


@pytest.mark.parametrize(
    ("kind", "scores"),
    [
        ("log-probability", None),
        ("expected-score", {"recovers": 0, "worsens": 1, "dies": 3}),
        ("category", None),
    ],
)
def test_the_cate_is_within_its_error(scm: SDSCM, units: Units, kind: Any, scores: Any) -> None:
    """Not one of 240 estimates, here or there, is 5 standard errors off (one in 1.7 million is)."""
    outcome = OutcomeFunction.of(scm.spec, kind, scores=scores)
    rows = distinct(units)
    truth = effects(scm, rows, outcome, GIVEN)
    z = []
    for seed in range(40):
        found = monte_carlo.cate(scm, rows, GIVEN, outcome, draws=1000, seed=seed)
        assert np.ptp(truth) > 10 * np.median(found.standard_error), "too coarse to tell rows apart"
        z.append((found.value - truth) / found.standard_error)
    assert np.abs(z).max() < 5
    # The error is neither too large nor too small: draws are independent between rows and seeds.
    assert stats.kstest(np.concatenate(z), "norm").pvalue > 1e-3


def distinct(units: Units) -> Units:
    """One unit for each distinct row of given values."""
    first = ~units.codes[GIVEN].duplicated().to_numpy()
    return replace(units, codes=units.codes[first].reset_index(drop=True))


def test_the_propensity_given_what_is_seen(scm: SDSCM, units: Units) -> None:
    truth = at(scm.exact().arrays.conditional("drug", GIVEN)[..., 1], units, GIVEN)
    found = monte_carlo.propensity(scm, units, GIVEN, draws=1000)
    assert np.abs((found.value - truth) / found.standard_error).max() < 5
    assert np.ptp(truth) > 0.05


def test_draws_count_for_less_where_their_weights_differ(scm: SDSCM) -> None:
    """Against (sum w)**2 / sum w**2 from the weights' exact distribution: P(given | age)."""
    draws = 20_000
    few = scm.sample(8, 1)
    found = monte_carlo.cate(scm, few, ["smoker"], OutcomeFunction.of(scm.spec), draws)
    exact = scm.exact().arrays
    joint = exact.marginal(["smoker", "age", "town"])
    prior = joint.sum(axis=0)
    likelihood = joint / prior
    expected = (prior * likelihood).sum(axis=(1, 2)) ** 2 / (prior * likelihood**2).sum(axis=(1, 2))
    np.testing.assert_allclose(found.draws / draws, at(expected, few, ["smoker"]), rtol=0.02)
    assert (found.draws < 0.99 * draws).all()


def test_with_nothing_but_roots_given_all_draws_count(scm: SDSCM, units: Units) -> None:
    found = monte_carlo.cate(scm, units, ["age", "town"], OutcomeFunction.of(scm.spec), draws=50)
    np.testing.assert_allclose(found.draws, 50)


def test_the_error_shrinks_with_the_root_of_the_draws(scm: SDSCM) -> None:
    units, outcome = distinct(scm.sample(100, 1)), OutcomeFunction.of(scm.spec)
    truth = effects(scm, units, outcome, GIVEN)
    missed: dict[int, list[np.ndarray]] = {250: [], 2250: []}
    errors: dict[int, list[np.ndarray]] = {250: [], 2250: []}
    for draws in missed:
        for seed in range(20):
            found = monte_carlo.cate(scm, units, GIVEN, outcome, draws, seed)
            missed[draws].append(found.value - truth)
            errors[draws].append(found.standard_error)
    ratio = np.median(np.array(errors[250]) / np.array(errors[2250]))
    assert ratio == pytest.approx(3, rel=0.05)
    far, near = (np.sqrt(np.mean(np.square(each))) for each in missed.values())
    assert far / near == pytest.approx(3, rel=0.25)


def test_the_error_counts_the_draws_that_count(scm: SDSCM, units: Units) -> None:
    """With equal weights it is the sample's standard deviation over the root of the draws.

    Roots alone given, all weights are equal; the draws of one row are then a plain sample.
    """
    rows, outcome = distinct(units), OutcomeFunction.of(scm.spec)
    means = [
        monte_carlo.cate(scm, rows, ["age", "town"], outcome, draws=2, seed=seed)
        for seed in range(300)
    ]
    spread = np.var([each.value for each in means], axis=0, ddof=1)
    told = np.mean([each.standard_error**2 for each in means], axis=0)
    np.testing.assert_allclose(told, spread, rtol=0.5)
    assert abs(np.median(told / spread) - 1) < 0.15


def test_one_draw_that_outweighs_all_tells_no_error() -> None:
    found = monte_carlo._weighted(np.arange(4.0), FourDraws(), ["a"], 2)  # type: ignore[arg-type]
    assert found.value.tolist() == [1.0, 2.5]
    assert found.standard_error[0] == np.inf
    assert found.standard_error[1] == pytest.approx(np.std([2, 3], ddof=1) / np.sqrt(2))
    assert found.draws.tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["smokre"], ["'smokre' is not a variable", "did you mean 'smoker'"]),
        (["drug"], ["'drug' is the treatment"]),
        (["state"], ["'state' is the outcome"]),
        (["town", "town"], ["'town' is named twice"]),
    ],
)
def test_what_cannot_be_given(
    scm: SDSCM, units: Units, given: list[str], words: list[str], one_line: Any
) -> None:
    outcome = OutcomeFunction.of(scm.spec)
    exact = scm.exact().arrays
    asked = [
        lambda: monte_carlo.cate(scm, units, given, outcome, draws=5),
        lambda: monte_carlo.propensity(scm, units, given, draws=5),
        lambda: exact.effect(outcome.mean(exact.log_table("state")), given),
    ]
    for ask in asked:
        with pytest.raises(InputError) as caught:
            ask()
        message = one_line(caught.value)
        assert all(word in message for word in words)


def test_both_worlds_of_a_draw_share_its_noise(clinic: Spec, units: Units) -> None:
    """So an effect that is none has no error, where independent worlds would have one."""
    scm = SDSCM(clinic, TabularLM(random_table(21)), effect=0)
    found = monte_carlo.cate(scm, units, GIVEN, OutcomeFunction.of(clinic), draws=100)
    assert (found.value == 0).all()
    assert (found.standard_error == 0).all()


def test_a_unit_has_its_draws_whoever_stands_beside_it(
    scm: SDSCM, units: Units, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And however many are drawn together."""
    outcome = OutcomeFunction.of(scm.spec)
    whole = monte_carlo.cate(scm, units, GIVEN, outcome, 60, seed=3)
    first = monte_carlo.cate(scm, scm.sample(50, 1), GIVEN, outcome, 60, seed=3)
    np.testing.assert_allclose(first.value, whole.value[:50], rtol=1e-12)
    monkeypatch.setattr(monte_carlo, "_ROWS", 100)
    cut = monte_carlo.cate(scm, units, GIVEN, outcome, 60, seed=3)
    np.testing.assert_array_equal(cut.draws, whole.draws)
    for name in ("value", "standard_error"):
        np.testing.assert_allclose(getattr(cut, name), getattr(whole, name), rtol=1e-9)
    plain = monte_carlo.propensity(scm, units, GIVEN, 60).value
    monkeypatch.setattr(monte_carlo, "_ROWS", 1000)
    again = monte_carlo.propensity(scm, units, GIVEN, 60).value
    np.testing.assert_allclose(again, plain, rtol=1e-12)
    other = monte_carlo.cate(scm, units, GIVEN, outcome, 60, seed=4)
    assert (other.value != whole.value).all()


def test_the_contrast_turns_the_estimate_around(scm: SDSCM, units: Units) -> None:
    outcome = OutcomeFunction.of(scm.spec)
    plain = monte_carlo.cate(scm, units, GIVEN, outcome, 60)
    turned = monte_carlo.cate(scm, units, GIVEN, outcome, 60, contrast=("statin", "placebo"))
    np.testing.assert_array_equal(turned.value, -plain.value)


@pytest.mark.parametrize("draws", [0, -5])
def test_at_least_one_draw(
    scm: SDSCM, units: Units, draws: int, one_line: Callable[[BaseException], str]
) -> None:
    for ask in (
        lambda: monte_carlo.cate(scm, units, GIVEN, OutcomeFunction.of(scm.spec), draws),
        lambda: monte_carlo.propensity(scm, units, GIVEN, draws),
    ):
        with pytest.raises(InputError) as caught:
            ask()
        assert str(draws) in one_line(caught.value)


def test_it_is_a_function_of_what_is_given(scm: SDSCM) -> None:
    """Units with equal given values have the same CATE, independent of other units."""
    units = scm.sample(200, 1)
    found = monte_carlo.cate(scm, units, ["smoker"], OutcomeFunction.of(scm.spec), draws=20).value
    smoker = units.codes["smoker"].to_numpy()
    assert len(np.unique(found)) == len(np.unique(smoker)) == 2
    one = int(np.flatnonzero(smoker == 1)[0])
    alone = replace(units, codes=units.codes.iloc[[one]].reset_index(drop=True))
    again = monte_carlo.cate(scm, alone, ["smoker"], OutcomeFunction.of(scm.spec), draws=20).value
    assert again[0] == found[one]


def test_descendants_of_the_treatment_are_refused(scm: SDSCM) -> None:
    with pytest.raises(InputError, match="pressure: an effect of the treatment"):
        monte_carlo.cate(scm, scm.sample(5, 1), ["pressure"], OutcomeFunction.of(scm.spec), draws=5)


OUTCOMES: list[tuple[Any, Any]] = [
    ("log-probability", None),
    ("expected-score", {"recovers": 0, "worsens": 1, "dies": 3}),
    ("category", None),
]


@pytest.mark.parametrize(("kind", "scores"), OUTCOMES)
def test_the_average_effect_is_within_its_error(scm: SDSCM, kind: Any, scores: Any) -> None:
    outcome = OutcomeFunction.of(scm.spec, kind, scores=scores)
    exact = scm.exact().arrays
    table = outcome.mean(exact.log_table("state"))
    found = scm.effect(20_000, outcome=kind, scores=scores)
    truth = float(exact.effect(table))
    assert abs(found.value - truth) < 4 * found.standard_error
    assert abs(truth) > 10 * found.standard_error, "too coarse to tell it from none"
    assert found.draws == 20_000
    for do in (None, {"drug": "statin"}, {"pressure": {"low": 0.2, "high": 0.8}}):
        mean = scm.mean(20_000, do=do, outcome=kind, scores=scores)
        assert abs(mean.value - float(exact.mean(table, do=do))) < 4 * mean.standard_error


def test_the_error_of_the_average_effect_covers_as_often_as_it_says(scm: SDSCM) -> None:
    """Of 400 seeds 95 % are within 1.96 errors, give or take 4 times 1.1 %."""
    exact, outcome = scm.exact().arrays, OutcomeFunction.of(scm.spec)
    table = outcome.mean(exact.log_table("state"))
    asked: list[tuple[Callable[[int], monte_carlo.MonteCarloEstimate], float]] = [
        (lambda seed: monte_carlo.effect(scm, outcome, 150, seed), float(exact.effect(table))),
        (lambda seed: monte_carlo.mean(scm, outcome, 150, seed), float(exact.mean(table))),
    ]
    for ask, truth in asked:
        found = [ask(seed) for seed in range(400)]
        z = np.array([(each.value - truth) / each.standard_error for each in found])
        assert abs((np.abs(z) < 1.96).mean() - 0.95) < 0.044
        assert stats.kstest(z, "norm").pvalue > 1e-3


def test_worlds_that_share_noise_make_the_error_small(clinic: Spec) -> None:
    """Where the treatment changes little, a unit's outcomes in both worlds are alike."""
    scm = SDSCM(clinic, TabularLM(random_table(21)), effect=0.1)
    outcome = OutcomeFunction.of(scm.spec)
    shared = monte_carlo.effect(scm, outcome, 2000).standard_error
    apart = [
        monte_carlo.mean(scm, outcome, 2000, seed, {"drug": value}).standard_error
        for seed, value in enumerate(("placebo", "statin"))
    ]
    assert shared < 0.5 * np.hypot(*apart)


def test_an_effect_that_is_none_has_no_error(clinic: Spec) -> None:
    found = SDSCM(clinic, TabularLM(random_table(21)), effect=0).effect(100)
    assert (found.value, found.standard_error) == (0, 0)


def test_averages_do_not_depend_on_what_is_drawn_together(
    scm: SDSCM, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = scm.effect(300, seed=5)
    assert scm.effect(300, seed=5, contrast=("statin", "placebo")).value == -whole.value
    assert scm.effect(300, seed=6) != whole
    monkeypatch.setattr(monte_carlo, "_ROWS", 70)
    assert scm.effect(300, seed=5) == whole


def test_the_draws_are_not_the_units_of_a_dataset(scm: SDSCM) -> None:
    assert scm.effect(300, seed=5).value != pytest.approx(scm.dataset(300, 5).ite.mean(), rel=1e-6)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"draws": 1}, ["draws = 1", "two"]),
        ({"contrast": ("placebo", "aspirin")}, ["aspirin", "drug"]),
        ({"outcome": "guess"}, ["guess"]),
    ],
)
def test_averages_that_cannot_be(
    scm: SDSCM, options: Any, words: list[str], one_line: Callable[[BaseException], str]
) -> None:
    with pytest.raises(InputError) as caught:
        scm.effect(**{"draws": 10} | options)
    assert all(word in one_line(caught.value) for word in words)
