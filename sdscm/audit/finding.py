"""Findings of an audit: one estimand with its interval and tests."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, Literal

import numpy as np

from sdscm.audit.effects.arms import Estimate
from sdscm.audit.effects.estimand import Estimand
from sdscm.audit.effects.measure import Measure
from sdscm.audit.inference import (
    MIN_PHRASINGS,
    ConfidenceInterval,
    VarianceSplit,
    bootstrap_interval,
    detectable_effect,
    equivalence,
    minimum_effect,
    sign_flip,
    variance_split,
)
from sdscm.audit.plan import Question
from sdscm.errors import InputError
from sdscm.number_format import with_interval
from sdscm.statistics.multiplicity import adjusted

# The counts of a million resamples of 30 phrasings take 240 MB.
_MOST_RESAMPLES = 1_000_000

Verdict = Literal["effect", "no effect that matters", "some effect", "undecided", "not judged"]


@dataclass(frozen=True)
class PhrasingEffect:
    """The effect in one phrasing.

    ``standard_error`` comes from the sampling of units; it is 0 if ``exact``.
    """

    phrasing: int
    value: float
    standard_error: float
    exact: bool


@dataclass(frozen=True)
class PValue:
    """A p value, raw and adjusted within its family (see `adjust_families`)."""

    raw: float
    holm: float = float("nan")
    hochberg: float = float("nan")


@dataclass(frozen=True)
class Tests:
    """Tests over phrasings.

    Attributes
    ----------
    no_effect
        Test that effects are symmetric about 0 (`sdscm.audit.inference.sign_flip`).
    minimum_effect, equivalence
        Tests that the effect is at most, and at least, as large as ``smallest``; None without it.
    smallest
        The smallest effect of interest, on the scale of the measure.
    detectable
        The effect that ``no_effect`` detects with a power of 80 %; infinite if it can detect none.
    """

    no_effect: PValue
    minimum_effect: PValue | None
    equivalence: PValue | None
    smallest: float | None
    detectable: float


@dataclass(frozen=True)
class Finding:
    """An estimand of a contrast on one scale, as one model encodes it.

    Attributes
    ----------
    model
        Id of the model.
    against
        Id of the model whose effects are subtracted; empty for the model alone.
    control, treated, measure, estimand
        The question.
    effects
        One effect for each phrasing.
    mean
        Mean over phrasings.
    interval
        Interval of the mean over phrasings; None if there is none (see ``refusal``).
    tests
        Tests over phrasings; None if there are none.
    split
        Variance components of the effects of units in phrasings; for total effects only.
    refusal
        Reason why there is no interval or no test; empty if there are both.
    """

    model: str
    against: str
    control: str
    treated: str
    measure: Measure
    estimand: Estimand
    effects: tuple[PhrasingEffect, ...]
    mean: float
    interval: ConfidenceInterval | None
    tests: Tests | None
    split: VarianceSplit | None
    refusal: str

    def __repr__(self) -> str:
        scale = f"{self.control} → {self.treated}, {self.estimand.label} on {self.measure.label}"
        return f"<Finding: {self.model}, {scale}: {self.effect_text}>"

    @property
    def effect_text(self) -> str:
        """The mean effect with its interval, as text."""
        ends = self.interval or ConfidenceInterval(float("nan"), float("nan"), float("nan"))
        return with_interval(self.mean, ends.low, ends.high)

    @property
    def exact(self) -> bool:
        """True if every phrasing's effect was enumerated."""
        return all(effect.exact for effect in self.effects)

    @property
    def agreement(self) -> float:
        """Share of the phrasings whose effect has the sign of the mean; NaN if the mean is 0."""
        if not abs(self.mean) > 0:
            return float("nan")
        signs = np.sign([effect.value for effect in self.effects])
        return float((signs == np.sign(self.mean)).mean())

    def verdict(self, alpha: float = 0.05) -> Verdict:
        """Return the verdict of Holm's adjusted p values at the level ``alpha``.

        ``effect``: larger than the smallest effect of interest, if one is given. ``some effect``:
        not 0.
        """
        if self.tests is None:
            return "not judged"
        if self.tests.minimum_effect and self.tests.minimum_effect.holm <= alpha:
            return "effect"
        if self.tests.equivalence and self.tests.equivalence.holm <= alpha:
            return "no effect that matters"
        return "some effect" if self.tests.no_effect.holm <= alpha else "undecided"


