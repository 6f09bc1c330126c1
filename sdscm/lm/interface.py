"""The interface of language models: they score the values of a variable."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Choice:
    """A question to a language model: which of these sentences follows the context?

    Attributes
    ----------
    context
        The sentences before, which one space joins; empty at the beginning of a text.
    prefix, suffix
        Text before and after the value in the sentence.
    values
        The candidate values; the sentence of one is ``prefix + value + suffix``.
    """

    context: tuple[str, ...]
    prefix: str
    values: tuple[str, ...]
    suffix: str

    @property
    def sentences(self) -> tuple[str, ...]:
        """The candidate sentences, in the order of ``values``."""
        return tuple(f"{self.prefix}{value}{self.suffix}" for value in self.values)


@dataclass(frozen=True, eq=False)
class ChoiceScores:
    """Log-probabilities of the candidates of one choice, arrays of shape (number of values,).

    Natural logarithms. The first scored token is the first that overlaps the value, or the first
    in which two candidates differ, whichever comes first. Earlier tokens are the same for all
    candidates and cancel when the sums are normalised over the domain.

    Attributes
    ----------
    sentence
        Sum over the tokens up to the end of the sentence.
    value
        Sum over the tokens up to the last one that overlaps the value.
    sentence_tokens, value_tokens
        Number of tokens in these sums.
    """

    sentence: np.ndarray
    value: np.ndarray
    sentence_tokens: np.ndarray
    value_tokens: np.ndarray


@runtime_checkable
class LanguageModel(Protocol):
    """A model that scores choices; ``id`` and ``revision`` name the model and its content.

    Examples
    --------
    >>> isinstance(sdscm.load_lm("tabular:0"), sdscm.LanguageModel)
    True
    >>> isinstance("gpt2", sdscm.LanguageModel)
    False
    """

    @property
    def id(self) -> str: ...

    @property
    def revision(self) -> str: ...

    def score(self, choices: Sequence[Choice]) -> list[ChoiceScores]:
        """Scores of each choice, in the order given."""
        ...


@runtime_checkable
class StreamingLanguageModel(LanguageModel, Protocol):
    """A language model that gives scores one by one, so that none is lost if it is stopped.

    One of several machines has an attribute ``workers``, their number: it then gets so many times
    as many choices at a time.
    """

    def score_each(self, choices: Sequence[Choice]) -> Iterator[tuple[int, ChoiceScores]]:
        """The scores with the numbers of their choices, in any order."""
        ...


@runtime_checkable
class ReferenceLanguageModel(LanguageModel, Protocol):
    """A language model that can also score as the reference code of the paper does."""

    def score_reference(self, choices: Sequence[Choice]) -> list[ChoiceScores]:
        """Reference score of each value, in ``sentence`` and in ``value``."""
        ...


@runtime_checkable
class EmbeddingLanguageModel(LanguageModel, Protocol):
    """A language model that can also give vectors of texts."""

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """Mean of the last hidden states over the tokens of each text: (n, size), float32."""
        ...


@runtime_checkable
class GenerativeLanguageModel(LanguageModel, Protocol):
    """A language model that can also write text."""

    def generate(self, prompt: str, begin: str, *, count: int, tokens: int, seed: int) -> list[str]:
        """Continue an answer up to the end of its line, ``count`` times, at random.

        Parameters
        ----------
        prompt
            What is asked for. A model with a chat template reads it as the message of a user, any
            other one as text.
        begin
            Begin of the answer, which the model continues.
        count, tokens
            Number of continuations, and the most tokens of one.
        seed
            Seed of the draws.
        """
        ...
