"""What makes variables a sound SD-SCM; each problem is told with its remedy in one line."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from sdscm.hints import did_you_mean
from sdscm.spec import graph

if TYPE_CHECKING:
    from sdscm.spec.model import Spec, Variable

# Weights such as 0.333333, 0.333333, 0.333334 are meant to sum to 1.
WEIGHT_TOLERANCE = 1e-6


class SpecProblem(ValueError):
    """The first of the problems that were found, and the number of the others."""

    def __init__(self, first: str, others: int) -> None:
        super().__init__(first)
        self.others = others


class Unquoted:
    """A plain YAML scalar that YAML takes for a truth value or for null."""

    def __init__(self, written: str) -> None:
        self.written = written

    def __repr__(self) -> str:
        return self.written


def raise_first(problems: Iterable[str]) -> None:
    """Raise a ``SpecProblem`` if there is any problem."""
    found = list(problems)
    if found:
        raise SpecProblem(found[0], len(found) - 1)


def text(value: Any) -> Any:
    """Numbers as their text; a refusal of what YAML turns into something else than text."""
    if isinstance(value, Unquoted | bool) or value is None:
        written = "null" if value is None else str(value)
        raise ValueError(
            f"holds {written}, which is not text in YAML or JSON; put it in quotes: '{written}'"
        )
    return str(value) if isinstance(value, int | float) else value


def distribution(value: Any) -> Any:
    """A distribution by name, or a tuple of weights."""
    if isinstance(value, str):
        if value not in ("lm", "uniform"):
            raise ValueError(f"is {value!r}; write lm, uniform, or a list of weights")
        return value
    if not isinstance(value, list | tuple):
        raise ValueError(f"is {value!r}; write lm, uniform, or a list of weights")
    try:
        weights = [float(weight) for weight in value]
    except (TypeError, ValueError):
        raise ValueError(f"has weights that are not numbers: {value!r}; write [0.3, 0.7]") from None
    total = math.fsum(weights)
    if not all(weight >= 0 for weight in weights):
        raise ValueError(f"has a weight that is not 0 or more: {weights}; write [0.3, 0.7]")
    if not abs(total - 1) <= WEIGHT_TOLERANCE:
        raise ValueError(f"has weights that sum to {total:.6g}; make them sum to 1")
    return tuple(weight / total for weight in weights)


def groups(value: Any) -> Any:
    """Pairs (name, values) of a mapping, or of what a dumped model holds."""
    if isinstance(value, list | tuple) and all(_is_pair(each) for each in value):
        return value
    if not isinstance(value, dict) or not all(isinstance(each, list) for each in value.values()):
        raise ValueError(
            f"is {value!r}; write lists of values with a name, {{women: [Ann, Eve], men: [Tom]}}"
        )
    return tuple((name, tuple(members)) for name, members in value.items())


def _is_pair(value: Any) -> bool:
    return isinstance(value, list | tuple) and len(value) == 2 and not isinstance(value[1], str)


def weights_in_order(weights: dict[Any, Any], values: Any) -> list[Any]:
    """The weights of a mapping value -> weight, in the order of the values."""
    names = [str(value) for value in values] if isinstance(values, list | tuple) else []
    given = {str(value): weight for value, weight in weights.items()}
    for value in given:
        if value not in names:
            raise ValueError(
                f"'distribution' gives a weight to {value!r}, which is not among its values; "
                f"{did_you_mean(value, names)}"
            )
    for value in names:
        if value not in given:
            raise ValueError(f"'distribution' gives no weight to {value!r}; add one (0 is allowed)")
    return [given[value] for value in names]


def variable_problems(variable: Variable) -> Iterator[str]:
    """What is wrong with one variable alone."""
    values = variable.values
    if not variable.name.strip():
        yield "'name' is empty; write its text"
    if any(not value.strip() for value in values):
        yield "'values' holds an empty value; remove it or write its text"
    for value in repeated([value.strip() for value in values]):
        yield f"'values' holds {value!r} twice; remove one of them"
    weights = variable.distribution if isinstance(variable.distribution, tuple) else None
    if weights is not None and len(weights) != len(values):
        yield (
            f"'distribution' has {_count(len(weights), 'weight')} for "
            f"{_count(len(values), 'value')}; "
            "give one weight for each value"
        )
    if variable.role == "treatment" and len(values) < 2:
        yield (
            f"is the treatment and has {_count(len(values), 'value')}; "
            "give two or more: the control, then the treated"
        )
    elif not values or (len(values) < 2 and weights is None):
        yield (
            f"has {_count(len(values), 'value')}; "
            "give at least two, or fixed weights to a single one"
        )
    if variable.role == "outcome" and variable.distribution != "lm":
        yield "is the outcome and has a fixed distribution; remove 'distribution' or write lm"
    if not variable.phrasings:
        yield "has no phrasings; add at least one sentence with {value}"
    for parent in repeated(variable.parents):
        yield f"'parents' holds {parent!r} twice; remove one of them"
    if variable.name in variable.parents:
        yield "is its own parent; remove it from its 'parents'"
    yield from _group_problems(variable)


def _group_problems(variable: Variable) -> Iterator[str]:
    for name in repeated([name for name, _ in variable.groups]):
        yield f"'groups' holds {name!r} twice; rename one of them"
    for name, members in variable.groups:
        if name in variable.values:
            yield f"'groups' holds {name!r}, which is one of its values; rename the group"
        if not members:
            yield f"'groups' has no value in {name!r}; add one"
        for value in members:
            if value not in variable.values:
                hint = did_you_mean(value, variable.values)
                yield f"'groups' holds {value!r} in {name!r}, which is not among its values; {hint}"
        for value in repeated(members):
            yield f"'groups' holds {value!r} twice in {name!r}; remove one of them"


def spec_problems(spec: Spec) -> Iterator[str]:
    """What is wrong with the variables together."""
    if not spec.variables:
        yield "'variables' is empty; add a treatment and an outcome"
        return
    names = [variable.name for variable in spec.variables]
    for name in repeated(names):
        yield f"variable {name!r}: its name is used twice; rename one of them"
    unknown = list(_unknown_parents(spec.variables, names))
    yield from unknown
    if not unknown:
        yield from _cycle(spec.variables)
    for role in ("treatment", "outcome"):
        yield from _exactly_one(role, spec.variables)
    yield from _exogenous_parents(spec.variables)
    yield from _outcome_value(spec.outcome_value, spec.variables)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def repeated(texts: Sequence[str]) -> list[str]:
    """The texts that stand there more than once."""
    return [text for text, count in Counter(texts).items() if count > 1]


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


def _outcome_value(value: str | None, variables: Sequence[Variable]) -> Iterator[str]:
    for variable in variables:
        if variable.role == "outcome" and value is not None and value not in variable.values:
            yield (
                f"variable {variable.name!r}: 'outcome_value' is {value!r}, which is not among its "
                f"values; {did_you_mean(value, variable.values)}"
            )
