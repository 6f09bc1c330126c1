"""What a language model is to an SD-SCM: something that scores the values of a variable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np


@dataclass(frozen=True)
class Choice:
    """A question to a language model: which of these sentences follows the context?

    Attributes
    ----------
    context
        Sentences that stand before, joined by one space; empty at the beginning of a text.
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

    Natural logarithms. Tokens are scored from the first one that reaches into the value (or in
    which two candidates differ, if that comes before it); the tokens before are the same for all
    candidates and cancel when the sums are normalised over the domain.

    Attributes
    ----------
    sentence
        Sum over the tokens up to the end of the sentence.
    value
        Sum over the tokens up to the last one that reaches into the value.
    sentence_tokens, value_tokens
        How many tokens these sums run over.
    """

    sentence: np.ndarray
    value: np.ndarray
    sentence_tokens: np.ndarray
    value_tokens: np.ndarray


@runtime_checkable
class LanguageModel(Protocol):
    """Scores choices. ``id`` and ``revision`` name the model and its content."""

    @property
    def id(self) -> str: ...

    @property
    def revision(self) -> str: ...

    def score(self, choices: Sequence[Choice]) -> list[ChoiceScores]:
        """Scores of each choice, in the order given."""
        ...


@runtime_checkable
class ReferenceLanguageModel(LanguageModel, Protocol):
    """A language model that can also score as the authors' code does, for comparison."""

    def score_reference(self, choices: Sequence[Choice]) -> list[ChoiceScores]:
        """The reference's score of each value, in ``sentence`` and in ``value``."""
        ...
