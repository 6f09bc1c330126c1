"""The result of an audit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sdscm.audit.effects.estimand import Kind
from sdscm.audit.effects.measure import Measure
from sdscm.audit.finding import Finding, Inference
from sdscm.audit.inference import ConfidenceInterval
from sdscm.audit.plan import AuditPlan
from sdscm.data.diagnostics import MechanismFacts
from sdscm.spec import Spec, Variable


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

    def of(self, kind: Kind, model: str | None = None) -> tuple[Finding, ...]:
        """Return the findings of one kind of estimand, of all models or of one."""
        return tuple(
            each
            for each in self.findings
            if each.estimand.kind == kind and model in (None, each.model)
        )
