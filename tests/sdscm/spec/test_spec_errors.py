"""Every mistake gives one line: the file, the variable, the problem and the fix."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sdscm.errors import InputError
from sdscm.spec import load_spec, scenario_names, spec_from_yaml

# (what is replaced in the study, by what, the words that the line must hold)
MISTAKES = {
    "cycle": (
        "    values: [young, old]\n",
        "    values: [young, old]\n    parents: [state]\n",
        ["variable 'age'", "cycle", "age -> ", " -> age", "remove"],
    ),
    "unknown parent": (
        "parents: [drug, age]",
        "parents: [drgu, age]",
        ["variable 'state'", "'drgu'", "did you mean 'drug'?"],
    ),
    "unknown parent like no other": (
        "parents: [drug, age]",
        "parents: [xyz, age]",
        ["variable 'state'", "'xyz'", "known: age, smoker, drug"],
    ),
    "own parent": (
        "parents: [drug, age]",
        "parents: [drug, state]",
        ["variable 'state'", "its own parent", "remove"],
    ),
    "parent twice": (
        "parents: [drug, age]",
        "parents: [drug, age, drug]",
        ["variable 'state'", "'drug' twice", "remove"],
    ),
    "name twice": ("name: smoker", "name: state", ["variable 'state'", "twice", "rename"]),
    "empty name": ("name: smoker", 'name: ""', ["variable number 2", "'name' is empty"]),
    "value twice": (
        "[young, old]",
        "[young, old, young]",
        ["variable 'age'", "'young' twice", "remove"],
    ),
    "value twice but for spaces": (
        "[young, old]",
        '[young, old, " old"]',
        ["variable 'age'", "'old' twice", "remove"],
    ),
    "empty value": ("[young, old]", '[young, " "]', ["variable 'age'", "empty", "write its text"]),
    "one value": ("[young, old]", "[young]", ["variable 'age'", "1 value", "at least two"]),
    "no values": ("[young, old]", "[]", ["variable 'age'", "0 values", "at least two"]),
    "treatment with one value": (
        "[placebo, statin]",
        "[statin]",
        ["variable 'drug'", "1 value;", "the control, then the treated"],
    ),
    "no role": (
        "    role: covariate\n",
        "",
        ["variable 'smoker'", "'role' is missing", "exogenous, covariate, instrument"],
    ),
    "unknown role": (
        "role: covariate",
        "role: confounder",
        ["variable 'smoker'", "'confounder'", "'proxy', 'treatment' or 'outcome'"],
    ),
    "no treatment": ("role: treatment", "role: covariate", ["treatment", "'role: treatment'"]),
    "no outcome": ("role: outcome", "role: covariate", ["outcome", "'role: outcome'"]),
    "two treatments": (
        "role: covariate",
        "role: treatment",
        ["variable 'drug'", "second treatment", "'smoker'", "another role"],
    ),
    "two outcomes": (
        "role: covariate",
        "role: outcome",
        ["variable 'state'", "second outcome", "'smoker'", "another role"],
    ),
    "phrasing without a place": (
        '"The patient is {value}."',
        '"The patient is old."',
        ["variable 'age'", "'phrasings' number 1", "no place for the value", "{value}"],
    ),
    "phrasing with two places": (
        '"A patient who is {value} arrives."',
        '"{value}, {value}."',
        ["variable 'age'", "'phrasings' number 2", "2 times", "keep one"],
    ),
    "no phrasings": (
        '["She takes the {value}.", "Her doctor gives her the {value}."]',
        "[]",
        ["variable 'drug'", "no phrasings", "add at least one"],
    ),
    "phrasings left out": (
        '    phrasings: ["She takes the {value}.", "Her doctor gives her the {value}."]\n',
        "",
        ["variable 'drug'", "'phrasings' is missing", "add 'phrasings:"],
    ),
    "phrasings not a list": (
        '["She takes the {value}.", "Her doctor gives her the {value}."]',
        "She takes the {value}.",
        ["variable 'drug'", "'phrasings' is not a list", "{value}"],
    ),
    "phrasing that YAML takes for a mapping": (
        '["She takes the {value}.", "Her doctor gives her the {value}."]',
        "\n      - Her doctor says: take the {value}.",
        ["variable 'drug'", "'phrasings' number 1", "mapping", "quotes"],
    ),
    "phrasing that is null": (
        '["She takes the {value}.", "Her doctor gives her the {value}."]',
        "[null]",
        ["variable 'drug'", "'phrasings' number 1", "not a sentence", "quotes"],
    ),
    "values not a list": (
        "values: [young, old]",
        "values: young",
        ["variable 'age'", "'values' is not a list", "[low, high]"],
    ),
    "too few weights": (
        "values: [young, old]",
        "values: [young, old]\n    distribution: [1.0]",
        ["variable 'age'", "1 weight for 2 values", "one weight for each"],
    ),
    "weights that do not sum to 1": (
        "values: [young, old]",
        "values: [young, old]\n    distribution: [0.5, 0.6]",
        ["variable 'age'", "'distribution'", "sum to 1.1", "make them sum to 1"],
    ),
    "negative weight": (
        "values: [young, old]",
        "values: [young, old]\n    distribution: [-0.5, 1.5]",
        ["variable 'age'", "'distribution'", "not 0 or more", "[0.3, 0.7]"],
    ),
    "weight that is not a number": (
        "values: [young, old]",
        "values: [young, old]\n    distribution: [half, half]",
        ["variable 'age'", "'distribution'", "not numbers", "[0.3, 0.7]"],
    ),
    "weight that is nan": (
        "values: [young, old]",
        "values: [young, old]\n    distribution: [nan, 0.5]",
        ["variable 'age'", "'distribution'", "not 0 or more"],
    ),
    "weight for no value": (
        "values: [young, old]",
        "values: [young, old]\n    distribution: {young: 0.5, odl: 0.5}",
        ["variable 'age'", "'odl'", "did you mean 'old'?"],
    ),
    "value without a weight": (
        "values: [young, old]",
        "values: [young, old]\n    distribution: {young: 1}",
        ["variable 'age'", "no weight to 'old'", "add one"],
    ),
    "unknown distribution": (
        "values: [young, old]",
        "values: [young, old]\n    distribution: normal",
        ["variable 'age'", "'normal'", "lm, uniform, or a list of weights"],
    ),
    "outcome not by the language model": (
        "values: [recovers, worsens]",
        "values: [recovers, worsens]\n    distribution: uniform",
        ["variable 'state'", "outcome", "remove 'distribution'"],
    ),
    "outcome value not in the domain": (
        "outcome_value: recovers",
        "outcome_value: recover",
        ["variable 'state'", "'recover'", "did you mean 'recovers'?"],
    ),
    "unquoted yes": (
        '["no", "yes"]',
        '["no", yes]',
        ["variable 'smoker'", "'values' number 2", "holds yes", "quotes: 'yes'"],
    ),
    "unquoted off": (
        '["no", "yes"]',
        "[off, never]",
        ["variable 'smoker'", "'values' number 1", "holds off", "quotes: 'off'"],
    ),
    "unquoted null": (
        '["no", "yes"]',
        '["no", null]',
        ["variable 'smoker'", "'values' number 2", "holds null", "quotes: 'null'"],
    ),
    "unquoted no as a name": ("name: smoker", "name: no", ["variable number 2", "holds no"]),
    "misspelt key": (
        "    parents: [drug, age]",
        "    parent: [drug, age]",
        ["variable 'state'", "unknown key 'parent'", "did you mean 'parents'?"],
    ),
    "misspelt required key": (
        "    values: [young, old]",
        "    value: [young, old]",
        ["variable 'age'", "unknown key 'value'", "did you mean 'values'?", "1 more problem"],
    ),
    "misspelt top key": ("title:", "titel:", ["unknown key 'titel'", "did you mean 'title'?"]),
    "no name": ("name: statin_study\n", "", ["'name' is missing", "add 'name:"]),
    "name that is not a file name": ("statin_study", "a/b", ["'name'", "'a/b'", "letters, digits"]),
    "title that is a list": ("Does the statin help?", "[1]", ["'title'", "quotes"]),
    "variable that is not a mapping": (
        "variables:\n",
        "variables:\n  - age\n",
        ["variable number 1", "not a mapping", "name, role, values, phrasings"],
    ),
    "key twice": (
        "values: [young, old]",
        "values: [young, old]\n    values: [a, b]",
        ["line 7", "'values' occurs twice", "remove"],
    ),
    "tab": ("    values: [young, old]", "\tvalues: [young, old]", ["line 6", "tab", "spaces"]),
    "unbalanced bracket": ("[young, old]", "[young, old", ["not valid YAML", "line", "quotes"]),
    "unquoted sentence in a list": (
        '"The patient is {value}."',
        "{value} is her age.",
        ["not valid YAML", "line 7", "quotes"],
    ),
}


@pytest.mark.parametrize(("old", "new", "words"), MISTAKES.values(), ids=MISTAKES)
def test_mistake_is_told_in_one_line(study_text, old, new, words) -> None:
    assert study_text.count(old) == 1
    with pytest.raises(InputError) as caught:
        spec_from_yaml(study_text.replace(old, new), "study.yaml")
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith("study.yaml: ")
    assert ";" in message, "the problem; the fix"
    for word in words:
        assert word in message


def test_exogenous_parent_must_be_exogenous(change) -> None:
    with pytest.raises(InputError, match=r"variable 'age': is exogenous, but its parent 'weight'"):
        change(
            "    values: [young, old]\n",
            "    values: [young, old]\n    parents: [weight]\n"
            '    phrasings: ["She is {value}."]\n'
            "  - name: weight\n    role: covariate\n    values: [light, heavy]\n",
        )


def test_other_problems_are_counted(study_text) -> None:
    text = study_text.replace("[young, old]", "[young, young]").replace("[placebo, statin]", "[x]")
    with pytest.raises(InputError, match=r"variable 'age': .* \(and 1 more problem\)$"):
        spec_from_yaml(text, "study.yaml")


def test_problems_between_variables_are_counted_and_hints_leave_out_the_child(change) -> None:
    with pytest.raises(InputError) as caught:
        change("parents: [drug, age]", "parents: [xyz, abc]")
    assert str(caught.value) == (
        "study.yaml: variable 'state': its parent 'xyz' is not a variable; "
        "known: age, smoker, drug (and 1 more problem)"
    )


def test_line_breaks_in_names_stay_on_one_line(study_text) -> None:
    text = study_text.replace("parents: [drug, age]", 'parents: ["a\\nb", age]')
    with pytest.raises(InputError) as caught:
        spec_from_yaml(text, "study.yaml")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty; begin with"),
        ("# nothing yet\n", "is empty; begin with"),
        ("- name: age\n", "holds a list, not a mapping; begin with"),
        ("just a line\n", "holds a single value, not a mapping; begin with"),
        ("name: a\nvariables: []\n", "'variables' is empty; add"),
        ("name: a\n", "'variables' is missing; add"),
        ("name: a\n---\nname: b\n", "not valid YAML"),
        ("name: a\x00\n", "not valid YAML"),
        ("[" * 5000, "nested too deeply"),
        ("name: !!python/name:os.system\n", "not valid YAML"),
    ],
)
def test_file_that_holds_no_spec(text, words) -> None:
    with pytest.raises(InputError) as caught:
        spec_from_yaml(text, "study.yaml")
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("study.yaml: ")
    assert words in str(caught.value)


def test_missing_file_lists_the_scenarios() -> None:
    with pytest.raises(InputError) as caught:
        load_spec("marathon_confonder")
    message = str(caught.value)
    assert "did you mean 'marathon_confounder'?" in message
    assert f"shipped scenarios: {', '.join(scenario_names())}; " in message


def test_missing_file_names_a_neighbour(tmp_path) -> None:
    (tmp_path / "study.yaml").write_text("name: a")
    with pytest.raises(InputError, match=r"no such file or scenario; did you mean '.*study\.yaml'"):
        load_spec(tmp_path / "studdy.yaml")


def test_folder_and_other_suffix(tmp_path) -> None:
    (tmp_path / "folder.yaml").mkdir()
    (tmp_path / "study.txt").write_text("name: a")
    with pytest.raises(InputError, match=r"cannot be read \(Is a directory\); "):
        load_spec(tmp_path / "folder.yaml")
    with pytest.raises(InputError, match=r"ends in \.yaml, \.yml or \.json"):
        load_spec(tmp_path / "study.txt")


def test_other_encoding(tmp_path) -> None:
    path = tmp_path / "study.yaml"
    path.write_bytes("name: café".encode("latin-1"))
    with pytest.raises(InputError, match="is not UTF-8 text; save it in UTF-8"):
        load_spec(path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"name": "a",\n "variables": [}', "line 2, column 16: not valid JSON"),
        ('{"name": "a", "name": "b"}', "the key 'name' occurs twice; remove"),
        ("", "is empty; begin with"),
        ("[1]", "holds a list, not a mapping"),
        ("[" * 200_000, "nested too deeply"),
    ],
)
def test_broken_json(tmp_path, text, words) -> None:
    path = tmp_path / "study.json"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        load_spec(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert words in str(caught.value)


def test_json_truth_value(tmp_path: Path, study) -> None:
    data = study.model_dump(mode="json")
    data["variables"][1]["values"] = ["no", True]
    path = tmp_path / "study.json"
    path.write_text(json.dumps(data))
    with pytest.raises(InputError, match=r"variable 'smoker': 'values' number 2 holds True"):
        load_spec(path)
