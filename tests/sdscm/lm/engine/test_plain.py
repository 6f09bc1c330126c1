"""Models that cannot be packed: correct scores, which do not depend on other choices."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from sdscm.lm import Choice
from sdscm.lm.engine.plain import PlainScorer
from sdscm.lm.engine.products import products

# Of many lengths, and several of one length.
CHOICES = [
    Choice(("The patient is old.",) * depth, f"At {hour}:45 she ", ("recovers", "worsens"), ".")
    for depth in (0, 9)
    for hour in (3, 5)
]


def orders(count: int) -> Iterator[np.ndarray]:
    generator = np.random.Generator(np.random.Philox(key=5))
    yield np.arange(count)[::-1]
    yield generator.permutation(count)


@pytest.mark.parametrize("family", ["mistral", "bloom", "mamba"])
def test_no_bit_depends_on_what_is_scored_beside(
    tiny: Callable[..., Any], bits: Callable[[Any], list[bytes]], family: str
) -> None:
    model = tiny(family)
    lm = model.lm()
    expected = bits(lm.score(CHOICES))
    assert lm.scorer == "plain"
    assert bits([lm.score([choice])[0] for choice in CHOICES]) == expected, "alone"
    scorer = PlainScorer(model.model, batch_tokens=16)
    with products(model.model.device, "float32"):
        few = scorer.score([lm._tokenize(choice) for choice in CHOICES])
    sums = [np.array([values.sum() for values in each]).tobytes() for each in few]
    assert all(here.startswith(each) for here, each in zip(expected, sums, strict=True)), "batch"
    for order in orders(len(CHOICES)):
        found = bits(lm.score([CHOICES[i] for i in order]))
        assert found == [expected[i] for i in order], "order"


class Accelerator(str):
    """The CPU, passing for another device, whose passes hold several rows."""

    type = "accelerator"


@pytest.mark.parametrize("batch_tokens", [1, 100, 10_000])
def test_rows_that_share_a_pass_are_of_one_length(
    tiny: Callable[..., Any], batch_tokens: int
) -> None:
    model = tiny("mistral")
    lm = model.lm()
    tokens = [lm._tokenize(choice) for choice in CHOICES]
    expected = PlainScorer(model.model).score(tokens)
    shapes, forward = [], model.model.forward

    def watched(**given: Any) -> Any:
        shapes.append(tuple(given["input_ids"].shape))
        assert "attention_mask" not in given
        return forward(**given)

    scorer = PlainScorer(model.model, batch_tokens)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(model.model), "device", Accelerator("cpu"))
        patch.setattr(model.model, "forward", watched)
        found = scorer.score(tokens)
    for one, other in zip(found, expected, strict=True):
        for a, b in zip(one, other, strict=True):
            np.testing.assert_allclose(a, b, atol=2e-5)
    assert all(rows == 1 or rows * length <= batch_tokens for rows, length in shapes)
    assert sum(rows * length for rows, length in shapes) == scorer.tokens
    assert (max(rows for rows, _ in shapes) > 1) == (batch_tokens > 1)


def test_a_rope_that_depends_on_the_length_of_the_text(tiny: Callable[..., Any]) -> None:
    """LongRoPE turns all positions of a long text by other angles; texts of both kinds at once."""
    model = tiny("phi3")
    original = model.model.config.rope_parameters["original_max_position_embeddings"]
    lm = model.lm()
    lengths = [lm._tokenize(choice).length for choice in CHOICES]
    assert min(lengths) < original < max(lengths)
    found = lm.score(CHOICES)
    assert lm.scorer == "plain"
    for one, other in zip(found, model.expected(CHOICES), strict=True):
        np.testing.assert_allclose(one.sentence, other.sentence, atol=2e-4)
