"""Interventions: to a distribution, on several variables, and with new draws.

Chi-squared tests at fixed seeds; each would fail one seed in 1,000 if all were well.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from sdscm import SDSCM, UNIFORM, InputError, Spec, Units
from sdscm.lm import TabularLM
from sdscm.lm.backends.tabular import random_table
from sdscm.sampling.interventions import parse_do, weights_of

Line = Callable[[BaseException], str]
LEVEL = 1e-3
N = 20_000
TABLE = random_table(13, temperature=0.8)
TRIAL = {"drug": UNIFORM}
MIXED = {"smoker": {"no": 0.25, "yes": 0.75}, "pressure": {"low": 0.5, "high": 0.5}}
ONE_OF_EACH = {"drug": "statin", "pressure": UNIFORM, "hobby": {"golf": 0.9, "chess": 0.1}}


@pytest.fixture
def scm(clinic: Spec) -> SDSCM:
    return SDSCM(clinic, TabularLM(TABLE))


def fit(units: Units, names: Sequence[str], expected: np.ndarray) -> float:
    """P-value of Pearson's test of the units' values against probabilities."""
    counts = np.zeros(expected.shape)
    np.add.at(counts, tuple(units.codes[name].to_numpy() for name in names), 1)
    counts, expected = counts.ravel(), expected.ravel() * len(units)
    assert counts[expected == 0].sum() == 0, "a value that cannot be was drawn"
    rare = expected < 5
    cells = [np.append(each[~rare], each[rare].sum()) for each in (counts, expected)]
    cells = [each[cells[1] > 0] for each in cells]
    assert len(cells[0]) > 10
    return float(stats.chisquare(*cells).pvalue)


@pytest.mark.parametrize("do", [TRIAL, MIXED, ONE_OF_EACH])
@pytest.mark.parametrize("how", ["sampled", "counterfactual", "redrawn"])
def test_to_distributions(clinic: Spec, do: Any, how: str) -> None:
    """Over all units, sampled and counterfactual worlds have the law of the intervention."""
    scm = SDSCM(clinic, TabularLM(TABLE), coupling="redraw" if how == "redrawn" else "gumbel")
    if how == "sampled":
        units = scm.sample(N, 2, do=do, block=N)
    else:
        units = scm.counterfactual(scm.sample(N, 3, block=N), do, block=N)
    asked = ["age", "smoker", "drug", "pressure", "state"]
    exact = scm.exact().arrays
    assert fit(units, asked, exact.marginal(asked, do)) > LEVEL
    assert fit(units, ["hobby", "town", "ward"], exact.marginal(["hobby", "town", "ward"], do)) > (
        LEVEL
    )
    assert units.do == tuple(do)


def test_the_wrong_intervention_does_not_fit(scm: SDSCM) -> None:
    """The comparison can fail: the trial is neither the observed world nor its condition."""
    asked = ["age", "smoker", "drug", "pressure"]
    units = scm.sample(N, 2, do=TRIAL, block=N)
    assert fit(units, asked, scm.exact().arrays.marginal(asked)) < 1e-9
    biased = {"drug": {"statin": 0.55, "placebo": 0.45}}
    assert fit(units, asked, scm.exact().arrays.marginal(asked, biased)) < 1e-9


def test_the_target_of_a_distribution_does_not_know_its_parents(scm: SDSCM) -> None:
    units = scm.sample(N, 2, do=TRIAL, block=N)
    table = pd.crosstab(units.codes["drug"], [units.codes["age"], units.codes["smoker"]])
    assert stats.chi2_contingency(table).pvalue > LEVEL
    observed = scm.sample(N, 2, block=N).codes
    seen = pd.crosstab(observed["drug"], [observed["age"], observed["smoker"]])
    assert stats.chi2_contingency(seen).pvalue < 1e-9


def test_mechanisms_of_targets_stay_on_record(scm: SDSCM) -> None:
    """What the variable would have been drawn from had it not been set: the propensity."""
    plain, set_ = scm.sample(100, 1), scm.sample(100, 1, do=TRIAL)
    np.testing.assert_allclose(
        plain.log_probabilities["drug"], set_.log_probabilities["drug"], rtol=1e-12, atol=1e-12
    )


# Laws, on random specs.

MODELS = st.tuples(st.integers(0, 10**6), st.integers(0, 99))


def model(make: Callable[[int], Spec], seeds: tuple[int, int], **options: Any) -> SDSCM:
    return SDSCM(make(seeds[0]), TabularLM(random_table(seeds[1], temperature=2)), **options)


def two_targets(data: st.DataObject, scm: SDSCM) -> list[str]:
    """Two endogenous variables in the order tau."""
    names = [n for n in scm.spec.order if scm.spec.variable(n).role != "exogenous"]
    pair = data.draw(st.lists(st.sampled_from(names), min_size=2, max_size=2, unique=True))
    return sorted(pair, key=scm.spec.order.index)


def assert_same(one: Units, other: Units) -> None:
    pd.testing.assert_frame_equal(one.codes, other.codes)
    for name, logs in one.log_probabilities.items():
        np.testing.assert_allclose(logs, other.log_probabilities[name], rtol=1e-12, atol=1e-12)


@given(seeds=MODELS, data=st.data())
@settings(max_examples=30)
def test_drawing_a_value_and_setting_it_are_the_same(
    seeds: tuple[int, int], data: st.DataObject, random_spec: Any
) -> None:
    """Each unit of do(x ~ q, w ~ r) is the unit of do(x, w = the drawn values)."""
    scm = model(random_spec, seeds)
    first, second = two_targets(data, scm)
    units = scm.sample(40, seeds[1])
    values = scm.spec.variable(second).values
    drawn = scm.counterfactual(units, {first: UNIFORM, second: {values[0]: 0.3, values[1]: 0.7}})
    labels = drawn.labels
    assert_same(
        scm.counterfactual(units, {first: labels[first], second: labels[second]}),
        drawn,
    )


@given(seeds=MODELS, data=st.data())
@settings(max_examples=30)
def test_composition_with_a_distribution(
    seeds: tuple[int, int], data: st.DataObject, random_spec: Any
) -> None:
    """do(x ~ q) equals do(x ~ q, w = the value of w under do(x ~ q))."""
    scm = model(random_spec, seeds)
    first, second = two_targets(data, scm)
    units = scm.sample(40, seeds[1])
    one = scm.counterfactual(units, {first: UNIFORM})
    assert_same(scm.counterfactual(units, {first: UNIFORM, second: one.labels[second]}), one)


def test_a_drawn_target_does_not_depend_on_what_was_observed(clinic: Spec) -> None:
    """The noise of a unit's own value is known once the value is; the draw must be another."""
    scm = SDSCM(clinic, TabularLM(random_table(3)))
    units = scm.sample(4000, 1)
    drawn = scm.counterfactual(units, {"drug": UNIFORM}).labels["drug"] == "statin"
    for value in ("placebo", "statin"):
        observed = (units.labels["drug"] == value).to_numpy()
        # A share of about 2,000 draws lies within 5 standard errors but once in 1.7 million.
        error = 0.5 / np.sqrt(observed.sum())
        assert abs(drawn[observed].mean() - 0.5) < 5 * error


