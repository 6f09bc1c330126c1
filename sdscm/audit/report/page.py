"""Make the page of an audit's report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sdscm.audit.plan import count_phrasings
from sdscm.audit.report import words
from sdscm.audit.report.caveats import caveats
from sdscm.audit.report.effects import comparison, effects, rates, values, verdicts, wording
from sdscm.audit.report.origin import controls, mechanisms, prompts, settings
from sdscm.audit.report.summary import summary
from sdscm.audit.result import AuditResult, Control
from sdscm.data.diagnostics import SETTLED, TINY_MASS, MechanismFacts
from sdscm.number_format import counted, joined
from sdscm.report_page import Page, Picture, Section

#: Share of an effect from which its placebo is a warning.
_LARGE_PLACEBO = 0.1


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
        summary=summary(result),
        parts=(
            verdicts(result),
            *rates(result),
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
        warning
        for model in result.models
        for facts in model.facts
        for warning in _of_mechanism(model.id, facts)
    ]
    found += [_failed(each) for each in result.controls if each.passed is False]
    found += [
        f"{each.model}: the placebo, a sentence that should not matter, has an effect of "
        f"{words.size(abs(placebo.mean))}, {words.share(abs(placebo.mean / each.mean))} of the "
        f"effect of {words.contrast(each)} on {words.outcome(each.measure)}. That part of the "
        "effect may have nothing to do with the treatment."
        for each in result.of("total")
        if (placebo := result.placebo_of(each)) is not None
        and each.verdict(1 - result.level) in ("effect", "some effect")
        and abs(placebo.mean) >= _LARGE_PLACEBO * abs(each.mean)
    ]
    refusals = dict.fromkeys(each.refusal for each in result.of("total") if each.refusal)
    return found + [f"No interval: {refusal}." for refusal in refusals]


def _of_mechanism(model: str, facts: MechanismFacts) -> Iterator[str]:
    """Say in plain words what is wrong with the model's choices of one variable."""
    if facts.mass < TINY_MASS:
        yield (
            f"{model} would hardly write any of the listed texts for '{facts.name}' by itself: in "
            "the worst phrasing their probabilities together are "
            f"{words.one_in(facts.mass)}. The audit measures how it chooses among them, and not "
            "what it would write."
        )
    if facts.settled > SETTLED:
        yield (
            f"{model} almost always makes the same choice for '{facts.name}': in the worst "
            f"phrasing one value has a probability above 99 % for {words.share(facts.settled)} of "
            "the cases. In such a phrasing hardly any effect can be seen on the scale of "
            "probabilities."
        )


def _failed(control: Control) -> str:
    found = control.finding
    effect = f"{words.effect(found.mean)} on {words.outcome(found.measure)}"
    if control.kind == "placebo":
        return (
            f"{found.model} fails a control: a sentence that should not matter, the placebo "
            f"({words.contrast(found)}), has an effect of {effect}, and chance does not explain "
            "it. Effects of that size may only be the model's response to any change of the text."
        )
    if control.kind == "shuffled":
        return (
            f"{found.model} fails a control: with shuffled values, which have no effect, the audit "
            f"finds an effect of {effect}. This is chance, or an error of the audit."
        )
    return (
        f"The audit misses the planted effect '{found.estimand.label}': {effect} instead of "
        f"{words.effect(control.expected)}. Do not trust its numbers."
    )
