"""Sentences for tuning, and sentences that are scored."""

from __future__ import annotations

import pytest

from sdscm.authoring.document import as_document
from sdscm.errors import InputError
from sdscm.spec import Spec, spec_from_yaml

TEXT = """
name: split
variables:
  - name: drug
    role: treatment
    values: [aspirin, ibuprofen]
    phrasings:
      tuning: ["He takes {value}."]
      scored: ["She takes {value}.", "They take {value}."]
  - name: pain
    role: outcome
    values: [less, more]
    parents: [drug]
    phrasings:
      tuning: ["His pain is {value}.", "It hurts {value}."]
      scored: ["Her pain is {value}."]
"""


def spec_of(text: str = TEXT) -> Spec:
    return spec_from_yaml(text, "split.yaml")


def test_datasets_are_made_with_the_scored_sentences_alone() -> None:
    spec = spec_of()
    assert spec.split
    assert spec.n_phrasings == 2
    texts = {spec.phrased(k).text({"drug": 0, "pain": 1}) for k in range(30)}
    assert texts == {
        "She takes aspirin. Her pain is more.",
        "They take aspirin. Her pain is more.",
    }


def test_the_spec_for_tuning_has_the_other_sentences() -> None:
    tuning = spec_of().for_tuning()
    assert not tuning.split
    texts = {tuning.phrased(k).text({"drug": 0, "pain": 1}) for k in range(30)}
    assert texts == {"He takes aspirin. His pain is more.", "He takes aspirin. It hurts more."}
    assert tuning.for_tuning() is tuning, "a spec without a split"


def test_sentences_for_tuning_change_no_data() -> None:
    changed = spec_of(TEXT.replace("He takes", "He swallows"))
    assert changed.content_hash == spec_of().content_hash
    assert changed.for_tuning().content_hash != spec_of().for_tuning().content_hash
    plain = TEXT.replace('\n      tuning: ["He takes {value}."]\n      scored:', "")
    plain = plain.replace(
        '\n      tuning: ["His pain is {value}.", "It hurts {value}."]\n      scored:', ""
    )
    assert not spec_of(plain).split
    assert spec_of(plain).content_hash == spec_of().content_hash


def test_a_split_survives_yaml_and_json() -> None:
    spec = spec_of()
    assert spec_of(as_document(spec)) == spec
    assert Spec.model_validate_json(spec.model_dump_json()) == spec


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("scored: [", "score: [", "'tuning', 'score'; write a list of sentences, or two lists"),
        ("tuning: [", "training: [", "'training', 'scored'"),
        ('scored: ["Her pain is {value}."]', "scored: []", "no list of sentences in 'scored'"),
        ('tuning: ["He takes {value}."]', "tuning: He takes {value}.", "in 'tuning'; write one"),
        ("She takes", "He takes", "'He takes {value}.' twice"),
        (
            'tuning: ["His pain is {value}.", "It hurts {value}."]\n      scored:',
            "",
            "variable 'pain': 'phrasings' has no sentences for tuning, and other variables have",
        ),
    ],
)
def test_a_split_that_is_not_sound(before: str, after: str, told: str) -> None:
    assert before in TEXT
    text = TEXT.replace(before, after, 1)
    if not after:
        text = text.replace("phrasings:\n       [", "phrasings: [")
    with pytest.raises(InputError) as error:
        spec_of(text)
    assert told in str(error.value)
    assert "\n" not in str(error.value)
