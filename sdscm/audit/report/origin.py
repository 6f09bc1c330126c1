"""Sections on the origin of the findings: controls, mechanisms, prompts and settings."""

from __future__ import annotations

from sdscm.audit.controls.placebo import shown
from sdscm.audit.report import words
from sdscm.audit.report.prompts import example, prompt
from sdscm.audit.report.view import Section, Table
from sdscm.audit.result import AuditResult, Control
from sdscm.number_format import NONE

_PASSED = {True: "passed", False: "FAILED", None: "not judged"}


def controls(result: AuditResult) -> list[Section]:
    if not result.controls:
        return []
    rows = [_control(each) for each in result.controls]
    interval = f"{words.percent(result.level)} interval"
    header = ("Control", "Model", "Outcome", "Effect", "Expected", "Found", interval, "Result")
    text = [
        "Controls are questions to the audit itself with known answers. Placebo: a sentence that "
        "should not matter. Shuffled: the values are exchanged in half of the contexts. Both pass "
        "if the interval contains 0, or only effects smaller than the smallest effect of interest; "
        f"about {words.percent(1 - result.level)} of them fail by chance. Planted: the effects of "
        "a tiny model are known, and the audit must find them in every phrasing to 1e-6 (plus five "
        "standard errors where units are sampled).",
    ]
    if result.placebo is not None:
        sentences = " or ".join(f"'{each}'" for each in shown(result.placebo))
        text.append(f"The placebo's sentence, right before the treatment's sentence: {sentences}")
    table = Table(header, tuple(rows), right=(4, 5, 6))
    return [Section("controls", "Controls", tuple(text), (table,))]


def _control(control: Control) -> tuple[str, ...]:
    found = control.finding
    return (
        control.kind,
        found.model,
        words.outcome(found.measure),
        f"{words.contrast(found)}, {found.estimand.label}",
        words.effect(control.expected),
        words.effect(found.mean),
        words.between(found.interval),
        _PASSED[control.passed],
    )


def mechanisms(result: AuditResult) -> list[Section]:
    rows = [
        (
            model.id,
            each.name,
            _chance(each.mass),
            _chance(each.least_mass),
            words.share(each.settled),
            words.share(each.largest),
            "; ".join(each.problems) or "none",
        )
        for model in result.models
        for each in model.facts
    ]
    if not rows:
        return []
    header = ("Model", "Variable", "Mass", "Least mass", "Over 99 %", "Largest share", "Warnings")
    text = (
        "Mass: the probability of all sentences of the domain together, before normalisation. "
        "Where it is tiny, the model prefers other texts. Over 99 %: share of units for which one "
        "value has a probability above 99 %. Each column shows the worst phrasing.",
    )
    return [
        Section(
            "mass",
            "Mechanism of each variable",
            text,
            (Table(header, tuple(rows), right=(2, 3, 4, 5)),),
        )
    ]


def _chance(value: float) -> str:
    return NONE if value != value else f"{value:.1e}".replace("-", "−")


def prompts(result: AuditResult) -> Section:
    spec, totals = result.spec, result.of("total")
    asked = [
        ", ".join((each.model, words.contrast(each), words.outcome(each.measure)))
        for each in totals
    ]
    header = ["No.", "Number", *asked, "Text"]
    rows = [
        (
            str(place + 1),
            str(number),
            *(words.effect(each.effects[place].value) for each in totals),
            prompt(spec, number),
        )
        for place, number in enumerate(result.phrasings)
    ]
    shown = example(spec, result.phrasings[0])
    return Section(
        "prompts",
        "All phrasings and their total effects",
        (
            "A name in brackets stands for a value of the variable. The model scores each variable "
            "after the sentences of its parents only, in this order. Number: the phrasing's number "
            "in sdscm inspect and sdscm generate.",
            f"For example, after the text '{shown.context}' the first phrasing scores "
            f"{' against '.join(repr(each) for each in shown.candidates)}.",
        ),
        (Table(tuple(header), tuple(rows), right=(0, *range(2, 2 + len(totals)))),),
        folded=True,
    )


def settings(result: AuditResult) -> Section:
    spec, plan = result.spec, result.plan
    sides = dict.fromkeys(
        name for each in result.of("total") for name in (each.control, each.treated)
    )
    facts = [
        ("Spec", f"{spec.name}, content hash {spec.content_hash}"),
        ("Source", spec.source),
        *(
            ("Model", f"{m.id}, revision {m.revision or 'unknown'}")
            for m in result.models
            if not m.error
        ),
        (
            "Treatment",
            f"{spec.treatment.name}: " + "; ".join(words.side(spec, name) for name in sides),
        ),
        ("Outcome", f"{spec.outcome.name}: {', '.join(spec.outcome.values)}"),
        ("Mediators", ", ".join(result.mediators) or "none"),
        *((name, ", ".join(spec.variable(name).values)) for name in spec.covariates),
        ("Method", _METHODS[plan.method]),
        (
            "Units",
            f"{plan.units:,} for each phrasing where sampled, {plan.panel:,} in the panel",
        ),
        ("Smallest effect of interest", _smallest(result)),
        ("Level", f"{words.percent(result.level)}, {result.inference.resamples:,} resamples"),
        ("Temperature, scoring", f"{plan.temperature:g}, {plan.scoring}"),
        ("Seed", str(plan.seed)),
        ("Versions", ", ".join(f"{name} {version}" for name, version in result.versions)),
    ]
    rows = tuple((name, value) for name, value in facts if value)
    return Section("settings", "Where it comes from", (), (Table(("What", "Value"), rows),))


_METHODS = {
    "exact": "enumeration of all texts",
    "sample": "sampled units",
    "auto": "enumeration of all texts where possible, sampled units elsewhere",
}


def _smallest(result: AuditResult) -> str:
    return (
        ", ".join(f"{number:g} ({kind})" for kind, number in result.smallest.items())
        or "none stated"
    )
