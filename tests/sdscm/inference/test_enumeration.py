"""ExactArrays against sums over all rows, and against effects computed by hand."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdscm import SDSCM, UNIFORM, InputError, Spec
from sdscm.inference.enumeration import ExactArrays, TooLargeError
from sdscm.lm import TabularLM
from sdscm.lm.backends.tabular import random_table
from sdscm.spec import spec_from_yaml

Line = Callable[[BaseException], str]
TABLE = random_table(5)
SEEDS = st.integers(0, 10**6)

# Rain makes the road wet, and people choose the bus; delay depends on both. Every probability is
# written out, so that the effect can be worked out on paper.
ROAD = """\
name: road
variables:
  - {name: rain, role: exogenous, values: [dry, rain], distribution: [0.6, 0.4],
     phrasings: ["The day is {value}."]}
  - {name: ride, role: treatment, values: [car, bus], parents: [rain],
     phrasings: ["She takes the {value}."]}
  - {name: delay, role: outcome, values: [early, late], parents: [rain, ride],
     phrasings: ["She is {value}."]}
outcome_value: late
"""
BUS = {"dry": 0.25, "rain": 0.75}
LATE = {("dry", "car"): 0.1, ("dry", "bus"): 0.3, ("rain", "car"): 0.8, ("rain", "bus"): 0.4}


def road_table(choice: Any) -> list[float]:
    said = [sentence.rstrip(".").split()[-1] for sentence in choice.context]
    one = BUS[said[0]] if len(said) == 1 else LATE[said[0], said[1]]
    return [1 - one, one]


@pytest.fixture
def road() -> ExactArrays:
    return SDSCM(spec_from_yaml(ROAD, "road.yaml"), TabularLM(road_table)).exact().arrays


@pytest.fixture
def exact(clinic: Spec) -> ExactArrays:
    return SDSCM(clinic, TabularLM(TABLE)).exact().arrays


def outcome_table(exact: ExactArrays, code: int) -> np.ndarray:
    return exact.log_table(exact.spec.outcome.name)[..., code]


def close(found: Any, expected: Any) -> None:
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12, equal_nan=True)


def test_the_joint_of_three_variables(road: ExactArrays) -> None:
    joint = road.joint()
    assert joint.shape == (2, 2, 2)
    close(joint[1, 0, 1], 0.4 * 0.25 * 0.8)
    close(joint[0, 1, 0], 0.6 * 0.25 * 0.7)
    close(joint.sum(), 1)


def test_the_effect_of_three_variables(road: ExactArrays) -> None:
    late = np.exp(outcome_table(road, 1))
    close(late, [[0.1, 0.3], [0.8, 0.4]])
    close(road.effect(late), 0.6 * 0.2 + 0.4 * -0.4)  # -0.04
    close(road.effect(late, ["rain"]), [0.2, -0.4])
    log_late = outcome_table(road, 1)
    close(road.effect(log_late), 0.6 * math.log(3) + 0.4 * math.log(0.5))


def test_the_effect_is_not_the_difference_of_the_means_observed(road: ExactArrays) -> None:
    """P(late | bus) - P(late | car) has the opposite sign, and is not the effect."""
    late_and_bus, bus = 0.6 * 0.25 * 0.3 + 0.4 * 0.75 * 0.4, 0.6 * 0.25 + 0.4 * 0.75
    late_and_car, car = 0.6 * 0.75 * 0.1 + 0.4 * 0.25 * 0.8, 0.6 * 0.75 + 0.4 * 0.25
    seen = road.conditional("delay", ["ride"])[:, 1]
    close(seen, [late_and_car / car, late_and_bus / bus])
    assert seen[1] - seen[0] > 0.1
    means = [road.mean(np.exp(outcome_table(road, 1)), do={"ride": v}) for v in ("car", "bus")]
    close(means, [0.6 * 0.1 + 0.4 * 0.8, 0.6 * 0.3 + 0.4 * 0.4])


def test_the_means_of_strata_given_what_was_seen(road: ExactArrays) -> None:
    """E[P(late | parents) | delay = late]: its value is evidence on its parents."""
    late = np.exp(outcome_table(road, 1))
    cells = {("dry", "car"): 0.45, ("dry", "bus"): 0.15, ("rain", "car"): 0.1, ("rain", "bus"): 0.3}
    weight = sum(cells[key] * LATE[key] for key in cells)
    expected = sum(cells[key] * LATE[key] ** 2 for key in cells) / weight
    close(road.mean(late, ["delay"])[1], expected)


def test_the_joint(exact: ExactArrays, clinic: Spec, by_hand: Any) -> None:
    hand = by_hand(clinic, TABLE)
    close(exact.joint(), hand.marginal(clinic.order))
    assert exact.joint().sum() == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize(
    "names", [[], ["ward"], ["town", "age"], ["ward", "age"], ["state", "hobby", "smoker"]]
)
def test_marginals(exact: ExactArrays, clinic: Spec, by_hand: Any, names: list[str]) -> None:
    found = exact.marginal(names)
    assert found.shape == tuple(len(clinic.variable(name).values) for name in names)
    close(found, by_hand(clinic, TABLE).marginal(names))


@pytest.mark.parametrize(
    ("do", "weights"),
    [
        ({"drug": "statin"}, {"drug": {1: 1.0}}),
        ({"drug": "placebo", "pressure": "high"}, {"drug": {0: 1.0}, "pressure": {2: 1.0}}),
        ({"state": "dies"}, {"state": {2: 1.0}}),
        ({"drug": UNIFORM}, {"drug": {0: 0.5, 1: 0.5}}),
        (
            {"pressure": {"low": 0.2, "high": 0.8}, "smoker": UNIFORM},
            {"pressure": {0: 0.2, 2: 0.8}, "smoker": {0: 0.5, 1: 0.5}},
        ),
    ],
)
def test_interventions(
    exact: ExactArrays, clinic: Spec, by_hand: Any, do: Any, weights: Any
) -> None:
    asked = ["smoker", "drug", "pressure", "state", "ward", "age"]
    found, expected = exact.marginal(asked, do), by_hand(clinic, TABLE).marginal(asked, weights)
    close(found, expected)
    close(found.sum(), 1)
    assert np.abs(found - exact.marginal(asked)).max() > 1e-3, "the intervention changes nothing"


def test_conditionals(exact: ExactArrays, clinic: Spec, by_hand: Any) -> None:
    joint = by_hand(clinic, TABLE).marginal(["state", "town", "drug"])
    found = exact.conditional("drug", ["state", "town"])
    assert found.shape == (3, 3, 2)
    close(found, joint / joint.sum(axis=-1, keepdims=True))


def test_what_cannot_be_given_has_no_distribution(exact: ExactArrays) -> None:
    found = exact.conditional("state", ["drug"], do={"drug": "statin"})
    assert np.isnan(found[0]).all()
    close(found[1].sum(), 1)
    means = exact.mean(outcome_table(exact, 1), ["drug"], do={"drug": "statin"})
    assert np.isnan(means[0])
    assert np.isfinite(means[1])


def test_given_a_mechanism_s_own_parents_it_is_the_mechanism(exact: ExactArrays) -> None:
    close(exact.conditional("drug", ["age", "smoker"]), np.exp(exact.log_table("drug")))
    close(exact.conditional("state", ["age", "drug", "pressure"]), np.exp(exact.log_table("state")))


@given(seed=SEEDS, data=st.data())
@settings(max_examples=30)
def test_random_specs(seed: int, data: st.DataObject, random_spec: Any, by_hand: Any) -> None:
    spec = random_spec(seed)
    table = random_table(seed, temperature=1.5)
    exact, hand = SDSCM(spec, TabularLM(table)).exact().arrays, by_hand(spec, table)
    endogenous = [n for n in spec.order if spec.variable(n).role != "exogenous"]
    asked = data.draw(st.lists(st.sampled_from(spec.order), unique=True, max_size=3))
    targets = data.draw(st.lists(st.sampled_from(endogenous), unique=True, max_size=2))
    do, weights = {}, {}
    for name in targets:
        values = spec.variable(name).values
        share = data.draw(st.sampled_from([0.0, 0.3, 1.0]))
        do[name] = {values[0]: share, values[1]: 1 - share}
        weights[name] = {0: share, 1: 1 - share}
    close(exact.marginal(asked, do), hand.marginal(asked, weights))
    before = [n for n in spec.covariates if n not in spec.descendants(spec.treatment.name)]
    given_ = data.draw(st.lists(st.sampled_from(before), unique=True, max_size=2))
    with np.errstate(invalid="ignore"):
        expected = hand.cate(lambda p: math.log(p[1]), given_)
    close(exact.effect(outcome_table(exact, 1), given_), expected)


def test_the_mean_of_the_effects_given_covariates_is_the_effect(exact: ExactArrays) -> None:
    """Law of total probability: PATE = sum over x of P(x) CATE(x), for every set of covariates."""
    log_worsens = outcome_table(exact, 1)
    pate = exact.effect(log_worsens)
    assert abs(pate) > 1e-3
    for names in (["age"], ["smoker", "town"], ["age", "town", "smoker", "hobby"]):
        cates = exact.effect(log_worsens, names)
        close((exact.marginal(names) * cates).sum(), pate)
        assert np.ptp(cates) > 1e-3, "the effect does not depend on what is given"


def test_effects_given_less_are_means_of_effects_given_more(exact: ExactArrays) -> None:
    log_worsens = outcome_table(exact, 1)
    more = exact.effect(log_worsens, ["smoker", "age", "hobby"])
    weights = exact.marginal(["smoker", "age", "hobby"])
    expected = (weights * more).sum(axis=(1, 2)) / weights.sum(axis=(1, 2))
    close(exact.effect(log_worsens, ["smoker"]), expected)


def test_the_axes_are_in_the_order_asked(exact: ExactArrays) -> None:
    log_worsens = outcome_table(exact, 1)
    one, other = (exact.effect(log_worsens, each) for each in (["age", "town"], ["town", "age"]))
    assert one.shape == (2, 3)
    np.testing.assert_allclose(one, other.T, rtol=0, atol=1e-12)


def test_the_contrast_turns_the_effect_around(exact: ExactArrays) -> None:
    log_worsens = outcome_table(exact, 1)
    turned = exact.effect(log_worsens, ["age"], ("statin", "placebo"))
    np.testing.assert_array_equal(turned, -exact.effect(log_worsens, ["age"]))


@pytest.mark.parametrize("name", ["pressure", "state", "ward"])
def test_what_the_treatment_changes_cannot_be_given(
    exact: ExactArrays, name: str, one_line: Line
) -> None:
    with pytest.raises(InputError) as caught:
        exact.effect(outcome_table(exact, 1), ["age", name])
    assert name in one_line(caught.value)


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda e: e.marginal(["weather"]), ["weather", "hobby"]),
        (lambda e: e.marginal(["age", "age"]), ["age", "twice"]),
        (lambda e: e.conditional("age", ["town", "age"]), ["age", "twice"]),
        (lambda e: e.marginal(["age"], {"town": "Rome"}), ["town", "exogenous"]),
        (lambda e: e.marginal(["age"], {"drug": "aspirin"}), ["aspirin", "statin"]),
        (lambda e: e.effect(outcome_table(e, 0), [], ("placebo", "aspirin")), ["aspirin"]),
    ],
)
def test_questions_without_an_answer(
    exact: ExactArrays, ask: Callable[[ExactArrays], Any], words: list[str], one_line: Line
) -> None:
    with pytest.raises(InputError) as caught:
        ask(exact)
    assert all(word in one_line(caught.value) for word in words)


def net(parents: dict[int, list[int]], size: int = 2) -> Spec:
    """A DAG over ``v0``, ``v1``, ...; the last is the outcome, the one before it the treatment."""
    values = [chr(97 + k) for k in range(size)]
    count = len(parents)
    variables = [
        {
            "name": f"v{i}",
            "role": {count - 1: "outcome", count - 2: "treatment"}.get(i, "covariate"),
            "values": values[:2] if i == count - 2 else values,
            "parents": [f"v{j}" for j in those],
            "phrasings": [f"Of v{i} {{value}}."],
        }
        for i, those in parents.items()
    ]
    return Spec.model_validate({"name": "net", "variables": variables})


def test_too_many_contexts_are_told_before_one_is_scored(one_line: Line) -> None:
    spec = net({i: list(range(i)) for i in range(14)}, size=3)
    lm = TabularLM(TABLE)
    exact = SDSCM(spec, lm).exact(max_contexts=1000)
    with pytest.raises(TooLargeError) as caught:
        exact.marginal(["v10"])
    message = one_line(caught.value)
    assert "'v7'" in message
    assert "2,187" in message
    assert lm.scored == 0
    assert not exact.feasible()
    assert exact.feasible(["v6", "v3"])
    with pytest.raises(TooLargeError, match="v12"):
        exact.log_table("v12")


def test_too_large_a_table_is_told_before_a_context_is_scored(one_line: Line) -> None:
    lm = TabularLM(TABLE)
    exact = SDSCM(net({i: [] if i == 0 else [i - 1] for i in range(30)}), lm).exact().arrays
    with pytest.raises(TooLargeError) as caught:
        exact.joint()
    assert "states" in one_line(caught.value)
    assert lm.scored == 0


def grid(side: int, size: int = 2) -> Spec:
    """A square of variables, each with the one above and the one to its left as parents."""
    parents = {
        i: [*([i - side] if i >= side else []), *([i - 1] if i % side else [])]
        for i in range(side * side)
    }
    return net(parents, size)


def test_so_is_too_large_a_table_on_the_way_to_a_small_one(one_line: Line) -> None:
    lm = TabularLM(TABLE)
    with pytest.raises(TooLargeError) as caught:
        SDSCM(grid(13, size=4), lm).exact().arrays.marginal(["v168"])
    assert "states" in one_line(caught.value)
    assert lm.scored == 0


def test_a_table_that_is_refused_does_not_stop_smaller_questions() -> None:
    exact = SDSCM(net({i: list(range(i)) for i in range(14)}), TabularLM(TABLE)).exact(100)
    close(exact.marginal(["v5", "v2"]).sum(), 1)


def test_a_chain_of_60() -> None:
    """Against the product of its transition matrices."""
    spec = net({i: [] if i == 0 else [i - 1] for i in range(60)})
    lm = TabularLM(TABLE)
    exact = SDSCM(spec, lm).exact().arrays
    exact.marginal(["v2"])
    assert lm.scored == 1 + 2 + 2, "only what matters is scored"
    p = np.exp(exact.log_table("v0"))
    for i in range(1, 60):
        p = p @ np.exp(exact.log_table(f"v{i}"))
    close(exact.marginal(["v59"]), p)
    cut = np.exp(exact.log_table("v57"))[1] @ np.exp(exact.log_table("v58"))
    close(exact.marginal(["v58"], {"v56": "b"}), cut)


def test_loops_do_not_cost_the_product_of_all_domains() -> None:
    """A grid of 49 variables: 2**49 rows, but no table of more than 2**8 is needed."""
    side = 7
    exact = SDSCM(grid(side), TabularLM(TABLE)).exact().arrays
    # Row after row, the distribution of one whole row of the grid is carried on.
    row = np.array(1.0)
    for i in range(side * side):
        table = np.exp(exact.log_table(f"v{i}"))
        axes = list(range(side))
        column = i % side
        if i < side:
            own = [*([column - 1] if column else []), column]
            row = np.einsum(row, axes[:column], table, own, axes[: column + 1])
        else:
            own = [column, *([column - 1] if column else []), side]
            out = [side if axis == column else axis for axis in axes]
            row = np.einsum(row, axes, table, own, out)
    close(exact.marginal([f"v{side * side - 1}"]), row.sum(axis=tuple(range(side - 1))))


def test_a_common_cause_of_many_is_not_summed_out_first() -> None:
    """v0 causes 26 others, each of which adds to a chain: first of all, v0 would join them all."""
    parents: dict[int, list[int]] = {0: [], **{i: [0] for i in range(1, 27)}}
    parents |= {i: [i - 26, i - 1] if i > 27 else [1] for i in range(27, 53)}
    exact = SDSCM(net(parents), TabularLM(TABLE)).exact().arrays
    expected = np.zeros(2)
    for code, p in enumerate(np.exp(exact.log_table("v0"))):
        chain = np.exp(exact.log_table("v1"))[code] @ np.exp(exact.log_table("v27"))
        for i in range(28, 53):
            cause = np.exp(exact.log_table(f"v{i - 26}"))[code]
            chain = np.einsum("c,b,cbv->v", cause, chain, np.exp(exact.log_table(f"v{i}")))
        expected += p * chain
    close(exact.marginal(["v52"]), expected)


def test_what_comes_before_a_target_is_not_scored() -> None:
    lm = TabularLM(TABLE)
    exact = SDSCM(net({i: [] if i == 0 else [i - 1] for i in range(9)}), lm).exact().arrays
    exact.marginal(["v8"], {"v7": "a"})
    assert lm.scored == 2
