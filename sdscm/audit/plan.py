"""Define the plan of an audit: its questions, its phrasings, and the options of the answers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count, product
from typing import get_args

from sdscm.arguments import check_whole, names_of, shown
from sdscm.audit.effects.estimand import Arm, Estimand, Kind, Values
from sdscm.audit.effects.measure import Measure
from sdscm.audit.target import mediators_between
from sdscm.errors import InputError
from sdscm.hints import did_you_mean
from sdscm.inference.enumeration import refuse_descendants
from sdscm.literals import AuditMethod
from sdscm.sampling.interventions import code_of
from sdscm.sampling.scoring import SCORINGS
from sdscm.spec import Spec, Variable
from sdscm.spec.variable import plain

_MOST = 10_000  # largest number of phrasings that can be enumerated
_STRIDE = 2**32  # phrasing numbers for each seed


@dataclass(frozen=True)
class Question:
    """One estimand of one contrast on one scale.

    ``control`` and ``treated`` are values of the treatment, or groups of values
    (`sdscm.spec.Variable`). All values of a group have the same weight.
    """

    control: str
    treated: str
    measure: Measure
    estimand: Estimand

    def sides(self, spec: Spec) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the values of ``control`` and those of ``treated``."""
        return values_of(spec, self.control), values_of(spec, self.treated)

    def arms(self, spec: Spec) -> dict[Arm, float]:
        """Return the arms with their weights; the estimand is the weighted sum of their means."""
        pairs = list(product(*self.sides(spec)))
        weights: dict[Arm, float] = {}
        for control, treated in pairs:
            for sign, arm in self.estimand.arms(control, treated):
                weights[arm] = weights.get(arm, 0.0) + sign / len(pairs)
        return weights


@dataclass(frozen=True)
class AuditPlan:
    """Hold all questions to one model, and the options of their answers.

    Attributes
    ----------
    spec
        Spec whose treatment and outcome are those of the audit.
    questions
        Questions in the order of the report.
    phrasings
        Numbers of the phrased specs.
    method
        ``exact`` enumerates, ``sample`` draws units, ``auto`` enumerates where possible.
    units
        Number of sampled units for each phrasing. Each phrasing has its own units, so that
        phrasings are independent.
    panel
        Number of units that are scored in every phrasing, for the variance components and the
        facts on each mechanism; 0 leaves both out.
    seed
    temperature, scoring
        As in `sdscm.SDSCM`.
    max_contexts
        Largest number of contexts of one variable that are enumerated.
    """

    spec: Spec
    questions: tuple[Question, ...]
    phrasings: tuple[int, ...]
    method: AuditMethod = "auto"
    units: int = 1000
    panel: int = 100
    seed: int = 0
    temperature: float = 1.0
    scoring: str = "definition"
    max_contexts: int = 2_000

    def __post_init__(self) -> None:
        for key, value, known in (
            ("method", self.method, get_args(AuditMethod)),
            ("scoring", self.scoring, SCORINGS),
        ):
            if value not in known:
                raise InputError(f"unknown {key} '{value}': choose one of {', '.join(known)}")
        if self.units < 2:
            raise InputError(f"units = {self.units}: give at least 2")
        if not 0 < self.temperature < math.inf:
            raise InputError(f"temperature = {self.temperature}: give a positive number")
        if self.panel < 2 and self.panel != 0:
            raise InputError(f"panel = {self.panel}: give at least 2, or 0 for none")


def values_of(spec: Spec, name: str) -> tuple[str, ...]:
    """Return the treatment values that a name means: those of a group, or the value itself."""
    return dict(spec.treatment.groups).get(name, (name,))


def default_contrast(spec: Spec) -> tuple[str, str]:
    """Return the treatment's first two groups, or first two values if it has fewer groups."""
    names = [name for name, _ in spec.treatment.groups]
    first, second, *_ = names if len(names) > 1 else spec.treatment.values
    return first, second


