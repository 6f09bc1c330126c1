"""Every scoring against its formula, computed by brute force on tiny random models."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, get_args

import numpy as np
import pytest
import torch

from sdscm import SDSCM, InputError, TabularLM
from sdscm.literals import ScoringName
from sdscm.lm import CachedLM, Choice, ScoreCache
from sdscm.lm.interface import ChoiceScores
from sdscm.sampling.mechanisms import Mechanisms
from sdscm.sampling.scoring import SCORINGS
from sdscm.spec import Spec, spec_from_yaml

SPEC = """
name: visit
variables:
  - {name: age, role: exogenous, values: [young, old], phrasings: ["The patient is {value}."]}
  - {name: drug, role: treatment, values: [placebo, the statin at home], parents: [age],
     phrasings: ["She takes {value} each day."]}
  - {name: state, role: outcome, values: [recovers, "wörsens", "recovers, she says"],
     parents: [age, drug], phrasings: ["In the end she {value}."]}
"""


@pytest.fixture(scope="module")
def spec() -> Spec:
    return spec_from_yaml(SPEC, "visit.yaml")


def contexts(spec: Spec) -> tuple[dict[str, np.ndarray], int]:
    """The codes of all values of the outcome's parents."""
    return {"age": np.array([0, 0, 1, 1]), "drug": np.array([0, 1, 0, 1])}, 4


def bytes_of(choice: Choice) -> np.ndarray:
    return np.array([len((v + choice.suffix).encode("utf-8")) for v in choice.values])


FORMULAS: dict[str, Callable[[Any, Choice], np.ndarray]] = {
    "definition": lambda oracle, c: oracle(c).sentence,
    "value": lambda oracle, c: oracle(c).value,
    "per-token": lambda oracle, c: oracle(c).sentence / oracle(c).sentence_tokens,
    "per-byte": lambda oracle, c: oracle(c).sentence / bytes_of(c),
    "pmi": lambda oracle, c: oracle(c).sentence - oracle(replace(c, context=())).sentence,
}


@pytest.mark.parametrize("family", ["llama", "gpt2", "bloom"])
@pytest.mark.parametrize("scoring", FORMULAS)
@pytest.mark.parametrize("temperature", [1.0, 2.5])
def test_mechanisms_follow_the_formula(
    tiny: Callable[..., Any], spec: Spec, family: str, scoring: str, temperature: float
) -> None:
    model = tiny(family)
    mechanisms = Mechanisms(spec.phrased(0), model.lm(), temperature=temperature, scoring=scoring)
    codes, count = contexts(spec)
    found = mechanisms("state", codes, count)
    for i in range(count):
        choice = mechanisms.choice("state", np.array([codes["age"][i], codes["drug"][i]]))
        weights = np.exp(FORMULAS[scoring](model.oracle, choice) / temperature)
        np.testing.assert_allclose(np.exp(found[i]), weights / weights.sum(), atol=2e-4)


def reference(model: Any, tokenizer: Any, choice: Choice) -> np.ndarray:
    """The authors' formula, one forward pass a value, nothing shared, in float64."""
    before = "".join(" " + sentence for sentence in choice.context) + " " + choice.prefix
    context = tokenizer(before)["input_ids"]
    scores = []
    for value in choice.values:
        own = tokenizer(value)["input_ids"]
        with torch.inference_mode():
            after = model(input_ids=torch.tensor([context + own])).logits[0, -1].double()
        scores.append(float(torch.log_softmax(after, -1)[own].mean()))
    return np.array(scores)


@pytest.mark.parametrize(("family", "scorer"), [("llama", "packed"), ("bloom", "plain")])
def test_reference_scores_are_the_authors_formula(
    tiny: Callable[..., Any], spec: Spec, family: str, scorer: str
) -> None:
    model = tiny(family)
    mechanisms = Mechanisms(spec.phrased(0), model.lm(), scoring="reference")
    codes, count = contexts(spec)
    found = mechanisms("state", codes, count)
    for i in range(count):
        choice = mechanisms.choice("state", np.array([codes["age"][i], codes["drug"][i]]))
        scores = reference(model.oracle.model, model.tokenizer, choice)
        weights = np.exp(scores - scores.max())
        np.testing.assert_allclose(np.exp(found[i]), weights / weights.sum(), atol=2e-4)
        raw = mechanisms.lm.score_reference([choice])[0]  # type: ignore[attr-defined]
        np.testing.assert_allclose(raw.sentence, scores, atol=1e-3)
    assert mechanisms.lm.scorer == scorer  # type: ignore[attr-defined]


def test_reference_is_no_probability_of_the_value(tiny: Callable[..., Any], spec: Spec) -> None:
    """It reads neither the suffix nor the value's place, so that it differs from the definition."""
    lm, (codes, count) = tiny("llama").lm(), contexts(spec)
    definition = Mechanisms(spec.phrased(0), lm)("state", codes, count)
    other = Mechanisms(spec.phrased(0), lm, scoring="reference")("state", codes, count)
    assert np.abs(np.exp(definition) - np.exp(other)).max() > 0.05


def test_the_store_keeps_reference_scores_apart(tiny: Callable[..., Any], tmp_path: Any) -> None:
    lm = tiny("llama").lm()
    stored = CachedLM(lambda: lm, id="a", revision="1", cache=ScoreCache(tmp_path / "s.sqlite"))
    choice = Choice((), "She is ", ("old", "young"), ".")
    plain, authors = stored.score([choice])[0], stored.score_reference([choice])[0]
    assert stored.scored == 2
    assert not np.allclose(plain.sentence, authors.sentence)
    np.testing.assert_array_equal(stored.score_reference([choice])[0].sentence, authors.sentence)
    assert stored.scored == 2


def test_a_model_without_reference_scores_says_so(spec: Spec) -> None:
    scm = SDSCM(spec, TabularLM(lambda choice: [1.0] * len(choice.values)), scoring="reference")
    with pytest.raises(InputError, match=r"visit: variable 'age': .*no reference scores"):
        scm.sample(3)


def test_roots_are_uniform_by_pmi(tiny: Callable[..., Any], spec: Spec) -> None:
    found = Mechanisms(spec.phrased(0), tiny("llama").lm(), scoring="pmi")("age", {}, 2)
    np.testing.assert_allclose(np.exp(found), 0.5)


def test_the_mass_is_what_the_model_gives_to_the_domain(
    tiny: Callable[..., Any], spec: Spec
) -> None:
    model = tiny("llama")
    mechanisms = Mechanisms(spec.phrased(0), model.lm())
    mass = mechanisms.mass("drug", {"age": np.array([0, 1, 1])}, 3)
    for i, age in enumerate([0, 1, 1]):
        oracle: ChoiceScores = model.oracle(mechanisms.choice("drug", np.array([age])))
        assert mass[i] == pytest.approx(np.exp(oracle.value).sum(), rel=1e-3)
    table = Mechanisms(spec.phrased(0), TabularLM(lambda choice: [0.1] * len(choice.values)))
    np.testing.assert_allclose(table.mass("state", *contexts(spec)), 0.3)


def test_every_scoring_is_tested() -> None:
    assert {*FORMULAS, "reference"} == set(SCORINGS)


def test_the_command_line_names_every_scoring() -> None:
    assert set(SCORINGS) == set(get_args(ScoringName))
