"""The shipped scenarios: their facts, and the quality of their sentences."""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter
from importlib.resources import files
from pathlib import Path

import pytest

from sdscm.spec import Phrasing, Spec, Variable, load_spec, scenario_names

#: Scenarios whose sentences for tuning are not those that are scored.
SPLIT = (
    "checkout",
    "commute",
    "coupon",
    "headache",
    "housing",
    "loan",
    "revision",
    "soil",
    "tea_or_coffee",
    "therapy",
    "training",
)
NAMES = ("John", "Jane", "Alice", "Bob", "Charlie")


@pytest.fixture(params=scenario_names())
def scenario(request) -> Spec:
    return load_spec(request.param)


def _sentences(variable: Variable) -> tuple[Phrasing, ...]:
    return (*variable.tuning, *variable.phrasings)


def _normalised(template: str) -> str:
    return " ".join(re.findall(r"[a-z0-9]+", template.lower()))


def test_names() -> None:
    assert scenario_names() == [
        "breast_cancer",
        "checkout",
        "commute",
        "coupon",
        "headache",
        "hiring",
        "housing",
        "loan",
        "marathon_collider",
        "marathon_confounder",
        "misinformation",
        "revision",
        "soil",
        "tea_or_coffee",
        "therapy",
        "training",
    ]


