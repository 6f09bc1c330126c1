"""What an audit's report says, section by section."""

from __future__ import annotations

from collections.abc import Sequence

from sdscm.audit.estimand import Kind
from sdscm.audit.finding import Finding
from sdscm.audit.phrasings import count_phrasings
from sdscm.audit.report import words
from sdscm.audit.report.caveats import caveats
from sdscm.audit.report.prompts import example, prompt
from sdscm.audit.report.view import Page, Picture, Section, Table
from sdscm.audit.result import AuditResult, Control

_PASSED = {True: "passed", False: "FAILED", None: "not judged"}
_MEANING: dict[Kind, str] = {
    "total": "the change of the mean outcome when the treatment is set",
    "natural direct": "what is left while the mediators stay as under the control",
    "natural indirect": "what the mediators' answer to the treatment alone does",
    "mediated interaction": "what the direct and the indirect effect leave of the total",
    "controlled direct": "the effect while a mediator is held at a value",
    "observational": "the difference between units that are met with the two values",
    "spurious": "observational less total: what common causes add",
    "subgroup": "the total effect among units with a value",
    "interaction": "the difference between two subgroups' effects",
}


def page(result: AuditResult, pictures: Sequence[Picture] = ()) -> Page:
    """The report of an audit; ``pictures`` as `sdscm.audit.report.figures` draws them."""
    spec = result.spec
    totals = result.of("total")
    reported = [each.id for each in result.models if not each.error]
    scope = "all" if result.all_phrasings else "a random set"
    return Page(
        title=f"Effect of {spec.treatment.name} on {spec.outcome.name}, as encoded in "
        f"{words.listed(reported)}",
        kicker=f"Audit of the scenario {spec.name}",
        lead=(
            f"Effects of {spec.treatment.name} on {spec.outcome.name} that are encoded in "
            f"{words.listed(reported)} under the DAG of {spec.name}, in "
            f"{words.counted(len(result.phrasings), 'phrasing')} ({scope} of "
            f"{count_phrasings(spec):,}). Nothing here is a claim about the world."
        ),
        warnings=tuple(_warnings(result)),
        sentences=tuple(words.sentence(each, spec, result.level) for each in totals),
        verdicts=_verdicts(totals, result),
        pictures=tuple(pictures),
        sections=(
            *_comparison(result),
            _effects(result),
            _values(result),
            _wording(result),
            *_controls(result),
            *_mechanisms(result),
            Section("reading", "How to read it", (), lines=caveats(result)),
            _prompts(result),
            _settings(result),
        ),
    )


def _warnings(result: AuditResult) -> list[str]:
    found = [f"{each.id} is not reported on: {each.error}" for each in result.models if each.error]
    found += [
        f"{model.id}, {facts.name}, in its worst phrasing: {problem}."
        for model in result.models
        for facts in model.facts
        for problem in facts.problems
    ]
    found += [_failed(each) for each in result.controls if each.passed is False]
    refusals = dict.fromkeys(each.refusal for each in result.of("total") if each.refusal)
    return found + [f"No interval: {refusal}." for refusal in refusals]


def _failed(control: Control) -> str:
    found = control.finding
    told = f"{words.effect(found.mean)} on {words.outcome(found.measure)}"
    if control.kind == "placebo":
        return (
            f"{found.model}: the placebo ({words.contrast(found)}) has an effect of {told}. "
            "Effects of that size may be no more than its answer to any change of the text."
        )
    if control.kind == "shuffled":
        return (
            f"{found.model}: with shuffled values, where there is none, the audit finds an effect "
            f"of {told}: chance, or a fault of the audit."
        )
    return (
        f"The audit misses the planted effect '{found.estimand.label}': {told} instead of "
        f"{words.effect(control.expected)}. Do not trust its numbers."
    )


def _verdicts(found: Sequence[Finding], result: AuditResult) -> Table:
    header = (
        "Model",
        "Contrast",
        "Outcome",
        "Total effect",
        f"{words.percent(result.level)} interval",
        "Sign agrees",
        "p",
        "Holm",
        "BH",
        "Detectable",
        "Verdict",
    )
    rows = [
        (
            words.model(each),
            words.contrast(each),
            words.outcome(each.measure),
            words.effect(each.mean),
            words.between(each.interval),
            words.share(each.agreement),
            *words.raw_and_adjusted(each.tests.no_effect if each.tests else None),
            words.size(each.tests.detectable) if each.tests else words.NONE,
            words.verdict(each, result.level),
        )
        for each in found
    ]
    return Table(header, tuple(rows), right=tuple(range(3, 10)))


