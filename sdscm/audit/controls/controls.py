"""Run the controls of an audit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sdscm.audit.answers import Advance, Answers, ask
from sdscm.audit.controls.placebo import with_placebo
from sdscm.audit.controls.planted import planted_estimands, planted_lm, planted_spec, planted_value
from sdscm.audit.controls.shuffled import shuffled_scm
from sdscm.audit.effects.estimand import Estimand
from sdscm.audit.effects.measure import Measure
from sdscm.audit.finding import Finding, Inference, adjust_families, make_finding
from sdscm.audit.phrasings import choose_phrasings
from sdscm.audit.plan import AuditPlan, questions
from sdscm.audit.result import Control
from sdscm.lm.interface import LanguageModel
from sdscm.spec import Variable

# With fewer units, errors exceed five standard errors by chance: with 50 units in 1 of 12 audits.
_PLANTED_UNITS = 300


def null_controls(
    plan: AuditPlan, lm: LanguageModel, inference: Inference, placebo: Variable, advance: Advance
) -> list[Control]:
    """Run the controls ``placebo`` and ``shuffled`` for the first contrast on every scale."""
    first = plan.questions[0]
    measures = tuple(dict.fromkeys(question.measure for question in plan.questions))
    total = (Estimand("total"),)
    values = (placebo.values[0], placebo.values[1])
    inert = replace(
        plan,
        spec=with_placebo(plan.spec, placebo),
        questions=questions([values], measures, total),
    )
    mixed = replace(plan, questions=questions([(first.control, first.treated)], measures, total))
    found = []
    for each in _findings(inert, ask(inert, lm, advance=advance), lm.id, inference):
        found.append(Control("placebo", each, 0.0, _no_effect(each)))
    answers = ask(mixed, lm, build=shuffled_scm, advance=advance)
    for each in _findings(mixed, answers, lm.id, inference):
        found.append(Control("shuffled", each, 0.0, _no_effect(each)))
    return found


def planted_controls(plan: AuditPlan, inference: Inference) -> list[Control]:
    """Run the plan's method and number of phrasings on a model with known effects.

    Sampling uses at least `_PLANTED_UNITS` units.
    """
    spec, lm = planted_spec(), planted_lm()
    numbers = choose_phrasings(spec, len(plan.phrasings), plan.seed)
    asked = questions([("down", "up")], [Measure.of(spec)], planted_estimands())
    tiny = replace(
        plan,
        spec=spec,
        questions=asked,
        phrasings=numbers,
        temperature=1.0,
        scoring="definition",
        units=max(_PLANTED_UNITS, plan.units),
        max_contexts=max(8, plan.max_contexts),
    )
    trials = [spec.phrased(number).choice[spec.outcome.name] for number in numbers]
    found = []
    for each in _findings(tiny, ask(tiny, lm), lm.id, inference):
        planted = [planted_value(each.estimand, trial) for trial in trials]
        passed = all(
            abs(effect.value - value) <= 1e-6 + 5 * effect.standard_error
            for effect, value in zip(each.effects, planted, strict=True)
        )
        found.append(Control("planted", each, sum(planted) / len(planted), passed))
    return found


def adjusted(controls: Sequence[Control]) -> tuple[Control, ...]:
    """Adjust the p values of controls; each kind of control has its own families."""
    found: dict[int, Control] = {}
    for kind in dict.fromkeys(each.kind for each in controls):
        places = [place for place, each in enumerate(controls) if each.kind == kind]
        findings = adjust_families([controls[place].finding for place in places])
        for place, each in zip(places, findings, strict=True):
            found[place] = replace(controls[place], finding=each)
    return tuple(found[place] for place in range(len(controls)))


def _findings(plan: AuditPlan, answers: Answers, model: str, inference: Inference) -> list[Finding]:
    return [
        make_finding(question, plan.phrasings, estimates, inference, model=model)
        for question, estimates in answers.estimates.items()
    ]


def _no_effect(found: Finding) -> bool | None:
    if found.interval is None:
        return None
    smallest = found.tests.smallest if found.tests else None
    small = smallest is not None and found.interval.within(smallest)
    return found.interval.covers(0.0) or small
