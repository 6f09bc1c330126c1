"""Effects of tiny models with known tables against sums that are written out."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest

from sdscm import SDSCM, InputError, Spec, TabularLM
from sdscm.audit import Estimand, Measure
from sdscm.audit.answers import ask
from sdscm.audit.effects.arms import (
    EnumeratedArms,
    Estimate,
    SampledArms,
    UnidentifiedError,
    weighted_mean,
)
from sdscm.audit.plan import AuditPlan, Question, estimands, questions
from sdscm.audit.target import mediators_between, retarget
from sdscm.lm import random_table
from sdscm.spec import spec_from_yaml

ROUNDING = 1e-12

# Age confounds drug, pressure and state; the drug acts through the pressure and beside it, and the
# two interact. Every probability is written out.
WARD = """\
name: ward
variables:
  - {name: age, role: exogenous, values: [young, old], distribution: [0.7, 0.3],
     phrasings: ["She is {value}."]}
  - {name: drug, role: treatment, values: [placebo, statin, aspirin], parents: [age],
     phrasings: ["She takes {value}."]}
  - {name: pressure, role: covariate, values: [low, high], parents: [age, drug],
     phrasings: ["Her pressure is {value}."]}
  - {name: state, role: outcome, values: [dies, recovers, stays], parents: [age, drug, pressure],
     phrasings: ["In the end she {value}."]}
