"""Sections on the origin of the findings: controls, mechanisms, prompts and settings."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any

from sdscm.audit.controls.placebo import shown
from sdscm.audit.report import words
from sdscm.audit.report.effects import interval
from sdscm.audit.report.prompts import example, prompt
from sdscm.audit.result import AuditResult, Control
from sdscm.number_format import NONE, scientific
from sdscm.report_page import Section, TableColumn, make_table, number_column, text_column

_PASSED = {True: "passed", False: "FAILED", None: "not judged"}


def controls(result: AuditResult) -> list[Section]:
    if not result.controls:
        return []
    columns = (
        text_column("control", value=attrgetter("kind")),
        text_column("model", value=attrgetter("finding.model")),
        text_column("outcome", value=lambda each: words.outcome(each.finding.measure)),
        text_column(
            "effect",
            value=lambda each: f"{words.contrast(each.finding)}, {each.finding.estimand.label}",
        ),
        number_column("expected", "Expected", value=attrgetter("expected"), form=words.effect),
        number_column("found", "Found", value=attrgetter("finding.mean"), form=words.effect),
        interval(result.level, attrgetter("finding.interval")),
        text_column("compared", "Share of the effects", value=lambda each: _compared(each, result)),
        text_column("result", value=lambda each: _PASSED[each.passed]),
    )
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
    table = make_table("controls-table", "Controls", columns, result.controls)
    return [Section("controls", "Controls", tuple(text), (table,))]


def _compared(control: Control, result: AuditResult) -> str:
    """Format a placebo's size as shares of the total effects on the same model and scale."""
    if control.kind != "placebo":
        return NONE
    shares = [
        words.share(abs(control.finding.mean / each.mean))
        for each in result.of("total")
        if result.placebo_of(each) is control.finding and each.mean
    ]
    return ", ".join(shares) or NONE


def mechanisms(result: AuditResult) -> list[Section]:
    columns = (
        text_column("model"),
        text_column("variable", value=lambda row: row["facts"].name),
        _fact("Mass", "mass", _chance),
        _fact("Least mass", "least_mass", _chance),
        _fact("Over 99 %", "settled", words.share),
        _fact("Largest share", "largest", words.share),
        text_column("warnings", value=lambda row: "; ".join(row["facts"].problems) or "none"),
    )
    rows = [{"model": model.id, "facts": each} for model in result.models for each in model.facts]
    if not rows:
        return []
    text = (
        "Mass: the probability of all sentences of the domain together, before normalisation. "
        "Where it is tiny, the model prefers other texts. Over 99 %: share of units for which one "
        "value has a probability above 99 %. Each column shows the worst phrasing."
    )
    title = "Mechanism of each variable"
    return [Section("mass", title, (text,), (make_table("mass-table", title, columns, rows),))]


def _fact(heading: str, name: str, form: Callable[[float], str]) -> TableColumn[Any]:
    return number_column(name, heading, value=lambda row: getattr(row["facts"], name), form=form)


def _chance(value: float) -> str:
    return scientific(value).replace("-", "−")


def prompts(result: AuditResult) -> Section:
    spec, totals = result.spec, result.of("total")
    effects = [
        number_column(
            f"effect{k}",
            ", ".join((each.model, words.contrast(each), words.outcome(each.measure))),
            value=lambda place, each=each: each.effects[place].value,
            form=words.effect,
        )
        for k, each in enumerate(totals)
    ]
    columns = (
        number_column("place", "No.", value=lambda place: place + 1, form=str),
        number_column("number", "Number", value=result.phrasings.__getitem__, form=str),
        *effects,
        text_column("text", value=lambda place: prompt(spec, result.phrasings[place])),
    )
    title = "All phrasings and their total effects"
    shown = example(spec, result.phrasings[0])
    return Section(
        "prompts",
        title,
        (
            "A name in brackets stands for a value of the variable. The model scores each variable "
            "after the sentences of its parents only, in this order. Number: the phrasing's number "
            "in sdscm inspect and sdscm generate.",
            f"For example, after the text '{shown.context}' the first phrasing scores "
            f"{' against '.join(repr(each) for each in shown.candidates)}.",
        ),
        (make_table("prompts-table", title, columns, range(len(result.phrasings))),),
        folded=True,
    )


def settings(result: AuditResult) -> Section:
    spec, plan = result.spec, result.plan
    sides = dict.fromkeys(
        name for each in result.of("total") for name in (each.control, each.treated)
    )
    facts = [
        *result.about,
        ("Spec", f"{spec.name}, content hash {spec.content_hash}"),
        ("Source", spec.source),
        *(
            (
                "Model",
                f"{m.id}, not reported on: {m.error}"
                if m.error
                else f"{m.id}, revision {m.revision or 'unknown'}",
            )
            for m in result.models
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
    columns = (
        text_column("what", value=lambda fact: fact[0]),
        text_column("value", value=lambda fact: fact[1]),
    )
    title = "Where it comes from"
    table = make_table("settings-table", title, columns, [fact for fact in facts if fact[1]])
    return Section("settings", title, tables=(table,))


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
