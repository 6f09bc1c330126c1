"""Reports of audits: what they say of awkward audits, and how numbers are told."""

from __future__ import annotations

import io
import json
import math
from typing import Any

import numpy as np
import pytest
from PIL import Image

from sdscm import Spec, TabularLM
from sdscm.audit import AuditResult, audit
from sdscm.audit.controls.placebo import placebo_of
from sdscm.audit.controls.planted import planted_lm, planted_spec
from sdscm.audit.inference import ConfidenceInterval
from sdscm.audit.report import record, words
from sdscm.audit.report.figures import pictures
from sdscm.audit.report.figures.paths import common_causes
from sdscm.audit.report.markdown import markdown
from sdscm.audit.report.page import page
from sdscm.audit.report.prompts import example, prompt
from sdscm.lm import random_table

QUICK: dict[str, Any] = {"units": 60, "panel": 10, "resamples": 200, "controls": False}


@pytest.fixture
def clinic_audit(clinic: Spec) -> AuditResult:
    return audit(clinic, TabularLM(random_table(2)), subgroups=["age"], **QUICK)


def unreachable() -> Spec:
    """A treatment that reaches nothing, and an outcome with a cause of its own."""
    sentences = {"phrasings": [f"In case {k} it is {{value}}." for k in range(6)]}
    return Spec.model_validate(
        {
            "name": "unreachable",
            "variables": [
                {"name": "u", "role": "exogenous", "values": ["a", "b"], **sentences},
                {"name": "t", "role": "treatment", "values": ["c", "d"], "parents": ["u"]}
                | sentences,
                {"name": "y", "role": "outcome", "values": ["e", "f"], "parents": ["u"]}
                | sentences,
            ],
        }
    )


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (0.01234, "+0.0123"),
        (-0.5, "−0.5000"),
        (0.0, "0"),
        (-0.0, "0"),
        (0.00004, "+4e−05"),
        (math.nan, "–"),
        (None, "–"),
        (-math.inf, "−∞"),
    ],
)
def test_effects_in_words(value: float | None, told: str) -> None:
    assert words.effect(value) == told


def test_other_numbers_in_words() -> None:
    assert words.size(0.02) == "0.0200"
    assert words.size(math.inf) == "none"
    assert words.share(2 / 3) == "67 %"
    assert words.percent(0.995) == "99.5 %"
    assert words.between(ConfidenceInterval(-0.1, 0.2, 0.95)) == "−0.1000 to +0.2000"


def test_the_verdict_of_each_total_is_a_sentence() -> None:
    found = audit(planted_spec(), planted_lm(), phrasings=8, smallest=0.05, **QUICK)
    (told,) = page(found).parts[0].lines
    assert told.startswith("In planted, switch = up instead of down raises P(on) by 0.2")
    assert told.endswith("100 % of the phrasings agree in sign. Verdict: effect beyond 0.05.")


def test_effects_are_grouped_with_their_route(clinic_audit: AuditResult) -> None:
    labels = {each.estimand.label for each in clinic_audit.findings}
    assert {
        "natural direct, not through pressure",
        "natural indirect through pressure",
        "mediated interaction with pressure",
        "interaction: age = old less young",
    } <= labels


def test_every_picture_is_drawn_in_both_formats(clinic_audit: AuditResult) -> None:
    drawn = pictures(clinic_audit)
    names = [each.name for each in drawn]
    assert names == ["forest-1", "phrasings-1", "paths", "graph"]
    for each in drawn:
        assert each.wide.text.startswith("<svg")
        (png,) = each.files.values()
        image = Image.open(io.BytesIO(png))
        # Something is drawn, and nothing touches the edge.
        ink = np.array(image.convert("L")) < 128
        assert ink.any()
        assert not ink[[0, -1]].any(), each.name
        assert not ink[:, [0, -1]].any(), each.name


def test_a_long_label_is_whole_and_a_very_long_one_is_cut() -> None:
    long, very_long = "as dry as it ever was in our town", "w" * 90
    season = planted_spec().variable("season")
    change = {"values": ("wet", long, very_long), "distribution": "uniform"}
    variables = [season.model_copy(update=change), *planted_spec().variables[1:]]
    spec = planted_spec().model_copy(update={"variables": tuple(variables)})
    lm = TabularLM(lambda choice: [1.0] * len(choice.values))
    found = audit(spec, lm, subgroups=["season"], phrasings=1, **QUICK)
    drawn = pictures(found)[0]
    svg = drawn.wide.text
    whole = f"interaction: season = {long} less wet"
    assert 56 < len(whole) < 72
    assert f">{whole}<" in svg
    assert "w…" in svg
    assert very_long not in svg
    # No letter reaches the numbers on the right.
    image = np.array(Image.open(io.BytesIO(drawn.files["figures/forest-1.png"])).convert("L"))
    left, right = (round(110 * inches) for inches in (3.62, 3.68))
    assert (image[: -round(110 * 0.6), left:right] > 200).all()


