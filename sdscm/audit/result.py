"""The result of an audit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from sdscm.audit.effects.estimand import Kind
from sdscm.audit.effects.measure import Measure
from sdscm.audit.finding import Finding, Inference
from sdscm.audit.inference import ConfidenceInterval
from sdscm.audit.plan import AuditPlan, values_of
from sdscm.data.diagnostics import MechanismFacts
from sdscm.display import html_card, html_note, html_table
from sdscm.number_format import counted
from sdscm.spec import Spec, Variable

_SHOWN = 10  # findings in a notebook
#: Limit of the ratio of selection rates in the guidelines of US agencies, 29 CFR 1607.4 D.
FOUR_FIFTHS = 0.8


@dataclass(frozen=True)
class AuditedModel:
    """One language model of an audit.

    Attributes
    ----------
    id, revision
        Id and revision of the model; the revision is empty for a model that was not loaded.
    facts
        Facts on each mechanism (domain mass and degeneracy), the worst over phrasings.
    error
        Reason why there are no findings on the model; empty if there are.
    """

    id: str
    revision: str
    facts: tuple[MechanismFacts, ...]
    error: str = ""


@dataclass(frozen=True)
class ValueMean:
    """Mean outcome under a model where a value of the treatment is set.

    ``phrasings`` holds the mean outcome in each phrasing and ``mean`` their mean. ``interval`` is
    the interval of ``mean`` over phrasings; None if there are too few phrasings, or one has no
    finite mean.
    """

    model: str
    value: str
    measure: Measure
    phrasings: tuple[float, ...]
    mean: float
    interval: ConfidenceInterval | None


@dataclass(frozen=True)
class Control:
    """A control of the audit: a question with a known answer.

    Attributes
    ----------
    kind
        ``placebo``: a sentence that should not matter. ``shuffled``: the treatment's values are
        exchanged in half of the contexts, so that any effect is an error of the audit.
        ``planted``: a tiny model with known effects.
    finding
    expected
        The true mean effect.
    passed
        True for ``placebo`` and ``shuffled`` if the interval contains 0, or only effects smaller
        than the smallest effect of interest; a share 1 - level of these controls fails by chance.
        True for ``planted`` if the effect in every phrasing is the planted one, to 1e-6 plus five
        standard errors. None if there is no interval.
    """

    kind: Literal["placebo", "shuffled", "planted"]
    finding: Finding
    expected: float
    passed: bool | None


@dataclass(frozen=True)
class Rates:
    """Rates of both sides of a contrast: the mean probability of the outcome value.

    The mean over the values of a side, with equal weights. ``control`` and ``treated`` hold one
    rate for each phrasing.
    """

    finding: Finding
    control: tuple[float, ...]
    treated: tuple[float, ...]

    @property
    def means(self) -> tuple[float, float]:
        """Mean rates over phrasings, of the control and of the treated side."""
        return float(np.mean(self.control)), float(np.mean(self.treated))

    @property
    def ratio(self) -> float:
        """The lower mean rate divided by the higher one; NaN if both are 0."""
        return _ratio(*self.means)

    @property
    def below(self) -> int:
        """Number of phrasings whose ratio is below four fifths."""
        return sum(
            _ratio(*pair) < FOUR_FIFTHS for pair in zip(self.control, self.treated, strict=True)
        )


def _ratio(one: float, other: float) -> float:
    return min(one, other) / max(one, other) if max(one, other) > 0 else float("nan")


@dataclass(frozen=True)
class AuditResult:
    """Causal effects that language models encode under one DAG and a set of phrasings.

    Attributes
    ----------
    plan
        The questions, and the options of the measurement.
    inference
        The options of intervals and tests.
    mediators
        Mediators of the natural effects.
    all_phrasings
        True if the plan has all phrasings of the spec.
    models
        Models in the order given, including those that could not be loaded.
    findings
        Findings by model, in the order of the questions.
    differences
        Effects of each model minus those of each earlier one, on the same phrasings and units.
    means
        Mean outcomes behind the contrasts, for each single value of the treatment.
    controls, placebo
        The controls and the placebo treatment; empty and None if they were left out.
    versions
        Versions of the libraries.
    about
        What the user says of the audit, such as its date, author and purpose: pairs of texts.
    """

    plan: AuditPlan
    inference: Inference
    mediators: tuple[str, ...]
    all_phrasings: bool
    models: tuple[AuditedModel, ...]
    findings: tuple[Finding, ...]
    differences: tuple[Finding, ...]
    means: tuple[ValueMean, ...]
    controls: tuple[Control, ...]
    placebo: Variable | None
    versions: tuple[tuple[str, str], ...]
    about: tuple[tuple[str, str], ...] = ()

    def __repr__(self) -> str:
        return f"<AuditResult: {self.spec.name}, {self._about}>"

    @property
    def _about(self) -> str:
        effect = f"{self.spec.treatment.name} → {self.spec.outcome.name}"
        sizes = (len(self.models), "model"), (len(self.phrasings), "phrasing")
        counts = [counted(*size) for size in (*sizes, (len(self.findings), "finding"))]
        return f"{effect}, {', '.join(counts)}"

    def _repr_html_(self) -> str:
        heads = ["model", "contrast", "estimand", "measure", "effect", "verdict"]
        rows = [
            (
                each.model,
                f"{each.control} → {each.treated}",
                each.estimand.label,
                each.measure.label,
                each.effect_text,
                each.verdict(1 - self.level),
            )
            for each in self.findings[:_SHOWN]
        ]
        more = f"the first {_SHOWN} of {len(self.findings)} findings"
        return html_card(
            f"AuditResult: {self.spec.name}",
            self._about,
            html_table(heads, rows),
            html_note(more * (len(self.findings) > _SHOWN)),
            html_note(*(f"{each.id}: {each.error}" for each in self.models if each.error)),
        )

    @property
    def spec(self) -> Spec:
        """The spec, with the treatment and the outcome of the audit."""
        return self.plan.spec

    @property
    def phrasings(self) -> tuple[int, ...]:
        """Numbers of the phrasings that were scored."""
        return self.plan.phrasings

    @property
    def level(self) -> float:
        """Level of the intervals."""
        return self.inference.level

    @property
    def smallest(self) -> dict[str, float]:
        """Smallest effect of interest by kind of measure."""
        return dict(self.inference.smallest)

    def placebo_of(self, found: Finding) -> Finding | None:
        """Return the placebo's effect on the same model and scale; None without a placebo."""
        for each in self.controls:
            same = (each.finding.model, each.finding.measure) == (found.model, found.measure)
            if each.kind == "placebo" and same:
                return each.finding
        return None

    def rates(self) -> tuple[Rates, ...]:
        """Return the rates of each contrast whose outcome is a probability."""
        found = []
        for each in self.of("total"):
            if each.measure.kind != "probability":
                continue
            sides = [
                np.mean(
                    [
                        mean.phrasings
                        for mean in self.means
                        if (mean.model, mean.measure) == (each.model, each.measure)
                        and mean.value in values_of(self.spec, name)
                    ],
                    axis=0,
                )
                for name in (each.control, each.treated)
            ]
            found.append(Rates(each, *(tuple(map(float, side)) for side in sides)))
        return tuple(found)

    def of(self, kind: Kind, model: str | None = None) -> tuple[Finding, ...]:
        """Return the findings of one kind of estimand, of all models or of one."""
        return tuple(
            each
            for each in self.findings
            if each.estimand.kind == kind and model in (None, each.model)
        )
