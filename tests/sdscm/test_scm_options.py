"""Options of an SD-SCM, and the errors of impossible ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sdscm import SDSCM, InputError, Spec
from sdscm.lm import Choice, ChoiceScores, TabularLM
from sdscm.lm.backends.tabular import random_table

Line = Callable[[BaseException], str]


class Wordy:
    """Scores whose three readings (sentence, value, mean) all differ."""

    id, revision = "wordy", "0"

    def score(self, choices: Sequence[Choice]) -> list[ChoiceScores]:
        found = []
        for choice in choices:
            k = np.arange(len(choice.values))
            found.append(ChoiceScores(-1.0 - 2.0 * k, -0.5 - k**2 / 3, 1 + 2 * k, 1 + k))
        return found


def softmax(scores: np.ndarray) -> np.ndarray:
    return np.exp(scores) / np.exp(scores).sum()


@pytest.fixture
def scm(clinic: Spec) -> SDSCM:
    return SDSCM(clinic, TabularLM(random_table(1)))


@pytest.mark.parametrize(
    ("scoring", "scores"),
    [
        ("definition", [-1.0, -3.0, -5.0]),
        ("per-token", [-1.0, -1.0, -1.0]),
        ("value", [-0.5, -0.5 - 1 / 3, -0.5 - 4 / 3]),
    ],
)
@pytest.mark.parametrize("temperature", [1, 0.25, 4.0])
def test_scoring_and_temperature(
    clinic: Spec, scoring: str, scores: list[float], temperature: float
) -> None:
    """P(value) is the softmax of the chosen score over the temperature."""
    scm = SDSCM(clinic, Wordy(), scoring=scoring, temperature=temperature)
    found = np.exp(scm.sample(3).log_probabilities["state"])
    np.testing.assert_allclose(found, [softmax(np.array(scores) / temperature)] * 3, rtol=1e-12)


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda scm: SDSCM("hedache", scm.lm), "hedache: no such file .* did you mean 'headache'"),
        (lambda scm: scm.sample(5, block=0), "block = 0: take at least one"),
        (lambda scm: scm.sample(2.5), "n = 2.5: ask for a whole number"),
        (lambda scm: scm.sample("5"), "n = '5': ask for a whole number"),
        (
            lambda scm: scm.exact().arrays.effect(0),
            r"shape \(\), but it is a function of .* log_table",
        ),
    ],
)
def test_what_is_given_by_mistake(scm: SDSCM, ask: Callable[[SDSCM], Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        ask(scm)


def test_the_usual_is_the_papers(clinic: Spec) -> None:
    usual = SDSCM(clinic, Wordy()).sample(50)
    papers = SDSCM(clinic, Wordy(), temperature=1.0, scoring="definition").sample(50)
    pd.testing.assert_frame_equal(usual.codes, papers.codes)


def test_a_very_small_temperature_takes_the_likeliest_value_and_breaks_nothing(
    clinic: Spec,
) -> None:
    units = SDSCM(clinic, Wordy(), temperature=1e-4).sample(20)
    assert (units.codes.state == 0).all()
    assert not any(np.isnan(logs).any() for logs in units.log_probabilities.values())


def test_fixed_distributions_do_not_ask_the_model(clinic: Spec) -> None:
    asked: list[str] = []

    class Listening(Wordy):
        def score(self, choices: Sequence[Choice]) -> list[ChoiceScores]:
            asked.extend(choice.prefix for choice in choices)
            return super().score(choices)

    units = SDSCM(clinic, Listening()).sample(5)
    assert "She lives in " not in asked
    np.testing.assert_allclose(np.exp(units.log_probabilities["town"]), [[0.5, 0.3, 0.2]] * 5)


def test_a_value_of_weight_0_is_never_drawn(clinic: Spec) -> None:
    town = clinic.variable("town").model_copy(update={"distribution": (0.5, 0.0, 0.5)})
    variables = [town if v.name == "town" else v for v in clinic.variables]
    spec = clinic.model_copy(update={"variables": variables})
    assert set(SDSCM(spec, Wordy()).sample(500).labels.town) == {"Rome", "Bonn"}


def test_each_distinct_context_is_scored_once_a_block(clinic: Spec) -> None:
    lm = TabularLM(random_table(1))
    SDSCM(clinic, lm).sample(256)
    contexts = {"age": 1, "smoker": 6, "hobby": 3, "drug": 4, "pressure": 4, "state": 12, "ward": 3}
    assert lm.scored <= sum(contexts.values())


def test_phrasings_change_the_text_and_the_mechanism(clinic: Spec) -> None:
    units = [SDSCM(clinic, TabularLM(random_table(1)), phrasing=k).sample(30) for k in range(8)]
    for k, sample in enumerate(units):
        drug = clinic.phrased(k).phrasing("drug").prefix
        assert all(drug in text for text in sample.text)
    drugs = {sample.log_probabilities["drug"].tobytes() for sample in units}
    assert len(drugs) > 1


def test_progress_rises_to_the_number_of_units(scm: SDSCM) -> None:
    seen: list[tuple[float, int]] = []
    scm.sample(20, block=7, progress=lambda done, n: seen.append((done, n)))
    scm_done = [done for done, _ in seen]
    assert {n for _, n in seen} == {20}
    assert scm_done == sorted(scm_done)
    assert scm_done[-1] == 20
    seen.clear()
    scm.dataset(20, block=7, progress=lambda done, n: seen.append((done, n)))
    done = [step for step, _ in seen]
    assert {n for _, n in seen} == {20}
    assert done == sorted(done)
    assert done[-1] == pytest.approx(20)


def test_labels_and_log_probability(scm: SDSCM) -> None:
    units = scm.sample(10)
    assert len(units) == 10
    assert list(units.labels) == list(scm.spec.order)
    values = scm.spec.variable("state").values
    assert units.labels.state.tolist() == [values[code] for code in units.codes.state]
    np.testing.assert_array_equal(
        units.log_probability("state", "dies"), units.log_probabilities["state"][:, 2]
    )


@pytest.mark.parametrize("temperature", [0, -1.0, float("nan"), float("inf")])
def test_temperature_must_be_positive(clinic: Spec, one_line: Line, temperature: float) -> None:
    with pytest.raises(InputError) as caught:
        SDSCM(clinic, Wordy(), temperature=temperature)
    assert "temperature" in one_line(caught.value)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"scoring": "best"}, ["best", "definition", "per-token", "value"]),
        ({"coupling": "none"}, ["none", "gumbel", "redraw"]),
        ({"phrasing": -1}, ["-1"]),
    ],
)
def test_unknown_options(
    clinic: Spec, one_line: Line, options: dict[str, Any], words: list[str]
) -> None:
    with pytest.raises(InputError) as caught:
        SDSCM(clinic, Wordy(), **options)
    message = one_line(caught.value)
    assert all(word in message for word in words)


@pytest.mark.parametrize(
    ("do", "words"),
    [
        ({"dose": "low"}, ["dose", "drug"]),
        ({"age": "old"}, ["age", "exogenous"]),
        ({"drug": "aspirin"}, ["aspirin", "drug", "placebo", "statin"]),
        ({"drug": ["statin"] * 4}, ["drug", "4", "5"]),
        ({"drug": ["statin"] * 4 + ["aspirin"]}, ["aspirin", "placebo"]),
        ({"drug": 1}, ["drug", "placebo"]),
        ({"drug": np.array([0, 1, 0, 1, 0])}, ["drug", "placebo"]),
        ({"drug": None}, ["drug", "placebo"]),
        ({"drug": ["statin"] * 4 + [float("nan")]}, ["drug", "placebo"]),
    ],
    ids=str,
)
def test_interventions_that_make_no_sense(
    scm: SDSCM, one_line: Line, do: dict[str, Any], words: list[str]
) -> None:
    units = scm.sample(5)
    for attempt in (lambda: scm.sample(5, do=do), lambda: scm.counterfactual(units, do)):
        with pytest.raises(InputError) as caught:
            attempt()
        message = one_line(caught.value)
        assert all(word in message for word in words)


@pytest.mark.parametrize("n", [0, -3])
def test_at_least_one_unit(scm: SDSCM, one_line: Line, n: int) -> None:
    for attempt in (scm.sample, scm.dataset):
        with pytest.raises(InputError) as caught:
            attempt(n)
        assert str(n) in one_line(caught.value)


def test_a_counterfactual_of_a_counterfactual_is_refused(scm: SDSCM, one_line: Line) -> None:
    world = scm.counterfactual(scm.sample(5), {"drug": "statin"})
    with pytest.raises(InputError) as caught:
        scm.counterfactual(world, {"drug": "placebo"})
    assert "observed" in one_line(caught.value)


def test_units_of_another_phrasing_are_refused(scm: SDSCM, clinic: Spec, one_line: Line) -> None:
    """Their mechanisms are other ones; half of each would be the truth of neither."""
    other = SDSCM(clinic, scm.lm, phrasing=3)
    with pytest.raises(InputError) as caught:
        other.counterfactual(scm.sample(5), {"drug": "statin"})
    assert "phras" in one_line(caught.value)


def test_an_unknown_outcome_is_refused(scm: SDSCM, one_line: Line) -> None:
    with pytest.raises(InputError) as caught:
        scm.dataset(5, outcome="mood")
    message = one_line(caught.value)
    assert "mood" in message
    assert "log-probability" in message


def test_an_error_of_the_model_names_the_variable(clinic: Spec, one_line: Line) -> None:
    class Short(Wordy):
        def score(self, choices: Sequence[Choice]) -> list[ChoiceScores]:
            if any(len(choice.context) > 2 for choice in choices):
                raise InputError("the text is too long")
            return super().score(choices)

    with pytest.raises(InputError) as caught:
        SDSCM(clinic, Short()).sample(5)
    message = one_line(caught.value)
    assert "'state'" in message
    assert "too long" in message


@pytest.mark.parametrize("table", [lambda c: [1.0], lambda c: [0.0] * len(c.values)])
def test_a_table_must_give_a_positive_number_for_each_value(table: Any) -> None:
    with pytest.raises(ValueError, match="positive number"):
        TabularLM(table).score([Choice((), "", ("a", "b"), "")])


def test_a_random_table_depends_on_every_sentence_and_candidate() -> None:
    table = random_table(0)
    here = table(Choice(("A.", "B."), "So ", ("x", "y"), "."))
    np.testing.assert_array_equal(here, table(Choice(("A.", "B."), "So ", ("x", "y"), ".")))
    others = [
        Choice(("C.", "B."), "So ", ("x", "y"), "."),
        Choice(("A.", "C."), "So ", ("x", "y"), "."),
        Choice(("B.", "A."), "So ", ("x", "y"), "."),
        Choice(("A.", "B."), "Or ", ("x", "y"), "."),
        Choice(("A.", "B."), "So ", ("x", "y"), "!"),
    ]
    for other in others:
        assert (table(other) != here).all()
    assert (random_table(1)(Choice(("A.", "B."), "So ", ("x", "y"), ".")) != here).all()
    flat = random_table(0, temperature=1e-9)(Choice((), "", ("x", "y"), ""))
    np.testing.assert_allclose(flat, 1, atol=1e-6)