@given(seeds=MODELS, data=st.data(), coupling=st.sampled_from(["gumbel", "redraw"]))
@settings(max_examples=30)
def test_the_order_of_targets_means_nothing(
    seeds: tuple[int, int], data: st.DataObject, coupling: str, random_spec: Any
) -> None:
    scm = model(random_spec, seeds, coupling=coupling)
    names = two_targets(data, scm)
    do = {name: data.draw(st.sampled_from(scm.spec.variable(name).values)) for name in names}
    units = scm.sample(30, seeds[1])
    turned = {name: do[name] for name in reversed(names)}
    assert_same(scm.counterfactual(units, do), scm.counterfactual(units, turned))


# The paper's coupling with two targets, one upstream of the other.


def test_redraw_with_a_target_upstream_of_another(clinic: Spec) -> None:
    """smoker -> drug -> pressure -> state: drug and state are drawn again, given the set values."""
    scm = SDSCM(clinic, TabularLM(TABLE), coupling="redraw")
    units = scm.sample(N, 4, block=N)
    do = {"pressure": "high", "smoker": "yes"}
    world = scm.counterfactual(units, do, block=N)
    asked = ["age", "town", "smoker", "drug", "pressure", "state", "ward"]
    assert fit(world, asked, scm.exact().arrays.marginal(asked, do)) > LEVEL
    for name in ("age", "town", "hobby"):
        np.testing.assert_array_equal(world.codes[name], units.codes[name])
    # Drawn afresh: given its parents, a value owes nothing to the one observed.
    old = units.codes["smoker"] == 1
    for age in (0, 1):
        stratum = old & (units.codes["age"] == age)
        table = pd.crosstab(units.codes["drug"][stratum], world.codes["drug"][stratum])
        assert stats.chi2_contingency(table, correction=False).pvalue > LEVEL / 2


