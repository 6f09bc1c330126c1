"""Format numbers and findings of an audit as text."""

from __future__ import annotations

import math

from sdscm import number_format
from sdscm.audit.effects.measure import Measure
from sdscm.audit.finding import Finding
from sdscm.audit.inference import ConfidenceInterval
from sdscm.audit.plan import values_of
from sdscm.number_format import NONE
from sdscm.spec import Spec

_SMALL = 5e-5  # four decimals would show smaller numbers as 0


def effect(value: float | None) -> str:
    """Format a number with its sign and four decimals."""
    if value is None or math.isnan(value):
        return NONE
    if math.isinf(value):
        return "+∞" if value > 0 else "−∞"
    text = f"{value:+.4f}" if value == 0 or abs(value) >= _SMALL else f"{value:+.0e}"
    return "0" if value == 0 else text.replace("-", "−")


def size(value: float) -> str:
    """Format a number without a sign, such as the smallest detectable effect."""
    return "none" if math.isinf(value) else effect(value).removeprefix("+")


def between(interval: ConfidenceInterval | None) -> str:
    """Format an interval as a range."""
    return NONE if interval is None else f"{effect(interval.low)} to {effect(interval.high)}"


def share(value: float) -> str:
    """Format a share in per cent."""
    return number_format.percent(value, unit=" %")


def percent(level: float) -> str:
    """Format a level, such as 95 % or 99.5 %."""
    return number_format.level(level, unit=" %")


def contrast(found: Finding) -> str:
    """Format the contrast, the control first."""
    return f"{found.control} → {found.treated}"


def model(found: Finding) -> str:
    """Format the model, or the difference of two models."""
    return f"{found.model} minus {found.against}" if found.against else found.model


def outcome(measure: Measure) -> str:
    """Format the measure, with its kind where two kinds have the same label."""
    plain = measure.kind in ("probability", "log-odds", "log-probability")
    return measure.label if plain else f"{measure.label}, {measure.kind}"


def side(spec: Spec, name: str) -> str:
    """Format a value, or a group with its values."""
    values = values_of(spec, name)
    return name if values == (name,) else f"{name} ({', '.join(values)})"


def verdict(found: Finding, level: float, placebo: Finding | None = None) -> str:
    """Format the verdict with the smallest effect of interest, and the size of the placebo."""
    if found.exact and not any(each.value for each in found.effects):
        return "exactly 0"
    plain, what = found.verdict(1 - level), "difference" if found.against else "effect"
    smallest = found.tests.smallest if found.tests else None
    text: str = plain
    if plain == "effect" and smallest is not None:
        text = f"{what} beyond {smallest:g}"
    elif plain == "no effect that matters" and smallest is not None:
        text = f"no {what} as large as {smallest:g}"
    elif plain == "some effect":
        text = f"some {what} (not 0)"
        text += f", size undecided: {smallest:g} or not" if smallest else ""
    if placebo is not None and plain in ("effect", "some effect"):
        text += f"; {against(placebo, found)}"
    return text


def against(placebo: Finding, found: Finding) -> str:
    """Format the size of a placebo's effect, and its share of another effect."""
    share_of = abs(placebo.mean / found.mean) if found.mean else math.nan
    text = f"placebo {size(abs(placebo.mean))}"
    return f"{text} ({share(share_of)} of it)" if math.isfinite(share_of) else text


def sentence(found: Finding, spec: Spec, level: float, placebo: Finding | None = None) -> str:
    """Format a total effect as a sentence about the model."""
    change = "does not change" if found.mean == 0 else ("raises" if found.mean > 0 else "lowers")
    by = "" if found.mean == 0 else f" by {size(abs(found.mean))}"
    about = f"In {found.model}, {spec.treatment.name} = {found.treated} instead of {found.control}"
    text = f"{about} {change} {outcome(found.measure)}{by} on average over the phrasings"
    if found.interval is not None:
        text += f" ({percent(level)} interval {between(found.interval)})"
    agree = (
        ""
        if math.isnan(found.agreement)
        else (f"; {share(found.agreement)} of the phrasings agree in sign")
    )
    return f"{text}{agree}. Verdict: {verdict(found, level, placebo)}."


def one_in(probability: float) -> str:
    """Format a small probability as 1 in a number, such as 1 in 130,000."""
    if not probability > 0:
        return "0"
    number = 1 / probability
    digits = max(len(f"{number:.0f}") - 2, 0)
    return f"1 in {round(number, -digits):,.0f}"