def _comparison(result: AuditResult) -> list[Section]:
    if not result.differences:
        return []
    return [
        Section(
            "models",
            "Models side by side",
            (
                "Effect of one model less that of another, phrasing by phrasing and on the same "
                "units, so that what the wording does to both is no part of the interval.",
            ),
            _finding_tables(result.differences, result),
        )
    ]


def _effects(result: AuditResult) -> Section:
    kinds = dict.fromkeys(each.estimand.kind for each in result.findings)
    text = "; ".join(f"{kind}: {_MEANING[kind]}" for kind in kinds)
    return Section(
        "effects",
        "All effects",
        (
            f"{text[0].upper()}{text[1:]}.",
            "p is that of no effect (sign flips over phrasings); it is adjusted by Holm and by "
            "Benjamini and Hochberg (BH) within each kind of effect, over contrasts, outcomes and "
            "models. Minimum: p of an effect no larger than the smallest of interest; TOST: p of "
            "one at least as large; both by Holm.",
        ),
        _finding_tables(result.findings, result),
    )


def _finding_tables(found: Sequence[Finding], result: AuditResult) -> tuple[Table, ...]:
    """A table for each model, contrast and outcome."""
    blocks: dict[str, list[Finding]] = {}
    for each in found:
        caption = f"{words.model(each)}: {words.contrast(each)}, {words.outcome(each.measure)}"
        blocks.setdefault(caption, []).append(each)
    return tuple(_finding_table(block, result, caption) for caption, block in blocks.items())


def _finding_table(found: Sequence[Finding], result: AuditResult, caption: str) -> Table:
    smallest = found[0].measure.kind in dict(result.smallest)
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
                words.p_value(test.holm if test else None)
                for test in (tests and tests.minimum_effect, tests and tests.equivalence)
            ]
        rows.append((*row, words.verdict(each, result.level)))
    return Table(tuple(header), tuple(rows), tuple(range(1, len(header) - 1)), caption)


def _standard_error(found: Finding) -> float:
    """Of the mean over phrasings, from the sampling of units alone; phrasings have other units."""
    total: float = sum(each.standard_error**2 for each in found.effects)
    return total**0.5 / len(found.effects)


def _values(result: AuditResult) -> Section:
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
            ", ".join(name for name, members in groups if each.value in members) or words.NONE,
            words.outcome(each.measure),
            words.effect(each.mean).removeprefix("+"),
            words.between(each.interval).replace("+", ""),
        )
        for each in result.means
    ]
    text = (
        "The mean outcome where each value is set, over the phrasings. The intervals hold what the "
        "phrasings do to all values alike, so that they say little of how two values differ.",
    )
    return Section("values", "Each value", text, (Table(header, tuple(rows), right=(4, 5)),))


