"""The page of a table's estimates: sections of text and tables, for the terminal and for files."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from benchmarks.datasets.observed import RULES
from benchmarks.estimate.analysis import Analysis
from benchmarks.estimate.balance import BALANCED, OVERLAP_QUANTILES
from benchmarks.estimate.effects import ALPHA, QUANTILES, MethodEffect
from benchmarks.estimate.sensitivity import e_value, interval_e_value, robustness_value
from sdscm.data.diagnostics import WEAK_INSTRUMENT
from sdscm.number_format import (
    counted,
    integer,
    joined,
    number,
    p_value,
    percent,
    signed,
    slug,
    span,
    two_decimals,
)
from sdscm.report_page import (
    Page,
    Picture,
    Section,
    TableColumn,
    make_table,
    number_column,
    text_column,
)

#: Share of an arm's rows below which its effective sample size is called poor.
_POOR = 0.5
#: Rows of an arm below which a warning says so.
_FEW = 20

# Rows of the table of balance; a category of 100 values would push all else off the screen.
_BALANCE_ROWS = 20
_ASSUMPTION = (
    "An estimate that adjusts is the effect only if the covariates hold every common cause of "
    "treatment and outcome, and were measured before the treatment. No number of this page can "
    "show that."
)
_ASSUMPTION_OF_INSTRUMENT = (
    "Methods with an instrument estimate the effect of the compliers, the units whose treatment "
    "follows it. They need no list of common causes. They hold if the instrument affects "
    "the outcome by the treatment only, shares no cause with it beyond the covariates, and moves "
    "no unit against its direction. The refuters are not run on them."
)


@dataclass(frozen=True)
class Question:
    """What is asked of a table: the name of the file, the treatment and the outcome."""

    table: str
    treatment: str
    outcome: str


def effect_label(found: Analysis, asked: Question) -> str:
    """The label of an axis of effects."""
    control, treated = found.dataset.contrast
    return f"effect of {asked.treatment} ({treated} against {control}) on {asked.outcome}"


def page(found: Analysis, asked: Question, pictures: tuple[Picture, ...] = ()) -> Page:
    """Make the page; ``pictures`` stand before the tables with their numbers."""
    drawn = {each.name: each for each in pictures}
    parts = [
        drawn.get("effects-figure"),
        _effects(found),
        _instrument(found) if found.instrument else None,
        _hidden(found) if found.hidden else None,
        _heterogeneity(found),
        drawn.get("propensities"),
        _overlap(found),
        _balance(found),
        _sensitivity(found),
        _refuters(found) if found.refutations else None,
        _data(found),
    ]
    return Page(
        title=f"The effect of {asked.treatment} on {asked.outcome}",
        kicker=f"Estimates from {asked.table}; the truth is unknown",
        lead=_lead(found, asked),
        parts=tuple(part for part in parts if part is not None),
        warnings=tuple(_warnings(found)),
    )


def _lead(found: Analysis, asked: Question) -> str:
    control, treated = found.dataset.contrast
    adjusted = [each.ate for each in found.effects if each.adjusted and not math.isnan(each.ate)]
    text = f"{asked.treatment} = {treated} against {control}, {len(found.dataset):,} rows."
    if adjusted:
        methods = counted(len(adjusted), "method")
        low, high = number(min(adjusted)), number(max(adjusted))
        text += (
            f" {methods} that {'adjusts' if len(adjusted) == 1 else 'adjust'} for the covariates: "
            f"average effect {low if low == high else f'{low} to {high}'} in units of "
            f"{asked.outcome}."
        )
    late = [e.ate for e in found.effects if e.instrumental and not math.isnan(e.ate)]
    if late:
        methods = counted(len(late), "method")
        text += (
            f" {methods} with the instrument {found.dataset.instrument}: the compliers' effect is "
            f"{span(min(late), max(late))}."
        )
    return f"{text} {_ASSUMPTION}"


def _warnings(found: Analysis) -> Iterator[str]:
    # First, since the other warnings often follow from it.
    for leak in found.dataset.meta.options.get("leaks", ()):
        yield f"{leak}: is it measured before the treatment?"
    if found.instrument and found.instrument.weak:
        yield (
            f"The instrument {found.dataset.instrument} is weak (first-stage F "
            f"{number(found.instrument.first_stage_f)}): only the interval of 2SLS-AR holds."
        )
    failed = [each.method for each in found.effects if each.problem]
    if failed:
        yield f"No estimate: {joined(failed)}. The table has the reasons."
    for arm in found.arms:
        if len(arm.propensity) < _FEW:
            yield (
                f"Only {len(arm.propensity)} rows with {arm.value}: no method is reliable there, "
                "and intervals hold for many rows."
            )
        if arm.effective < _POOR * len(arm.propensity):
            yield (
                f"Poor overlap: weighting leaves {arm.effective:,.0f} effective rows of "
                f"{len(arm.propensity):,} with {arm.value}."
            )
    unequal = [d.column for d in found.differences if not abs(d.after) <= BALANCED]
    if unequal:
        yield (
            f"Not balanced after weighting, above {BALANCED:g} SD: {joined(unequal[:5])}"
            + f", and {len(unequal) - 5} more" * (len(unequal) > 5)
            + "."
        )
    known = [e for e in found.effects if e.adjusted and math.isfinite(e.high - e.low)]
    if known:
        lowest, highest = min(known, key=lambda e: e.high), max(known, key=lambda e: e.low)
        if lowest.high < highest.low:
            yield f"The intervals of {lowest.method} and {highest.method} do not overlap."
    adjusted = [e for e in found.effects if e.adjusted and math.isfinite(e.ate)]
    middle = float(np.median([e.ate for e in adjusted])) if adjusted else math.nan
    far = [e.method for e in adjusted if abs(found.in_sd(e.ate - middle)) > 1]
    if far:
        yield f"More than one SD from the median of the methods: {joined(far)}."


def _effects(found: Analysis) -> Section:
    def e_interval(each: MethodEffect) -> float:
        low, high = found.in_sd(each.low), found.in_sd(each.high)
        return math.nan if each.instrumental else interval_e_value(low, high)

    def estimate_e_value(each: MethodEffect) -> float:
        return math.nan if each.instrumental else e_value(found.in_sd(each.ate))

    columns = [
        _text("Method", lambda each: each.method),
        _number("Average effect", lambda each: each.ate),
        _text("95 % interval", lambda each: span(each.low, each.high)),
        _number("In SD", lambda each: found.in_sd(each.ate), two_decimals),
        _number("E-value", estimate_e_value, two_decimals),
        _number("of the interval", e_interval, two_decimals),
    ]
    if any(each.problem for each in found.effects):
        columns.append(_text("Failure", lambda each: each.problem))
    text = (
        f"In units of the outcome, and in its standard deviations within the arms "
        f"({number(found.sd)}). E-values: see 'Sensitivity'."
    )
    if any(each.instrumental for each in found.effects):
        text += " Methods with the instrument have none: they allow hidden confounders."
    return _section("effects", "Average effects", text, columns, found.effects)


def _instrument(found: Analysis) -> Section:
    assert found.instrument is not None
    lines = (
        f"First-stage F of {found.dataset.instrument}: {number(found.instrument.first_stage_f)}; "
        f"below {WEAK_INSTRUMENT} it is weak (Staiger and Stock 1997)",
        f"Share of compliers, if no unit defies: {_share(found.instrument.compliers)}",
    )
    return Section("instrument", "The instrument", (_ASSUMPTION_OF_INSTRUMENT,), lines=lines)


def _hidden(found: Analysis) -> Section:
    rows = [
        (hidden.column, seen, each, each.ate - seen.ate)
        for hidden in found.hidden
        for seen, each in zip(found.effects, hidden.effects, strict=True)
    ]
    columns = [
        _text("Hidden", lambda row: row[0]),
        _text("Method", lambda row: row[1].method),
        _number("Average effect", lambda row: row[1].ate),
        _text("Without it", lambda row: row[2].problem or row[2].numbers),
        _number("Change", lambda row: row[3], signed),
        _number("In SD", lambda row: found.in_sd(row[3]), _signed_two),
    ]
    text = "Each method is fitted again without a covariate." + "".join(
        f" {each.column} explains {_share(each.of_treatment)} of the treatment's variance beyond "
        f"the other covariates, and {_share(each.of_outcome)} of the outcome's beyond these and "
        "the treatment; compare them with the robustness value."
        for each in found.hidden
    )
    return _section("hidden", "When a covariate is hidden", text, columns, rows)


def _heterogeneity(found: Analysis) -> Section:
    varying = {each.method for each in found.varying}
    same = [e.method for e in found.effects if e.effect is not None and e.method not in varying]
    columns = [
        _text("Method", lambda each: each.method),
        _number("SD", lambda each: each.spread),
        *_quantiles(QUANTILES),
        _text("Covariate", lambda each: each.covariate),
        _number("Explains", lambda each: each.share, _share),
        _text("Mean effect", lambda each: each.split),
    ]
    text = (
        "Effects of the rows by the methods that estimate one for each. The spread is that of the "
        "estimates, noise included. The covariate is the one whose splits explain most of it in a "
        "regression tree of depth 2."
        + f" One effect for all rows: {joined(same)}." * bool(same)
        + " No method here has effects that differ between rows." * (not varying)
    )
    return _section("heterogeneity", "How the effect varies", text, columns, found.varying)


def _overlap(found: Analysis) -> Section:
    columns = [
        _text("Arm", lambda arm: arm.value),
        _number("Rows", lambda arm: len(arm.propensity), integer),
        *_quantiles(OVERLAP_QUANTILES, " quantile"),
        _number("Effective rows", lambda arm: arm.effective, integer),
    ]
    text = (
        "Propensities by a logistic regression on the covariates. The effective sample size is "
        "what inverse propensity weights, clipped at 0.01, leave of the rows (Kish 1965)."
    )
    return _section("overlap", "Overlap", text, columns, found.arms)


def _balance(found: Analysis) -> Section:
    columns = [
        _text("Covariate", lambda each: each.column),
        _number(f"Mean: {found.arms[0].value}", lambda each: each.treated),
        _number(f"Mean: {found.arms[1].value}", lambda each: each.control),
        _number("Before", lambda each: each.before, _signed_two),
        _number("After", lambda each: each.after, _signed_two),
    ]
    text = (
        "Differences of the means in standard deviations, before and after weighting by the "
        f"inverse propensity; below {BALANCED:g} is called balanced (Austin 2009)."
    )
    shown = [
        each
        for place, each in enumerate(found.differences)
        if place < _BALANCE_ROWS or not abs(each.after) <= BALANCED
    ]
    if rest := len(found.differences) - len(shown):
        text += f" Left out: {counted(rest, 'column')} with smaller differences, balanced after."
    return _section("balance", "Balance", text, columns, shown)


def _sensitivity(found: Analysis) -> Section:
    linear = found.linear
    lines: tuple[str, ...] = (
        "No robustness value: the coefficient of the treatment has no standard error.",
    )
    if linear is not None:
        zero, interval = (robustness_value(linear.t, linear.df, alpha=a) for a in (None, ALPHA))
        lines = (
            f"Coefficient {number(linear.estimate)}, standard error "
            f"{number(linear.standard_error)}, t = {two_decimals(linear.t)}, "
            f"{linear.df:,} degrees of freedom",
            f"Robustness value: {_share(zero)}; for the 95 % interval: {_share(interval)}",
            f"Partial R2 of the treatment with the outcome: {_share(linear.partial_r2)}, the share "
            "of the treatment that a confounder that explains all of the outcome must explain",
        )
    text = (
        "E-value (VanderWeele and Ding 2017): a hidden confounder that changes the probability of "
        "the treatment and of a high outcome by less than this ratio each, beyond the covariates, "
        "cannot explain the estimate away; for the interval, cannot move it to 0. It is the "
        "approximation for a standardised mean difference.",
        "Robustness value (Cinelli and Hazlett 2020), for the coefficient of the treatment in the "
        "linear regression on treatment and covariates: a hidden confounder that explains less "
        "than this share of the residual variance of both treatment and outcome cannot explain the "
        "estimate away.",
    )
    return Section("sensitivity", "Sensitivity", text, lines=lines)


def _refuters(found: Analysis) -> Section:
    columns = [
        _text("Method", lambda each: each.method),
        _text("Refuter", lambda each: each.refuter or each.problem),
        _number("Expected", lambda each: each.expected),
        _number("Found", lambda each: each.refuted),
        _number("p", lambda each: each.p_value, p_value),
    ]
    text = (
        "DoWhy's refuters (Sharma and Kiciman 2020) fit a method again on changed data and compare "
        "its mean with what is expected; a small p value is a bad sign. The unobserved common "
        "cause has no test: it shows how fragile the estimate is."
    )
    return _section("refuters", "Refuters", text, columns, found.refutations)


def _data(found: Analysis) -> Section:
    dataset = found.dataset
    names = [] if dataset.labels is None else list(map(str, dataset.labels))
    control, treated = dataset.contrast
    lines = (
        f"Treated: {treated} ({int(dataset.t.sum()):,} rows); control: {control} "
        f"({int((1 - dataset.t).sum()):,} rows)",
        f"Covariates: {', '.join(map(str, dataset.X))}; "
        f"{counted(found.columns, 'column')} for estimators",
        f"Categories: {', '.join(names) or 'none'}",
        f"Methods: {', '.join(each.method for each in found.effects)}; seed 0",
    )
    return Section("data", "How the table was read", RULES, lines=lines)


def _section(
    name: str, title: str, text: str, columns: Sequence[TableColumn[Any]], rows: Sequence[Any]
) -> Section:
    table = make_table(f"{name}-table", title, columns, rows)
    return Section(name, title, (text,), (table,) if rows else ())


def _text(heading: str, value: Callable[[Any], Any]) -> TableColumn[Any]:
    return text_column(slug(heading), heading, value=value)


def _number(
    heading: str, value: Callable[[Any], Any], form: Callable[[Any], str] = number
) -> TableColumn[Any]:
    return number_column(slug(heading), heading, value=value, form=form)


def _quantiles(shares: Sequence[float], word: str = "") -> list[TableColumn[Any]]:
    headings = [percent(share, unit=" %") + word for share in shares]
    return [_number(heading, partial(_quantile, k)) for k, heading in enumerate(headings)]


def _quantile(place: int, item: Any) -> float:
    return float(item.quantiles[place])


def _share(value: float) -> str:
    return percent(value, 1, " %")


def _signed_two(value: float) -> str:
    return signed(value, two_decimals)
