"""The checks of language models: right ones pass, and each planted fault is found."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from sdscm.errors import InputError
from sdscm.lm import Choice, TabularLM
from sdscm.lm.conformance import check_lm, failed


@pytest.mark.parametrize("family", ["llama", "gpt2"])
def test_a_right_model_passes(tiny: Any, family: str) -> None:
    assert list(failed(check_lm(tiny(family).lm(), 1e-3))) == []


class Faulty:
    """A right model whose questions or answers are changed."""

    id, revision, window = "faulty", "0", None

    def __init__(self, lm: Any) -> None:
        self.lm = lm
        self.calls = 0

    def question(self, choice: Choice) -> Choice:
        return choice

    def answer(self, place: int, choice: Choice, scores: Any) -> Any:
        return scores

    def score(self, choices: Any) -> Any:
        self.calls += 1
        asked = [self.question(choice) for choice in choices]
        found = enumerate(zip(choices, self.lm.score(asked), strict=True))
        return [self.answer(place, *each) for place, each in found]


class IgnoresTheContext(Faulty):
    def question(self, choice):
        return replace(choice, context=())


class CutsTheContext(Faulty):
    def question(self, choice):
        return replace(choice, context=choice.context[-4:])


class IgnoresThePrefix(Faulty):
    def question(self, choice):
        return replace(choice, prefix="It is ")


class IgnoresTheSuffix(Faulty):
    def question(self, choice):
        return replace(choice, suffix="")


class ReadsLowerCase(Faulty):
    def question(self, choice):
        return replace(choice, values=tuple(value.lower() for value in choice.values))


class DropsAccents(Faulty):
    def question(self, choice):
        plain = (unicodedata.normalize("NFD", v).encode("ascii", "ignore") for v in choice.values)
        return replace(choice, values=tuple(v.decode() or "?" for v in plain))


class ForgetsTheSpace(Faulty):
    def question(self, choice):
        return replace(choice, context=("".join(choice.context),) if choice.context else ())


class DependsOnTheBatch(Faulty):
    def answer(self, place, choice, scores):
        return replace(scores, sentence=scores.sentence - 0.1 * place)


class DependsOnTheOrder(Faulty):
    def answer(self, place, choice, scores):
        return replace(scores, sentence=scores.sentence - 0.1 * np.arange(len(scores.sentence)))


class Drifts(Faulty):
    def answer(self, place, choice, scores):
        return replace(scores, sentence=scores.sentence - 0.1 * self.calls)


class GivesMeans(Faulty):
    def answer(self, place, choice, scores):
        return replace(scores, sentence=scores.sentence / scores.sentence_tokens)


class GivesPositive(Faulty):
    def answer(self, place, choice, scores):
        return replace(scores, sentence=-scores.sentence, value=-scores.value)


class GivesNaN(Faulty):
    def answer(self, place, choice, scores):
        return replace(scores, sentence=scores.sentence * np.nan)


class DropsAValue(Faulty):
    def answer(self, place, choice, scores):
        return replace(scores, sentence=scores.sentence[1:])


class ScoresTooMuch(Faulty):
    """The value alone has the score of the whole sentence."""

    def answer(self, place, choice, scores):
        return replace(scores, value=scores.sentence)


class TakesAnyLength(Faulty):
    window = 30


class Refuses(Faulty):
    def question(self, choice):
        if not all(value.isascii() for value in choice.values):
            raise InputError("no such letter")
        return choice


@pytest.mark.parametrize("fault", Faulty.__subclasses__(), ids=lambda fault: fault.__name__)
def test_each_fault_is_found(tiny: Any, fault: type[Faulty]) -> None:
    assert list(failed(check_lm(fault(tiny("llama").lm()), 1e-3)))


def test_a_table_without_context_fails() -> None:
    lm = TabularLM(lambda choice: np.full(len(choice.values), 0.1))
    names = {each.name for each in check_lm(lm) if each.problem}
    assert {"the context counts", "the suffix counts", "letters count"} <= names
