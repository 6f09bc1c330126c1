"""What the options of ``sdscm audit`` say."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast, get_args

from benchmarks.cli import options
from sdscm.errors import InputError

if TYPE_CHECKING:
    from sdscm.audit import Measure
    from sdscm.spec import Spec


def with_groups(spec: Spec, given: Sequence[str]) -> Spec:
    """The spec with further groups of the treatment's values, or with others of the same names."""
    if not given:
        return spec
    groups = dict(spec.treatment.groups)
    example = "NAME=VALUE|VALUE, such as --group 'early=Ann|Tom'"
    for name, members in options.settings("--group", given, example).items():
        told, values = f"--group {name}={members}", tuple(members.split("|"))
        for value in values:
            if value not in spec.treatment.values:
                raise InputError(
                    f"{told}: '{value}' is not a value of '{spec.treatment.name}'; its values are "
                    f"{', '.join(spec.treatment.values)}"
                )
            if values.count(value) > 1:
                raise InputError(f"{told}: '{value}' stands twice; name it once")
        if name in spec.treatment.values:
            raise InputError(f"{told}: '{name}' is a value; give the group another name")
        groups[name] = values
    treatment = spec.treatment.model_copy(update={"groups": tuple(groups.items())})
    variables = [treatment if v.name == treatment.name else v for v in spec.variables]
    return spec.model_copy(update={"variables": tuple(variables)})


def measures(
    spec: Spec, kinds: Sequence[str], values: Sequence[str], given: Sequence[str]
) -> list[Measure]:
    """The scales of each kind: one for each outcome value, or for the scores."""
    from sdscm.audit.effects.measure import Measure, MeasureKind

    known = get_args(MeasureKind)
    scores = options.scores(given)
    found = []
    wanted: list[str | None] = list(values) or [None]
    for kind in kinds:
        if kind not in known:
            raise InputError(f"--measure {kind}: choose among {', '.join(known)}")
        scale = cast(MeasureKind, kind)
        if scores and kind in ("expected-score", "category"):
            found.append(Measure.of(spec, scale, scores=scores))
        else:
            found += [Measure.of(spec, scale, value) for value in wanted]
    if scores and not any(each.value == "" for each in found):
        raise InputError("--score: give --measure expected-score, or category, to use the scores")
    return found


def contrast(spec: Spec, given: str) -> tuple[str, str]:
    """Two names with a comma between; values may hold commas of their own."""
    known = {*spec.treatment.values, *dict(spec.treatment.groups)}
    parts = given.split(",")
    cuts = [
        (",".join(parts[:place]).strip(), ",".join(parts[place:]).strip())
        for place in range(1, len(parts))
    ]
    if not cuts:
        raise InputError(f"--contrast {given}: write CONTROL,TREATED with a comma between")
    return next((cut for cut in cuts if known.issuperset(cut)), cuts[0])


def held(given: str) -> dict[str, str]:
    """The mediators that are held together."""
    example = "VARIABLE=VALUE, or several with | between"
    return options.settings("--hold", given.split("|"), example)


def count(given: str) -> int | None:
    """A number of phrasings; None for all."""
    if given == "all":
        return None
    if not given.isdecimal():
        raise InputError(f"--phrasings {given}: give a number, or all")
    return int(given)


def numbers(option: str, given: Sequence[str], measures: Sequence[Measure]) -> dict[str, float]:
    """Positive numbers by kind of measure; one alone is for the only kind."""
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
        try:
            found[kind] = float(text)
        except ValueError:
            raise InputError(f"{option} {each}: '{text}' is not a number") from None
        if not 0 < found[kind] < math.inf:
            raise InputError(f"{option} {each}: give a positive number")
    return found
