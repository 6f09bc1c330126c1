"""The hash changes with the data only."""

from __future__ import annotations

import pytest

from sdscm.spec import load_spec, spec_from_yaml


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("name: statin_study", "name: other_study"),
        ("title: Does the statin help?", "title: Another title"),
        ("title:", "description: A long one\ntitle:"),
        ("title:", "source: A paper\ntitle:"),
        ("parents: [drug, age]", "parents: [age, drug]"),
        ("outcome_value: recovers\n", ""),
        ("values: [young, old]", "values: [young, old]\n    distribution: lm"),
        ("values: [young, old]", "values: ['young', 'old']  # quoted"),
    ],
)
def test_same_data_same_hash(study, change, old, new) -> None:
    assert change(old, new).content_hash == study.content_hash


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("values: [young, old]", "values: [old, young]"),
        ("values: [young, old]", "values: [young, aged]"),
        ("values: [young, old]", "values: [young, old]\n    distribution: uniform"),
        ("values: [young, old]", "values: [young, old]\n    distribution: [0.4, 0.6]"),
        ("role: exogenous", "role: covariate"),
        ("parents: [drug, age]", "parents: [drug]"),
        ("The patient is {value}.", "The patient is {value}!"),
        ('"She takes the {value}.", "Her doctor', '"Her doctor'),
        ("outcome_value: recovers", "outcome_value: worsens"),
    ],
)
def test_other_data_other_hash(study, change, old, new) -> None:
    assert change(old, new).content_hash != study.content_hash


def test_prefix_and_suffix_are_told_apart(change) -> None:
    one = change('"The patient is {value}."', '"ab {value}."')
    other = change('"The patient is {value}."', '"ab{value} ."')
    assert one.content_hash != other.content_hash


def test_order_counts() -> None:
    """Two roots without a common child that change places change the text of a unit, no context."""
    spec = load_spec("marathon_confounder")
    speaker, friend, *others = spec.variables
    swapped = spec.model_copy(update={"variables": (friend, speaker, *others)})
    assert swapped.order[:2] == ("friend", "speaker")
    assert swapped.content_hash != spec.content_hash


def test_name_of_a_variable_counts(study, study_text) -> None:
    renamed = study_text.replace("name: age", "name: years").replace("[age", "[years")
    renamed = renamed.replace("[drug, age]", "[drug, years]")
    assert spec_from_yaml(renamed, "study.yaml").content_hash != study.content_hash


def test_hash_has_32_hexadecimal_digits(study) -> None:
    assert len(bytes.fromhex(study.content_hash)) == 16
