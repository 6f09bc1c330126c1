"""The summary of an audit: one page for readers who read no other."""

from __future__ import annotations

from collections.abc import Iterator

from sdscm.audit.finding import Finding
from sdscm.audit.report import words
from sdscm.audit.result import FOUR_FIFTHS, AuditResult
from sdscm.number_format import two_decimals
from sdscm.report_page import Section, make_table, text_column

#: More effects would not fit on the page.
_MOST = 6


def summary(result: AuditResult) -> Section:
    """Answer the questions of an audit in plain words, with the size of the placebo beside them."""
    totals = result.of("total")
    lines = [_answer(each, result) for each in totals[:_MOST]]
    if len(totals) > _MOST:
        lines.append(f"The verdicts on {len(totals) - _MOST} more effects follow below.")
    lines += _rates(result)
    lines += _placebos(result)
    lines.append(
        "What it means: these numbers describe how a language model scores sentences, under one "
        "assumed causal graph and a set of wordings. They are not about people, and they are no "
        "legal finding. See 'How to read it'."
    )
    about = result.about or (("Date, author, purpose", "not stated"),)
    columns = (
        text_column("what", " ", value=lambda fact: fact[0]),
        text_column("stated", value=lambda fact: fact[1]),
    )
    table = make_table("about-table", "About this audit", columns, about)
    return Section("summary", "Summary", tables=(table,), lines=tuple(lines))


def _answer(found: Finding, result: AuditResult) -> str:
    """Answer one question: does the treatment change the outcome in this model?"""
    spec, smallest = result.spec, result.smallest.get(found.measure.kind)
    question = (
        f"Does {spec.treatment.name} = {found.treated} instead of {found.control} change "
        f"{words.outcome(found.measure)} in {found.model}?"
    )
    change = f"On average it is {words.size(abs(found.mean))} "
    change += "higher" if found.mean > 0 else "lower"
    if found.interval is not None:
        change += f" ({words.percent(result.level)} interval {words.between(found.interval)})"
    verdict = found.verdict(1 - result.level)
    if words.verdict(found, result.level) == "exactly 0":
        return f"{question} No: the effect is exactly 0."
    if verdict == "not judged":
        return f"{question} Not judged: {found.refusal}."
    if verdict == "no effect that matters":
        return f"{question} No, not by {smallest:g} or more. {change}."
    if verdict == "undecided":
        detectable = found.tests.detectable if found.tests else float("inf")
        return (
            f"{question} Undecided: the audit shows neither an effect nor its absence. {change}. "
            f"The smallest effect that it detects in 80 % of the cases: {words.size(detectable)}."
        )
    placebo = result.placebo_of(found)
    beside = "" if placebo is None else f" For comparison: {words.against(placebo, found)}."
    if verdict == "effect":
        return f"{question} Yes, by more than {smallest:g}. {change}.{beside}"
    size = "" if smallest is None else f", but whether by {smallest:g} or more is undecided"
    return f"{question} Yes{size}. {change}.{beside}"


def _rates(result: AuditResult) -> Iterator[str]:
    for each in result.rates()[:_MOST]:
        one, other = each.means
        rule = "below" if each.ratio < FOUR_FIFTHS else "not below"
        yield (
            f"Rates in {each.finding.model}, {words.outcome(each.finding.measure)}: "
            f"{two_decimals(one)} for {each.finding.control}, {two_decimals(other)} for "
            f"{each.finding.treated}. Their ratio is {two_decimals(each.ratio)}, {rule} four "
            f"fifths; it is below in {each.below} of {len(each.control)} phrasings."
        )


def _placebos(result: AuditResult) -> Iterator[str]:
    for each in result.controls:
        if each.kind == "placebo":
            found = each.finding
            state = {True: "passed", False: "failed", None: "not judged"}[each.passed]
            yield (
                f"Control: a sentence that should not matter ({words.contrast(found)}) has an "
                f"effect of {words.effect(found.mean)} on {words.outcome(found.measure)} in "
                f"{found.model} ({state})."
            )
    if not result.controls:
        yield "Controls: none; without them nobody knows what an irrelevant sentence changes."