def checked_contrast(spec: Spec, contrast: Sequence[str]) -> tuple[str, str]:
    """Check a contrast and return its values or groups (control, treated).

    Two groups must have no value in common and the same size, so that the control ``shuffled`` can
    exchange them.

    Raises
    ------
    InputError
        If the treatment has no such two values or groups.
    """
    if isinstance(contrast, str) or not isinstance(contrast, Sequence) or len(contrast) != 2:
        raise InputError(f"contrast {shown(contrast)}: give two values, (control, treated)")
    control, treated = contrast = [str(name) for name in contrast]
    groups = dict(spec.treatment.groups)
    known = (*spec.treatment.values, *groups)
    for name in contrast:
        if name not in known:
            raise InputError(
                f"contrast: '{name}' is not a value of '{spec.treatment.name}'; choose among "
                f"{', '.join(known)}"
            )
    if control == treated:
        raise InputError(f"contrast: '{control}' is given twice; give two different values")
    low, high = (values_of(spec, name) for name in contrast)
    common = sorted(set(low) & set(high))
    if common:
        raise InputError(
            f"contrast: '{common[0]}' is both in '{control}' and in '{treated}'; give two groups "
            "that share no value"
        )
    if len(low) != len(high):
        raise InputError(
            f"contrast: '{control}' has {len(low)} and '{treated}' {len(high)} of the values of "
            f"'{spec.treatment.name}'; give two groups of equal size"
        )
    return control, treated


def estimands(
    spec: Spec,
    *,
    mediators: Sequence[str] | None = None,
    held: Sequence[Mapping[str, str]] | None = None,
    subgroups: Sequence[str] = (),
) -> tuple[Estimand, ...]:
    """List the estimands of an audit, the total effect first.

    Parameters
    ----------
    mediators
        Mediators of the natural effects, copied jointly; by default all variables between the
        treatment and the outcome. Without mediators, natural and controlled effects are left out.
    held
        Values that controlled effects set; by default each value of each mediator, one at a time.
    subgroups
        Covariates that the treatment does not change: an effect for each of their possible values,
        and its difference from the effect of the first value.

    Raises
    ------
    InputError
        If a name or value is unknown, a mediator is not between the treatment and the outcome, or
        the treatment changes a subgroup's variable.
    """
    between = mediators_between(spec)
    copied = between if mediators is None else _known(spec, "mediators", mediators)
    for name in copied:
        _refuse_elsewhere(spec, "mediators", name, between)
    found = [Estimand("total")]
    if copied:
        kinds: tuple[Kind, ...] = ("natural direct", "natural indirect", "mediated interaction")
        found += [Estimand(kind, mediators=copied) for kind in kinds]
    found += [Estimand("controlled direct", held=each) for each in _held(spec, copied, held)]
    found += [Estimand("observational"), Estimand("spurious")]
    names = _known(spec, "subgroups", subgroups)
    if spec.treatment.name in names or spec.outcome.name in names:
        raise InputError(
            "subgroups: the treatment and the outcome are not subgroups; leave them out"
        )
    refuse_descendants(spec, names)
    for name in names:
        groups: list[Values] = [((name, value),) for value in _possible(spec.variable(name))]
        found += [Estimand("subgroup", group=group) for group in groups]
        found += [Estimand("interaction", group=group, reference=groups[0]) for group in groups[1:]]
    return tuple(found)


def questions(
    contrasts: Sequence[tuple[str, str]],
    measures: Sequence[Measure],
    wanted: Sequence[Estimand],
) -> tuple[Question, ...]:
    """List every estimand of every contrast on every scale once."""
    asked = (
        Question(control, treated, measure, estimand)
        for (control, treated), measure, estimand in product(contrasts, measures, wanted)
    )
    return tuple(dict.fromkeys(asked))


