"""The dials are those of closed forms; what is out of reach is told with the nearest value."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from sdscm.calibration.measure import Population
from sdscm.calibration.solve import (
    DIALS,
    TARGETS,
    TOLERANCE,
    Difficulty,
    Measured,
    check_ranges,
    check_targets,
    solve,
)
from sdscm.errors import InputError
from sdscm.inference.outcome import OutcomeFunction
from sdscm.lm.backends.tabular import TabularLM
from sdscm.lm.interface import Choice
from sdscm.sampling.sampler import Sampler
from sdscm.spec import Spec, spec_from_yaml

SPEC = """\
name: small
variables:
  - {name: ill, role: exogenous, values: ["well", "ill"], distribution: uniform,
     phrasings: ["She is {value}.", "We see that she is {value}."]}
  - {name: drug, role: treatment, values: ["none", "pill"], parents: [ill],
     phrasings: ["She takes {value}."]}
  - {name: state, role: outcome, values: ["good", "bad"], parents: [ill, drug],
     phrasings: ["She ends {value}."]}
"""


@pytest.fixture
def small() -> Spec:
    return spec_from_yaml(SPEC, "small.yaml")


def lm(ill: float = 0.8, well: float = 0.2) -> TabularLM:
    """P(pill) is ``ill`` or ``well``; being ill matters to the state, more with the pill."""

    def table(choice: Choice) -> list[float]:
        text = " ".join(choice.context)
        if choice.prefix == "She takes ":
            p = ill if "ill." in text.replace("pill", "") else well
            return [1 - p, p]
        score = 1.0 * ("is ill" in text) - (0.4 + 0.8 * ("is ill" in text)) * ("pill" in text)
        return [1, math.exp(score)]

    return TabularLM(table)


def difficulty(spec: Spec, model: TabularLM, phrasings: Any = (0,), units: int = 300) -> Difficulty:
    return Difficulty(spec, model, phrasings, units, OutcomeFunction.of(spec))


def logit(p: float) -> float:
    return math.log(p / (1 - p))


# With P(pill) = 0.2 or 0.8: the share of rows is 4 e (1 - e), and e = 0.2 + 0.3 overlap.
@pytest.mark.parametrize(
    ("model", "target", "value", "dial", "expected"),
    [
        (lm(), "effective_n", 0.9, "overlap", (0.3 - math.sqrt(0.025)) / 0.3),
        (lm(), "propensity_q05", 0.35, "overlap", 0.5),
        (lm(), "noise_share", 0.2, "noise", 0.5),
        (lm(0.2, 0.2), "treated", 0.3, "confounding", logit(0.3) / logit(0.2)),
        (lm(0.2, 0.2), "treated", 0.1, "confounding", logit(0.1) / logit(0.2)),
    ],
)
def test_one_dial_in_closed_form(small, model, target, value, dial, expected):
    found = solve(difficulty(small, model), {target: value})
    assert found.free == (dial,)
    assert found.missed == {}
    assert found.dials[dial] == pytest.approx(expected, rel=5e-3)
    rest = {name: v for name, v in found.dials.items() if name != dial}
    assert rest == {name: each.default for name, each in DIALS.items() if name != dial}
    assert found.measured.mean[target] == pytest.approx(value, abs=2e-3)


@pytest.mark.parametrize(("target", "dial"), [("bias", "confounding"), ("cate_spread", "effect")])
def test_one_dial_as_a_search_by_brute_force(small, target, dial):
    measure = difficulty(small, lm())
    value = measure({dial: 0.6}).mean[target]
    tried = np.linspace(0, 1, 201)
    distance = [abs(measure({dial: each}).mean[target] - value) for each in tried]
    assert np.sum(np.array(distance) < 1e-4) == 1  # the truth is unique there
    found = solve(measure, {target: value})
    assert found.dials[dial] == pytest.approx(0.6, abs=2e-3)


def test_three_targets_and_three_dials(small):
    measure = difficulty(small, lm())
    truth = {"confounding": 0.7, "overlap": 0.2, "effect": 1.6, "noise": 0.5, "temperature": 1}
    wanted = measure(truth).mean
    asked = {k: wanted[k] for k in ("bias", "effective_n", "cate_spread", "noise_share")}
    found = solve(measure, asked)
    assert found.missed == {}
    assert found.measured.mean == pytest.approx(asked | found.measured.mean, abs=TOLERANCE)
    for name, value in asked.items():
        assert found.measured.mean[name] == pytest.approx(value, abs=3e-3)


def test_the_mean_over_phrasings_and_its_error(small):
    def table(choice: Choice) -> list[float]:
        """With the second sentence the treatment is randomised."""
        text = " ".join(choice.context)
        strength = 0 if "We see" in text else 1
        return [1, math.exp(strength * ("ill" in text)) if "takes" in choice.prefix else 1]

    numbers = [
        next(k for k in range(99) if small.phrased(k).choice["ill"] == which) for which in (0, 1)
    ]
    model = TabularLM(table)
    found = difficulty(small, model, numbers)({})
    outcome = OutcomeFunction.of(small)
    alone = [
        Population.enumerated(Sampler(small, model, phrasing=k), outcome).difficulty()[
            "effective_n"
        ]
        for k in numbers
    ]
    assert alone[0] != alone[1]
    assert found.mean["effective_n"] == pytest.approx(sum(alone) / 2)
    assert found.error["effective_n"] == pytest.approx(abs(alone[0] - alone[1]) / 2)
    assert math.isnan(difficulty(small, model)({}).error["bias"])


def test_out_of_reach_names_the_nearest_value_and_the_dial_at_its_end(small):
    """Where being ill does not matter to the treatment, no dial makes a bias."""
    assert solve(difficulty(small, lm(0.2, 0.2)), {"bias": 0.3}).missed["bias"].measured.mean[
        "bias"
    ] == pytest.approx(0, abs=1e-9)
    found = solve(difficulty(small, lm()), {"noise_share": 0.95})
    nearest = found.missed["noise_share"]
    assert nearest.at_bound == ("noise",)
    assert nearest.dials["noise"] == DIALS["noise"].high
    assert nearest.measured.mean["noise_share"] == pytest.approx(0.9)


def test_the_nearest_value_is_not_that_of_the_nearest_hill():
    """From the default the way leads up a hill of 0.3 at 1.5; the peak of 0.5 is at 7."""

    def two_hills(dials):
        place = dials["confounding"]
        bias = 0.3 * math.exp(-((place - 1.5) ** 2)) + 0.5 * math.exp(-(((place - 7) / 1.5) ** 2))
        return Measured({"bias": bias}, {"bias": 0.0})

    held = dict.fromkeys(("temperature", "effect", "overlap", "noise"), (1.0, 1.0))
    found = solve(two_hills, {"bias": 0.9}, held)
    assert found.dials["confounding"] == pytest.approx(7, abs=0.02)
    near = solve(two_hills, {"bias": 0.9}, held, smooth=False)  # no search in the whole range
    assert near.dials["confounding"] == pytest.approx(1.5, abs=0.05)


def test_targets_that_exclude_each_other(small):
    asked = {"bias": 0.3, "effective_n": 1.0}
    held = {"temperature": (1.0, 1.0), "effect": (1.0, 1.0), "noise": (0.0, 0.0)}
    found = solve(difficulty(small, lm()), asked, held)
    assert found.missed
    for name, alone in found.missed.items():
        assert alone.measured.mean[name] == pytest.approx(asked[name], abs=TOLERANCE)


def test_a_dial_is_held_or_bounded(small):
    measure = difficulty(small, lm())
    held = solve(measure, {"effective_n": 0.9}, {"overlap": (0.1, 0.1)})
    assert held.dials["overlap"] == 0.1
    assert held.measured.mean["effective_n"] == pytest.approx(0.9, abs=TOLERANCE)
    assert "overlap" not in held.free
    assert held.dials["confounding"] < 1
    bounds = {"overlap": (0.0, 0.2), "confounding": (0.9, 1.0), "temperature": (1.0, 1.0)}
    bounded = solve(measure, {"effective_n": 0.9}, bounds)
    # 0.9 times the log-odds of 0.2, then a fifth of a uniform draw.
    e = 0.8 / (1 + math.exp(-0.9 * logit(0.2))) + 0.1
    assert bounded.missed["effective_n"].measured.mean["effective_n"] == pytest.approx(
        4 * e * (1 - e)
    )
    assert bounded.at_bound == ("confounding", "overlap")


def test_nothing_is_free_if_all_dials_are_held(small):
    measure = difficulty(small, lm())
    held = dict.fromkeys(TARGETS["effective_n"].dials, (0.5, 0.5))
    found = solve(measure, {"effective_n": 0.2}, held)
    assert (found.free, list(found.missed)) == ((), ["effective_n"])
    assert found.missed["effective_n"].measured.mean == measure(found.dials).mean


def test_dials_have_three_digits_and_are_measured_so(small):
    measure = difficulty(small, lm())
    found = solve(measure, {"bias": 0.2, "noise_share": 0.1})
    assert all(float(f"{value:.3g}") == value for value in found.dials.values())
    assert found.measured.mean == measure(found.dials).mean


def test_sampled_units_where_enumeration_asks_for_more(small):
    measure = difficulty(small, lm(), range(2), units=2)
    assert not measure.exact  # seven contexts, six of the units
    assert difficulty(small, lm(), units=3).exact

    class Sampled(Difficulty):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            self.exact = False

    many = Sampled(small, lm(), [0], 500, OutcomeFunction.of(small))
    found = solve(many, {"effective_n": 0.9}, smooth=False)
    assert found.missed == {}
    exact = difficulty(small, lm())(found.dials).mean
    assert exact["effective_n"] == pytest.approx(0.9, abs=0.05)


@pytest.mark.parametrize(
    ("targets", "words"),
    [
        ({}, ["--target", "NAME=VALUE", "noise_share"]),
        ({"biass": 1}, ["biass=1", "did you mean 'bias'"]),
        ({"treated": 1.4}, ["treated=1.4", "share of treated units", "0 to 1"]),
        ({"bias": -0.2}, ["bias=-0.2", "0 or more"]),
        ({"propensity_q05": 0.6}, ["propensity_q05=0.6", "0 to 0.5"]),
    ],
)
def test_impossible_targets_are_one_line(small, targets, words, one_line):
    with pytest.raises(InputError) as caught:
        check_targets(targets, small)
    line = one_line(caught.value)
    assert all(word in line for word in words), line


def test_a_spread_without_an_effect_is_refused(small, one_line):
    text = SPEC.replace("parents: [ill, drug]", "parents: [ill]")
    none = spec_from_yaml(text, "none.yaml")
    check_targets({"cate_spread": 0, "bias": 0.1}, none)
    check_targets({"cate_spread": 0.1}, small)
    with pytest.raises(InputError) as caught:
        check_targets({"cate_spread": 0.1}, none)
    assert "'drug' has no effect in small" in one_line(caught.value)


@pytest.mark.parametrize(
    ("ranges", "words"),
    [
        ({"warmth": (1, 2)}, ["--dial warmth=1:2", "known: temperature"]),
        ({"overlap": (0, 1.5)}, ["--dial overlap=0:1.5", "0 to 1"]),
        ({"temperature": (0, 2)}, ["--dial temperature=0:2", "above 0"]),
        ({"confounding": (3, 2)}, ["--dial confounding=3:2", "LOW first"]),
        ({"noise": (-1, -1)}, ["--dial noise=-1:", "0 or more"]),
        ({"effect": (0, 2)}, ["--dial effect=0:2", "none of the targets (treated)"]),
    ],
)
def test_impossible_ranges_are_one_line(ranges, words, one_line):
    with pytest.raises(InputError) as caught:
        check_ranges(ranges, {"treated": 0.5})
    line = one_line(caught.value)
    assert all(word.rstrip(":") in line for word in words), line