outcome_value: recovers
"""
AGES = {"young": 0.7, "old": 0.3}
DRUG = {
    "young": {"placebo": 0.5, "statin": 0.2, "aspirin": 0.3},
    "old": {"placebo": 0.1, "statin": 0.6, "aspirin": 0.3},
}
HIGH = {
    ("young", "placebo"): 0.3,
    ("young", "statin"): 0.1,
    ("young", "aspirin"): 0.25,
    ("old", "placebo"): 0.8,
    ("old", "statin"): 0.35,
    ("old", "aspirin"): 0.6,
}
RECOVERS = {
    ("young", "placebo", "low"): 0.6,
    ("young", "placebo", "high"): 0.4,
    ("young", "statin", "low"): 0.8,
    ("young", "statin", "high"): 0.45,
    ("young", "aspirin", "low"): 0.65,
    ("young", "aspirin", "high"): 0.5,
    ("old", "placebo", "low"): 0.5,
    ("old", "placebo", "high"): 0.1,
    ("old", "statin", "low"): 0.55,
    ("old", "statin", "high"): 0.3,
    ("old", "aspirin", "low"): 0.35,
    ("old", "aspirin", "high"): 0.2,
}
DIES = 0.25  # of those who do not recover


def ward_table(choice: Any) -> list[float]:
    said = tuple(sentence.rstrip(".").split()[-1] for sentence in choice.context)
    if len(said) == 1:
        return [DRUG[said[0]][value] for value in choice.values]
    if len(said) == 2:
        return [1 - HIGH[said], HIGH[said]]
    one = RECOVERS[said]
    return [(1 - one) * DIES, one, (1 - one) * (1 - DIES)]


SCALES: dict[str, Callable[[float], float]] = {
    "probability": lambda p: p,
    "log-probability": math.log,
    "log-odds": lambda p: math.log(p / (1 - p)),
}


def y(age: str, drug: str, pressure: str, scale: str) -> float:
    return SCALES[scale](RECOVERS[age, drug, pressure])


def p_pressure(age: str, drug: str, pressure: str) -> float:
    return HIGH[age, drug] if pressure == "high" else 1 - HIGH[age, drug]


def nested(read: str, copied: str, scale: str, ages: dict[str, float] | None = None) -> float:
    """E[Y(read, M(copied))] by the mediation formula (Pearl, UAI 2001)."""
    return sum(
        weight * p_pressure(age, copied, pressure) * y(age, read, pressure, scale)
        for age, weight in (ages or AGES).items()
        for pressure in ("low", "high")
    )


def observed(drug: str, scale: str) -> float:
    """E[Y | drug]."""
    weight = {age: p * DRUG[age][drug] for age, p in AGES.items()}
    total = sum(weight.values())
    return nested(drug, drug, scale, {age: each / total for age, each in weight.items()})


def by_hand(estimand: Estimand, low: str, high: str, scale: str) -> float:
    total = nested(high, high, scale) - nested(low, low, scale)
    direct = nested(high, low, scale) - nested(low, low, scale)
    indirect = nested(low, high, scale) - nested(low, low, scale)
    seen = observed(high, scale) - observed(low, scale)
    match estimand.kind:
        case "total":
            return total
        case "natural direct":
            return direct
        case "natural indirect":
            return indirect
        case "mediated interaction":
            return total - direct - indirect
        case "controlled direct":
            at = dict(estimand.held)["pressure"]
            return sum(p * (y(a, high, at, scale) - y(a, low, at, scale)) for a, p in AGES.items())
        case "observational":
            return seen
        case "spurious":
            return seen - total
    group = [
        nested(high, high, scale, {age: 1.0}) - nested(low, low, scale, {age: 1.0})
        for age in ("young", "old")
    ]
    if estimand.kind == "interaction":
        return group[1] - group[0]
    return group[dict(estimand.group)["age"] == "old"]


@pytest.fixture(scope="module")
def ward() -> Spec:
    return spec_from_yaml(WARD, "ward.yaml")


def plan(spec: Spec, asked: tuple[Question, ...], **options: Any) -> AuditPlan:
    return AuditPlan(spec, asked, (0,), **{"panel": 2, "units": 2, **options})


def answers(spec: Spec, table: Any, asked: Any, **options: Any) -> dict[Question, Estimate]:
    found = ask(plan(spec, tuple(asked), **options), TabularLM(table)).estimates
    return {question: estimate for question, (estimate,) in found.items()}


def all_questions(spec: Spec) -> tuple[Question, ...]:
    contrasts = [("placebo", "statin"), ("statin", "aspirin")]
    measures = [Measure.of(spec, kind) for kind in SCALES]
    return questions(contrasts, measures, estimands(spec, subgroups=["age"]))


def test_there_is_a_question_for_each_estimand(ward: Spec) -> None:
    labels = [each.label for each in estimands(ward, subgroups=["age"])]
    assert labels == [
        "total",
        "natural direct, not through pressure",
        "natural indirect through pressure",
        "mediated interaction with pressure",
        "controlled direct at pressure = low",
        "controlled direct at pressure = high",
        "observational",
        "spurious",
        "total among age = young",
        "total among age = old",
        "interaction: age = old less young",
    ]


def test_enumerated_effects_are_those_worked_out_by_hand(ward: Spec) -> None:
    asked = all_questions(ward)
    found = answers(ward, ward_table, asked, method="exact")
    assert len(found) == len(asked) == 66
    for question, estimate in found.items():
        hand = by_hand(question.estimand, question.control, question.treated, question.measure.kind)
        assert estimate.exact
        assert estimate.standard_error == 0
        assert estimate.value == pytest.approx(hand, abs=ROUNDING), question


def test_a_few_numbers_in_full(ward: Spec) -> None:
    """Worked out on paper, with no code in common with the sums above."""
    asked = questions([("placebo", "statin")], [Measure.of(ward)], estimands(ward))
    found = {q.estimand.label: e.value for q, e in answers(ward, ward_table, asked).items()}
    # Statin: young 0.9 * 0.8 + 0.1 * 0.45 = 0.765, old 0.65 * 0.55 + 0.35 * 0.3 = 0.4625.
    # Placebo: young 0.7 * 0.6 + 0.3 * 0.4 = 0.54, old 0.2 * 0.5 + 0.8 * 0.1 = 0.18.
    assert found["total"] == pytest.approx(0.7 * 0.225 + 0.3 * 0.2825, abs=ROUNDING)
    # Statin read, placebo's pressure: young 0.7 * 0.8 + 0.3 * 0.45 = 0.695, old 0.11 + 0.24 = 0.35.
    direct = 0.7 * (0.695 - 0.54) + 0.3 * (0.35 - 0.18)
    assert found["natural direct, not through pressure"] == pytest.approx(direct, abs=ROUNDING)
    # Statin takers: young 0.14, old 0.18; placebo takers: young 0.35, old 0.03.
    seen = (0.14 * 0.765 + 0.18 * 0.4625) / 0.32 - (0.35 * 0.54 + 0.03 * 0.18) / 0.38
    assert found["observational"] == pytest.approx(seen, abs=ROUNDING)
    low = 0.7 * 0.2 + 0.3 * 0.05
    assert found["controlled direct at pressure = low"] == pytest.approx(low, abs=ROUNDING)


def test_sampled_effects_lie_where_their_errors_say(ward: Spec) -> None:
    asked = all_questions(ward)
    found = answers(ward, ward_table, asked, method="sample", units=4000, seed=3)
    off = []
    for question, estimate in found.items():
        hand = by_hand(question.estimand, question.control, question.treated, question.measure.kind)
        assert not estimate.exact
        off.append((estimate.value - hand) / max(estimate.standard_error, ROUNDING))
    assert max(map(abs, off)) < 4
    assert np.mean(np.abs(off) < 1.96) > 0.8
    assert np.mean(np.abs(off) > 0.3) > 0.3, "the standard errors are far too large"


def test_standard_errors_have_the_right_size(ward: Spec) -> None:
    """Over 60 samples: the spread of each estimate against its mean standard error."""
    asked = questions([("placebo", "statin")], [Measure.of(ward)], estimands(ward))
    runs = [
        list(answers(ward, ward_table, asked, method="sample", units=300, seed=s).values())
        for s in range(60)
    ]
    for place, question in enumerate(asked):
        spread = np.std([run[place].value for run in runs], ddof=1)
        error = np.mean([run[place].standard_error for run in runs])
        assert 0.7 < error / spread < 1.4, question.estimand.label


def test_scores_and_categories(ward: Spec) -> None:
    scores = {"dies": -2.0, "recovers": 3.0, "stays": 0.5}
    total = (Estimand("total"),)
    measures = [Measure.of(ward, kind, scores=scores) for kind in ("expected-score", "category")]
    asked = questions([("placebo", "statin")], measures, total)
    gain = nested("statin", "statin", "probability") - nested("placebo", "placebo", "probability")
    # Of 1 - P(recovers), a quarter dies and three quarters stay.
    hand = gain * (3.0 - (0.25 * -2.0 + 0.75 * 0.5))
    for estimate in answers(ward, ward_table, asked).values():
        assert estimate.value == pytest.approx(hand, abs=ROUNDING)
    sampled = answers(ward, ward_table, asked, method="sample", units=3000)
    score, category = sampled.values()
    assert abs(score.value - hand) < 4 * score.standard_error
    assert abs(category.value - hand) < 4 * category.standard_error
    assert category.standard_error > 2 * score.standard_error


def test_log_odds_of_a_model_that_is_sure() -> None:
    logs = np.log([[1e-300, 1.0]])
    measure = Measure("log-odds", "b", (0.0, 1.0))
    assert measure.mean(logs)[0] == pytest.approx(300 * math.log(10))


def test_a_direct_effect_with_all_roads_but_one(clinic: Spec, by_hand: Any) -> None:
    """Against a sum over all rows in which two tables read another value of the drug."""
    table = random_table(7)
    hand = by_hand(clinic, table)
    expected = []
    for read_by_state, read_by_pressure in ((1, 0), (0, 0)):
        total = 0.0
        for age, town, smoker, pressure in product(range(2), range(3), range(2), range(3)):
            row = {"age": age, "town": town, "smoker": smoker, "pressure": pressure}
            p = 1.0
            for name in ("age", "town", "smoker"):
                p *= hand.mechanism(name, row)[row[name]]
            p *= hand.mechanism("pressure", {**row, "drug": read_by_pressure})[pressure]
            total += p * hand.mechanism("state", {**row, "drug": read_by_state})[1]
        expected.append(total)
    direct = Question(
        "placebo",
        "statin",
        Measure.of(clinic),
        Estimand("natural direct", mediators=("pressure",)),
    )
    (found,) = answers(clinic, table, [direct], method="exact").values()
    assert found.value == pytest.approx(expected[0] - expected[1], abs=ROUNDING)
    assert abs(found.value) > 1e-3


# The mood is caused by the drug, acts on the pressure and on the state, and is not copied.
TORN = """\
name: torn
variables:
  - {name: drug, role: treatment, values: [placebo, statin], phrasings: ["She takes {value}."]}
  - {name: mood, role: covariate, values: [bad, good], parents: [drug],
     phrasings: ["Her mood is {value}."]}
  - {name: pressure, role: covariate, values: [low, high], parents: [mood, drug],
     phrasings: ["Her pressure is {value}."]}
  - {name: state, role: outcome, values: [recovers, dies], parents: [drug, mood, pressure],
     phrasings: ["In the end she {value}."]}
