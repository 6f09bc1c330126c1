"""The engine against an independent scorer, on random models of several families."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from sdscm.errors import InputError
from sdscm.lm import Choice, ChoiceScores
from sdscm.lm.backends.huggingface import HuggingFaceLM
from sdscm.lm.engine.plain import PlainScorer
from sdscm.lm.engine.tokens import ChoiceTokenizer

# Sums of log-probabilities in nats: float32 against float64. The relative part is for the sums over
# hundreds of tokens, which come to thousands of nats.
TOLERANCE = {"atol": 1e-4, "rtol": 2e-7}

OLD, ROME = "The patient is old.", "She lives in Rome."
CHOICES = {
    "no context": Choice((), "The patient is ", ("young", "old"), "."),
    "no prefix": Choice((OLD,), "", ("Yes", "No", "Not known yet"), ", she says."),
    "no suffix": Choice((OLD, ROME), "In the end she ", ("recovers", "worsens"), ""),
    "neither, no context": Choice((), "", ("yes", "no"), ""),
    "prefixes of each other": Choice((OLD,), "She says ", ("yes", "yes, no", "yes, no, yes"), ""),
    "prefixes, with suffix": Choice((OLD,), "She says ", ("no", "no, no", "no, no, no"), " to it."),
    "same first tokens": Choice(
        (OLD, ROME), "She takes ", ("the statin at home", "the statin at 7", "the placebo"), "."
    ),
    "value ends in the middle of a word": Choice((OLD,), "She is at ho", ("me", "use"), "s."),
    "many values": Choice((ROME,), "It is ", tuple(f"7:{m:02}" for m in range(60)), "."),
    "not ASCII": Choice(
        ("Zażółć gęślą jaźń.", "東京は 🙂."), "Ответ: ", ("naïve 🙂", "naïve 🙃", "é", "è"), " 京."
    ),
    "long context": Choice((OLD, ROME) * 45, "In the end she ", ("recovers", "worsens"), "."),
    "long context, many values": Choice(
        (OLD, ROME) * 45,
        "She takes ",
        tuple(f"the statin {i}" for i in range(24)),
        " at home. She says no, no, no.",
    ),
    "long values": Choice(
        (OLD,), "We know: ", tuple(f"the {what} {ROME * 45}" for what in ("statin", "placebo")), "."
    ),
}  # fmt: skip


def assert_equal(found: Sequence[ChoiceScores], expected: Sequence[ChoiceScores]) -> None:
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one.sentence_tokens, other.sentence_tokens)
        np.testing.assert_array_equal(one.value_tokens, other.value_tokens)
        np.testing.assert_allclose(one.sentence, other.sentence, **TOLERANCE)
        np.testing.assert_allclose(one.value, other.value, **TOLERANCE)


@pytest.mark.parametrize(
    ("family", "scorer"),
    [
        ("llama", "packed"),
        ("gpt2", "packed"),
        ("mistral", "plain"),  # a sliding window that is shorter than the texts
        ("bloom", "plain"),  # ALiBi
        ("mpt", "plain"),  # ALiBi
        ("mamba", "plain"),  # no attention, so no key/value cache
    ],
)
def test_families_agree_with_brute_force(
    tiny: Callable[..., Any], family: str, scorer: str
) -> None:
    model = tiny(family)
    lm = model.lm()
    found = lm.score(list(CHOICES.values()))
    assert lm.scorer == scorer
    assert_equal(found, model.expected(CHOICES.values()))


@pytest.mark.parametrize("tokenizer", ["no-bos", "across-spaces", "metaspace"])
def test_tokenizers_agree_with_brute_force(tiny: Callable[..., Any], tokenizer: str) -> None:
    model = tiny("llama", tokenizer)
    lm = model.lm()
    found = lm.score(list(CHOICES.values()))
    assert lm.scorer == "packed"
    assert_equal(found, model.expected(CHOICES.values()))


def test_the_long_choices_are_long(tiny: Callable[..., Any]) -> None:
    """They span three chunks of positions, and more branches than one group of queries holds."""
    tokenizer = tiny("llama").tokenizer
    assert len(tokenizer(" ".join(CHOICES["long context"].context))["input_ids"]) > 2 * 256
    assert len(tokenizer(CHOICES["long values"].sentences[0])["input_ids"]) > 256
    assert len(CHOICES["many values"].values) == 60
    candidates = ChoiceTokenizer(tokenizer)(CHOICES["long context, many values"]).candidates
    assert sum(len(c.tokens) - c.start for c in candidates) > 2 * 192


@pytest.mark.parametrize("family", ["llama", "gpt2"])
def test_packed_and_plain_agree(tiny: Callable[..., Any], family: str) -> None:
    model = tiny(family)
    lm = model.lm()
    choices = list(CHOICES.values())
    plain = PlainScorer(model.model).score([lm._tokenize(choice) for choice in choices])
    for scores, rows in zip(lm.score(choices), plain, strict=True):
        sums = [row.sum() for row in rows]
        np.testing.assert_allclose(scores.sentence, sums, **TOLERANCE)


def test_differences_are_those_of_whole_texts(tiny: Callable[..., Any]) -> None:
    """Where scoring starts does not matter: from the text's first token on it is the same."""
    model = tiny("llama")
    for choice in CHOICES.values():
        before = " ".join(choice.context) + " " if choice.context else ""
        whole = np.array([model.oracle.text(before + s) for s in choice.sentences[:3]])
        found = model.lm().score([choice])[0].sentence[:3]
        error = np.abs((found - found[0]) - (whole - whole[0])).max()
        assert error < TOLERANCE["atol"] + TOLERANCE["rtol"] * np.abs(whole).max()