def choose_phrasings(spec: Spec, size: int | None, seed: int = 0) -> tuple[int, ...]:
    """Choose phrasings (numbers of `sdscm.spec.PhrasedSpec`) that differ for the outcome.

    Only the sentences of the outcome and of its ancestors count: the model reads no others.

    Parameters
    ----------
    size
        Size of a random set, drawn without replacement; None, or a size of at least the number of
        phrasings, takes all.
    seed
        Seed of the draw.

    Raises
    ------
    InputError
        If the size is not positive, all phrasings are asked for and there are too many, or two
        chosen phrasings give the same text.
    """
    names, total = variables_read(spec), count_phrasings(spec)
    if size is not None:
        check_whole("phrasings", size, 1, "ask for at least one")
    everything = size is None or size >= total
    if everything and total > _MOST:
        raise InputError(
            f"phrasings: {spec.name} has {total:,}; ask for a random set of at most {_MOST:,}"
        )
    wanted = total if size is None else min(size, total)
    # Number 0 takes the first sentence of each variable; it is not a random draw.
    numbers = count(0) if everything else count(1 + seed * _STRIDE)
    found: dict[tuple[int, ...], int] = {}
    for number in numbers:
        choice = spec.phrased(number).choice
        found.setdefault(tuple(choice[name] for name in names), number)
        if len(found) == wanted:
            _refuse_copies(spec, names, tuple(found.values()))
            return tuple(found.values())
    raise AssertionError("unreachable: numbers do not end")


def _refuse_copies(spec: Spec, names: Sequence[str], numbers: Sequence[int]) -> None:
    """Raise an InputError if two phrasings give one text, which tests would count as two."""
    seen: dict[tuple[str, ...], int] = {}
    most = max(len(spec.variable(name).values) for name in names)
    for number in numbers:
        phrased = spec.phrased(number)
        texts = tuple(
            plain(
                " ".join(
                    phrased.sentence(name, code % len(spec.variable(name).values)) for name in names
                )
            )
            for code in range(most)
        )
        other = seen.setdefault(texts, number)
        if other != number:
            raise InputError(
                f"{spec.name}: the phrasings number {other} and {number} give the same text, "
                f"'{texts[0]}'; change the sentences, so that each combination is another text"
            )


def count_phrasings(spec: Spec) -> int:
    """Count the phrasings that differ for the outcome."""
    return math.prod(len(spec.variable(name).phrasings) for name in variables_read(spec))


def variables_read(spec: Spec) -> tuple[str, ...]:
    """Return the outcome and its ancestors in order tau: the variables that the model reads."""
    return (*spec.ancestors(spec.outcome.name), spec.outcome.name)


def _held(
    spec: Spec, mediators: Sequence[str], held: Sequence[Mapping[str, str]] | None
) -> list[Values]:
    if held is None:
        return [((name, value),) for name in mediators for value in spec.variable(name).values]
    between = mediators_between(spec)
    for each in held:
        for name in _known(spec, "held", tuple(each)):
            _refuse_elsewhere(spec, "held", name, between)
            code_of(spec.variable(name), each[name], "held")
    return [tuple(each.items()) for each in held if each]


def _possible(variable: Variable) -> list[str]:
    """Return the values of positive probability: fixed weights may be 0."""
    weights = variable.distribution
    if isinstance(weights, str):
        return list(variable.values)
    return [value for value, weight in zip(variable.values, weights, strict=True) if weight > 0]


def _known(spec: Spec, key: str, names: Sequence[str]) -> tuple[str, ...]:
    for name in (names := names_of(key, names)):
        if name not in spec.order:
            raise InputError(f"{key}: '{name}' is not a variable; {did_you_mean(name, spec.order)}")
    return tuple(dict.fromkeys(names))


def _refuse_elsewhere(spec: Spec, key: str, name: str, between: Sequence[str]) -> None:
    if name not in between:
        raise InputError(
            f"{key}: '{name}' is not between '{spec.treatment.name}' and "
            f"'{spec.outcome.name}'; choose among {', '.join(between) or 'none'}"
        )
