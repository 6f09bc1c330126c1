"""Named groups of values: their content, what they do not change, and errors."""

from __future__ import annotations

import pytest

from sdscm import SDSCM, TabularLM
from sdscm.errors import InputError
from sdscm.spec import Spec, spec_from_yaml

STUDY = """\
name: study
variables:
  - {name: who, role: treatment, values: [Ann, Tom, Eve, Bob], phrasings: ["It is {value}."]}
  - {name: end, role: outcome, values: [good, bad], parents: [who], phrasings: ["All is {value}."]}
"""


AGE = '  - {name: age, role: covariate, values: [young, old], phrasings: ["Age {value}."]}'


def grouped(groups: str, study: str = STUDY) -> Spec:
    line = "values: [Ann, Tom, Eve, Bob]"
    return spec_from_yaml(study.replace(line, f"{line}, groups: {groups}"), "study.yaml")


def test_groups_are_named_sets_of_values() -> None:
    spec = grouped("{women: [Ann, Eve], men: [Tom, Bob]}")
    assert spec.treatment.groups == (("women", ("Ann", "Eve")), ("men", ("Tom", "Bob")))
    assert spec.model_copy(update={"title": "Who"}).treatment.groups == spec.treatment.groups


def test_groups_change_no_data() -> None:
    plain = spec_from_yaml(STUDY, "study.yaml")
    assert grouped("{women: [Ann, Eve]}").content_hash == plain.content_hash


@pytest.mark.parametrize(
    ("groups", "words"),
    [
        ("{women: [Ann, Eva]}", ["'Eva'", "'women'", "did you mean 'Eve'?"]),
        ("{women: []}", ["'women'", "add one"]),
        ("{Ann: [Ann, Eve]}", ["'Ann'", "rename the group"]),
        ("{women: [Ann, Ann]}", ["'Ann' twice", "remove"]),
        ("[Ann, Eve]", ["groups", "lists of values with a name"]),
        ("{women: Ann}", ["groups", "lists of values with a name"]),
    ],
)
def test_mistakes_are_told_in_one_line(groups: str, words: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        grouped(groups)
    message = str(caught.value)
    assert "\n" not in message
    for word in ["study.yaml", "'who'", *words]:
        assert word in message, message


def test_a_dataset_of_two_of_the_values_has_no_groups() -> None:
    study = STUDY.replace("variables:", f"variables:\n{AGE}")
    spec = grouped("{women: [Ann, Eve], men: [Tom, Bob]}", study)
    scm = SDSCM(spec, TabularLM(lambda choice: [1.0] * len(choice.values)))
    dataset = scm.dataset(20, 0, contrast=("Ann", "Bob"))
    assert set(dataset.t) == {0, 1}