def _wording(result: AuditResult) -> Section:
    rows = []
    for each in result.of("total"):
        values = [one.value for one in each.effects]
        shares = each.split.shares if each.split else (float("nan"),) * 3
        rows.append(
            (
                each.model,
                words.contrast(each),
                words.outcome(each.measure),
                words.effect(min(values)),
                words.effect(max(values)),
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
        "How far the total effect depends on the wording. The last three columns split the "
        "variance of a unit's effect in a phrasing: the wording, who the unit is, and what "
        "depends on both.",
    )
    return Section(
        "wording", "Wording", text, (Table(header, tuple(rows), right=tuple(range(3, 9))),)
    )


def _controls(result: AuditResult) -> list[Section]:
    if not result.controls:
        return []
    rows = [_control(each) for each in result.controls]
    interval = f"{words.percent(result.level)} interval"
    header = ("Control", "Model", "Outcome", "Effect", "Expected", "Found", interval, "Result")
    text = (
        "Questions to the audit itself, whose answers are known. Placebo: a sentence that should "
        "not matter. Shuffled: values told wrongly in half of the contexts. Both pass if the "
        "interval holds 0, or nothing as large as the smallest effect of interest; by chance, "
        f"about {words.percent(1 - result.level)} of them do not. Planted: the effects of a tiny "
        "model are known, and must be found in every phrasing to 1e-6 (and five standard errors, "
        "where units are sampled).",
    )
    return [Section("controls", "Controls", text, (Table(header, tuple(rows), right=(4, 5, 6)),))]


def _control(control: Control) -> tuple[str, ...]:
    found = control.finding
    return (
        control.kind,
        found.model,
        words.outcome(found.measure),
        f"{words.contrast(found)}, {found.estimand.label}",
        words.effect(control.expected),
        words.effect(found.mean),
        words.between(found.interval),
        _PASSED[control.passed],
    )


def _mechanisms(result: AuditResult) -> list[Section]:
    rows = [
        (
            model.id,
            each.name,
            _chance(each.mass),
            _chance(each.least_mass),
            words.share(each.settled),
            words.share(each.largest),
            "; ".join(each.problems) or "none",
        )
        for model in result.models
        for each in model.facts
    ]
    if not rows:
        return []
    header = ("Model", "Variable", "Mass", "Least mass", "Over 99 %", "Largest share", "Warnings")
    text = (
        "Mass: the probability that the model gives to the sentences of the domain together, "
        "before it is shared out among them. Where it is tiny, the model would rather say "
        "something else. Over 99 %: units for which one value is all but certain. In each column "
        "the worst of the phrasings.",
    )
    return [
        Section(
            "mass",
            "What the model makes of each variable",
            text,
            (Table(header, tuple(rows), right=(2, 3, 4, 5)),),
        )
    ]


def _chance(value: float) -> str:
    return words.NONE if value != value else f"{value:.1e}".replace("-", "−")


def _prompts(result: AuditResult) -> Section:
    spec, totals = result.spec, result.of("total")
    asked = [
        ", ".join((each.model, words.contrast(each), words.outcome(each.measure)))
        for each in totals
    ]
    header = ["No.", "Number", *asked, "Text"]
    rows = [
        (
            str(place + 1),
            str(number),
            *(words.effect(each.effects[place].value) for each in totals),
            prompt(spec, number),
        )
        for place, number in enumerate(result.phrasings)
    ]
    shown = example(spec, result.phrasings[0])
    return Section(
        "prompts",
        "All phrasings and their total effects",
        (
            "The name in brackets stands for a value of the variable. Before each variable a "
            "model reads the sentences of its parents alone, in this order. Number: as for "
            "sdscm inspect and sdscm generate.",
            f"For example, after the text '{shown.context}' the first phrasing scores "
            f"{' against '.join(repr(each) for each in shown.candidates)}.",
        ),
        (Table(tuple(header), tuple(rows), right=(0, *range(2, 2 + len(totals)))),),
        folded=True,
    )


def _settings(result: AuditResult) -> Section:
    spec = result.spec
    sides = dict.fromkeys(
        name for each in result.of("total") for name in (each.control, each.treated)
    )
    facts = [
        ("Spec", f"{spec.name}, content hash {spec.content_hash}"),
        ("Source", spec.source),
        *(
            ("Model", f"{m.id}, revision {m.revision or 'unknown'}")
            for m in result.models
            if not m.error
        ),
        (
            "Treatment",
            f"{spec.treatment.name}: " + "; ".join(words.side(spec, name) for name in sides),
        ),
        ("Outcome", f"{spec.outcome.name}: {', '.join(spec.outcome.values)}"),
        ("Mediators", ", ".join(result.mediators) or "none"),
        *((name, ", ".join(spec.variable(name).values)) for name in spec.covariates),
        ("Method", _METHODS[result.method]),
        ("Units", f"{result.units:,} a phrasing where sampled, {result.panel:,} in the panel"),
        ("Smallest effect of interest", _smallest(result)),
        ("Level", f"{words.percent(result.level)}, {result.resamples:,} resamples"),
        ("Temperature, scoring", f"{result.temperature:g}, {result.scoring}"),
        ("Seed", str(result.seed)),
        ("Versions", ", ".join(f"{name} {version}" for name, version in result.versions)),
    ]
    rows = tuple((name, told) for name, told in facts if told)
    return Section("settings", "Where it comes from", (), (Table(("What", "Value"), rows),))


_METHODS = {
    "exact": "enumeration of all texts",
    "sample": "sampled units",
    "auto": "enumeration of all texts where they are few enough, sampled units elsewhere",
}


def _smallest(result: AuditResult) -> str:
    return ", ".join(f"{number:g} ({kind})" for kind, number in result.smallest) or "none stated"
