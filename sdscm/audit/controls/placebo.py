"""A placebo treatment: a sentence that should not matter."""

from __future__ import annotations

import re

from sdscm.errors import InputError
from sdscm.spec import Phrasing, Spec, Variable

WEEKDAY = Variable(
    name="placebo_weekday",
    role="covariate",
    values=("Tuesday", "Thursday"),
    distribution="uniform",
    phrasings=tuple(
        Phrasing.from_template(text)
        for text in (
            "This note was filed on a {value}.",
            "The record was opened on a {value}.",
            "These lines were typed on a {value}.",
        )
    ),
)


_CHOICE = re.compile(r"\{([^{}]*)\}")


def placebo_of(first: str, *others: str) -> Variable:
    """Make a placebo from sentences that show two values, such as ``Filed on a {Monday|Friday}.``

    Parameters
    ----------
    first, others
        Sentences of the same meaning, one for each phrasing, with the two values in braces.

    Raises
    ------
    InputError
        If a sentence has no pair of braces or several, or other values than the first sentence.
    """
    found = [_parted(sentence) for sentence in dict.fromkeys((first, *others))]
    values = found[0][1]
    for phrasing, other in found:
        if other != values:
            raise InputError(
                f"placebo: '{phrasing.template}' has the values {'|'.join(other)}, and '{first}' "
                f"{'|'.join(values)}; give all sentences the same two"
            )
    phrasings = tuple(phrasing for phrasing, _ in found)
    return WEEKDAY.model_copy(
        update={"name": "placebo_given", "values": values, "phrasings": phrasings}
    )


def shown(placebo: Variable) -> tuple[str, ...]:
    """Format the placebo's sentences with its two values in braces, as `placebo_of` reads them."""
    values = "{" + "|".join(placebo.values[:2]) + "}"
    return tuple(phrasing.sentence(values) for phrasing in placebo.phrasings)


def _parted(sentence: str) -> tuple[Phrasing, tuple[str, ...]]:
    """Split a sentence into its phrasing and its two values."""
    places = list(_CHOICE.finditer(sentence))
    values = tuple(each.strip() for place in places for each in place.group(1).split("|"))
    if len(places) != 1 or len(values) != 2 or len(set(values)) != 2 or not all(values):
        raise InputError(
            f"placebo: '{sentence}' must hold two different values in one pair of braces, such as "
            "'This note was filed on a {Tuesday|Thursday}.'"
        )
    begin, end = places[0].span()
    return Phrasing.model_validate((sentence[:begin], sentence[end:])), values


def with_placebo(spec: Spec, placebo: Variable = WEEKDAY) -> Spec:
    """Return the spec with the placebo as the treatment and as a parent of the outcome only.

    The placebo's sentence comes right before the sentence of the real treatment, which becomes a
    covariate. The placebo's effect shows how far an irrelevant text changes the model's answer.

    Raises
    ------
    InputError
        If the placebo has parents, a single value, or the name of a variable of the spec.
    """
    if placebo.name in spec.order:
        raise InputError(f"placebo: '{placebo.name}' is a variable of the spec; rename the placebo")
    if placebo.parents:
        raise InputError(f"placebo: '{placebo.name}' has parents; give a placebo without parents")
    if len(placebo.values) < 2:
        raise InputError(f"placebo: '{placebo.name}' has only one value; give it two")
    variables = []
    for name in spec.order:
        variable = spec.variable(name)
        if variable.role == "treatment":
            variables.append(placebo.model_copy(update={"role": "treatment", "tuning": ()}))
            variable = variable.model_copy(update={"role": "covariate"})
        if variable.role == "outcome":
            variable = variable.model_copy(update={"parents": (*variable.parents, placebo.name)})
        # The placebo has no sentences for tuning, which all variables have or none.
        variables.append(variable.model_copy(update={"tuning": ()}))
    return spec.model_copy(update={"variables": tuple(variables)})
