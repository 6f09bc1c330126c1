"""Run an audit: measure the causal effects that language models encode."""

from __future__ import annotations

import importlib.metadata
import math
import platform
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations, count
from pathlib import Path

import numpy as np

from sdscm.arguments import as_list
from sdscm.audit.answers import Advance, Answers, ask, rounded
from sdscm.audit.controls.controls import adjusted, null_controls, planted_controls
from sdscm.audit.controls.placebo import WEEKDAY, with_placebo
from sdscm.audit.effects.measure import Measure, MeasureKind
from sdscm.audit.finding import Finding, Inference, adjust_families, make_finding
from sdscm.audit.plan import (
    AuditPlan,
    checked_contrast,
    choose_phrasings,
    count_phrasings,
    default_contrast,
    estimands,
    questions,
)
from sdscm.audit.result import AuditedModel, AuditResult, ValueMean
from sdscm.audit.target import mediators_between, retarget
from sdscm.errors import InputError, reason
from sdscm.inference.enumeration import TooLargeError
from sdscm.literals import AuditMethod
from sdscm.lm import LanguageModel, load_lm
from sdscm.lm.memoized import MemoizedLM
from sdscm.spec import Spec, Variable, load_spec

ProgressCallback = Callable[[int, int], None]

_LIBRARIES = ("sdscm", "numpy", "scipy", "torch", "transformers")


def audit(
    spec: Spec | str | Path,
    lms: Mapping[str, LanguageModel | str] | Sequence[LanguageModel | str] | LanguageModel | str,
    *,
    treatment: str | None = None,
    outcome: str | None = None,
    contrasts: Sequence[tuple[str, str]] | None = None,
    measures: Sequence[Measure | MeasureKind] = ("probability",),
    mediators: Sequence[str] | None = None,
    held: Sequence[Mapping[str, str]] | None = None,
    subgroups: Sequence[str] = (),
    phrasings: int | None = 30,
    smallest: float | Mapping[str, float] | None = None,
    level: float = 0.95,
    method: AuditMethod = "auto",
    units: int = 1000,
    panel: int = 100,
    seed: int = 0,
    temperature: float = 1.0,
    scoring: str = "definition",
    max_contexts: int = 2_000,
    resamples: int = 10_000,
    controls: bool = True,
    placebo: Variable = WEEKDAY,
    progress: ProgressCallback | None = None,
    load: Callable[[str], LanguageModel] = load_lm,
    about: Mapping[str, str] | None = None,
) -> AuditResult:
    """Measure the causal effects that language models encode under a DAG.

    The phrasing is the sampling unit: effects are measured in each phrasing, and intervals and
    tests are over phrasings. The idea is from Bynum and Cho, arXiv 2411.08019 v2.

    Parameters
    ----------
    spec
        A spec, or the name or path of one.
    lms
        Language models, or names for ``load``; as a mapping, with their names in the report. If a
        model cannot be loaded or scored, the result holds the reason, and the others are audited.
    treatment, outcome
        Names of variables; by default the spec's.
    contrasts
        Pairs (control, treated) of the treatment's values, or of its groups of values; by default
        its first two groups, or its first two values if it has none.
    measures
        Scales of the effect; see `sdscm.audit.Measure`. A kind alone means the spec's outcome
        value.
    mediators, held, subgroups
        See `sdscm.audit.plan.estimands`.
    phrasings
        Size of the random set of phrasings; None, or as many as there are, takes all.
    smallest
        The smallest effect of interest: one number for each kind of measure, or a single number if
        there is one kind. Without it there is no test of equivalence, so the audit cannot show
        that there is no effect.
    level
        Level of the intervals; 1 - level is the size of the tests.
    method
        ``exact``, ``sample``, or ``auto`` (exact where possible).
    units, panel, seed, temperature, scoring, max_contexts
        See `sdscm.audit.plan.AuditPlan`.
    resamples
        Number of bootstrap resamples.
    controls, placebo
        Run the controls (`sdscm.audit.result.Control`), with this placebo treatment.
        `sdscm.audit.controls.placebo.placebo_of` makes a placebo from a sentence.
    progress
        Called after each pass over a phrasing with the number of passes done and their total.
    load
        Function that loads a model by its name.
    about
        Facts for the head of the report, such as the date, the author and the purpose.

    Raises
    ------
    InputError
        If an option does not fit the spec, a question cannot be answered, or none of several models
        is left. A single model raises its own error.
    """
    aim = retarget(load_spec(spec), treatment, outcome)
    scales = [m if isinstance(m, Measure) else Measure.of(aim, m) for m in as_list(measures)]
    pairs = [default_contrast(aim)] if contrasts is None else as_list(contrasts)
    asked = questions(
        [checked_contrast(aim, pair) for pair in pairs],
        scales,
        estimands(aim, mediators=mediators, held=held, subgroups=subgroups),
    )
    if not asked:
        raise InputError("contrasts, measures: give at least one of each")
    plan = AuditPlan(
        spec=aim,
        questions=asked,
        phrasings=choose_phrasings(aim, phrasings, seed),
        method=method,
        units=units,
        panel=panel,
        seed=seed,
        temperature=temperature,
        scoring=scoring,
        max_contexts=max_contexts,
    )
    inference = Inference(level, _smallest(scales, smallest), resamples, seed)
    if controls:
        with_placebo(aim, placebo)  # checked here, before hours of scoring
    wanted = _by_name(lms)
    advance = _advancer(progress, len(wanted) * len(plan.phrasings) * (3 if controls else 1))
    models: list[AuditedModel] = []
    by_model: dict[str, Answers] = {}
    checks = planted_controls(plan, inference) if controls else []
    for name, each in wanted.items():
        try:
            lm = MemoizedLM(load(each) if isinstance(each, str) else each)
            answers = ask(plan, lm, advance=advance)
            null = []
            if controls:
                null = null_controls(plan, lm, name, inference, placebo, advance)
            model = AuditedModel(name, lm.revision, answers.facts)
        except TooLargeError:  # the spec is too large for every model
            raise
        except Exception as error:  # whatever a backend raises: the other models go on
            if len(wanted) == 1:
                raise
            models.append(AuditedModel(name, "", (), reason(error)))
            continue
        by_model[name] = answers
        models.append(model)
        checks += null
    if not by_model:
        raise InputError(
            "; ".join(f"lm: {model.id}: {model.error}" for model in models)
            or "lm: give at least one model"
        )
    findings = [
        make_finding(
            question,
            plan.phrasings,
            estimates,
            inference,
            model=model,
            panel=found.panels.get(question),
        )
        for model, found in by_model.items()
        for question, estimates in found.estimates.items()
    ]
    return AuditResult(
        plan=plan,
        inference=inference,
        mediators=mediators_between(aim) if mediators is None else tuple(mediators),
        all_phrasings=len(plan.phrasings) == count_phrasings(aim),
        models=tuple(models),
        findings=adjust_families(findings),
        differences=adjust_families(_differences(plan, by_model, inference)),
        means=tuple(_means(by_model, inference)),
        controls=adjusted(checks),
        placebo=placebo if controls else None,
        versions=_versions(),
        about=tuple((about or {}).items()),
    )


