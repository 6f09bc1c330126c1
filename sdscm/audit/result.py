"""All that an audit found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sdscm.audit.effects.estimand import Kind
from sdscm.audit.effects.measure import Measure
from sdscm.audit.finding import Finding
from sdscm.audit.inference.interval import ConfidenceInterval
from sdscm.audit.plan import Method
from sdscm.data.diagnostics import MechanismFacts
from sdscm.spec import Spec, Variable


@dataclass(frozen=True)
class AuditedModel:
    """One language model of an audit.

    Attributes
    ----------
    id, revision
        As the model tells them; the revision is empty for a model that was not loaded.
    facts
        What it makes of each variable (domain mass and degeneracy), the worst over phrasings.
    error
        Why it is not reported on; empty if it is.
    """

    id: str
    revision: str
    facts: tuple[MechanismFacts, ...]
    error: str = ""


@dataclass(frozen=True)
class ValueMean:
    """The mean outcome that a model gives where a value of the treatment is set.

    ``phrasings`` holds that of each phrasing, ``mean`` their mean, and ``interval`` that of the
    mean over phrasings; None if there are too few, or one has no finite mean.
    """

    model: str
    value: str
    measure: Measure
    phrasings: tuple[float, ...]
    mean: float
    interval: ConfidenceInterval | None


@dataclass(frozen=True)
class Control:
    """A question to the audit itself, whose answer is known.

    Attributes
    ----------
    kind
        ``placebo``: a sentence that should not matter. ``shuffled``: the treatment's values are
        told wrongly half of the time, so that any effect is an error of the audit. ``planted``: a
        tiny model whose effects are known.
    finding
    expected
        The mean effect that should be found.
    passed
        ``placebo`` and ``shuffled``: the interval holds 0, or nothing but effects smaller than the
        smallest of interest (by chance, as often as the level says, it does not). ``planted``:
        every phrasing's effect is the planted one, to 1e-6 and five standard errors. None if there
        is no interval to judge by.
    """

    kind: Literal["placebo", "shuffled", "planted"]
    finding: Finding
    expected: float
    passed: bool | None


@dataclass(frozen=True)
class AuditResult:
    """What language models encode of a causal effect, under one DAG and these phrasings.

    Attributes
    ----------
    spec
        With the treatment and the outcome that were asked for.
    mediators
        The variables that natural effects copy.
    phrasings
        Numbers of the phrased specs that were read.
    all_phrasings
        Whether these are all that the spec has.
    models
        In the order given, those that could not be loaded included.
    findings
        Model by model, in the order of the questions.
    differences
        Effects of each model less those of each earlier one, on the same phrasings and units.
    means
        The mean outcomes behind the contrasts: of each value alone, in a group or not.
    controls, placebo
        The questions to the audit itself, and the placebo treatment of one of them; none, and None,
        where they were left out.
    level, smallest
        Level of intervals, and smallest effect of interest by kind of measure.
    method, units, panel, seed, temperature, scoring, max_contexts, resamples
        The options of `sdscm.audit.audit`.
    versions
        Of the libraries that made the numbers.
    """

    spec: Spec
    mediators: tuple[str, ...]
    phrasings: tuple[int, ...]
    all_phrasings: bool
    models: tuple[AuditedModel, ...]
    findings: tuple[Finding, ...]
    differences: tuple[Finding, ...]
    means: tuple[ValueMean, ...]
    controls: tuple[Control, ...]
    placebo: Variable | None
    level: float
    smallest: tuple[tuple[str, float], ...]
    method: Method
    units: int
    panel: int
    seed: int
    temperature: float
    scoring: str
    max_contexts: int
    resamples: int
    versions: tuple[tuple[str, str], ...]

    def of(self, kind: Kind, model: str | None = None) -> tuple[Finding, ...]:
        """The findings of one kind of estimand, of all models or one."""
        return tuple(
            each
            for each in self.findings
            if each.estimand.kind == kind and model in (None, each.model)
        )
