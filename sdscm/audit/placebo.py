"""A placebo treatment: a sentence that should not matter."""

from __future__ import annotations

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


def with_placebo(spec: Spec, placebo: Variable = WEEKDAY) -> Spec:
    """The spec with the placebo as the treatment, which only the outcome reads.

    Its sentence stands right before that of the real treatment, which becomes a covariate. Its
    effect is how much the model's answer moves with a text that should leave it alone.

    Raises
    ------
    InputError
        If the placebo has parents or the name of a variable of the spec.
    """
    if placebo.name in spec.order:
        raise InputError(f"placebo: '{placebo.name}' is a variable of the spec; rename the placebo")
    if placebo.parents:
        raise InputError(f"placebo: '{placebo.name}' has parents; nothing may cause a placebo")
    variables = []
    for name in spec.order:
        variable = spec.variable(name)
        if variable.role == "treatment":
            variables.append(placebo.model_copy(update={"role": "treatment"}))
            variable = variable.model_copy(update={"role": "covariate"})
        if variable.role == "outcome":
            variable = variable.model_copy(update={"parents": (*variable.parents, placebo.name)})
        variables.append(variable)
    return spec.model_copy(update={"variables": tuple(variables)})