def test_the_report_shows_the_placebo(clinic: Spec) -> None:
    options: dict[str, Any] = {**QUICK, "controls": True, "phrasings": 2}
    lm = TabularLM(random_table(2))
    found = audit(clinic, lm, placebo=placebo_of("It was typed in {Arial|Courier}."), **options)
    told = markdown(page(found))
    assert "'It was typed in {Arial|Courier}.'" in told
    kept = record(found)
    assert kept["placebo"]["values"] == ["Arial", "Courier"]
    assert kept["placebo"]["phrasings"] == [{"prefix": "It was typed in ", "suffix": "."}]
    assert kept["controls"][-2]["finding"]["tests"]["no_effect"]["holm"] is not None


def test_common_causes_reach_the_outcome_beside_the_treatment(clinic: Spec) -> None:
    # town -> smoker -> pressure -> state; hobby and ward are no causes.
    assert common_causes(clinic) == ("age", "town", "smoker")
    assert common_causes(unreachable()) == ("u",)


def test_a_treatment_that_reaches_nothing() -> None:
    found = audit(unreachable(), TabularLM(random_table(1)), phrasings=6, **QUICK)
    (total,) = found.of("total")
    assert total.mean == 0
    assert "does not change P(e) on average" in page(found).parts[0].lines[0]
    assert page(found).parts[0].lines[0].endswith("Verdict: exactly 0.")
    assert len(pictures(found)) == 4
    svg = next(each.wide.text for each in pictures(found) if each.name == "paths")
    assert "spurious" in svg
    assert "direct" not in svg


def test_what_is_not_finite_is_told_and_drawn() -> None:
    switch = planted_spec().treatment.model_copy(update={"distribution": (1.0, 0.0)})
    variables = [switch if v.name == "switch" else v for v in planted_spec().variables]
    spec = planted_spec().model_copy(update={"variables": tuple(variables)})
    found = audit(spec, planted_lm(), phrasings=5, **QUICK)
    assert len(pictures(found)) == 4
    told = json.dumps(record(found), allow_nan=False)
    spurious = [e for e in json.loads(told)["findings"] if e["estimand"]["kind"] == "spurious"]
    assert spurious[0]["mean"] is None
    assert "probability 0" in spurious[0]["refusal"]


def test_sampled_effects_show_their_standard_error(clinic: Spec) -> None:
    found = audit(clinic, TabularLM(random_table(2)), method="sample", phrasings=5, **QUICK)
    (effects,) = (each for each in page(found).parts if each.name == "effects")
    (table,) = effects.tables
    assert "SE of units" in [column.heading for column in table.columns]
    (total,) = found.of("total")
    error = math.sqrt(sum(each.standard_error**2 for each in total.effects)) / 5
    cells = next(row.cells for row in table.rows if row.cells[0].text == "total")
    assert cells[3].text == f"{error:.4f}"


def test_markdown_takes_no_words_of_a_scenario_for_markup(clinic: Spec) -> None:
    drug = clinic.treatment.model_copy(update={"values": ("<b>*placebo*</b>", "a|b")})
    variables = [drug if v.name == "drug" else v for v in clinic.variables]
    spec = clinic.model_copy(update={"variables": tuple(variables)})
    told = markdown(page(audit(spec, TabularLM(random_table(2)), phrasings=2, **QUICK)))
    assert "\\<b\\>\\*placebo\\*\\</b\\>" in told
    rows = [line for line in told.splitlines() if line.startswith("|")]
    assert any("a\\|b" in row for row in rows)
    assert not any("a|b" in row or "<b>" in row for row in rows)


def test_prompts_are_the_sentences_that_are_read(clinic: Spec) -> None:
    told = prompt(clinic, 0)
    assert told.startswith("The patient is [age]. She lives in [town].")
    assert told.endswith("In the end she [state].")
    # Nothing behind the outcome, and nothing beside it.
    assert "ward" not in told
    assert "hobby" not in told
    shown = example(clinic, 0)
    assert shown.context == (
        "The patient is young. She takes the placebo. Her blood pressure is low."
    )
    assert shown.candidates[1] == "In the end she worsens."


def test_the_record_holds_what_can_be_counted_again(clinic_audit: AuditResult) -> None:
    told = record(clinic_audit)
    assert told["settings"]["units"] == 60
    assert told["spec"]["content_hash"] == clinic_audit.spec.content_hash
    assert [each["number"] for each in told["phrasings"]] == list(clinic_audit.phrasings)
    for each in told["findings"]:
        values = [one["value"] for one in each["effects"]]
        assert each["mean"] == pytest.approx(np.mean(values))


def test_two_measures_of_the_same_words_stay_apart(clinic: Spec) -> None:
    measures: Any = ["probability", "category"]
    found = audit(clinic, TabularLM(random_table(2)), measures=measures, phrasings=2, **QUICK)
    (effects,) = (each for each in page(found).parts if each.name == "effects")
    captions = [table.caption for table in effects.tables]
    assert captions == [
        "tabular: placebo → statin, P(worsens)",
        "tabular: placebo → statin, P(worsens), category",
    ]
    assert len({each.name for each in pictures(found)}) == 6
