"""The treatment and the outcome of an audit: any two variables of a spec."""

from __future__ import annotations

from sdscm.arguments import shown
from sdscm.errors import InputError
from sdscm.hints import did_you_mean
from sdscm.spec import Spec, Variable


def retarget(spec: Spec, treatment: str | None = None, outcome: str | None = None) -> Spec:
    """Return the spec with other variables as treatment and outcome; the texts stay the same.

    Roles describe the question, not the DAG: the variables that had these two roles become
    covariates, and so do exogenous variables that are descendants of the new ones.

    Parameters
    ----------
    treatment, outcome
        Names; by default the spec's own.

    Raises
    ------
    InputError
        If a name is unknown, both are the same, the outcome comes before the treatment, or the
        language model does not draw the outcome.
    """
    cause = spec.treatment.name if treatment is None else treatment
    effect = spec.outcome.name if outcome is None else outcome
    for key, name in {"treatment": cause, "outcome": effect}.items():
        if not isinstance(name, str) or name not in spec.order:
            raise InputError(
                f"{key}: {shown(name)} is not a variable; {did_you_mean(str(name), spec.order)}"
            )
    if cause == effect:
        raise InputError(f"outcome: '{effect}' is the treatment itself; name another variable")
    if effect in spec.ancestors(cause):
        raise InputError(
            f"outcome: '{effect}' is an ancestor of the treatment '{cause}' in the DAG, "
            "so the treatment cannot change it; choose among "
            f"{', '.join(spec.descendants(cause)) or 'none'}"
        )
    if (cause, effect) == (spec.treatment.name, spec.outcome.name):
        return spec
    if spec.variable(effect).distribution != "lm":
        raise InputError(
            f"outcome: '{effect}' has a fixed distribution; name a variable that the model draws"
        )
    if len(spec.variable(cause).values) < 2:
        raise InputError(
            f"treatment: '{cause}' has only one value; name a variable with two or more"
        )
    behind = {cause, effect, *spec.descendants(cause), *spec.descendants(effect)}

    def role(variable: Variable) -> str:
        if variable.name in (cause, effect):
            return "treatment" if variable.name == cause else "outcome"
        if variable.role == "exogenous" and variable.name not in behind:
            return "exogenous"
        return "covariate"

    variables = [each.model_copy(update={"role": role(each)}) for each in spec.variables]
    value = spec.outcome_value if effect == spec.outcome.name else None
    return spec.model_copy(update={"variables": tuple(variables), "outcome_value": value})


def mediators_between(spec: Spec) -> tuple[str, ...]:
    """Return all variables on directed paths from the treatment to the outcome, in order tau."""
    after = set(spec.descendants(spec.treatment.name))
    return tuple(name for name in spec.ancestors(spec.outcome.name) if name in after)
