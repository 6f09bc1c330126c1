"""Numbers and findings of an audit in words."""

from __future__ import annotations

import math
from collections.abc import Sequence

from sdscm.audit.effects.measure import Measure
from sdscm.audit.finding import Finding, PValue
from sdscm.audit.inference.interval import ConfidenceInterval
from sdscm.audit.plan import values_of
from sdscm.spec import Spec

NONE = "–"
_SMALL = 5e-5  # what four decimals would show as 0


def effect(value: float | None) -> str:
    """A number with its sign and four decimals."""
    if value is None or math.isnan(value):
        return NONE
    if math.isinf(value):
        return "+∞" if value > 0 else "−∞"
    told = f"{value:+.4f}" if value == 0 or abs(value) >= _SMALL else f"{value:+.0e}"
    return "0" if value == 0 else told.replace("-", "−")


def size(value: float) -> str:
    """A number without a sign, such as the smallest effect that can be found."""
    return "none" if math.isinf(value) else effect(value).removeprefix("+")


def between(interval: ConfidenceInterval | None) -> str:
    """An interval as a range."""
    return NONE if interval is None else f"{effect(interval.low)} to {effect(interval.high)}"


def p_value(value: float | None) -> str:
    """Three decimals, or how small it is."""
    if value is None or math.isnan(value):
        return NONE
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def raw_and_adjusted(value: PValue | None) -> tuple[str, str, str]:
    """A p value as it is, by Holm, and by Benjamini and Hochberg."""
    if value is None:
        return (NONE, NONE, NONE)
    return p_value(value.raw), p_value(value.holm), p_value(value.hochberg)


def share(value: float) -> str:
    """A share in per cent."""
    return NONE if math.isnan(value) else f"{100 * value:.0f} %"


def percent(level: float) -> str:
    """A level, such as 95 % or 99.5 %."""
    return f"{100 * level:g} %"


def counted(number: int, noun: str) -> str:
    """A number with its noun."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def listed(names: Sequence[str]) -> str:
    """Names with commas, and the last with an and."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def contrast(found: Finding) -> str:
    """The contrast, the control first."""
    return f"{found.control} → {found.treated}"


def model(found: Finding) -> str:
    """The model, or two of them."""
    return f"{found.model} less {found.against}" if found.against else found.model


def outcome(measure: Measure) -> str:
    """The measure, with its kind where two kinds have the same words."""
    plain = measure.kind in ("probability", "log-odds", "log-probability")
    return measure.label if plain else f"{measure.label}, {measure.kind}"


def side(spec: Spec, name: str) -> str:
    """A value, or a group with its values."""
    values = values_of(spec, name)
    return name if values == (name,) else f"{name} ({', '.join(values)})"


def verdict(found: Finding, level: float) -> str:
    """The verdict, with what it means at the smallest effect of interest."""
    if found.exact and not any(each.value for each in found.effects):
        return "exactly 0"
    plain, what = found.verdict(1 - level), "difference" if found.against else "effect"
    smallest = found.tests.smallest if found.tests else None
    if plain == "effect" and smallest is not None:
        return f"{what} beyond {smallest:g}"
    if plain == "no effect that matters" and smallest is not None:
        return f"no {what} as large as {smallest:g}"
    return f"some {what} (not 0)" if plain == "some effect" else plain


def sentence(found: Finding, spec: Spec, level: float) -> str:
    """A total effect as a sentence about the model."""
    change = "does not change" if found.mean == 0 else ("raises" if found.mean > 0 else "lowers")
    by = "" if found.mean == 0 else f" by {size(abs(found.mean))}"
    about = f"In {found.model}, {spec.treatment.name} = {found.treated} instead of {found.control}"
    told = f"{about} {change} {outcome(found.measure)}{by} on average over the phrasings"
    if found.interval is not None:
        told += f" ({percent(level)} interval {between(found.interval)})"
    agree = (
        ""
        if math.isnan(found.agreement)
        else (f"; {share(found.agreement)} of the phrasings agree in sign")
    )
    return f"{told}{agree}. Verdict: {verdict(found, level)}."
