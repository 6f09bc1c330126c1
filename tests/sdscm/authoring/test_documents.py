"""Texts that authors get are specs, and say what was said before."""

from __future__ import annotations

import pytest

from sdscm.authoring.document import as_document
from sdscm.authoring.sentences import FRAMES, framed, more_sentences, plain_sentence
from sdscm.authoring.skeleton import skeleton
from sdscm.spec import Variable, load_spec, scenario_names, spec_from_yaml
from sdscm.spec.files import spec_problems


@pytest.mark.parametrize("name", scenario_names())
def test_a_spec_that_is_written_again_makes_the_same_data(name):
    spec = load_spec(name)
    again = spec_from_yaml(as_document(spec), "again")
    assert again.content_hash == spec.content_hash
    assert (again.title, again.description, again.source) == (
        spec.title,
        spec.description,
        spec.source,
    )
    assert [each.groups for each in again.variables] == [each.groups for each in spec.variables]


def test_the_skeleton_is_a_spec():
    spec = spec_from_yaml(skeleton("mine"), "mine")
    assert (spec.name, spec.treatment.name, spec.exogenous) == ("mine", "drink", ("stress",))


@pytest.mark.parametrize(
    ("sentence", "inner"),
    [
        ("Her age is {value}.", "We know that her age is {value}."),
        ("Anna sleeps {value}.", "We know that Anna sleeps {value}."),
        ("{value} is the drug.", "We know that {value} is the drug."),
        ("In bed she rests {value}.", "We know that in bed she rests {value}."),
    ],
)
def test_a_frame_keeps_the_capital_of_a_name_only(sentence, inner):
    assert framed(sentence)[:2] == [sentence, inner]
    assert len(set(framed(sentence))) == len(FRAMES)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("years_of_school", "The years of school is {value}."),
        ("bloodPressure", "The blood Pressure is {value}."),
        ("re.78", "The re 78 is {value}."),
    ],
)
def test_names_become_words(name, sentence):
    assert plain_sentence(name) == sentence


def test_sentences_that_are_not_kept_have_a_reason():
    variable = Variable(
        name="a", role="covariate", values=("x", "y"), phrasings=("The a is {value}.",)
    )
    candidates = [
        "the A  is {value}!",
        "It is.",
        "It is {value} or {value}.",
        "It is {value}",
        "It is {value}, {name}.",
        "It is {value}.",
    ]
    kept, dropped = more_sentences(variable, candidates, 5)
    assert [each.template for each in kept] == ["The a is {value}.", "It is {value}."]
    assert [each.reason.split(";")[0] for each in dropped] == [
        "says the same as another one",
        "'It is.' has no place for the value",
        "'It is {value} or {value}.' holds {value} 2 times",
        "does not end as a sentence",
        "'It is {value}, {name}.' holds {name}, and the language model would read its braces",
    ]


BAD = """\
name: bad one
titel: x
variables:
  - name: a
    role: exogenus
    values: [x]
    phrasings: ["A is."]
  - name: t
    role: treatment
    values: ["no", "yes"]
    parents: [a, zz]
    phrasings: ["T is {value}."]
  - name: y
    role: outcome
    values: [u, u]
    distribution: uniform
    parents: [t]
    phrasings: []
"""


def test_all_problems_of_a_spec_are_said_at_once(tmp_path):
    path = tmp_path / "bad.yaml"
    path.write_text(BAD)
    found = spec_problems(path)
    expected = [
        "variable 'a': 'role' is 'exogenus'",
        "variable 'a': 'phrasings' number 1 'A is.' has no place",
        "variable 'y': 'values' holds 'u' twice",
        "variable 'y': is the outcome and has a fixed distribution",
        "variable 'y': has no phrasings",
        "'name' is 'bad one'",
        "unknown key 'titel'",
        "variable 't': its parent 'zz' is not a variable",
    ]
    assert len(found) == len(expected), found
    for text in expected:
        assert sum(text in line for line in found) == 1, text


@pytest.mark.parametrize("name", scenario_names())
def test_a_sound_spec_has_no_problem(name):
    assert spec_problems(name) == []