def test_what_comes_before_the_second_target_does_not_look_at_it(clinic: Spec) -> None:
    scm = SDSCM(clinic, TabularLM(TABLE), coupling="redraw")
    units = scm.sample(2000, 4)
    low, high = (
        scm.counterfactual(units, {"smoker": "yes", "pressure": value}) for value in ("low", "high")
    )
    alone = scm.counterfactual(units, {"smoker": "yes"})
    np.testing.assert_array_equal(low.codes["drug"], high.codes["drug"])
    np.testing.assert_array_equal(low.codes["drug"], alone.codes["drug"])
    assert (low.codes["state"] != high.codes["state"]).any()


# What is refused, and what is understood.


def test_ways_to_say_the_same(scm: SDSCM) -> None:
    ways: list[Any] = [
        "statin",
        {"statin": 1.0},
        {"statin": 1, "placebo": 0},
        ["statin"] * 50,
        np.array(["statin"] * 50),
        pd.Series(["statin"] * 50, index=range(50, 100)),
    ]
    first = scm.sample(50, 1, do={"drug": ways[0]})
    for way in ways[1:]:
        assert_same(scm.sample(50, 1, do={"drug": way}), first)
    coin = scm.sample(50, 1, do={"drug": UNIFORM})
    assert_same(scm.sample(50, 1, do={"drug": {"placebo": 0.5, "statin": 0.5}}), coin)


def test_weights(clinic: Spec) -> None:
    np.testing.assert_allclose(weights_of(clinic, "pressure", UNIFORM), [1 / 3] * 3)
    np.testing.assert_allclose(weights_of(clinic, "pressure", {"high": 1.0}), [0, 0, 1])
    found = parse_do(clinic, {"pressure": ["low", "high"]}, 2)["pressure"]
    np.testing.assert_array_equal(np.exp(found), [[1, 0, 0], [0, 0, 1]])


def test_whole_numbers_stand_for_their_text(clinic: Spec) -> None:
    """A table that is read from a file holds the values 0 and 1 as numbers."""
    drug = clinic.treatment.model_copy(update={"values": ("0", "1")})
    others = [each for each in clinic.variables if each.role != "treatment"]
    spec = clinic.model_copy(update={"variables": (*others, drug)})
    scm = SDSCM(spec, TabularLM(random_table(3)))
    for one in (1, np.int64(1), "1"):
        assert set(scm.sample(4, do={"drug": one}).labels["drug"]) == {"1"}
    rows = scm.sample(6).labels.astype({"drug": int})
    assert scm.abduct(rows).labels["drug"].tolist() == [str(each) for each in rows["drug"]]
    with pytest.raises(InputError, match="'2' is not a value of 'drug'"):
        scm.sample(4, do={"drug": 2})


@pytest.mark.parametrize(
    ("do", "words"),
    [
        ({"drug": {"statin": 0.6}}, ["drug", "sum to 1", "statin: 0.6"]),
        ({"drug": {"statin": 1.5, "placebo": -0.5}}, ["drug", "at least 0"]),
        ({"drug": {"statin": float("nan"), "placebo": 1}}, ["drug", "nan"]),
        ({"drug": {"statin": "much", "placebo": 1}}, ["drug", "much"]),
        ({"drug": {}}, ["drug", "sum to 1"]),
        ({"drug": {"aspirin": 1.0}}, ["aspirin", "placebo, statin"]),
        ({"drug": 3}, ["drug", "3"]),
        ({"drug": None}, ["drug", "None"]),
        ({"drug": ["statin", "placebo"]}, ["drug", "2 values", "5 units"]),
        ({"drug": ["statin", "aspirin"] * 2 + ["statin"]}, ["aspirin"]),
        ({"town": UNIFORM}, ["town", "exogenous"]),
        ({"weather": UNIFORM}, ["weather", "hobby"]),
        ("drug", ["do: 'drug' names no target"]),
    ],
)
def test_interventions_that_make_no_sense(
    scm: SDSCM, do: Any, words: list[str], one_line: Line
) -> None:
    for ask in (
        lambda: scm.sample(5, 1, do=do),
        lambda: scm.counterfactual(scm.sample(5, 1), do),
    ):
        with pytest.raises(InputError) as caught:
            ask()
        assert all(word in one_line(caught.value) for word in words)
