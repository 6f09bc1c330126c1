"""The JSON format of the reference code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sdscm.errors import InputError
from sdscm.spec import load_spec


def _entry(name: str, **changes: Any) -> dict[str, Any]:
    return {
        "possible_prefix_suffix_pairs": [[f"The {name} is ", "."], ["", f" is the {name}."]],
        "candidate_set": ["low", "high"],
        "intervention_choice": None,
        "parent_indices": None,
        "exogenous": False,
        "variable_name": name,
        **changes,
    }


@pytest.fixture
def config() -> dict[str, Any]:
    return {
        "experiment_name": "small",
        "setup_sequence_sample_space": [
            _entry("age", exogenous=True),
            _entry("dose", parent_indices=[0]),
            _entry("risk", parent_indices=[0, 1]),
        ],
        "index_of_intervention": 1,
        "intervention_choices": [0, 1],
        "index_of_outcome": 2,
        "possible_outcome_choices": [0, 1],
    }


def _load(config: dict[str, Any], folder: Path):
    path = folder / "config.json"
    path.write_text(json.dumps(config))
    return load_spec(path)


def test_roles_parents_and_phrasings(config, tmp_path) -> None:
    spec = _load(config, tmp_path)
    assert spec.name == "small"
    assert [(one.name, one.role) for one in spec.variables] == [
        ("age", "exogenous"),
        ("dose", "treatment"),
        ("risk", "outcome"),
    ]
    assert spec.parents("risk") == ("age", "dose")
    assert spec.outcome_code == 0
    assert spec.phrased(0).text({"age": 0, "dose": 1, "risk": 0}) == (
        "The age is low. The dose is high. The risk is low."
    )
    assert spec.variable("risk").phrasings[1].sentence("high") == "high is the risk."


@pytest.mark.parametrize("choice", [1, "high"])
def test_intervention_choice_fixes_the_value(config, tmp_path, choice) -> None:
    config["setup_sequence_sample_space"][0]["intervention_choice"] = choice
    spec = _load(config, tmp_path)
    assert spec.variable("age").distribution == (0.0, 1.0)
    assert spec.variable("dose").distribution == "lm"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"index_of_outcome": 3}, "'index_of_outcome' is 3; write an index from 0 to 2"),
        ({"index_of_outcome": None}, "'index_of_outcome' is missing or of another type; add"),
        ({"index_of_outcome": True}, "'index_of_outcome' is True; write an index from 0 to 2"),
        ({"index_of_outcome": 1}, "are both 1; point them at two variables"),
        ({"intervention_choices": [1, 0]}, "'intervention_choices' is [1, 0]; list the control"),
        ({"setup_sequence_sample_space": {}}, "'setup_sequence_sample_space' is missing or of"),
        ({"experiment_name": 5}, "'experiment_name' is missing or of another type; add"),
    ],
)
def test_bad_config(config, tmp_path, change, words) -> None:
    with pytest.raises(InputError) as caught:
        _load(config | change, tmp_path)
    assert str(caught.value).startswith(f"{tmp_path / 'config.json'}: ")
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"parent_indices": [7]}, "variable 'dose': 'parent_indices' is 7; write an index from"),
        ({"parent_indices": 0}, "variable 'dose': 'parent_indices' is 0; write a list"),
        ({"exogenous": None}, "variable 'dose': 'exogenous' is missing or of another type"),
        ({"candidate_set": "low"}, "variable 'dose': 'candidate_set' is missing or of another"),
        ({"intervention_choice": "lo"}, "variable 'dose': 'intervention_choice' is 'lo'; write"),
        ({"variable_name": None}, "variable number 2: 'variable_name' is missing"),
        ({"candidate_set": ["low"]}, "variable 'dose': is the treatment and has 1 value; give"),
        ({"possible_prefix_suffix_pairs": [["a"]]}, "variable 'dose': 'phrasings' number 1"),
    ],
)
def test_bad_variable(config, tmp_path, change, words) -> None:
    config["setup_sequence_sample_space"][1] |= change
    with pytest.raises(InputError) as caught:
        _load(config, tmp_path)
    assert "\n" not in str(caught.value)
    assert words in str(caught.value)


def test_config_of_the_paper(original_config) -> None:
    spec = load_spec(original_config)
    assert len(spec.variables) == 14
    assert spec.order == tuple(variable.name for variable in spec.variables)
    assert spec.exogenous == ("age", "medical conditions", "medication", "menopausal status")
    assert (spec.treatment.name, spec.outcome.name) == ("PD-L1 level", "therapy")
    assert spec.treatment.values == ("low", "high")
    for place, name in enumerate(spec.order):
        assert spec.parents(name) == spec.order[:place]
    assert len(spec.covariates) == 12


def test_sentences_of_the_paper_are_read_as_they_are(original_config) -> None:
    spec = load_spec(original_config)
    raw = json.loads(original_config.read_text())["setup_sequence_sample_space"]
    for variable, entry in zip(spec.variables, raw, strict=True):
        pairs = [[phrasing.prefix, phrasing.suffix] for phrasing in variable.phrasings]
        assert pairs == entry["possible_prefix_suffix_pairs"]
        assert list(variable.values) == entry["candidate_set"]
