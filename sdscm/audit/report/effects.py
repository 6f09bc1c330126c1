"""Sections on the findings: effects, differences between models, and the wording."""

from __future__ import annotations

from collections.abc import Sequence

from sdscm.audit.effects.estimand import Kind
from sdscm.audit.finding import Finding
from sdscm.audit.report import words
from sdscm.audit.report.view import Section, Table
from sdscm.audit.result import AuditResult
from sdscm.number_format import NONE, p_value

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
            _finding_tables(result.differences, result),
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
        _finding_tables(result.findings, result),
    )


def _finding_tables(found: Sequence[Finding], result: AuditResult) -> tuple[Table, ...]:
    """Make a table for each model, contrast and outcome."""
    blocks: dict[str, list[Finding]] = {}
    for each in found:
        caption = f"{words.model(each)}: {words.contrast(each)}, {words.outcome(each.measure)}"
        blocks.setdefault(caption, []).append(each)
    return tuple(_finding_table(block, result, caption) for caption, block in blocks.items())


def _finding_table(found: Sequence[Finding], result: AuditResult, caption: str) -> Table:
    smallest = found[0].measure.kind in result.smallest
    sampled = any(not each.exact for each in found)
    header = [
        "Effect",
        "Mean",
        f"{words.percent(result.level)} interval",
        *["SE of units"] * sampled,
        "Sign agrees",
        "p",
        "Holm",
        "BH",
        *["Minimum", "TOST"] * smallest,
        "Verdict",
    ]
    rows = []
    for each in found:
        tests = each.tests
        row = [each.estimand.label, words.effect(each.mean), words.between(each.interval)]
        if sampled:
            row.append("exact" if each.exact else words.size(_standard_error(each)))
        row += [
            words.share(each.agreement),
            *words.raw_and_adjusted(tests.no_effect if tests else None),
        ]
        if smallest:
            row += [
                p_value(test.holm if test else None)
                for test in (tests and tests.minimum_effect, tests and tests.equivalence)
            ]
        rows.append((*row, words.verdict(each, result.level)))
    return Table(tuple(header), tuple(rows), tuple(range(1, len(header) - 1)), caption)


def _standard_error(found: Finding) -> float:
    """Standard error of the mean over phrasings from the sampling of units alone."""
    total: float = sum(each.standard_error**2 for each in found.effects)
    return total**0.5 / len(found.effects)


def values(result: AuditResult) -> Section:
    header = (
        "Model",
        "Value",
        "Groups",
        "Outcome",
        "Mean",
        f"{words.percent(result.level)} interval",
    )
    groups = result.spec.treatment.groups
    rows = [
        (
            each.model,
            each.value,
            ", ".join(name for name, members in groups if each.value in members) or NONE,
            words.outcome(each.measure),
            words.effect(each.mean).removeprefix("+"),
            words.between(each.interval).replace("+", ""),
        )
        for each in result.means
    ]
    text = (
        "The mean outcome over phrasings where each value is set. The intervals include the effect "
        "of the wording that all values share, so they say little about differences of values.",
    )
    return Section("values", "Each value", text, (Table(header, tuple(rows), right=(4, 5)),))


def wording(result: AuditResult) -> Section:
    rows = []
    for each in result.of("total"):
        found = [one.value for one in each.effects]
        shares = each.split.shares if each.split else (float("nan"),) * 3
        rows.append(
            (
                each.model,
                words.contrast(each),
                words.outcome(each.measure),
                words.effect(min(found)),
                words.effect(max(found)),
                words.share(each.agreement),
                *map(words.share, shares),
            )
        )
    header = (
        "Model",
        "Contrast",
        "Outcome",
        "Least",
        "Largest",
        "Sign agrees",
        "Phrasings",
        "Units",
        "Rest",
    )
    text = (
        "How far the total effect depends on the wording. The last three columns are the variance "
        "components of a unit's effect in a phrasing: the wording, the unit, and their "
        "interaction.",
    )
    return Section(
        "wording", "Wording", text, (Table(header, tuple(rows), right=tuple(range(3, 9))),)
    )
