"""The engine against an independent scorer, on the embedded language model and real scenarios.

Tolerance: 1e-4 nats, in each sum and in each difference between two candidates of a choice.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sdscm.lm import Choice
from sdscm.spec import load_spec

TOLERANCE = 1e-4


def drawn(scenario: str, variable: str, phrasing: int, seed: int) -> Choice:
    """The choice that a variable is to a unit whose parents have random values."""
    spec = load_spec(scenario)
    phrased = spec.phrased(phrasing)
    generator = np.random.Generator(np.random.Philox(key=seed))
    context = tuple(
        phrased.sentence(parent, int(generator.integers(len(spec.variable(parent).values))))
        for parent in spec.parents(variable)
    )
    place = phrased.phrasing(variable)
    return Choice(context, place.prefix, spec.variable(variable).values, place.suffix)


@pytest.fixture(scope="module")
def oracle(embedded_folder: Path, brute_force: Any) -> Any:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(embedded_folder, dtype=torch.float64)
    return brute_force(model, AutoTokenizer.from_pretrained(embedded_folder), copied=False)


def agree(lm: Any, oracle: Any, choices: list[Choice]) -> int:
    """Compare the scores of choices; the number of (context, candidate) pairs compared."""
    choices = list(dict.fromkeys(choices))
    for choice, found in zip(choices, lm.score(choices), strict=True):
        expected = oracle(choice)
        np.testing.assert_array_equal(found.sentence_tokens, expected.sentence_tokens)
        np.testing.assert_array_equal(found.value_tokens, expected.value_tokens)
        for one, other in ((found.sentence, expected.sentence), (found.value, expected.value)):
            assert np.abs(one - other).max() < TOLERANCE
            gaps = np.subtract.outer(one, one) - np.subtract.outer(other, other)
            assert np.abs(gaps).max() < TOLERANCE
    return sum(len(choice.values) for choice in choices)


def test_forty_pairs_agree_with_brute_force(embedded_lm: Any, oracle: Any) -> None:
    """Most contexts are short, for the oracle's sake; one is of twelve sentences."""
    numbers = {
        "breast_cancer": {
            "age": (0, 3),
            "medical conditions": (1,),
            "medication": (2,),
            "menopausal status": (0,),
            load_spec("breast_cancer").treatment.name: (1,),
        },
        "marathon_confounder": {
            "speaker": (0,),
            "weather": (1, 2),
            "gym_or_run": (3,),
            "marathon_time": (4,),
        },
        "marathon_collider": {"friend": (1,), "weather": (0, 3)},
    }
    choices = [
        drawn(scenario, variable, phrasing, phrasing)
        for scenario, variables in numbers.items()
        for variable, phrasings in variables.items()
        for phrasing in phrasings
    ]
    assert embedded_lm.scorer == "packed"
    assert agree(embedded_lm, oracle, choices) >= 40


@pytest.mark.slow
@pytest.mark.parametrize("scenario", ["breast_cancer", "marathon_collider", "marathon_confounder"])
def test_every_variable_in_many_phrasings_agrees_with_brute_force(
    embedded_lm: Any, oracle: Any, scenario: str
) -> None:
    choices = [
        drawn(scenario, name, phrasing, phrasing)
        for phrasing in range(8)
        for name in load_spec(scenario).order
    ]
    assert agree(embedded_lm, oracle, choices) > 100
