"""Long values, large domains, many variables, and texts beyond the model's window."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from sdscm import SDSCM, InputError
from sdscm.lm import Choice
from sdscm.spec import spec_from_yaml

# Nats; the relative part is for sums over a thousand tokens.
TOLERANCE = {"atol": 1e-4, "rtol": 2e-7}


def test_a_value_of_2000_characters(tiny: Callable[..., Any]) -> None:
    model = tiny("llama", max_position_embeddings=4096)
    long = "the statin at home and " * 87
    choice = Choice(("She is old.",), "She takes ", (long[:2000].strip(), "the placebo"), ".")
    found, expected = model.lm().score([choice])[0], model.oracle(choice)
    assert len(choice.values[0]) > 1990
    np.testing.assert_allclose(found.sentence, expected.sentence, **TOLERANCE)
    np.testing.assert_allclose(found.value, expected.value, **TOLERANCE)


def test_a_domain_of_500_values(tiny: Callable[..., Any]) -> None:
    model = tiny("llama")
    choice = Choice(("She is old.",), "It is ", tuple(f"room {i}" for i in range(500)), ".")
    found, expected = model.lm().score([choice])[0], model.oracle(choice)
    assert found.sentence.shape == (500,)
    np.testing.assert_allclose(found.sentence, expected.sentence, **TOLERANCE)
    np.testing.assert_allclose(found.value, expected.value, **TOLERANCE)


def chain(count: int) -> str:
    names = [f"v{i}" for i in range(count)]
    lines = ["name: chain", "variables:"]
    for i, name in enumerate(names):
        role = {0: "exogenous", count - 2: "treatment", count - 1: "outcome"}.get(i, "covariate")
        lines.append(
            f"  - {{name: {name}, role: {role}, parents: [{', '.join(names[:i])}], "
            f'values: [old, young], phrasings: ["Room {i} is {{value}}."]}}'
        )
    return "\n".join(lines)


def test_sixty_variables_that_each_listen_to_all_before(tiny: Callable[..., Any]) -> None:
    spec = spec_from_yaml(chain(60), "chain.yaml")
    model = tiny("llama", max_position_embeddings=2048)
    scm = SDSCM(spec, model.lm(), temperature=3.0)
    dataset = scm.dataset(6, 1)
    assert dataset.X.shape == (6, 58)
    assert len(np.unique(dataset.X, axis=0)) == 6
    values = spec.variable("v0").values
    outcome = values.index(dataset.meta.options["outcome_value"])

    def shares(codes: Any) -> np.ndarray:
        """log P(next variable | codes of all before it), one candidate at a time in float64."""
        context = tuple(f"Room {i} is {values[code]}." for i, code in enumerate(codes))
        choice = Choice(context, f"Room {len(codes)} is ", values, ".")
        scores = model.oracle(choice).sentence / 3
        return scores - np.logaddexp(*scores)

    for row, covariates in enumerate(np.asarray(dataset.X, dtype=int)[:3]):
        treated = np.exp(shares(covariates)[1])
        np.testing.assert_allclose(dataset.propensity[row], treated, atol=1e-4)
        for code, y in enumerate((dataset.y0, dataset.y1)):
            np.testing.assert_allclose(y[row], shares([*covariates, code])[outcome], atol=1e-4)


def test_a_text_beyond_the_window_names_the_variable_and_both_lengths(
    tiny: Callable[..., Any],
) -> None:
    spec = spec_from_yaml(chain(60), "chain.yaml")
    lm = tiny("llama", max_position_embeddings=128).lm()
    with pytest.raises(InputError, match=r"chain: variable 'v\d+': .* \d+ tokens, .* read 128"):
        SDSCM(spec, lm).sample(2)
