"""The text that the language model reads."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections import Counter

import pytest

from sdscm.errors import InputError
from sdscm.spec import load_spec, spec_from_yaml
from sdscm.spec.phrasing import draw_index

CODES = {"age": 1, "smoker": 0, "drug": 1, "state": 0}


def test_contexts_by_hand(study) -> None:
    phrased = study.phrased(0)
    assert phrased.context("age", {}) == ""
    assert phrased.context("smoker", {"age": 0}) == "The patient is young."
    assert phrased.context("drug", {"smoker": 1, "age": 1}) == (
        "The patient is old. Does she smoke? Her answer is yes."
    )
    assert phrased.context("state", CODES) == "The patient is old. She takes the statin."
    assert phrased.sentence("state", 1) == "In the end she worsens."
    assert phrased.text(CODES) == (
        "The patient is old. Does she smoke? Her answer is no. "
        "She takes the statin. In the end she recovers."
    )


def test_context_follows_tau_where_the_file_does_not(study_text, study) -> None:
    head, _, variables = study_text.partition("variables:\n")
    body, _, tail = variables.partition("outcome_value")
    blocks = [f"  - name:{block}" for block in body.split("  - name:")[1:]]
    text = f"{head}variables:\n{''.join(reversed(blocks))}outcome_value{tail}"
    assert spec_from_yaml(text, "reversed.yaml").order == study.order
    phrased = spec_from_yaml(text, "reversed.yaml").phrased(0)
    assert phrased.text(CODES) == study.phrased(0).text(CODES)


def test_number_0_is_the_first_of_each(study) -> None:
    assert study.phrased(0).choice == {"age": 0, "smoker": 0, "drug": 0, "state": 0}
    assert study.phrased(0).phrasing("drug").template == "She takes the {value}."


def test_negative_number_is_refused(study) -> None:
    with pytest.raises(InputError, match=r"phrasing = -1: .* 0, 1, 2"):
        study.phrased(-1)


def test_choice_depends_on_number_and_name_only(study, change) -> None:
    other = change("name: statin_study", "name: other").model_copy(
        update={
            "variables": [one for one in study.variables if one.name != "smoker"][:1]
            + [one.model_copy(update={"parents": ()}) for one in study.variables[2:]]
        }
    )
    for number in range(30):
        choice, fewer = study.phrased(number).choice, other.phrased(number).choice
        assert fewer == {name: index for name, index in choice.items() if name != "smoker"}


def test_choice_is_the_same_in_another_process() -> None:
    code = (
        "from sdscm.spec import load_spec;"
        "print(list(load_spec('breast_cancer').phrased(7).choice.values()))"
    )
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert out.stdout.strip() == str(list(load_spec("breast_cancer").phrased(7).choice.values()))


def test_draws_do_not_change_between_versions() -> None:
    """Published datasets name their phrasing by its number: these indices are for ever."""
    draws = [draw_index(number, "therapy", 12) for number in range(1, 9)]
    assert draws == [3, 10, 10, 7, 3, 7, 10, 1]


def test_draws_are_uniform() -> None:
    """Chi-squared with 9 degrees of freedom: 33.7 is exceeded once in 10,000 designs."""
    counts = Counter(draw_index(number, "age", 10) for number in range(1, 5001))
    assert set(counts) == set(range(10))
    assert sum((count - 500) ** 2 / 500 for count in counts.values()) < 33.7


def test_draws_of_two_variables_are_independent() -> None:
    """Chi-squared of the 4 x 4 table with 15 degrees of freedom: 44.3 once in 10,000 designs."""
    pairs = Counter((draw_index(k, "age", 4), draw_index(k, "drug", 4)) for k in range(1, 4001))
    table = [pairs[row, column] for row in range(4) for column in range(4)]
    assert sum((count - 250) ** 2 / 250 for count in table) < 44.3


def test_equal_and_pickled(study) -> None:
    assert study.phrased(3) == study.phrased(3)
    assert hash(study.phrased(3)) == hash(study.phrased(3))
    assert study.phrased(3) != study.phrased(4)
    copy = pickle.loads(pickle.dumps(study.phrased(3)))
    assert copy == study.phrased(3)
    assert copy.text(CODES) == study.phrased(3).text(CODES)
