"""The measures of difficulty are those of all rows, of sampled units, and of datasets."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from sdscm import SDSCM
from sdscm.calibration.measure import Population, enumerable
from sdscm.data.diagnostics import facts
from sdscm.inference.outcome import OutcomeFunction
from sdscm.lm.backends.tabular import TabularLM, random_table
from sdscm.sampling.sampler import Sampler
from sdscm.spec import Spec

DIALS = {"overlap": 0.1, "confounding": 1.5, "effect": 1.3}


def one_by_one(hand: Any, moments: Any, noise: float = 0.0) -> dict[str, float]:
    """All measures from lists of rows; ``moments(p)`` is E[y] and E[y^2] given the outcome's p."""
    spec = hand.spec
    t, y = spec.treatment.name, spec.outcome.name
    before = [c for c in spec.covariates if c not in spec.descendants(t)]
    joint = [(row, p, *moments(hand.mechanism(y, row))) for row, p in hand.rows()]
    mean = sum(p * m for _, p, m, _ in joint)
    variance = sum(p * s for _, p, _, s in joint) - mean**2
    arms = [[(p, m) for row, p, m, _ in joint if row[t] == code] for code in (0, 1)]
    control, treated = (sum(p * m for p, m in arm) / sum(p for p, _ in arm) for arm in arms)
    pate = float(hand.cate(lambda p: moments(p)[0], []))
    effects = hand.cate(lambda p: moments(p)[0], before)
    weights = hand.marginal(before)
    cells: dict[Any, list[tuple[float, float, float]]] = {}
    for row, p, m, s in joint:
        cells.setdefault((*(row[c] for c in before), row[t]), []).append((p, m, s))
    within = 0.0
    for cell in cells.values():
        total = sum(p for p, _, _ in cell)
        within += sum(p * s for p, _, s in cell) - sum(p * m for p, m, _ in cell) ** 2 / total
    e: dict[float, float] = {}
    for row, p, _, _ in joint:
        chance = hand.mechanism(t, row)[1]
        e[chance] = e.get(chance, 0) + p
    share = sum(p * chance for chance, p in e.items())
    kish = sum(p * (share**2 / c + (1 - share) ** 2 / (1 - c)) for c, p in e.items())
    worst = sorted((min(c, 1 - c), p) for c, p in e.items())
    lowest = next(c for k, (c, _) in enumerate(worst) if sum(p for _, p in worst[: k + 1]) >= 0.05)
    if variance < 1e-9:  # y is constant
        variance, within = math.inf, 0.0
    sd = math.sqrt(variance * (1 + noise**2))
    return {
        "bias": abs(treated - control - pate) / sd,
        "effective_n": 1 / kish,
        "propensity_q05": lowest,
        "cate_spread": math.sqrt(max(float((weights * effects**2).sum()) - pate**2, 0)) / sd,
        "treated": share,
        "noise_share": within / sd**2 + noise**2 / (1 + noise**2) * (variance < math.inf),
    }


def logs_of(outcome: OutcomeFunction) -> Any:
    def moments(p: list[float]) -> tuple[float, float]:
        value = math.log(p[outcome.code])
        return value, value**2

    return moments


def scores_of(outcome: OutcomeFunction) -> Any:
    def moments(p: list[float]) -> tuple[float, float]:
        scores = outcome.scores.tolist()
        return tuple(sum(q * s**k for q, s in zip(p, scores, strict=True)) for k in (1, 2))  # type: ignore[return-value]

    return moments


@pytest.mark.parametrize("noise", [0, 0.7])
@pytest.mark.parametrize(
    ("kind", "moments"), [("log-probability", logs_of), ("category", scores_of)]
)
def test_enumerated_is_the_sum_over_all_rows(clinic, by_hand, kind, moments, noise):
    table = random_table(3)
    outcome = OutcomeFunction.of(clinic, kind)
    sampler = Sampler(clinic, TabularLM(table), **DIALS)
    found = Population.enumerated(sampler, outcome).difficulty(noise)
    expected = one_by_one(by_hand(clinic, table, **DIALS), moments(outcome), noise)
    assert min(expected.values()) > 0.01
    assert found == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("seed", range(8))
def test_enumerated_in_random_graphs(random_spec, by_hand, seed):
    spec, table = random_spec(seed), random_table(seed)
    outcome = OutcomeFunction.of(spec)
    found = Population.enumerated(Sampler(spec, TabularLM(table), **DIALS), outcome).difficulty()
    expected = one_by_one(by_hand(spec, table, **DIALS), logs_of(outcome))
    assert found == pytest.approx(expected, rel=1e-7, abs=1e-7)


@pytest.mark.parametrize("kind", ["log-probability", "category"])
def test_sampled_units_agree(clinic, kind):
    """At 10,000 units, a share or mean has a standard error of 0.005 or less."""
    outcome = OutcomeFunction.of(clinic, kind)
    sampler = Sampler(clinic, TabularLM(random_table(3)), **DIALS)
    exact = Population.enumerated(sampler, outcome).difficulty(0.5)
    sampled = Population.sampled(sampler, outcome, 10_000, 0).difficulty(0.5)
    assert sampled == pytest.approx(exact, abs=0.025)


def test_a_dataset_has_this_difficulty(clinic):
    scm = SDSCM(clinic, TabularLM(random_table(3)), **DIALS)
    dataset = scm.dataset(10_000, noise=0.5)
    found = facts(dataset)
    exact = Population.enumerated(scm, OutcomeFunction.of(clinic)).difficulty(0.5)
    shown = dataset.cates["all"]
    assert exact["bias"] == pytest.approx(abs(found.confounding), abs=0.02)
    assert exact["effective_n"] == pytest.approx(found.effective_n / len(dataset), abs=0.02)
    assert exact["treated"] == pytest.approx(found.treated, abs=0.02)
    assert exact["cate_spread"] == pytest.approx(shown.std() / dataset.y.std(), abs=0.02)


def test_the_treatment_has_the_two_contrasted_values_only(clinic):
    drug = clinic.treatment.model_copy(update={"values": ("placebo", "statin", "aspirin")})
    three = clinic.model_copy(
        update={"variables": tuple(drug if v.name == "drug" else v for v in clinic.variables)}
    )
    scm = SDSCM(three, TabularLM(random_table(3)))
    found = facts(scm.dataset(20_000))
    exact = Population.enumerated(scm, OutcomeFunction.of(three)).difficulty()
    assert exact["treated"] == pytest.approx(found.treated, abs=0.02)
    assert exact["bias"] == pytest.approx(abs(found.confounding), abs=0.02)


def test_a_spec_is_enumerated_up_to_its_number_of_contexts(clinic: Spec):
    # age 1, town 1, smoker 6, drug 4, pressure 4, state 12: hobby and ward do not matter.
    assert enumerable(clinic, 28)
    assert not enumerable(clinic, 27)


def test_what_is_not_defined_is_zero():
    nothing = Population(np.ones(2) / 2, np.ones(2), *[np.zeros((2, 2))] * 3)
    found = nothing.difficulty()
    assert (found["bias"], found["effective_n"], found["treated"]) == (0, 0, 1)
    assert found["cate_spread"] == found["noise_share"] == 0