@dataclass(frozen=True)
class Inference:
    """Options of the inference: level, smallest effects of interest, resamples and their seed."""

    level: float = 0.95
    smallest: tuple[tuple[str, float], ...] = ()  # by kind of measure
    resamples: int = 10_000
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.level < 1:
            raise InputError(f"level = {self.level}: give a number between 0 and 1, such as 0.95")
        if not 100 <= self.resamples <= _MOST_RESAMPLES:
            raise InputError(
                f"resamples = {self.resamples:,}: give a number from 100 to {_MOST_RESAMPLES:,}"
            )

    def smallest_for(self, measure: Measure) -> float | None:
        """Return the smallest effect of interest on this scale, or None."""
        return dict(self.smallest).get(measure.kind)

    def interval(self, values: np.ndarray) -> ConfidenceInterval | None:
        """Return the interval of the mean; None for few phrasings or an infinite value."""
        if len(values) < MIN_PHRASINGS or not np.isfinite(values).all():
            return None
        return bootstrap_interval(
            values, level=self.level, resamples=self.resamples, seed=self.seed
        )


def make_finding(
    question: Question,
    phrasings: Sequence[int],
    estimates: Sequence[Estimate],
    inference: Inference,
    *,
    model: str,
    against: str = "",
    panel: np.ndarray | None = None,
) -> Finding:
    """Make a finding from one estimate for each phrasing.

    Parameters
    ----------
    panel : array of shape (P, N), optional
        The effects of units in phrasings.
    """
    effects = tuple(
        PhrasingEffect(number, each.value, each.standard_error, each.exact)
        for number, each in zip(phrasings, estimates, strict=True)
    )
    values = np.array([each.value for each in estimates])
    undefined = [effect.phrasing for effect in effects if not np.isfinite(effect.value)]
    refusal = ""
    if undefined:
        refusal = f"phrasing {undefined[0]} has no finite effect: a value has probability 0 there"
    elif len(values) == 1:
        refusal = "one phrasing only: the variation with the wording is unknown"
    elif len(values) < MIN_PHRASINGS:
        refusal = f"{len(values)} phrasings only: an interval needs {MIN_PHRASINGS} or more"
    testable = len(values) > 1 and not undefined
    split = None
    if panel is not None and testable and np.isfinite(panel).all():
        split = variance_split(panel)
    return Finding(
        model=model,
        against=against,
        control=question.control,
        treated=question.treated,
        measure=question.measure,
        estimand=question.estimand,
        effects=effects,
        mean=float(values.mean()),
        interval=inference.interval(values),
        tests=_tests(values, question.measure, inference) if testable else None,
        split=split,
        refusal=refusal,
    )


def adjust_families(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Adjust the p values of findings within families.

    A family holds all findings of one kind of estimand: contrasts x outcomes x models, and for some
    kinds the held values or the subgroups. Differences between models are separate families.
    """
    found = list(findings)
    families: dict[tuple[str, bool], list[int]] = defaultdict(list)
    for place, each in enumerate(found):
        if each.tests is not None:
            families[each.estimand.kind, bool(each.against)].append(place)
    for places, name in product(families.values(), ("no_effect", "minimum_effect", "equivalence")):
        given: list[PValue | None] = [getattr(found[place].tests, name) for place in places]
        raw = [float("nan") if p is None else p.raw for p in given]
        for place, p, holm, hochberg in zip(places, given, *adjusted(raw), strict=True):
            tests = found[place].tests
            if p is not None and tests is not None:
                change: dict[str, Any] = {name: PValue(p.raw, float(holm), float(hochberg))}
                found[place] = replace(found[place], tests=replace(tests, **change))
    return tuple(found)


def _tests(values: np.ndarray, measure: Measure, inference: Inference) -> Tests:
    smallest, seed = inference.smallest_for(measure), inference.seed
    larger = smaller = None
    if smallest is not None:
        larger = PValue(minimum_effect(values, smallest, seed=seed))
        smaller = PValue(equivalence(values, smallest, seed=seed))
    return Tests(
        no_effect=PValue(sign_flip(values, seed=seed)),
        minimum_effect=larger,
        equivalence=smaller,
        smallest=smallest,
        detectable=detectable_effect(values, alpha=1 - inference.level),
    )