def test_a_scenario_is_one_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A YAML file in the folder of scenarios is found by its name, and nothing else is changed."""
    (tmp_path / "scenarios").mkdir()
    text = files("sdscm").joinpath("scenarios", "tea_or_coffee.yaml").read_text(encoding="utf-8")
    text = text.replace("name: tea_or_coffee", "name: tea_or_cocoa")
    (tmp_path / "scenarios" / "tea_or_cocoa.yaml").write_text(text, encoding="utf-8")
    monkeypatch.setattr("sdscm.spec.files.files", lambda package: tmp_path)
    assert scenario_names() == ["tea_or_cocoa"]
    assert load_spec("tea_or_cocoa").name == "tea_or_cocoa"


def test_is_named_as_its_file_and_tells_its_source(scenario) -> None:
    assert scenario.name in scenario_names()
    assert scenario.title
    assert scenario.description
    assert "arXiv" in scenario.source


def test_has_ten_phrasings_each(scenario) -> None:
    assert all(len(variable.phrasings) >= 10 for variable in scenario.variables)


@pytest.mark.parametrize("name", SPLIT)
def test_has_twenty_sentences_of_each_variable_split_in_two(name) -> None:
    spec = load_spec(name)
    assert spec.split
    assert all(len(_sentences(variable)) >= 20 for variable in spec.variables)


def test_phrasings_are_unique(scenario) -> None:
    templates = [one.template for variable in scenario.variables for one in _sentences(variable)]
    counts = Counter(_normalised(template) for template in templates)
    assert [template for template, count in counts.items() if count > 1] == []


def test_sentences_are_whole(scenario) -> None:
    for variable in scenario.variables:
        for phrasing in _sentences(variable):
            for value in variable.values:
                sentence = phrasing.sentence(value)
                assert re.fullmatch(r"[A-Z0-9].*[.!?]", sentence), sentence
                assert "  " not in sentence, sentence
                assert sentence.isascii(), sentence
                assert not re.search(r"\s[.,;!?]", sentence), sentence


def test_value_stands_near_the_end(scenario) -> None:
    """Everything after the value is scored once for each candidate."""
    for variable in scenario.variables:
        for phrasing in _sentences(variable):
            assert len(phrasing.suffix.split()) <= 4, phrasing.template
            assert phrasing.prefix.endswith(" "), phrasing.template


def test_breast_cancer_has_the_facts_of_the_paper(original_config) -> None:
    ours, theirs = load_spec("breast_cancer"), load_spec(original_config)
    assert ours.order == theirs.order
    for one, other in zip(ours.variables, theirs.variables, strict=True):
        assert (one.name, one.role, one.values) == (other.name, other.role, other.values)
        assert ours.parents(one.name) == theirs.parents(other.name)
    assert ours.outcome_code == 0


def test_no_sentence_is_taken_from_the_original(original_config) -> None:
    theirs = {
        _normalised(phrasing.template)
        for variable in load_spec(original_config).variables
        for phrasing in variable.phrasings
    }
    for name in scenario_names():
        for variable in load_spec(name).variables:
            for phrasing in _sentences(variable):
                assert _normalised(phrasing.template) not in theirs


def test_marathon_confounder() -> None:
    spec = load_spec("marathon_confounder")
    assert spec.order == ("speaker", "friend", "weather", "gym_or_run", "marathon_time")
    assert spec.parents("gym_or_run") == ("speaker", "weather")
    assert spec.parents("marathon_time") == ("friend", "weather")
    assert spec.parents("weather") == ()
    _same_variables(spec)


def test_marathon_collider() -> None:
    spec = load_spec("marathon_collider")
    assert spec.parents("gym_or_run") == ("speaker",)
    assert spec.parents("marathon_time") == ("friend",)
    assert spec.parents("weather") == ("gym_or_run", "marathon_time")
    _same_variables(spec)


def test_tea_or_coffee_is_confounded_by_exogenous_evenings() -> None:
    spec = load_spec("tea_or_coffee")
    assert " ".join(spec.order) == "plan sister monday tuesday street mood drink sleep"
    assert spec.exogenous == ("sister", "monday", "tuesday")
    assert spec.parents("drink") == ("sister", "monday", "tuesday", "mood")
    assert spec.parents("sleep") == ("plan", "monday", "tuesday", "street", "mood", "drink")
    assert spec.parents("mood") == ("plan", "tuesday")
    assert spec.descendants("drink") == ("sleep",), "every covariate comes before the treatment"
    assert spec.treatment.values == ("coffee to keep awake", "tea to sleep well again")
    assert spec.outcome.values[spec.outcome_code] == "badly"


def test_tea_or_coffee_can_be_enumerated() -> None:
    spec = load_spec("tea_or_coffee")
    sizes = {variable.name: len(variable.values) for variable in spec.variables}
    for name in spec.order:
        assert math.prod(sizes[parent] for parent in spec.parents(name)) <= 2000, name


@pytest.mark.parametrize(
    ("name", "confounder", "modifier"),
    [("headache", "monday", "diary"), ("revision", "may", "report"), ("soil", "lastyear", "rumor")],
)
def test_scenarios_with_a_shown_modifier_and_a_hidden_confounder(
    name, confounder, modifier
) -> None:
    spec = load_spec(name)
    treatment, outcome = spec.treatment.name, spec.outcome.name
    assert spec.exogenous == (confounder,)
    assert confounder in spec.parents(treatment)
    assert spec.parents(outcome) == (confounder, modifier, treatment)
    assert modifier not in spec.parents(treatment)
    assert spec.descendants(treatment) == (outcome,), "every covariate comes before the treatment"
    assert len(spec.variables) == 9
    assert spec.outcome.values[spec.outcome_code] == "worse"
    # Each value of the modifier tells of one treatment and one outcome, with each pair once.
    pairs = {
        (treated, result)
        for value in spec.variable(modifier).values
        for treated in spec.treatment.values
        for result in spec.outcome.values
        if treated in value and value.endswith(result)
    }
    assert len(pairs) == len(spec.variable(modifier).values) == 4


def test_commute_has_three_treatments_and_an_instrument() -> None:
    spec = load_spec("commute")
    assert " ".join(spec.order) == (
        "monday colleague season weather district distance breakfast mood drawing meeting way "
        "arrival"
    )
    assert spec.exogenous == ("monday",)
    assert spec.common_causes == ("monday", "season", "weather")
    assert spec.treatment.values == ("by bus", "by bike", "by car")
    assert spec.variable("drawing").role == "instrument"
    hidden = spec.identified(hidden=True)
    assert hidden.adjustment is None
    assert hidden.instruments == {"breakfast": (), "mood": (), "drawing": ()}
    assert spec.identified(hidden=False).adjustment == ("monday", "weather")
    assert spec.outcome.values[spec.outcome_code] == "late"


def test_coupon_has_a_proxy_of_the_hidden_confounder() -> None:
    spec = load_spec("coupon")
    assert " ".join(spec.order) == (
        "march survey sister town job income contact weather clerk offer purchase"
    )
    assert spec.exogenous == ("march",)
    assert spec.variable("survey").role == "proxy"
    assert spec.common_causes == ("march", "job", "income")
    assert spec.parents("purchase") == ("march", "sister", "income", "offer")
    hidden = spec.identified(hidden=True)
    assert hidden.adjustment is None
    assert hidden.instruments == {"clerk": ()}
    assert spec.identified(hidden=False).adjustment is not None
    assert spec.outcome.values[spec.outcome_code] == "something"


def test_checkout_has_an_instrument_and_a_mediator() -> None:
    spec = load_spec("checkout")
    assert " ".join(spec.order) == (
        "lastorder device network cart sister assignment page wish order"
    )
    assert spec.exogenous == spec.common_causes == ("lastorder",)
    assert spec.variable("assignment").role == "instrument"
    assert spec.variable("assignment").values == spec.treatment.values == ("the form", "the chat")
    assert spec.variable("wish").role == "mediator"
    hidden = spec.identified(hidden=True)
    assert hidden.adjustment is None
    assert hidden.instruments["assignment"] == ()
    assert hidden.front_door == ()
    assert spec.identified(hidden=False).adjustment == ("lastorder",)
    assert spec.outcome.values[spec.outcome_code] == "paid"


def _same_variables(spec: Spec) -> None:
    assert spec.exogenous == ("speaker", "friend")
    assert spec.covariates == ("speaker", "friend", "weather")
    assert spec.variable("speaker").values == spec.variable("friend").values == NAMES
    assert spec.variable("weather").values == ("sunny", "rainy", "snowy", "cold", "hot")
    assert spec.treatment.name == "gym_or_run"
    assert spec.treatment.values == ("to the gym", "for a run outside")
    assert spec.outcome.values == ("improve", "worsen")
    assert spec.outcome.values[spec.outcome_code] == "worsen"
    assert spec.outcome.name not in spec.descendants(spec.treatment.name), "every effect is 0"


def test_hiring_has_direct_and_indirect_paths_from_groups_of_names() -> None:
    spec = load_spec("hiring")
    assert spec.order == ("position", "name", "qualification", "call-back")
    assert spec.parents("qualification") == ("position", "name")
    assert spec.parents("call-back") == ("position", "name", "qualification")
    assert spec.treatment.name == "name"
    groups = dict(spec.treatment.groups)
    first, second, men, women = (set(groups[name]) for name in groups)
    assert len(first) == len(second) == len(men) == len(women) == 4
    assert first | second == men | women == set(spec.treatment.values)
    # Neither contrast says anything of the other.
    assert len(first & men) == len(first & women) == 2
    assert spec.outcome.values[spec.outcome_code] == "interview"


def test_misinformation_has_direct_and_indirect_paths_from_an_event() -> None:
    spec = load_spec("misinformation")
    assert spec.treatment.name == "event"
    assert spec.parents("worry") == ("place", "event")
    assert spec.parents("belief") == ("work", "event", "worry")
    assert len(spec.treatment.values) == 3
    assert spec.outcome.values[spec.outcome_code] == "dangerous"


@pytest.mark.parametrize("name", ["hiring", "misinformation"])
def test_scenarios_of_audits_can_be_enumerated(name) -> None:
    spec = load_spec(name)
    sizes = {variable.name: len(variable.values) for variable in spec.variables}
    for each in spec.order:
        assert math.prod(sizes[parent] for parent in spec.parents(each)) <= 200, each


def test_training_has_an_instrument_and_a_proxy_of_the_hidden_confounder() -> None:
    spec = load_spec("training")
    assert _with_roles(spec) == {"lottery": "instrument", "mood": "proxy"}
    assert spec.exogenous == spec.common_causes == ("friend",)
    assert spec.parents("mood") == ("friend",)
    assert spec.parents("job") == ("friend", "report", "course")
    shown = spec.identified(hidden=True)
    assert shown.adjustment is None
    assert shown.instruments["lottery"] == (), "an instrument with nothing held fixed"
    assert spec.identified(hidden=False).adjustment == ("friend",)


def test_therapy_has_a_proxy_and_a_shown_common_cause_beside_the_hidden_one() -> None:
    spec = load_spec("therapy")
    assert _with_roles(spec) == {"march": "proxy"}
    assert spec.exogenous == spec.parents("march") == ("winter",)
    assert spec.common_causes == ("winter", "topic")
    assert spec.parents("sleep") == ("winter", "topic", "memory", "help")
    assert spec.identified(hidden=True).adjustment is None
    assert spec.identified(hidden=False).adjustment == ("winter", "topic")
    assert len(spec.outcome.values) == 3
    assert spec.outcome.values[spec.outcome_code] == "worse"


def test_loan_has_a_mediator_and_two_hidden_confounders() -> None:
    spec = load_spec("loan")
    assert _with_roles(spec) == {"left": "mediator"}
    assert spec.parents("left") == ("rent", "plan")
    assert spec.exogenous == ("first", "sister")
    assert spec.common_causes == ("first", "sister", "place")
    assert spec.parents("payment") == ("first", "sister", "rule", "plan", "left")
    shown = spec.identified(hidden=True)
    assert shown.adjustment is None
    assert shown.front_door == (), "the plan has an arrow to the outcome, too"
    assert shown.instruments["clerk"] == ()
    assert spec.identified(hidden=False).all_adjust
    assert spec.outcome.values[spec.outcome_code] == "late"


def test_housing_has_a_treatment_of_three_values() -> None:
    spec = load_spec("housing")
    assert spec.treatment.values == ("advice", "rent money", "no help")
    assert spec.exogenous == ("last",)
    assert spec.common_causes == ("last", "city", "work")
    assert spec.parents("result") == ("last", "report", "work", "help")
    # Each ordered pair of the values is compared once.
    compared = {
        tuple(re.findall("advice|rent money|no help", each))
        for each in spec.variable("report").values
    }
    assert compared == set(itertools.permutations(spec.treatment.values, 2))
    shown = spec.identified(hidden=True)
    assert shown.adjustment is None
    assert shown.instruments["office"] == shown.instruments["landlord"] == ("work",)
    assert spec.identified(hidden=False).adjustment == ("last", "work")
    assert spec.outcome.values[spec.outcome_code] == "worse"


def _with_roles(spec: Spec) -> dict[str, str]:
    """The covariates of which the spec states more than that."""
    plain = ("exogenous", "covariate", "treatment", "outcome")
    return {each.name: each.role for each in spec.variables if each.role not in plain}
