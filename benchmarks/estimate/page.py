"""The page of a table's estimates: sections of text and tables, for the terminal and for files."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.estimate.analysis import Analysis, Hidden
from benchmarks.estimate.balance import BALANCED
from benchmarks.estimate.effects import ALPHA, QUANTILES
from benchmarks.estimate.sensitivity import e_value, interval_e_value, robustness_value
from benchmarks.estimate.table import RULES
from sdscm.number_format import (
    counted,
    decimals,
    joined,
    number,
    p_value,
    percent,
    signed,
    span,
    two_decimals,
    with_interval,
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
_ASSUMPTION = (
    "An estimate is the effect only if the covariates hold every common cause of treatment and "
    "outcome, and were measured before the treatment. No number of this page can show that."
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
        _hidden(found) if found.hidden else None,
        _heterogeneity(found),
        drawn.get("propensities"),
        _overlap(found),
        drawn.get("balance-figure"),
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
        text += (
            f" {methods} that {'adjusts' if len(adjusted) == 1 else 'adjust'} for the covariates: "
            f"average effect {span(min(adjusted), max(adjusted))} in units of {asked.outcome}."
        )
    return f"{text} {_ASSUMPTION}"


def _warnings(found: Analysis) -> Iterator[str]:
    failed = [each.method for each in found.effects if each.problem]
    if failed:
        yield f"No estimate: {joined(failed)}. The table has the reasons."
    for arm in found.arms:
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
    for leak in found.dataset.meta.options.get("leaks", ()):
        yield f"{leak}: is it measured before the treatment?"


def _effects(found: Analysis) -> Section:
    columns = [
        text_column("method", "Method", value=lambda each: each.method),
        number_column("ate", "Average effect", value=lambda each: each.ate),
        text_column("interval", "95 % interval", value=lambda each: span(each.low, each.high)),
        number_column(
            "ate_sd", "In SD", value=lambda each: _in_sd(each.ate, found.sd), form=two_decimals
        ),
        number_column(
            "e_value",
            "E-value",
            value=lambda each: e_value(_in_sd(each.ate, found.sd)),
            form=two_decimals,
        ),
        number_column(
            "e_value_interval",
            "of the interval",
            value=lambda each: interval_e_value(
                _in_sd(each.low, found.sd), _in_sd(each.high, found.sd)
            ),
            form=two_decimals,
        ),
    ]
    if any(each.problem for each in found.effects):
        columns.append(text_column("problem", "Failure", value=lambda each: each.problem))
    text = (
        f"In units of the outcome, and in its standard deviations within the arms "
        f"({number(found.sd)}). E-values: see 'Sensitivity'.",
    )
    return _section("effects", "Average effects", text, columns, found.effects)


def _hidden(found: Analysis) -> Section:
    rows = [
        (hidden, seen, each)
        for hidden in found.hidden
        for seen, each in zip(found.effects, hidden.effects, strict=True)
    ]
    text = [
        f"Each method is fitted again without {joined(each.column for each in found.hidden)}"
        + (", one at a time." if len(found.hidden) > 1 else "."),
        *(_strength(each) for each in found.hidden),
    ]
    columns = [
        text_column("column", "Hidden", value=lambda row: row[0].column),
        text_column("method", "Method", value=lambda row: row[1].method),
        number_column("seen", "Average effect", value=lambda row: row[1].ate),
        text_column(
            "hidden",
            "Without it",
            value=lambda row: row[2].problem or with_interval(row[2].ate, row[2].low, row[2].high),
        ),
        number_column("change", "Change", value=lambda row: row[2].ate - row[1].ate, form=signed),
        number_column(
            "change_sd",
            "In SD",
            value=lambda row: _in_sd(row[2].ate - row[1].ate, found.sd),
            form=lambda value: signed(value, two_decimals),
        ),
    ]
    return _section("hidden", "When a covariate is hidden", tuple(text), columns, rows)


def _strength(hidden: Hidden) -> str:
    return (
        f"{hidden.column} explains {percent(hidden.of_treatment, 1, ' %')} of the treatment's "
        f"variance beyond the other covariates, and {percent(hidden.of_outcome, 1, ' %')} of the "
        "outcome's beyond these and the treatment; compare them with the robustness value."
    )


def _heterogeneity(found: Analysis) -> Section:
    same = [e.method for e in found.effects if e.effect is not None] if found.effects else []
    same = [name for name in same if name not in {each.method for each in found.varying}]
    text = [
        "Effects of the rows by the methods that estimate one for each. The spread is that of the "
        "estimates, noise included. The covariate is the one whose splits explain most of it in a "
        "regression tree of depth 2."
    ]
    if same:
        text.append(f"One effect for all rows: {joined(same)}.")
    columns = [
        text_column("method", "Method", value=lambda each: each.method),
        number_column("spread", "SD", value=lambda each: each.spread),
        *(
            number_column(
                f"q{share:g}",
                percent(share, unit=" %"),
                value=lambda each, place=place: each.quantiles[place],
            )
            for place, share in enumerate(QUANTILES)
        ),
        text_column("covariate", "Covariate", value=lambda each: each.covariate),
        number_column(
            "share", "Explains", value=lambda each: each.share, form=lambda v: percent(v, unit=" %")
        ),
        text_column("split", "Mean effect", value=lambda each: each.split),
    ]
    if not found.varying:
        return Section("heterogeneity", "How the effect varies", (*text, "No method here does."))
    return _section("heterogeneity", "How the effect varies", tuple(text), columns, found.varying)


def _overlap(found: Analysis) -> Section:
    text = (
        "Propensities by a logistic regression on the covariates. The effective sample size is "
        "what inverse propensity weights, clipped at 0.01, leave of the rows (Kish 1965).",
    )
    columns = [
        text_column("arm", "Arm", value=lambda arm: arm.value),
        number_column("rows", "Rows", value=lambda arm: len(arm.propensity), form=_whole),
        *(
            number_column(
                f"q{share:g}",
                f"{percent(share, unit=' %')} quantile",
                value=lambda arm, share=share: arm.quantile(share),
            )
            for share in (0.05, 0.5, 0.95)
        ),
        number_column("effective", "Effective rows", value=lambda a: a.effective, form=_whole),
    ]
    return _section("overlap", "Overlap", text, columns, found.arms)


def _balance(found: Analysis) -> Section:
    text = (
        "Differences of the means in standard deviations, before and after weighting by the "
        f"inverse propensity; below {BALANCED:g} is called balanced (Austin 2009).",
    )
    columns = [
        text_column("column", "Covariate", value=lambda each: each.column),
        number_column("treated", f"Mean: {found.arms[0].value}", value=lambda each: each.treated),
        number_column("control", f"Mean: {found.arms[1].value}", value=lambda each: each.control),
        number_column("before", "Before", value=lambda e: e.before, form=_signed_two),
        number_column("after", "After", value=lambda e: e.after, form=_signed_two),
    ]
    return _section("balance", "Balance", text, columns, found.differences)


def _sensitivity(found: Analysis) -> Section:
    text = [
        "E-value (VanderWeele and Ding 2017): a hidden confounder that changes the probability of "
        "the treatment and of a high outcome by less than this ratio each, beyond the covariates, "
        "cannot explain the estimate away; for the interval, cannot move it to 0. It is the "
        "approximation for a standardised mean difference.",
    ]
    lines: list[str] = []
    linear = found.linear
    if linear is None:
        text.append(
            "No robustness value: in the linear regression on treatment and covariates the "
            "coefficient of the treatment has no standard error."
        )
    else:
        text.append(
            "Robustness value (Cinelli and Hazlett 2020), for the coefficient of the treatment in "
            "the linear regression on treatment and covariates: a hidden confounder that explains "
            "less than this share of the residual variance of both treatment and outcome cannot "
            "explain the estimate away."
        )
        zero, interval = (robustness_value(linear.t, linear.df, alpha=a) for a in (None, ALPHA))
        lines = [
            f"Coefficient {number(linear.estimate)}, standard error "
            f"{number(linear.standard_error)}, t = {decimals(linear.t, 2)}, "
            f"{linear.df:,} degrees of freedom",
            f"Robustness value: {percent(zero, 1, ' %')}; for the 95 % interval: "
            f"{percent(interval, 1, ' %')}",
            f"Partial R2 of the treatment with the outcome: "
            f"{percent(linear.partial_r2, 1, ' %')}, the share that a confounder that explains "
            "all of the outcome must explain of the treatment",
        ]
    return Section("sensitivity", "Sensitivity", tuple(text), lines=tuple(lines))


def _refuters(found: Analysis) -> Section:
    text = (
        "DoWhy's refuters (Sharma and Kiciman 2020) fit a method again on changed data and compare "
        "its mean with what is expected; a small p value is a bad sign. The unobserved common "
        "cause has no test: it shows how fragile the estimate is.",
    )
    columns = [
        text_column("method", "Method", value=lambda each: each.method),
        text_column("refuter", "Refuter", value=lambda each: each.refuter or each.problem),
        number_column("expected", "Expected", value=lambda each: each.expected),
        number_column("refuted", "Found", value=lambda each: each.refuted),
        number_column("p", "p", value=lambda each: each.p_value, form=p_value),
    ]
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
    name: str,
    title: str,
    text: tuple[str, ...],
    columns: Sequence[TableColumn[Any]],
    rows: Iterable[Any],
) -> Section:
    table = make_table(f"{name}-table", title, columns, rows)
    return Section(name, title, text, (table,))


def _in_sd(value: float, sd: float) -> float:
    return value / sd if sd > 0 else math.nan


def _whole(value: float) -> str:
    return f"{value:,.0f}"


def _signed_two(value: float) -> str:
    return signed(value, two_decimals)