def test_a_model_that_packing_gets_wrong_is_scored_the_plain_way(tiny: Callable[..., Any]) -> None:
    """A model that ignores positions is wrong when packed; only the self-test detects it."""
    model = tiny("gpt2")
    deaf = copy.deepcopy(model.model)
    forward = deaf.base_model.forward
    deaf.base_model.forward = lambda *args, position_ids=None, **options: forward(*args, **options)
    lm = HuggingFaceLM(deaf, model.tokenizer, id="deaf", revision="0")
    found = lm.score(list(CHOICES.values()))
    assert lm.scorer == "plain"
    assert_equal(found, model.expected(CHOICES.values()))


@pytest.mark.parametrize("family", ["llama", "gpt2", "mistral"])
def test_the_model_is_left_as_it_was(tiny: Callable[..., Any], family: str) -> None:
    model = tiny(family)
    before = model.model.config._attn_implementation
    model.lm().score([CHOICES["no context"]])
    assert model.model.config._attn_implementation == before


@pytest.mark.parametrize("family", ["llama", "gpt2"])
def test_a_text_as_long_as_the_window_is_read_and_a_longer_one_refused(
    tiny: Callable[..., Any], one_line: Callable[[BaseException], str], family: str
) -> None:
    window = {"llama": "max_position_embeddings", "gpt2": "n_positions"}[family]
    choice = CHOICES["long context"]
    length = max(
        1 + len(tiny(family).tokenizer(" ".join([*choice.context, s]))["input_ids"])
        for s in choice.sentences
    )
    fits = tiny(family, **{window: length})
    assert fits.lm().window == length
    assert_equal(fits.lm().score([choice]), fits.expected([choice]))
    with pytest.raises(InputError) as caught:
        tiny(family, **{window: length - 1}).lm().score([choice])
    message = one_line(caught.value)
    assert str(length) in message
    assert str(length - 1) in message


def test_a_pass_that_breaks_leaves_no_wrong_scores(
    tiny: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C in a notebook, then the same cell again: no empty slot is taken for a full one."""
    model = tiny("llama")
    lm = model.lm()
    lm.score([CHOICES["no context"]])
    attention = model.model.base_model.layers[1].self_attn

    def interrupted(*args: Any, **options: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(attention, "forward", interrupted)
        with pytest.raises(KeyboardInterrupt):
            lm.score(list(CHOICES.values()))
    assert_equal(lm.score(list(CHOICES.values())), model.expected(CHOICES.values()))


def test_shared_beginnings_are_fed_once(tiny: Callable[..., Any]) -> None:
    """Two choices behind one long context cost little more than one, and again nothing but ends."""
    lm = tiny("llama").lm()
    first, second = CHOICES["long context"], CHOICES["long context, many values"]
    lm.score([first])
    after_one = lm.tokens
    lm.score([Choice(first.context, "She ", ("recovers", "worsens"), ".")])
    after_two = lm.tokens
    assert after_one > 500
    assert after_two - after_one < 30
    assert lm.score([second])


def test_no_choices_have_no_scores(tiny: Callable[..., Any]) -> None:
    for family in ("llama", "mistral"):
        assert tiny(family).lm().score([]) == []
