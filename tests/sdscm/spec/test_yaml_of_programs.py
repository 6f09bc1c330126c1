"""YAML of people and of programs: the right data, or one line, and never a hang."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sdscm.errors import InputError
from sdscm.spec import load_spec, spec_from_yaml
from sdscm.validation import parse_yaml


def bomb(inner: str, outer: str) -> str:
    """Ten names, of which each holds the one before ten times."""
    lines = [f"a0: &a0 {inner}\n"]
    for number in range(1, 10):
        before = ", ".join([f"*a{number - 1}"] * 10)
        lines.append(f"a{number}: &a{number} {outer.replace('...', before)}\n")
    return "".join(lines)


@pytest.mark.parametrize(
    ("inner", "outer"),
    [("[x]", "[...]"), ("{x: 1}", "{y: [...]}"), ("{x: 1}", "{<<: [...]}")],
    ids=["lists", "mappings", "merge keys"],
)
def test_aliases_that_expand_without_bound_are_refused_at_once(inner: str, outer: str) -> None:
    start = time.monotonic()
    with pytest.raises(InputError, match=r"f\.yaml: its lists, .* expand to .* may hold 1,000,000"):
        parse_yaml(bomb(inner, outer), "f.yaml", "")
    assert time.monotonic() - start < 10
    with pytest.raises(InputError, match="refer to themselves"):
        parse_yaml("a: &a {b: [*a]}", "f.yaml", "")


def test_plain_aliases_are_read() -> None:
    text = "a: &a {x: 1}\nb: *a\nc: {<<: *a, y: 2}\n"
    assert parse_yaml(text, "f", "") == {"a": {"x": 1}, "b": {"x": 1}, "c": {"x": 1, "y": 2}}


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("2020-13-45", "month must be in 1..12"),
        ("9" * 5000, "Exceeds the limit"),
        ('!!int ""', "cannot be read"),
        ("!!bool maybe", "does not suit its tag"),
        ("!!timestamp foo", "does not suit its tag"),
    ],
)
def test_dates_and_numbers_that_python_does_not_have(written: str, problem: str) -> None:
    with pytest.raises(InputError, match=f"{problem}.*put it in quotes"):
        parse_yaml(f"a: {written}", "f", "")


@pytest.mark.parametrize("written", ["? [a, b]\n: 1", "{{a}: 1}", "{[]: x}", "? {a: b}\n: 1"])
def test_keys_that_are_no_texts(written: str) -> None:
    with pytest.raises(InputError, match="a key is a list or a mapping; write a text"):
        parse_yaml(written, "f", "")


@pytest.mark.parametrize(
    ("number", "problem"),
    [("9" * 5000, "a number that is too long"), ("9" * 400, "weights that are not numbers")],
)
def test_numbers_of_json_that_python_does_not_have(
    tmp_path: Path, number: str, problem: str
) -> None:
    variable = {"name": "a", "role": "exogenous", "values": ["b", "c"], "phrasings": ["{value}."]}
    text = json.dumps({"name": "x", "variables": [variable | {"distribution": [1, 2]}]})
    (tmp_path / "x.json").write_text(text.replace("[1, 2]", f"[{number}, 1]"))
    with pytest.raises(InputError, match=rf"x\.json: .*{problem}"):
        load_spec(tmp_path / "x.json")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("[=, <]", ("=", "<")),
        ("[<<, b]", ("<<", "b")),
        ("[2020, 2021-02-03]", ("2020", "2021-02-03")),
        (r'["\ud83d\ude00", b]', ("\U0001f600", "b")),
    ],
)
def test_texts_that_yaml_takes_for_something_else(
    change: Callable[..., object], written: str, read: tuple[str, ...]
) -> None:
    spec = change("[young, old]", written)
    assert spec.variable("age").values == read  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "written", [r'"\ud83d is {value}."', r'"{value} is \ude00."'], ids=["prefix", "suffix"]
)
def test_half_a_character_names_the_variable(study_text: str, written: str) -> None:
    before = '"The patient is {value}."'
    assert before in study_text
    with pytest.raises(InputError, match=r"variable 'age'.*half of a character"):
        spec_from_yaml(study_text.replace(before, written), "study.yaml")


@pytest.mark.parametrize(
    ("sentence", "named"),
    [
        ("A {{value}}.", r"\{\{value\}\}"),
        ("A { {value} }.", r"\{ \{value\} \}"),
        ("The {job} is {value}.", r"\{job\}"),
        ("{value} at {{ place.name }}.", r"\{\{ place\.name \}\}"),
        ("{value} at {{ place | upper }}.", r"\{\{ place \| upper \}\}"),
        ("{% if x %}He is {value}.", r"\{% if x %\}"),
        ("He is {value}.{# a note #}", r"\{# a note #\}"),
        ("He {} is {value}.", r"\{\}"),
        ("He {0} is {value}.", r"\{0\}"),
        ("He {name!r} is {value}.", r"\{name!r\}"),
        ("He {name:.2f} is {value}.", r"\{name:\.2f\}"),
        ("He {:>8} is {value}.", r"\{:>8\}"),
        ("He {names[0].first} is {value}.", r"\{names\[0\]\.first\}"),
        ("He {âge} is {value}.", r"\{âge\}"),
    ],
)
def test_braces_of_other_templates_are_refused(study_text: str, sentence: str, named: str) -> None:
    text = study_text.replace("The patient is {value}.", sentence)
    with pytest.raises(InputError, match=f"variable 'age'.* holds {named}, and the language model"):
        spec_from_yaml(text, "study.yaml")


@pytest.mark.parametrize(
    "sentence",
    [
        "int age() { return {value}; } // {1, 2}",
        "void f() { } // {value}",
        "p = {age: {value}, n: 1}, q = {age: 2}",
        "Let x^{2} + y_{i} be {value}.",
        r"The share \frac{1}{2} is {value}.",
    ],
)
def test_braces_that_no_template_has_are_read(study_text: str, sentence: str) -> None:
    text = study_text.replace('"The patient is {value}."', f"'{sentence}'")
    assert sentence in [
        each.template for each in spec_from_yaml(text, "f").variable("age").phrasings
    ]


@pytest.mark.parametrize("braces", ["{0}", "{name}", "{{ x }}"])
def test_a_mapping_is_taken_as_it_is(study_text: str, braces: str) -> None:
    """The documented way to write braces that belong to the text."""
    mapping = f"{{prefix: 'The set {braces} is ', suffix: '.'}}"
    text = study_text.replace('"The patient is {value}."', mapping)
    spec = spec_from_yaml(text, "f")
    assert spec.phrased(0).sentence("age", 0) == f"The set {braces} is young."
    assert type(spec).model_validate(spec.model_dump()) == spec


def test_a_mapping_with_a_place_for_the_value_is_refused(study_text: str) -> None:
    mapping = "{prefix: 'He is {value}', suffix: '.'}"
    with pytest.raises(InputError, match=r"variable 'age'.*stand around the value"):
        spec_from_yaml(study_text.replace('"The patient is {value}."', mapping), "f")


@pytest.mark.parametrize(
    ("values", "sentences"),
    [
        ("young, old", ["The patient is {value}."] * 2),
        ("young, old", ["The patient is {value}.", "The patient  is {value}. "]),
        ("young, old", ["Caf\u00e9: {value}.", "Cafe\u0301: {value}."]),
        ("x, xx", ["{value}x", "x{value}"]),
    ],
    ids=["same", "spaces", "letters", "rendered"],
)
def test_the_same_sentence_twice_is_refused(
    study_text: str, values: str, sentences: list[str]
) -> None:
    """Ten copies of one sentence would give p = 0.002, and an interval without width."""
    phrasings = ", ".join(f'"{each}"' for each in ["Her age is {value}.", *sentences])
    text = study_text.replace('"The patient is {value}."', phrasings)
    text = text.replace("[young, old]", f"[{values}]", 1)
    with pytest.raises(InputError, match=r"variable 'age'.*numbers 2 and 3 give the same sen"):
        spec_from_yaml(text, "study.yaml")


def test_a_long_value_does_not_fill_the_message(study_text: str) -> None:
    text = study_text.replace("[young, old]", f"[young, old]\n    distribution: [{'x, ' * 9999}]")
    with pytest.raises(InputError) as caught:
        spec_from_yaml(text, "study.yaml")
    assert len(str(caught.value)) < 700
    assert str(caught.value).startswith("study.yaml: variable 'age'")
    assert str(caught.value).endswith("write [0.3, 0.7]")
