"""Run the controls of an audit: ``placebo``, ``shuffled`` and ``planted``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import blake2b

import numpy as np

from sdscm.audit.answers import Advance, Answers, ask, scm_of
from sdscm.audit.controls.placebo import with_placebo
from sdscm.audit.controls.planted import planted_estimands, planted_lm, planted_spec, planted_value
from sdscm.audit.effects.estimand import Estimand
from sdscm.audit.effects.measure import Measure
from sdscm.audit.finding import Finding, Inference, adjust_families, make_finding
from sdscm.audit.plan import AuditPlan, choose_phrasings, questions
from sdscm.audit.result import Control
from sdscm.lm.interface import LanguageModel
from sdscm.sampling.mechanisms import Mechanisms
from sdscm.scm import SDSCM
from sdscm.spec import Variable

# With fewer units, errors exceed five standard errors by chance: with 50 units in 1 of 12 audits.
_PLANTED_UNITS = 300


def null_controls(
    plan: AuditPlan,
    lm: LanguageModel,
    name: str,
    inference: Inference,
    placebo: Variable,
    advance: Advance,
) -> list[Control]:
    """Run the controls ``placebo`` and ``shuffled`` for the first contrast on every scale.

    ``name`` is the model's name in the audit, which may differ from its id.
    """
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
    for each in _findings(inert, ask(inert, lm, advance=advance), name, inference):
        found.append(Control("placebo", each, 0.0, _no_effect(each)))
    answers = ask(mixed, lm, build=shuffled_scm, advance=advance)
    for each in _findings(mixed, answers, name, inference):
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
    found = list(controls)
    for kind in dict.fromkeys(each.kind for each in controls):
        places = [place for place, each in enumerate(controls) if each.kind == kind]
        findings = adjust_families([controls[place].finding for place in places])
        for place, each in zip(places, findings, strict=True):
            found[place] = replace(controls[place], finding=each)
    return tuple(found)


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


class ShuffledMechanisms(Mechanisms):
    """Mechanisms that read the contrast's other value in half of their contexts.

    In a contrast of groups, the other value is the one at the same position in the other group.

    A fair coin for each phrasing, variable and row of the other parents decides which contexts are
    exchanged. If all coins of a phrasing are turned, its effects change their sign. The effects are
    therefore symmetric about 0 for any language model, and any effect is an error of the audit.
    """

    def __init__(
        self, plain: Mechanisms, control: Sequence[str], treated: Sequence[str], seed: int
    ) -> None:
        super().__init__(
            plain.phrased,
            plain.lm,
            temperature=plain.temperature,
            scoring=plain.scoring,
            dials=plain.dials,
        )
        values = plain.phrased.spec.treatment.values
        self._other = np.arange(len(values))
        for low, high in zip(map(values.index, control), map(values.index, treated), strict=True):
            self._other[[low, high]] = high, low
        self._seed = seed

    def _of_model(self, name: str, codes: Mapping[str, np.ndarray], count: int) -> np.ndarray:
        spec = self.phrased.spec
        treatment = spec.treatment.name
        if treatment not in spec.parents(name):
            return super()._of_model(name, codes, count)
        others = [parent for parent in spec.parents(name) if parent != treatment]
        rows = np.array([codes[parent] for parent in others], dtype=np.int64).reshape(-1, count)
        distinct, where = np.unique(rows.T, axis=0, return_inverse=True)
        turned = np.array([self._coin(name, row) for row in distinct])[where.reshape(-1)]
        read = codes[treatment]
        codes_read = np.where(turned, self._other[read], read)
        return super()._of_model(name, {**codes, treatment: codes_read}, count)

    def _coin(self, name: str, row: np.ndarray) -> bool:
        text = f"{self._seed}\x1f{self.phrased.number}\x1f{name}\x1f{row.tolist()}"
        return bool(blake2b(text.encode(), digest_size=1).digest()[0] & 1)


def shuffled_scm(plan: AuditPlan, lm: LanguageModel, phrasing: int) -> SDSCM:
    """The SD-SCM of a phrasing with shuffled values of the first question's contrast."""
    scm = scm_of(plan, lm, phrasing)
    low, high = plan.questions[0].sides(plan.spec)
    scm.mechanisms = ShuffledMechanisms(scm.mechanisms, low, high, plan.seed)
    return scm
