"""Check that variables together make an SD-SCM; each problem is one line with its fix."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sdscm.hints import did_you_mean
from sdscm.spec import graph, identification
from sdscm.spec.variable import Variable, repeated


def problems(variables: Sequence[Variable], outcome_value: str | None) -> Iterator[str]:
    """Problems of the variables together."""
    found = list(_problems(variables, outcome_value))
    yield from found
    if not found:  # the graph is sound
        yield from identification.role_problems(variables)


def _problems(variables: Sequence[Variable], outcome_value: str | None) -> Iterator[str]:
    if not variables:
        yield "'variables' is empty; add a treatment and an outcome"
        return
    names = [variable.name for variable in variables]
    for name in repeated(names):
        yield f"variable {name!r}: its name is used twice; rename one of them"
    unknown = list(_unknown_parents(variables, names))
    yield from unknown
    if not unknown:
        yield from _cycle(variables)
    for role in ("treatment", "outcome"):
        yield from _exactly_one(role, variables)
    yield from _exogenous_parents(variables)
    yield from _split(variables)
    yield from _outcome_value(outcome_value, variables)


def _unknown_parents(variables: Sequence[Variable], names: list[str]) -> Iterator[str]:
    for variable in variables:
        others = [name for name in names if name != variable.name]
        for parent in variable.parents:
            if parent not in names:
                yield (
                    f"variable {variable.name!r}: its parent {parent!r} is not a variable; "
                    f"{did_you_mean(parent, others)}"
                )


def _cycle(variables: Sequence[Variable]) -> Iterator[str]:
    cycle = graph.find_cycle(graph.build({one.name: one.parents for one in variables}))
    if cycle:
        path = " -> ".join([*cycle, cycle[0]])
        yield (
            f"variable {cycle[0]!r}: is in the cycle {path}; remove one of these parents, "
            "since the graph must have no cycle"
        )


def _exactly_one(role: str, variables: Sequence[Variable]) -> Iterator[str]:
    names = [variable.name for variable in variables if variable.role == role]
    if not names:
        yield f"no variable is the {role}; give one variable 'role: {role}'"
    if len(names) > 1:
        yield (
            f"variable {names[1]!r}: is a second {role} beside {names[0]!r}; "
            "give one of them another role"
        )


def _exogenous_parents(variables: Sequence[Variable]) -> Iterator[str]:
    exogenous = {variable.name for variable in variables if variable.role == "exogenous"}
    for variable in variables:
        if variable.role != "exogenous":
            continue
        for parent in variable.parents:
            if parent not in exogenous:
                yield (
                    f"variable {variable.name!r}: is exogenous, but its parent {parent!r} is not; "
                    "remove that parent or write 'role: covariate'"
                )


def _split(variables: Sequence[Variable]) -> Iterator[str]:
    without = [variable.name for variable in variables if not variable.tuning]
    if without and len(without) < len(variables):
        yield (
            f"variable {without[0]!r}: 'phrasings' has no sentences for tuning, and other "
            "variables have; split them as {tuning: [...], scored: [...]} as well"
        )


def _outcome_value(value: str | None, variables: Sequence[Variable]) -> Iterator[str]:
    for variable in variables:
        if variable.role == "outcome" and value is not None and value not in variable.values:
            yield (
                f"variable {variable.name!r}: 'outcome_value' is {value!r}, which is not among its "
                f"values; {did_you_mean(value, variable.values)}"
            )