"""


def test_a_recanting_witness_is_sampled_by_the_coupling() -> None:
    spec = spec_from_yaml(TORN, "torn.yaml")
    table = random_table(3, temperature=2.0)
    scm = SDSCM(spec, TabularLM(table))
    tables = {name: np.exp(scm.exact().arrays.log_table(name)) for name in spec.order}
    good, high, state = tables["mood"][:, 1], tables["pressure"], tables["state"][..., 0]
    # Gumbel-max noise of two values is one threshold: the unit's moods are good together as often
    # as they can be.
    both = min(good)
    moods = {
        (1, 1): both,
        (1, 0): good[0] - both,
        (0, 1): good[1] - both,
        (0, 0): 1 - max(good),
    }
    crossed = sum(
        p * high[0, placebo_mood, m] * state[1, statin_mood, m]
        for (placebo_mood, statin_mood), p in moods.items()
        for m in (0, 1)
    )
    plain = sum(
        (good[0] if w else 1 - good[0]) * high[0, w, m] * state[0, w, m]
        for w, m in product((0, 1), (0, 1))
    )
    estimand = Estimand("natural direct", mediators=("pressure",))
    question = Question("placebo", "statin", Measure.of(spec), estimand)
    with pytest.raises(UnidentifiedError, match="'mood'"):
        answers(spec, table, [question], method="exact")
    (found,) = answers(spec, table, [question], units=8000).values()
    assert not found.exact
    assert abs(found.value - (crossed - plain)) < 4 * found.standard_error
    # Moods that know nothing of each other would give another effect.
    apart = sum(
        p * q * high[0, one, m] * state[1, other, m]
        for (one, p), (other, q) in product(
            enumerate((1 - good[0], good[0])), enumerate((1 - good[1], good[1]))
        )
        for m in (0, 1)
    )
    assert abs(apart - crossed) > 8 * found.standard_error
    # With the mood copied too, each variable is read in one world.
    whole = Question(
        "placebo",
        "statin",
        question.measure,
        Estimand("natural direct", mediators=("mood", "pressure")),
    )
    (exact,) = answers(spec, table, [whole]).values()
    assert exact.exact
    expected = sum(
        (good[0] if w else 1 - good[0]) * high[0, w, m] * (state[1, w, m] - state[0, w, m])
        for w, m in product((0, 1), (0, 1))
    )
    assert exact.value == pytest.approx(expected, abs=ROUNDING)


@pytest.mark.parametrize("seed", range(8))
def test_both_roads_agree_on_random_graphs(random_spec: Callable[[int], Spec], seed: int) -> None:
    spec = random_spec(seed)
    last = [name for name in spec.order if spec.variable(name).distribution == "lm"][-1]
    spec = retarget(spec, spec.order[0], last)
    low, high = spec.treatment.values[:2]
    asked = questions([(low, high)], [Measure.of(spec)], estimands(spec))
    table = random_table(seed)
    exact = answers(spec, table, asked)
    sampled = answers(spec, table, asked, method="sample", units=2000)
    for question in asked:
        error = math.hypot(sampled[question].standard_error, exact[question].standard_error)
        off = sampled[question].value - exact[question].value
        assert abs(off) <= 4.5 * error + ROUNDING, question.estimand.label


def test_any_variable_can_be_the_treatment(clinic: Spec, by_hand: Any) -> None:
    table = random_table(3)
    spec = retarget(clinic, "age", "drug")
    assert spec.treatment.name == "age"
    assert spec.variable("state").role == "covariate"
    assert mediators_between(spec) == ("smoker",)
    total = Question("young", "old", Measure.of(spec), Estimand("total"))
    (found,) = answers(spec, table, [total]).values()
    hand = by_hand(clinic, table)
    means = []
    for age in (0, 1):
        rows = [(row, p) for row, p in hand.rows() if row["age"] == age]
        weight = sum(p for _, p in rows)
        means.append(sum(p * hand.mechanism("drug", row)[0] for row, p in rows) / weight)
    assert found.value == pytest.approx(means[1] - means[0], abs=ROUNDING)


def test_an_effect_that_cannot_be_is_0_to_the_last_bit(clinic: Spec) -> None:
    spec = retarget(clinic, "hobby", "state")
    assert mediators_between(spec) == ()
    asked = questions([("chess", "golf")], [Measure.of(spec)], estimands(spec))
    exact = answers(spec, random_table(1), asked)
    total, _, spurious = exact.values()
    assert total.value == 0
    assert spurious.value != 0, "the town causes both the hobby and who smokes"
    sampled = answers(spec, random_table(1), asked[:1], method="sample", units=50)
    assert next(iter(sampled.values())).value == 0


@pytest.mark.parametrize(
    ("treatment", "outcome", "words"),
    [
        ("state", "drug", ["'drug' is an ancestor", "ward"]),
        ("drug", "drug", ["the treatment itself"]),
        ("weather", None, ["treatment", "weather"]),
        (None, "stat", ["outcome", "'state'"]),
        ("age", "town", ["fixed distribution"]),
    ],
)
def test_what_cannot_be_asked(
    clinic: Spec,
    treatment: str | None,
    outcome: str | None,
    words: list[str],
    one_line: Callable[[BaseException], str],
) -> None:
    with pytest.raises(InputError) as caught:
        retarget(clinic, treatment, outcome)
    message = one_line(caught.value)
    assert all(word in message for word in words), message


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"mediators": ["smoker"]}, ["smoker", "pressure"]),
        ({"mediators": ["presure"]}, ["'pressure'"]),
        ({"held": [{"pressure": "huge"}]}, ["huge", "normal"]),
        ({"held": [{"ward": "A"}]}, ["ward", "pressure"]),
        ({"subgroups": ["pressure"]}, ["pressure"]),
        ({"subgroups": ["drug"]}, ["subgroup"]),
    ],
)
def test_estimands_that_make_no_sense(
    clinic: Spec,
    options: Any,
    words: list[str],
    one_line: Callable[[BaseException], str],
) -> None:
    with pytest.raises(InputError) as caught:
        estimands(clinic, **options)
    message = one_line(caught.value)
    assert all(word in message for word in words), message


def test_too_many_contexts_are_sampled_or_refused(ward: Spec) -> None:
    total = Question("placebo", "statin", Measure.of(ward), Estimand("total"))
    with pytest.raises(InputError, match="'state' has 12 contexts"):
        answers(ward, ward_table, [total], method="exact", max_contexts=11)
    (found,) = answers(ward, ward_table, [total], max_contexts=11, units=10).values()
    assert not found.exact
    (found,) = answers(ward, ward_table, [total], max_contexts=12, units=10).values()
    assert found.exact


def test_refused_before_a_context_is_scored(ward: Spec) -> None:
    lm = TabularLM(ward_table)
    source = EnumeratedArms(SDSCM(ward, lm).exact(5).arrays)
    (_, arm), *_ = Estimand("observational").arms("placebo", "statin")
    with pytest.raises(InputError, match="contexts"):
        source.mean(arm, Measure.of(ward))
    assert lm.scored == 0


def test_a_group_that_cannot_be(ward: Spec) -> None:
    variables = [
        v.model_copy(update={"distribution": (1.0, 0.0)}) if v.name == "age" else v
        for v in ward.variables
    ]
    spec = ward.model_copy(update={"variables": tuple(variables)})
    source = SampledArms(SDSCM(spec, TabularLM(ward_table)), 20, 0)
    (_, arm), *_ = Estimand("subgroup", group=(("age", "old"),)).arms("placebo", "statin")
    with pytest.raises(InputError, match="none of 20 units"):
        source.mean(arm, Measure.of(spec))


def test_weighted_means_and_their_errors() -> None:
    values, weights = np.array([1.0, 2.0, 6.0, 3.0]), np.array([2.0, 2.0, 2.0, 0.0])
    found = weighted_mean(values, weights)
    assert found.value == pytest.approx(3)
    # The plain standard error of three numbers, but for the divisor, which counts the fourth.
    expected = np.std([1, 2, 6]) / math.sqrt(3) * math.sqrt(4 / 3)
    assert found.standard_error == pytest.approx(expected)
    assert (found - found).standard_error == 0
    assert (found * 2.0 + Estimate(1.0)).value == pytest.approx(7)
    assert (found * 2.0 + Estimate(1.0)).standard_error == pytest.approx(2 * expected)
    assert math.isnan(weighted_mean(values, np.zeros(4)).value)
