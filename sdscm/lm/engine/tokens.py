"""Tokenise choices as the language model reads them in the full text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from sdscm.errors import InputError
from sdscm.lm.interface import Choice, ChoiceScores


@dataclass(frozen=True)
class CandidateTokens:
    """One candidate: its tokens after the context, and which of them are scored.

    ``tokens[start:]`` is scored; ``tokens[start:value_end]`` overlaps the value. With ``after``
    each token is scored as the next token after the whole candidate, not at its own position.
    """

    tokens: tuple[int, ...]
    start: int
    value_end: int
    after: bool = False

    def scored(self) -> list[tuple[int, int]]:
        """For each score: the position of the token that predicts, and the predicted token.

        Positions count from the candidate's first token; -1 is the context's last token.
        """
        last = len(self.tokens) - 1
        return [
            (last if self.after else i - 1, self.tokens[i])
            for i in range(self.start, len(self.tokens))
        ]


@dataclass(frozen=True)
class ChoiceTokens:
    """Tokens of a choice: the context (with the start token), and the candidates."""

    context: tuple[int, ...]
    candidates: tuple[CandidateTokens, ...]

    @property
    def length(self) -> int:
        """Number of tokens of the context and the longest candidate."""
        return len(self.context) + max(len(c.tokens) for c in self.candidates)

    @cached_property
    def size(self) -> int:
        """Number of tokens of the context and all candidates."""
        return len(self.context) + sum(len(c.tokens) for c in self.candidates)

    def cut(self, size: int) -> list[ChoiceTokens]:
        """The choice in parts of at most ``size`` candidate tokens, or of one candidate."""
        parts: list[list[CandidateTokens]] = []
        left = 0
        for candidate in self.candidates:
            left -= len(candidate.tokens)
            if left < 0 or not parts:
                parts.append([])
                left = size - len(candidate.tokens)
            parts[-1].append(candidate)
        return [replace(self, candidates=tuple(part)) for part in parts]


@dataclass(frozen=True)
class _Span:
    """Tokens of a part of a text, with their offsets from the first letter of the part."""

    tokens: tuple[int, ...]
    offsets: tuple[tuple[int, int], ...]


class ChoiceTokenizer:
    """Tokenises choices on the full text, and shares the tokens of common sentences.

    A text is the start token (the tokenizer's BOS, otherwise its EOS) and the sentences, which one
    space joins. If no token of the vocabulary crosses from a letter to a space, the tokens of a
    sentence do not depend on the text before that space, so that each pair of neighbouring
    sentences is tokenised once. For other vocabularies every text is tokenised in full.

    Parameters
    ----------
    tokenizer
        A fast tokenizer of ``transformers``, since offsets are needed.

    Raises
    ------
    InputError
        If the tokenizer gives no offsets or has neither BOS nor EOS.
    """

    def __init__(self, tokenizer: Any) -> None:
        if not getattr(tokenizer, "is_fast", False):
            raise InputError(
                f"tokenizer {type(tokenizer).__name__} gives no offsets; use a model that has a "
                "fast tokenizer (tokenizer.json)"
            )
        self.tokenizer = tokenizer
        start = tokenizer.bos_token_id
        if start is None:
            start = tokenizer.eos_token_id
        if start is None:
            raise InputError(
                "the tokenizer has neither a BOS nor an EOS token to start a text with"
            )
        self.start_token = int(start)
        self._known: set[str] = set()
        self._pairs: dict[tuple[str, str], _Span | None] = {}
        self._contexts: dict[tuple[str, ...], tuple[int, ...]] = {(): (self.start_token,)}

    def __call__(self, choice: Choice) -> ChoiceTokens:
        """Tokens of a choice; see `ChoiceTokens`."""
        self._check_known(choice)
        sentences = choice.sentences
        previous = choice.context[-1] if choice.context else ""
        spans: list[_Span] = []
        for sentence in sentences:
            span = self._following(previous, sentence)
            if span is None:
                return self._in_full(choice)
            spans.append(span)
        context = self._context(choice.context)
        if context is None:
            return self._in_full(choice)
        return ChoiceTokens(context, _candidates(choice, spans))

    def reference(self, choice: Choice) -> ChoiceTokens:
        """Tokens as the reference code reads them.

        A space, the parents' sentences and the prefix are one text, each value alone is another.
        The tokenizer adds its special tokens to both. The suffix is not read. The value's tokens
        are scored with the distribution after the value (lbynum/sequence-driven-scms, sdscm.py).
        """
        self._check_known(choice)
        before = "".join(f" {sentence}" for sentence in choice.context) + f" {choice.prefix}"
        context = tuple(self.tokenizer(before)["input_ids"])
        values = [tuple(self.tokenizer(value)["input_ids"]) for value in choice.values]
        _check_different(choice, values)
        candidates = [CandidateTokens(each, 0, len(each), after=True) for each in values]
        return ChoiceTokens(context, tuple(candidates))

    @cached_property
    def _local(self) -> bool:
        """True if a space always begins a new token: sentences can be tokenised separately."""
        decode = self.tokenizer.backend_tokenizer.decoder
        vocabulary = self.tokenizer.get_vocab()
        special = set(self.tokenizer.all_special_tokens)
        for token in vocabulary:
            if token in special:
                continue
            # After a letter, decoders keep the leading space of the token.
            text = decode.decode(["a", token])[1:] if decode is not None else token
            stripped = text.lstrip()
            if any(c.isspace() for c in stripped.rstrip()) or stripped != stripped.rstrip():
                return False
        return True

    def _check_known(self, choice: Choice) -> None:
        """Raise an InputError for a value that the tokenizer drops, so that no model sees it."""
        for value in choice.values:
            if value in self._known:
                continue
            if not self.tokenizer(value, add_special_tokens=False)["input_ids"]:
                raise InputError(
                    "the tokenizer of this language model has no token for the value "
                    f"'{value}'; write the value in other letters, or take another model"
                )
            self._known.add(value)

    def _following(self, previous: str, sentence: str) -> _Span | None:
        """Tokens of a sentence after another one; None if they cannot be separated."""
        key = (previous, sentence)
        if key not in self._pairs:
            self._pairs[key] = self._tokenise_pair(previous, sentence)
        return self._pairs[key]

    def _tokenise_pair(self, previous: str, sentence: str) -> _Span | None:
        if not previous:
            return self._tokenise(sentence, 0)
        edges = (previous[-1:] + sentence[:1]).strip()
        if len(edges) < 2 or not self._local:
            return None
        return self._tokenise(f"{previous} {sentence}", len(previous))

    def _tokenise(self, text: str, begin: int) -> _Span | None:
        """Tokens of ``text`` after the joining space at ``begin``; None if a token crosses it."""
        encoding = self.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
        skip = begin + 1 if begin else 0
        tokens, offsets = [], []
        for token, (left, right) in zip(
            encoding["input_ids"], encoding["offset_mapping"], strict=True
        ):
            if right <= begin and begin:
                continue
            if left < begin:
                return None
            tokens.append(token)
            offsets.append((max(left - skip, 0), right - skip))
        return _Span(tuple(tokens), tuple(offsets))

    def _context(self, sentences: tuple[str, ...]) -> tuple[int, ...] | None:
        if sentences not in self._contexts:
            before = self._context(sentences[:-1])
            previous = sentences[-2] if len(sentences) > 1 else ""
            span = self._following(previous, sentences[-1])
            if before is None or span is None:
                return None
            self._contexts[sentences] = before + span.tokens
        return self._contexts[sentences]

    def forget_contexts(self) -> None:
        """Drop the cached tokens of contexts, but not those of sentence pairs."""
        self._contexts = {(): (self.start_token,)}

    def _in_full(self, choice: Choice) -> ChoiceTokens:
        """Tokenise each candidate with its context as one text."""
        context = " ".join(choice.context)
        begin = len(context) + 1 if context else 0
        tokens, places = [], []
        for sentence in choice.sentences:
            text = f"{context} {sentence}" if context else sentence
            encoding = self.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
            tokens.append(tuple(encoding["input_ids"]))
            places.append(encoding["offset_mapping"])
        return tokens_in_text(choice, tokens, places, begin, (self.start_token,))


def tokens_in_text(
    choice: Choice,
    tokens: Sequence[tuple[Any, ...]],
    places: Sequence[Sequence[tuple[int, int]]],
    begin: int,
    start: tuple[Any, ...] = (),
) -> ChoiceTokens:
    """Find what is scored in full texts, one for each candidate.

    Parameters
    ----------
    choice
        The choice.
    tokens, places
        Tokens of each text, and the places of their letters in the text.
    begin
        Place of the sentence in each text.
    start
        Tokens before each text.
    """
    spans = [
        _Span(each, tuple((a - begin, b - begin) for a, b in place))
        for each, place in zip(tokens, places, strict=True)
    ]
    return ChoiceTokens(start, _candidates(choice, spans))


def _candidates(choice: Choice, spans: list[_Span]) -> tuple[CandidateTokens, ...]:
    value_start = len(choice.prefix)
    tokens = [span.tokens for span in spans]
    _check_different(choice, tokens)
    shared = _shared_length(tokens)
    start = min([shared, *(_first_beyond(span, value_start) for span in spans)])
    found = []
    for value, span in zip(choice.values, spans, strict=True):
        value_stop = value_start + len(value)
        value_end = 1 + max(i for i, (left, _) in enumerate(span.offsets) if left < value_stop)
        found.append(CandidateTokens(span.tokens, start, value_end))
    return tuple(found)


def _check_different(choice: Choice, tokens: list[tuple[int, ...]]) -> None:
    """Raise an InputError for values that the tokenizer cannot tell apart."""
    named: dict[tuple[int, ...], str] = {}
    for value, each in zip(choice.values, tokens, strict=True):
        if each in named:
            raise InputError(
                f"the tokenizer of this language model cannot tell the values '{named[each]}' and "
                f"'{value}' of '{choice.prefix}{value}{choice.suffix}' apart: both have the same "
                "tokens; write them in other words"
            )
        named[each] = value


def _first_beyond(span: _Span, place: int) -> int:
    """Index of the first token that ends after a place in the text."""
    return next(i for i, (_, right) in enumerate(span.offsets) if right > place)


def _shared_length(sequences: list[tuple[int, ...]]) -> int:
    shortest, longest = min(sequences), max(sequences)
    for i, (a, b) in enumerate(zip(shortest, longest, strict=False)):
        if a != b:
            return i
    return min(len(shortest), len(longest))


def summed(tokens: ChoiceTokens, found: Sequence[np.ndarray]) -> ChoiceScores:
    """Sum the log-probabilities of the scored tokens, one array for each candidate."""
    inside = [c.value_end - c.start for c in tokens.candidates]
    return ChoiceScores(
        sentence=np.array([values.sum() for values in found]),
        value=np.array([values[:k].sum() for values, k in zip(found, inside, strict=True)]),
        sentence_tokens=np.array([len(values) for values in found]),
        value_tokens=np.array(inside),
    )
