"""Get the answers of one language model to all questions, phrasing by phrasing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce

import numpy as np

from sdscm.audit.effects.arms import EnumeratedArms, Estimate, SampledArms
from sdscm.audit.effects.estimand import Arm
from sdscm.audit.effects.measure import Measure
from sdscm.audit.plan import AuditPlan, Question
from sdscm.data.diagnostics import MechanismFacts, mechanism_facts, worst
from sdscm.inference.enumeration import TooLargeError
from sdscm.literals import AuditMethod
from sdscm.lm.interface import LanguageModel
from sdscm.scm import SDSCM

# Rounding leaves about 1e-16 of a true zero; its sign means nothing.
_ROUNDING = 1e-12

Advance = Callable[[], None]


@dataclass(frozen=True, eq=False)
class Answers:
    """Answers of one model.

    Attributes
    ----------
    estimates
        For each question, one estimate for each phrasing.
    panels
        For each total effect, the effects of the panel's units: an array of shape (phrasings,
        panel); empty without a panel.
    means
        For each (treatment value, measure) of the questions, the mean outcome where that value is
        set: one estimate for each phrasing.
    facts
        Facts on the mechanism of each variable, the worst over phrasings; empty without a panel.
    """

    estimates: dict[Question, list[Estimate]]
    panels: dict[Question, np.ndarray]
    means: dict[tuple[str, Measure], list[Estimate]]
    facts: tuple[MechanismFacts, ...]


def scm_of(plan: AuditPlan, lm: LanguageModel, phrasing: int) -> SDSCM:
    """Make the SD-SCM of a plan in one phrasing."""
    return SDSCM(
        plan.spec, lm, phrasing=phrasing, temperature=plan.temperature, scoring=plan.scoring
    )


def ask(
    plan: AuditPlan,
    lm: LanguageModel,
    *,
    build: Callable[[AuditPlan, LanguageModel, int], SDSCM] = scm_of,
    advance: Advance = lambda: None,
) -> Answers:
    """Ask a model all questions of a plan.

    ``build`` makes the SD-SCM of a phrasing; ``advance`` is called after each phrasing.

    Raises
    ------
    InputError
        If the plan's method cannot answer a question.
    """
    estimates: dict[Question, list[Estimate]] = {question: [] for question in plan.questions}
    panels: dict[Question, list[np.ndarray]] = {
        question: [] for question in plan.questions if question.estimand.kind == "total"
    }
    means: dict[tuple[str, Measure], list[Estimate]] = {
        (value, question.measure): []
        for question in plan.questions
        for values in question.sides(plan.spec)
        for value in values
    }
    facts: list[list[MechanismFacts]] = []
    for place, number in enumerate(plan.phrasings):
        scm = build(plan, lm, number)
        tables = EnumeratedArms(scm.exact(plan.max_contexts).arrays)
        own = SampledArms(scm, plan.units, plan.seed, plan.panel + place * plan.units)
        for question, found in estimates.items():
            weights = question.arms(plan.spec)
            found.append(_answer(weights, question.measure, plan.method, tables, own))
        for (value, measure), mean in means.items():
            mean.append(_answer({Arm(value): 1.0}, measure, plan.method, tables, own))
        if plan.panel:
            panel = SampledArms(scm, plan.panel, plan.seed)
            for question, rows in panels.items():
                high, low = (
                    np.mean([panel.outcomes(Arm(value), question.measure) for value in values], 0)
                    for values in question.sides(plan.spec)[::-1]
                )
                rows.append(high - low)
            facts.append(mechanism_facts(scm, panel.units()))
        advance()
    return Answers(
        estimates,
        {question: np.stack(rows) for question, rows in panels.items() if rows},
        means,
        tuple(worst(each) for each in zip(*facts, strict=True)),
    )


def _answer(
    weights: Mapping[Arm, float],
    measure: Measure,
    method: AuditMethod,
    tables: EnumeratedArms,
    units: SampledArms,
) -> Estimate:
    """Return a weighted sum of the means of arms."""
    if method != "sample":
        try:
            return _sum(weights, measure, tables)
        except TooLargeError:
            if method == "exact":
                raise
    # All arms come from the same units, also those that could be enumerated: their errors cancel.
    return _sum(weights, measure, units)


def _sum(
    weights: Mapping[Arm, float], measure: Measure, source: EnumeratedArms | SampledArms
) -> Estimate:
    parts = [source.mean(arm, measure) * weight for arm, weight in weights.items()]
    return rounded(reduce(lambda one, other: one + other, parts))


def rounded(estimate: Estimate) -> Estimate:
    """Return the estimate, with the value 0 if it is within rounding of 0."""
    return Estimate(0.0, estimate.influence) if abs(estimate.value) < _ROUNDING else estimate
