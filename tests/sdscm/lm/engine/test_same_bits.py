"""The bits of a score do not depend on the batch, the order, the memory or the threads.

The packed scorer promises this on one machine with a CPU, in float32, for models whose inner
dimensions are multiples of 64, as in trained models. See the fixture ``fixed_row_bits`` for the
processors.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch

from sdscm.lm import Choice
from sdscm.lm.backends.huggingface import HuggingFaceLM

Bits = Callable[[Any], list[bytes]]

pytestmark = pytest.mark.usefixtures("fixed_row_bits")


def tree(context_words: int, seed: int) -> list[Choice]:
    """Choices behind contexts that branch, some long, in a random order."""
    generator = np.random.Generator(np.random.Philox(key=seed))
    towns, ages = ("Rome", "Oslo", "Bonn"), ("young", "old")
    # The second time a choice of one-token values asks for one token's distribution alone: the
    # smallest pass there is, and the one whose products differ first.
    choices = [
        Choice(("The patient is here.",), "She is ", ("old", "young"), ""),
        Choice((), "", ("A", "The"), ""),
    ]
    for town in towns:
        for age in ages:
            context = [f"She lives in {town}.", f"The patient is {age}."]
            context += [f"At {7 + i % 5}:45 she is at home." for i in range(context_words)]
            for depth in (0, 1, 2, len(context)):
                choices += [
                    Choice(tuple(context[:depth]), "In the end she ", ("recovers", "worsens"), "."),
                    Choice(tuple(context[:depth]), "", tuple(f"No {i} yes" for i in range(9)), "!"),
                ]
    first, *others = dict.fromkeys(choices)
    second, *others = others
    return [first, second, *(others[i] for i in generator.permutation(len(others)))]


def reordered(lm: HuggingFaceLM, choices: list[Choice], seed: int) -> list[Any]:
    """The scores of the choices, asked for in another order and in several calls."""
    order = np.random.Generator(np.random.Philox(key=seed)).permutation(len(choices))
    found: dict[int, Any] = {}
    for part in np.array_split(order, 5):
        found |= dict(zip(part, lm.score([choices[i] for i in part]), strict=True))
    return [found[i] for i in range(len(choices))]


def check(
    make: Callable[..., HuggingFaceLM], choices: list[Choice], memory: int, bits: Bits
) -> None:
    usual = make()
    expected = bits(usual.score(choices))
    assert usual.scorer == "packed"
    assert bits(usual.score(choices)) == expected, "a second time"
    assert bits(make(batch_tokens=4096).score(choices)) == expected, "batch_tokens=4096"
    alone = bits([usual.score([choice])[0] for choice in choices])
    assert alone == expected, "a few tokens at a time"
    ample, tight = make(batch_tokens=64), make(batch_tokens=64, memory=memory)
    for lm in (ample, tight):
        assert bits(lm.score(choices)) == expected, "batch_tokens=64"
        assert bits(reordered(lm, choices, 1)) == expected, "order"
    assert tight.tokens > ample.tokens, "nothing was evicted, so nothing was tested"


@pytest.mark.parametrize("family", ["llama", "gpt2"])
def test_random_models(tiny: Callable[..., Any], bits: Bits, family: str) -> None:
    size = 2 * 2 * {"llama": 1, "gpt2": 2}[family] * 64 * 4
    check(tiny(family).lm, tree(40, 0), memory=700 * size, bits=bits)


@pytest.mark.slow
def test_the_embedded_model(embedded_lm: HuggingFaceLM, bits: Bits) -> None:
    check(partial(copy_of, embedded_lm), tree(6, 0)[:4], memory=60 * 2 * 30 * 3 * 64 * 4, bits=bits)


def copy_of(lm: HuggingFaceLM, **options: Any) -> HuggingFaceLM:
    """The same model with an empty cache of its own."""
    tokenizer = lm._tokenize.tokenizer
    return HuggingFaceLM(lm._model, tokenizer, id="e", revision="0", **options)


def on_threads(make: Callable[[], HuggingFaceLM], choices: list[Choice], bits: Bits) -> None:
    before = torch.get_num_threads()
    found = []
    try:
        for threads in (1, 2, 4):
            torch.set_num_threads(threads)
            found.append(bits(make().score(choices)))
            assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize("family", ["llama", "gpt2"])
def test_threads(tiny: Callable[..., Any], bits: Bits, family: str) -> None:
    on_threads(tiny(family).lm, tree(6, 3)[:12], bits)


@pytest.mark.parametrize("family", ["llama", "gpt2"])
def test_passes_side_by_side_in_a_small_cache(
    tiny: Callable[..., Any], bits: Bits, family: str
) -> None:
    """Passes wait for each other's slots; contexts that they share are computed by both."""
    size = 2 * 2 * {"llama": 1, "gpt2": 2}[family] * 64 * 4
    make = tiny(family).lm
    choices = tree(30, 5)
    on_threads(lambda: make(batch_tokens=64, memory=600 * size), choices, bits)


@pytest.mark.slow  # on busy cores: threads that wait for each other wait for their cores first
def test_threads_of_the_embedded_model(embedded_lm: HuggingFaceLM, bits: Bits) -> None:
    on_threads(lambda: copy_of(embedded_lm), tree(6, 3)[:12], bits)


def test_bits_are_compared(tiny: Callable[..., Any], bits: Bits) -> None:
    """The comparison itself can fail: another last bit of one number is seen."""
    choices = tree(2, 0)[:3]
    one, other = (tiny("llama").lm().score(choices) for _ in range(2))
    assert bits(one) == bits(other)
    other[2].value[1] = np.nextafter(other[2].value[1], 0)
    assert bits(one) != bits(other)
