"""Make the page of an audit's report."""

from __future__ import annotations

from collections.abc import Sequence

from sdscm.audit.plan import count_phrasings
from sdscm.audit.report import words
from sdscm.audit.report.caveats import caveats
from sdscm.audit.report.effects import comparison, effects, values, verdicts, wording
from sdscm.audit.report.origin import controls, mechanisms, prompts, settings
from sdscm.audit.result import AuditResult, Control
from sdscm.number_format import counted, joined
from sdscm.report_page import Page, Picture, Section


def page(result: AuditResult, pictures: Sequence[Picture] = ()) -> Page:
    """Make the report of an audit; `sdscm.audit.report.figures` draws the pictures."""
    spec = result.spec
    reported = [each.id for each in result.models if not each.error]
    scope = "all" if result.all_phrasings else "a random set"
    return Page(
        title=f"Effect of {spec.treatment.name} on {spec.outcome.name}, as encoded in "
        f"{joined(reported)}",
        kicker=f"Audit of the scenario {spec.name}",
        lead=(
            f"Effects of {spec.treatment.name} on {spec.outcome.name} that are encoded in "
            f"{joined(reported)} under the DAG of {spec.name}, in "
            f"{counted(len(result.phrasings), 'phrasing')} ({scope} of "
            f"{count_phrasings(spec):,}). Nothing here is a claim about the world."
        ),
        warnings=tuple(_warnings(result)),
        parts=(
            verdicts(result),
            *pictures,
            *comparison(result),
            effects(result),
            values(result),
            wording(result),
            *controls(result),
            *mechanisms(result),
            Section("reading", "How to read it", lines=caveats(result)),
            prompts(result),
            settings(result),
        ),
    )


def _warnings(result: AuditResult) -> list[str]:
    found = [f"{each.id} is not reported on: {each.error}" for each in result.models if each.error]
    found += [
        f"{model.id}, {facts.name}, in its worst phrasing: {problem}."
        for model in result.models
        for facts in model.facts
        for problem in facts.problems
    ]
    found += [_failed(each) for each in result.controls if each.passed is False]
    refusals = dict.fromkeys(each.refusal for each in result.of("total") if each.refusal)
    return found + [f"No interval: {refusal}." for refusal in refusals]


def _failed(control: Control) -> str:
    found = control.finding
    effect = f"{words.effect(found.mean)} on {words.outcome(found.measure)}"
    if control.kind == "placebo":
        return (
            f"{found.model}: the placebo ({words.contrast(found)}) has an effect of {effect}. "
            "Effects of that size may only be the model's response to any change of the text."
        )
    if control.kind == "shuffled":
        return (
            f"{found.model}: with shuffled values, which have no effect, the audit finds an effect "
            f"of {effect}: chance, or an error of the audit."
        )
    return (
        f"The audit misses the planted effect '{found.estimand.label}': {effect} instead of "
        f"{words.effect(control.expected)}. Do not trust its numbers."
    )
