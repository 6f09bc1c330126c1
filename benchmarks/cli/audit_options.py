"""Parse the options of ``sdscm audit``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast, get_args

from benchmarks.cli import options
from sdscm.errors import InputError
from sdscm.literals import MeasureKind

if TYPE_CHECKING:
    from sdscm.audit import Measure
    from sdscm.spec import Spec


def with_groups(spec: Spec, given: Sequence[str]) -> Spec:
    """Add groups of the treatment's values to a spec; a group replaces one with the same name."""
    if not given:
        return spec
    groups = dict(spec.treatment.groups)
    example = "NAME=VALUE|VALUE, such as --group 'early=Ann|Tom'"
    for name, members in options.settings("--group", given, example).items():
        shown, values = f"--group {name}={members}", tuple(members.split("|"))
        for value in values:
            if value not in spec.treatment.values:
                raise InputError(
                    f"{shown}: '{value}' is not a value of '{spec.treatment.name}'; its values are "
                    f"{', '.join(spec.treatment.values)}"
                )
            if values.count(value) > 1:
                raise InputError(f"{shown}: '{value}' is given twice; give it once")
        if name in spec.treatment.values:
            raise InputError(f"{shown}: '{name}' is a value; give the group another name")
        groups[name] = values
    treatment = spec.treatment.model_copy(update={"groups": tuple(groups.items())})
    variables = [treatment if v.name == treatment.name else v for v in spec.variables]
    return spec.model_copy(update={"variables": tuple(variables)})


def measures(
    spec: Spec, kinds: Sequence[str], values: Sequence[str], given: Sequence[str]
) -> list[Measure]:
    """Make the scales of each kind: one for each outcome value, or one for the scores."""
    from sdscm.audit.effects.measure import Measure

    scores = options.scores(given)
    found = []
    for each in kinds:
        if each not in get_args(MeasureKind):
            raise InputError(f"--measure {each}: choose among {', '.join(get_args(MeasureKind))}")
        kind = cast(MeasureKind, each)
        if scores and kind in ("expected-score", "category"):
            found.append(Measure.of(spec, kind, scores=scores))
        else:
            found += [Measure.of(spec, kind, value) for value in values or (None,)]
    if scores and not any(each.value == "" for each in found):
        raise InputError("--score: give --measure expected-score, or category, to use the scores")
    return found


def models(given: Sequence[str]) -> list[str] | dict[str, str]:
    """Parse models; with NAME=MODEL anywhere, by the name of each.

    A name has neither ``/`` nor ``:``, so that a path or ``scheme:name`` may hold ``=``.
    """
    split = [_named(each) for each in given]
    if not any(split):
        return list(given)
    found: dict[str, str] = {}
    for each, pair in zip(given, split, strict=True):
        name, model = pair or (each, each)
        if not name or not model:
            raise InputError(f"--lm {each}: has no {'model' if name else 'name'}; write NAME=MODEL")
        if name in found:
            raise InputError(f"--lm {name}: is given twice; give it another NAME=MODEL")
        found[name] = model
    return found


def _named(given: str) -> tuple[str, str] | None:
    name, equals, model = given.partition("=")
    if not equals or Path(given).exists() or "/" in name or ":" in name:
        return None
    return name.strip(), model.strip()


def held(given: str) -> dict[str, str]:
    """Parse the mediators that are held at values together."""
    example = "VARIABLE=VALUE, or several with | between"
    return options.settings("--hold", given.split("|"), example)


def numbers(option: str, given: Sequence[str], measures: Sequence[Measure]) -> dict[str, float]:
    """Parse positive numbers by kind of measure; a number without a kind needs a single kind."""
    kinds = list(dict.fromkeys(each.kind for each in measures))
    found: dict[str, float] = {}
    for each in given:
        kind, equals, text = each.rpartition("=")
        if not equals and len(kinds) > 1:
            raise InputError(
                f"{option} {each}: each measure has a scale of its own; write {kinds[0]}={each}"
            )
        kind = kind if equals else kinds[0]
        if kind not in kinds:
            raise InputError(f"{option} {each}: '{kind}' is not measured; see --measure")
        if kind in found:
            raise InputError(f"{option} {each}: {kind} has a number already; give one")
        found[kind] = options.number(f"{option} {each}", text)
        if found[kind] <= 0:
            raise InputError(f"{option} {each}: give a positive number")
    return found
