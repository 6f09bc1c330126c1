"""Reports of audits: what they say of awkward audits, and how numbers are told."""

from __future__ import annotations

import io
import json
import math
from dataclasses import replace
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
from sdscm.audit.report.markdown import markdown
from sdscm.audit.report.page import page
from sdscm.audit.report.prompts import example, prompt
from sdscm.lm import random_table
from sdscm.lm.interface import Choice
from tests.sdscm.test_display import read

QUICK: dict[str, Any] = {"units": 60, "panel": 10, "resamples": 200, "controls": False}


@pytest.fixture
def clinic_audit(clinic: Spec) -> AuditResult:
    return audit(clinic, TabularLM(random_table(2)), subgroups=["age"], **QUICK)


def test_an_audit_shows_its_findings(clinic_audit: AuditResult) -> None:
    count = len(clinic_audit.findings)
    line = f"<AuditResult: clinic, drug → state, 1 model, 8 phrasings, {count} findings>"
    assert repr(clinic_audit) == line
    first = clinic_audit.findings[0]
    text = read(clinic_audit._repr_html_()).text
    assert {first.effect_text, first.verdict(), f"the first 10 of {count} findings"} <= set(text)
    assert f"placebo → statin, total on P(worsens): {first.effect_text}>" in repr(first)


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


def moved_by_the_weekday(add: float) -> TabularLM:
    """The planted model, whose lamp is also lit by a Thursday."""
    plain = planted_lm()

    def table(choice: Choice) -> Any:
        read = tuple(each for each in choice.context if "day" not in each)
        (scores,) = plain.score([replace(choice, context=read)])
        p = np.exp(scores.value)
        if "lamp" in choice.prefix and "Thursday" in " ".join(choice.context):
            p = p + np.array([add, -add])
        return p

    return TabularLM(table, id="planted")


@pytest.mark.parametrize(("add", "share"), [(0.1278, "50 %"), (-0.0639, "25 %"), (0.0, "0 %")])
def test_the_placebo_stands_in_the_verdict(add: float, share: str) -> None:
    """A placebo of a quarter of the effect may pass, where so much is too small to matter."""
    options = QUICK | {"controls": True}
    found = audit(planted_spec(), moved_by_the_weekday(add), phrasings=8, smallest=0.2, **options)
    placebo = f"placebo {words.size(abs(add))} ({share} of it)"
    shown = page(found)
    assert shown.parts[0].lines[0].endswith(f"Verdict: effect beyond 0.2; {placebo}.")
    assert found.controls[-2].passed
    assert shown.summary is not None
    assert "Yes, by more than 0.2. On average it is 0.2555 higher" in shown.summary.lines[0]
    assert placebo in shown.summary.lines[0]
    assert any(f"{share} of the effect of down → up" in each for each in shown.warnings) == (
        add != 0
    )


def test_an_effect_of_unknown_size_is_called_so() -> None:
    found = audit(planted_spec(), planted_lm(), phrasings=8, smallest=0.25, **QUICK)
    shown = page(found)
    assert "some effect (not 0), size undecided: 0.25 or not." in shown.parts[0].lines[0]
    assert shown.summary is not None
    assert "Yes, but whether by 0.25 or more is undecided." in shown.summary.lines[0]


def test_rates_and_their_ratio() -> None:
    """P(on) is 0.16 under down in every phrasing of the planted model."""
    found = audit(planted_spec(), planted_lm(), phrasings=8, **QUICK)
    (rates,) = found.rates()
    total = found.of("total")[0].mean
    assert rates.means == pytest.approx((0.16, 0.16 + total))
    assert rates.ratio == pytest.approx(0.16 / (0.16 + total))
    assert rates.below == 8
    kept = record(found)["rates"][0]
    assert (kept["rate_control"], kept["ratio"]) == pytest.approx((0.16, rates.ratio))
    assert "0.39, below four fifths" in markdown(page(found))


def test_rates_of_groups_weigh_their_values_equally(clinic: Spec) -> None:
    groups = (("one", clinic.treatment.values[:1]), ("other", clinic.treatment.values[1:2]))
    treatment = clinic.treatment.model_copy(update={"groups": groups})
    variables = tuple(treatment if v.role == "treatment" else v for v in clinic.variables)
    spec = clinic.model_copy(update={"variables": variables})
    found = audit(spec, TabularLM(random_table(2)), contrasts=[("one", "other")], **QUICK)
    (rates,) = found.rates()
    assert rates.means == pytest.approx([each.mean for each in found.means])
    assert rates.means[1] - rates.means[0] == pytest.approx(found.of("total")[0].mean)
    log = audit(clinic, TabularLM(random_table(2)), measures=["log-odds"], **QUICK)
    assert not log.rates()
    assert "Rates" not in markdown(page(log))


def test_the_report_says_who_when_and_why(clinic: Spec) -> None:
    about = {"Date": "2026-01-31", "Author": "A. Nurse", "Purpose": "a test of *this*"}
    found = audit(clinic, TabularLM(random_table(2)), about=about, **QUICK)
    assert record(found)["about"] == about
    text = markdown(page(found))
    assert text.index("## Summary") < text.index("A. Nurse") < text.index("## Verdicts")
    assert "a test of \\*this\\*" in text


def test_warnings_are_plain_sentences() -> None:
    """A model that hardly ever gives the listed texts, and one that always makes one choice."""

    def table(choice: Choice) -> Any:
        return [0.999, 0.001] if "lamp" in choice.prefix else [7.7e-6, 3e-6]

    (mass, *_, settled) = page(
        audit(planted_spec(), TabularLM(table), phrasings=6, **QUICK)
    ).warnings
    assert "would hardly write any of the listed texts for 'switch' by itself" in mass
    assert mass.count("1 in 93,000") == 1
    assert "almost always makes the same choice for 'lamp'" in settled
    assert words.one_in(1 / 3) == "1 in 3"
    assert words.one_in(0.0) == "0"


def test_figures_for_phones(clinic_audit: AuditResult) -> None:
    """As wide as a phone, with letters of the usual size, and every effect by its name."""
    for each in pictures(clinic_audit):
        assert (each.narrow is None) == (each.name == "graph")
        if each.narrow is not None:
            assert each.narrow.width == 360
            assert each.narrow.text.count("<text") > 10
    forest = pictures(clinic_audit)[0].narrow
    assert forest is not None
    for found in clinic_audit.findings:
        assert words.effect(found.mean) in forest.text


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
    assert clinic.common_causes == ("age", "town", "smoker")
    assert unreachable().common_causes == ("u",)


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