def _differences(
    plan: AuditPlan, by_model: Mapping[str, Answers], inference: Inference
) -> list[Finding]:
    """Subtract each earlier model from each later one, on the same phrasings, units and noise."""
    found = []
    for (first, one), (second, other) in combinations(by_model.items(), 2):
        for question in plan.questions:
            pairs = zip(other.estimates[question], one.estimates[question], strict=True)
            less = [rounded(later - earlier) for later, earlier in pairs]
            found.append(
                make_finding(question, plan.phrasings, less, inference, model=second, against=first)
            )
    return found


def _means(by_model: Mapping[str, Answers], inference: Inference) -> Iterator[ValueMean]:
    for model, answers in by_model.items():
        for (value, measure), estimates in answers.means.items():
            found = np.array([each.value for each in estimates])
            mean, interval = float(found.mean()), inference.interval(found)
            yield ValueMean(model, value, measure, tuple(map(float, found)), mean, interval)


def _smallest(
    measures: Sequence[Measure], smallest: float | Mapping[str, float] | None
) -> tuple[tuple[str, float], ...]:
    """Return the smallest effects of interest by kind of measure."""
    kinds = list(dict.fromkeys(measure.kind for measure in measures))
    if smallest is None:
        return ()
    if not isinstance(smallest, Mapping):
        if len(kinds) > 1:
            raise InputError(
                f"smallest = {smallest}: the measures {', '.join(kinds)} have different scales; "
                "give one number for each of them"
            )
        smallest = {kinds[0]: smallest}
    for kind, number in smallest.items():
        if kind not in kinds:
            raise InputError(f"smallest: '{kind}' is not measured; measured: {', '.join(kinds)}")
        if not number > 0 or not math.isfinite(number):
            raise InputError(f"smallest: {kind} has {number}; give a positive number")
    return tuple((kind, float(number)) for kind, number in smallest.items())


def _by_name(
    lms: Mapping[str, LanguageModel | str] | Sequence[LanguageModel | str] | LanguageModel | str,
) -> dict[str, LanguageModel | str]:
    """Name each model: by its key, its id, or the shortest end of its path that no other has.

    Raises
    ------
    InputError
        If two models have the same name.
    """
    wanted = list(lms.values()) if isinstance(lms, Mapping) else as_list(lms)
    for each in wanted:
        if not isinstance(each, str):
            load_lm(each)  # refuses what is not a language model
    if isinstance(lms, Mapping):
        return dict(lms)
    paths = [
        Path(each).resolve().parts if isinstance(each, str) and Path(each).is_dir() else ()
        for each in wanted
    ]
    ids = ["" if parts else _id(each) for each, parts in zip(wanted, paths, strict=True)]
    found: dict[str, LanguageModel | str] = {}
    for each, parts, own in zip(wanted, paths, ids, strict=True):
        others = {
            Path(*other[-size:]).as_posix()
            for other in paths
            if other != parts
            for size in range(1, len(other) + 1)
        }
        ends = [Path(*parts[-size:]).as_posix() for size in range(1, len(parts) + 1)]
        name = own or next((end for end in ends if end not in others.union(ids)), ends[-1])
        if name in found:
            raise InputError(
                f"lm: '{name}' is given twice; leave one out, or name both: NAME=MODEL on the "
                "command line, a mapping in Python"
            )
        found[name] = each
    return found


def _id(lm: LanguageModel | str) -> str:
    return lm if isinstance(lm, str) else lm.id


def _versions() -> tuple[tuple[str, str], ...]:
    """Return the versions of Python and of the imported libraries."""
    used = [name for name in _LIBRARIES if name in sys.modules]
    found = ((name, importlib.metadata.version(name)) for name in used)
    return (("python", platform.python_version()), *found)


def _advancer(progress: ProgressCallback | None, total: int) -> Advance:
    done = count(1)
    return lambda: None if progress is None else progress(next(done), total)
