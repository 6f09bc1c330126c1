"""Forms that a user may write in a spec, and their meaning."""

from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from sdscm.errors import InputError
from sdscm.spec import Phrasing, Spec, Variable, load_spec, spec_from_yaml


def test_study_is_read(study) -> None:
    assert study.order == ("age", "smoker", "drug", "state")
    assert study.treatment.values == ("placebo", "statin")
    assert study.outcome.name == "state"
    assert study.outcome_code == 0
    assert study.exogenous == ("age",)
    assert study.covariates == ("age", "smoker")
    assert study.variable("smoker").values == ("no", "yes")
    assert study.n_phrasings == 16


def test_relatives_in_topological_order(study) -> None:
    assert study.parents("state") == ("age", "drug")
    assert study.parents("age") == ()
    assert study.descendants("age") == ("smoker", "drug", "state")
    assert study.descendants("state") == ()
    assert study.ancestors("state") == ("age", "smoker", "drug")
    assert study.descendants("smoker") == ("drug", "state")
    with pytest.raises(InputError, match="did you mean 'drug'"):
        study.parents("drugs")


def test_numbers_stay_as_they_are_written(change) -> None:
    spec = change("[young, old]", "[25, 1.50, 1_000, 0x1F, 12:30, 2020-01-01, 1e3]")
    assert spec.variable("age").values == (
        "25",
        "1.50",
        "1_000",
        "0x1F",
        "12:30",
        "2020-01-01",
        "1e3",
    )


def test_numbers_in_python_and_json_become_text(tmp_path, study) -> None:
    data = study.model_dump(mode="json")
    data["variables"][0]["values"] = [25, 1.5]
    assert Spec.model_validate(data).variable("age").values == ("25", "1.5")
    path = tmp_path / "study.json"
    path.write_text(json.dumps(data).replace("1.5", "1.50"))
    assert load_spec(path).variable("age").values == ("25", "1.50")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("lm", "lm"),
        ("uniform", "uniform"),
        ("[0.25, 0.75]", (0.25, 0.75)),
        ("[1, 0]", (1.0, 0.0)),
        ("{old: 0.75, young: 0.25}", (0.25, 0.75)),
    ],
)
def test_distributions(change, written, read) -> None:
    spec = change("[young, old]", f"[young, old]\n    distribution: {written}")
    assert spec.variable("age").distribution == read


def test_weights_for_unquoted_numbers(change) -> None:
    spec = change("[young, old]", "[25, 1.50]\n    distribution: {1.50: 0.9, 25: 0.1}")
    assert spec.variable("age").distribution == (0.1, 0.9)


def test_rounded_weights_are_normalised(change) -> None:
    spec = change("[young, old]", "[a, b, c]\n    distribution: [0.3333333, 0.3333333, 0.3333333]")
    assert sum(spec.variable("age").distribution) == pytest.approx(1, abs=1e-12)


def test_one_value_under_fixed_weights(change) -> None:
    assert change("[young, old]", "[old]\n    distribution: [1]").variable("age").values == ("old",)


def test_empty_parents(change) -> None:
    assert change("    parents: [age]\n", "    parents:\n").parents("smoker") == ()


def test_outcome_value(change) -> None:
    assert change("outcome_value: recovers", "outcome_value: worsens").outcome_code == 1
    assert change("outcome_value: recovers\n", "").outcome_code == 0


def test_round_trip_through_json(tmp_path, study) -> None:
    path = tmp_path / "study.json"
    path.write_text(study.model_dump_json())
    assert load_spec(path) == study
    assert load_spec(str(path)).content_hash == study.content_hash


def test_byte_order_mark(tmp_path, study, study_text) -> None:
    (tmp_path / "study.YML").write_text(study_text, encoding="utf-8-sig")
    (tmp_path / "study.json").write_text(study.model_dump_json(), encoding="utf-8-sig")
    assert load_spec(tmp_path / "study.YML") == study
    assert load_spec(tmp_path / "study.json") == study


def test_anchors_and_merge_keys(study_text) -> None:
    text = study_text.replace("  - name: smoker\n", "  - &yes_no\n    name: smoker\n")
    text = text.replace("outcome_value:", "  - <<: *yes_no\n    name: drinker\noutcome_value:")
    assert spec_from_yaml(text, "study.yaml").variable("drinker").values == ("no", "yes")


def test_non_ascii_text(change) -> None:
    spec = change("[young, old]", "[jung, älter als fünfzig]")
    assert spec.phrased(0).sentence("age", 1) == "The patient is älter als fünfzig."


def test_specs_do_not_change(study) -> None:
    with pytest.raises(ValidationError):
        study.name = "other"
    with pytest.raises(ValidationError):
        study.variables[0].phrasings[0].prefix = "other"
    assert hash(study) == hash(study.model_copy())


def test_copy_with_a_change_is_validated_anew(study) -> None:
    copy = study.model_copy(update={"outcome_value": "worsens"})
    assert copy.outcome_code == 1
    assert copy.content_hash != study.content_hash
    with pytest.raises(ValidationError):
        study.model_copy(update={"outcome_value": "dies"})


def test_phrasing() -> None:
    phrasing = Phrasing.from_template("A {value} day.")
    assert (phrasing.prefix, phrasing.suffix) == ("A ", " day.")
    assert phrasing.sentence("hot") == "A hot day."
    assert phrasing.template == "A {value} day."
    assert Phrasing.model_validate(["A ", " day."]) == phrasing
    with pytest.raises(ValidationError):
        Phrasing.from_template("A day.")


def test_variable_in_python() -> None:
    variable = Variable(name="age", role="exogenous", values=[1, 2], phrasings=["Age {value}."])
    assert variable.values == ("1", "2")
    assert variable.phrasings[0].sentence("1") == "Age 1."
