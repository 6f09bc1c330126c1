"""Sections on the findings: verdicts, effects, differences between models, and the wording."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any

from sdscm import number_format
from sdscm.audit.effects.estimand import Kind
from sdscm.audit.finding import Finding, PValue
from sdscm.audit.report import words
from sdscm.audit.result import AuditResult
from sdscm.number_format import NONE, p_value
from sdscm.report_page import (
    ReportTable,
    Section,
    TableColumn,
    make_table,
    number_column,
    text_column,
)

_MEANING: dict[Kind, str] = {
    "total": "the change of the mean outcome when the treatment is set",
    "natural direct": "the effect while the mediators stay as under the control",
    "natural indirect": "the effect of the mediators' response to the treatment alone",
    "mediated interaction": "the total minus the natural direct and indirect effects",
    "controlled direct": "the effect while a mediator is held at a value",
    "observational": "the difference between units that have the two values",
    "spurious": "observational minus total: the part that common causes add",
    "subgroup": "the total effect among units with a value",
    "interaction": "the difference between two subgroups' effects",
}

MODEL = text_column("model", value=words.model)
CONTRAST = text_column("contrast", value=words.contrast)
OUTCOME = text_column("outcome", value=lambda each: words.outcome(each.measure))
_AGREEMENT = number_column(
    "agreement", "Sign agrees", value=attrgetter("agreement"), form=words.share, better="higher"
)


def interval(level: float, of: Callable[[Any], Any] = attrgetter("interval")) -> TableColumn[Any]:
    """Make the column of the intervals, which sort by their lower ends."""
    return number_column(
        "interval",
        f"{words.percent(level)} interval",
        value=lambda each: of(each) and of(each).low,
        text=lambda each: words.between(of(each)),
    )


def _p(heading: str, test: str, correction: str) -> TableColumn[Any]:
    def value(found: Finding) -> float | None:
        tested: PValue | None = getattr(found.tests, test, None)
        return None if tested is None else getattr(tested, correction)

    return number_column(heading.lower(), heading, value=value, form=p_value)


_P_VALUES = (
    _p("p", "no_effect", "raw"),
    _p("Holm", "no_effect", "holm"),
    _p("BH", "no_effect", "hochberg"),
)


def _verdict(result: AuditResult) -> TableColumn[Any]:
    def value(found: Finding) -> str:
        total = found.estimand.kind == "total" and not found.against
        return words.verdict(found, result.level, result.placebo_of(found) if total else None)

    return text_column("verdict", value=value)


def verdicts(result: AuditResult) -> Section:
    totals = result.of("total")
    columns = (
        MODEL,
        CONTRAST,
        OUTCOME,
        number_column("mean", "Total effect", value=attrgetter("mean"), form=words.effect),
        interval(result.level),
        _AGREEMENT,
        *_P_VALUES,
        number_column(
            "detectable",
            "Detectable",
            value=lambda each: each.tests and each.tests.detectable,
            form=words.size,
        ),
        _verdict(result),
    )
    return Section(
        "verdicts",
        "Verdicts",
        tables=(make_table("verdicts-table", "Verdicts", columns, totals),),
        lines=tuple(
            words.sentence(each, result.spec, result.level, result.placebo_of(each))
            for each in totals
        ),
    )


def rates(result: AuditResult) -> list[Section]:
    """Compare the rates of both sides of each contrast, as a difference and as a ratio."""
    found = result.rates()
    if not found:
        return []
    count = len(result.phrasings)

    columns = (
        text_column("model", value=lambda each: words.model(each.finding)),
        text_column("contrast", value=lambda each: words.contrast(each.finding)),
        text_column("outcome", value=lambda each: words.outcome(each.finding.measure)),
        number_column("first", "Rate, first", value=lambda each: each.means[0], form=_rate),
        number_column("second", "Rate, second", value=lambda each: each.means[1], form=_rate),
        number_column(
            "difference",
            "Difference",
            value=lambda each: each.means[1] - each.means[0],
            form=words.effect,
        ),
        number_column("ratio", "Ratio", value=attrgetter("ratio"), form=number_format.two_decimals),
        number_column(
            "below",
            "Phrasings below 0.80",
            value=attrgetter("below"),
            text=lambda each: f"{each.below} of {count}",
        ),
    )
    text = (
        "The rate is the mean probability of the outcome value where the treatment has each value "
        "of a side. The ratio is the lower rate divided by the higher one. The four-fifths rule "
        "(29 CFR 1607.4 D) calls a ratio of selection rates below 0.80 evidence of adverse impact. "
        "That rule is about selected people and a favourable outcome; these rates are "
        "probabilities of a model. A ratio near 1 proves no fairness."
    )
    title = "Rates and their ratio"
    return [Section("rates", title, (text,), (make_table("rates-table", title, columns, found),))]


def _rate(value: float) -> str:
    return words.effect(value).removeprefix("+")


def comparison(result: AuditResult) -> list[Section]:
    if not result.differences:
        return []
    return [
        Section(
            "models",
            "Models side by side",
            (
                "Effect of one model minus that of another, phrasing by phrasing and on the same "
                "units, so that the interval excludes wording effects that both models share.",
            ),
            _finding_tables("models", result.differences, result),
        )
    ]


def effects(result: AuditResult) -> Section:
    kinds = dict.fromkeys(each.estimand.kind for each in result.findings)
    text = "; ".join(f"{kind}: {_MEANING[kind]}" for kind in kinds)
    return Section(
        "effects",
        "All effects",
        (
            f"{text[0].upper()}{text[1:]}.",
            "p tests the hypothesis of no effect (sign flips over phrasings). It is adjusted by "
            "Holm and by Benjamini and Hochberg (BH) within each kind of effect, over contrasts, "
            "outcomes and models. Minimum tests an effect of at most the smallest effect of "
            "interest; TOST tests an effect at least as large; both are adjusted by Holm.",
        ),
        _finding_tables("effects", result.findings, result),
    )


def _finding_tables(
    name: str, found: Sequence[Finding], result: AuditResult
) -> tuple[ReportTable, ...]:
    """Make a table for each model, contrast and outcome."""
    blocks: dict[str, list[Finding]] = {}
    for each in found:
        caption = f"{words.model(each)}: {words.contrast(each)}, {words.outcome(each.measure)}"
        blocks.setdefault(caption, []).append(each)
    return tuple(
        make_table(f"{name}-{k}", caption, _finding_columns(block, result), block)
        for k, (caption, block) in enumerate(blocks.items(), 1)
    )


def _finding_columns(found: Sequence[Finding], result: AuditResult) -> list[TableColumn[Any]]:
    columns = [
        text_column("effect", value=lambda each: each.estimand.label),
        number_column("mean", "Mean", value=attrgetter("mean"), form=words.effect),
        interval(result.level),
        number_column("error", "SE of units", value=_standard_error, text=_shown_error),
        _AGREEMENT,
        *_P_VALUES,
        _p("Minimum", "minimum_effect", "holm"),
        _p("TOST", "equivalence", "holm"),
        _verdict(result),
    ]
    if found[0].measure.kind not in result.smallest:
        del columns[-3:-1]
    if all(each.exact for each in found):
        del columns[3]
    return columns


def _standard_error(found: Finding) -> float:
    """Standard error of the mean over phrasings from the sampling of units alone."""
    total: float = sum(each.standard_error**2 for each in found.effects)
    return total**0.5 / len(found.effects)


def _shown_error(found: Finding) -> str:
    return "exact" if found.exact else words.size(_standard_error(found))


def values(result: AuditResult) -> Section:
    groups = result.spec.treatment.groups
    columns = (
        text_column("model", value=attrgetter("model")),
        text_column("value", value=attrgetter("value")),
        text_column(
            "groups",
            value=lambda each: (
                ", ".join(name for name, members in groups if each.value in members) or NONE
            ),
        ),
        OUTCOME,
        number_column(
            "mean",
            "Mean",
            value=attrgetter("mean"),
            text=lambda each: words.effect(each.mean).removeprefix("+"),
        ),
        number_column(
            "interval",
            f"{words.percent(result.level)} interval",
            value=lambda each: each.interval and each.interval.low,
            text=lambda each: words.between(each.interval).replace("+", ""),
        ),
    )
    text = (
        "The mean outcome over phrasings where each value is set. The intervals include the effect "
        "of the wording that all values share, so they say little about differences of values."
    )
    table = make_table("values-table", "Each value", columns, result.means)
    return Section("values", "Each value", (text,), (table,))


def wording(result: AuditResult) -> Section:
    def end(of: Callable[[list[float]], float]) -> Callable[[Finding], float]:
        return lambda each: of([one.value for one in each.effects])

    def share(place: int) -> Callable[[Finding], float | None]:
        return lambda each: None if each.split is None else each.split.shares[place]

    columns = (
        MODEL,
        CONTRAST,
        OUTCOME,
        number_column("least", "Least", value=end(min), form=words.effect),
        number_column("largest", "Largest", value=end(max), form=words.effect),
        _AGREEMENT,
        *(
            number_column(name.lower(), name, value=share(place), form=words.share)
            for place, name in enumerate(("Phrasings", "Units", "Rest"))
        ),
    )
    text = (
        "How far the total effect depends on the wording. The last three columns are the variance "
        "components of a unit's effect in a phrasing: the wording, the unit, and their "
        "interaction."
    )
    table = make_table("wording-table", "Wording", columns, result.of("total"))
    return Section("wording", "Wording", (text,), (table,))
