"""The tokens of a choice are those of the full text."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models
from transformers import PreTrainedTokenizerFast

from sdscm.errors import InputError
from sdscm.lm import Choice
from sdscm.lm.engine.tokens import ChoiceTokenizer

FAMILIES = ("byte-level", "no-bos", "across-spaces", "metaspace")

PIECES = st.one_of(
    st.sampled_from(
        ["The patient", " is", "old", ".", "7:45", "  ", "\n", " she", "é", "東京", "🙂"]
    ),
    st.text(max_size=6),
)
TEXT = st.lists(PIECES, max_size=4).map("".join)
SENTENCE = TEXT.filter(str.strip)
CHOICES = st.builds(
    Choice,
    context=st.lists(SENTENCE, max_size=3).map(tuple),
    prefix=TEXT,
    values=st.lists(SENTENCE, min_size=2, max_size=4, unique=True).map(tuple),
    suffix=TEXT,
)


@pytest.mark.parametrize("family", FAMILIES)
def test_tokens_are_those_of_the_full_text(tokenizers: dict[str, Any], family: str) -> None:
    tokenizer = tokenizers[family]
    tokenize = ChoiceTokenizer(tokenizer)

    @settings(max_examples=60)
    @given(CHOICES)
    def check(choice: Choice) -> None:
        tokens = tokenize(choice)
        for sentence, candidate in zip(choice.sentences, tokens.candidates, strict=True):
            text = " ".join([*choice.context, sentence])
            expected = tokenizer(text, add_special_tokens=False)["input_ids"]
            assert [*tokens.context, *candidate.tokens] == [tokenize.start_token, *expected]

    check()


@pytest.mark.parametrize("family", FAMILIES)
def test_the_scored_tokens_hold_all_that_differs(tokenizers: dict[str, Any], family: str) -> None:
    tokenize = ChoiceTokenizer(tokenizers[family])

    @settings(max_examples=60)
    @given(CHOICES)
    def check(choice: Choice) -> None:
        candidates = tokenize(choice).candidates
        starts = {c.start for c in candidates}
        assert len(starts) == 1
        start = starts.pop()
        assert len({c.tokens[:start] for c in candidates}) == 1
        for c in candidates:
            assert start < c.value_end <= len(c.tokens)

    check()


def test_a_value_begins_at_the_first_token_that_reaches_into_it(
    tokenizers: dict[str, Any],
) -> None:
    """By hand, with byte-level tokens: the space before a value belongs to its token."""
    tokenizer = tokenizers["byte-level"]
    choice = Choice(("The patient is old.",), "In the ", ("end", "morning"), " at home.")
    end, morning = ChoiceTokenizer(tokenizer)(choice).candidates
    assert tokenizer.decode(end.tokens[: end.start]) == " In the"
    assert tokenizer.decode(end.tokens[end.start : end.value_end]) == " end"
    assert tokenizer.decode(end.tokens[end.value_end :]) == " at home."
    assert tokenizer.decode(morning.tokens[morning.start : morning.value_end]) == " morning"


def test_texts_begin_with_bos_or_else_eos(tokenizers: dict[str, Any]) -> None:
    assert ChoiceTokenizer(tokenizers["byte-level"]).start_token == 0
    assert ChoiceTokenizer(tokenizers["no-bos"]).start_token == (tokenizers["no-bos"].eos_token_id)


def test_only_tokenizers_without_tokens_across_spaces_are_cut(tokenizers: dict[str, Any]) -> None:
    """Separate sentences make tokenising fast; with tokens across spaces they would be wrong."""
    local = {family: ChoiceTokenizer(tokenizers[family])._local for family in FAMILIES}
    assert local == {
        "byte-level": True,
        "no-bos": True,
        "across-spaces": False,
        "metaspace": True,
    }


def test_a_tokenizer_without_start_token_is_refused(tokenizers: dict[str, Any], one_line) -> None:
    from transformers import PreTrainedTokenizerFast

    bare = PreTrainedTokenizerFast(tokenizer_object=tokenizers["byte-level"].backend_tokenizer)
    with pytest.raises(InputError) as caught:
        ChoiceTokenizer(bare)
    assert "BOS" in one_line(caught.value)


def test_a_tokenizer_without_offsets_is_refused(one_line) -> None:
    with pytest.raises(InputError) as caught:
        ChoiceTokenizer(object())
    assert "offsets" in one_line(caught.value)


def characters(alphabet: str) -> PreTrainedTokenizerFast:
    """A tokenizer that knows some letters and drops all others."""
    vocabulary = {character: number for number, character in enumerate(["<s>", *alphabet])}
    model = models.BPE(vocab=vocabulary, merges=[])
    return PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer(model), bos_token="<s>", eos_token="<s>"
    )


def test_a_value_that_the_tokenizer_drops_is_refused(one_line) -> None:
    with pytest.raises(InputError) as caught:
        ChoiceTokenizer(characters("ACGT "))(Choice((), "AC ", ("GG", "é"), " T"))
    assert "has no token for the value 'é'; write" in one_line(caught.value)


@pytest.mark.parametrize("values", [("Aé", "A"), ("A", "éA"), ("AéC", "AC")])
def test_values_of_the_same_tokens_are_refused(one_line, values: tuple[str, str]) -> None:
    with pytest.raises(InputError) as caught:
        ChoiceTokenizer(characters("ACGT "))(Choice(("T",), "C ", values, "G"))
    assert (
        f"cannot tell the values '{values[0]}' and '{values[1]}' of 'C {values[1]}G'"
        in one_line(caught.value)
    )


def test_reference_scoring_refuses_the_same_values(one_line) -> None:
    tokenize = ChoiceTokenizer(characters("ACGT "))
    with pytest.raises(InputError) as caught:
        tokenize.reference(Choice((), "AC ", ("GG", "é"), " T"))
    assert "has no token for the value 'é'; write" in one_line(caught.value)
    with pytest.raises(InputError) as caught:
        tokenize.reference(Choice(("T",), "C ", ("A", "éA"), "G"))
    assert "cannot tell the values 'A' and 'éA' of 'C éAG' apart" in one_line(caught.value)


def test_letters_of_one_alphabet_are_enough() -> None:
    found = ChoiceTokenizer(characters("ACGT"))(Choice((), "TTAA", ("ACGT", "GGCC"), "TT"))
    assert [len(each.tokens) for each in found.candidates] == [10, 10]
