"""Estimands as contrasts of arms: which variable reads which value of the treatment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Values = tuple[tuple[str, str], ...]  # (variable, value) pairs

Kind = Literal[
    "total",
    "natural direct",
    "natural indirect",
    "mediated interaction",
    "controlled direct",
    "observational",
    "spurious",
    "subgroup",
    "interaction",
]


_ROUTES: dict[Kind, str] = {
    "natural direct": ", not through",
    "natural indirect": " through",
    "mediated interaction": " with",
}


@dataclass(frozen=True)
class Arm:
    """The mean outcome of a group of units in one world.

    Attributes
    ----------
    value
        The treatment value that the outcome and all variables but the copied mediators read.
    copied
        The treatment value that the mediators read, Y(value, M(copied)); None if it is ``value``.
    mediators
        The variables M that are copied.
    held
        Further values that are set by intervention.
    observed
        True for the units that have this value, E[Y | X = value]; False for do(X = value).
    group
        Values that define a subgroup of the units.
    """

    value: str
    copied: str | None = None
    mediators: tuple[str, ...] = ()
    held: Values = ()
    observed: bool = False
    group: Values = ()


@dataclass(frozen=True)
class Estimand:
    """A causal quantity of a contrast (control, treated).

    Definitions: Pearl, "Direct and indirect effects", UAI 2001 (natural and controlled effects);
    VanderWeele, "Explanation in causal inference", 2015, section 2.2 (their names); Zhang and
    Bareinboim, "Fairness in decision-making", AAAI 2018 (the spurious part).

    Attributes
    ----------
    kind
        ``total``: E[Y(1)] - E[Y(0)]. ``natural direct``: E[Y(1, M(0))] - E[Y(0)]. ``natural
        indirect``: E[Y(0, M(1))] - E[Y(0)]. ``mediated interaction``: the total minus these two.
        ``controlled direct``: E[Y(1, m)] - E[Y(0, m)]. ``observational``: E[Y | X = 1] -
        E[Y | X = 0]. ``spurious``: observational minus total. ``subgroup``: the total effect of the
        units with the values of ``group``. ``interaction``: the total effect of ``group`` minus
        that of ``reference``.
    mediators
        The variables M of natural effects.
    held
        The values m of controlled effects.
    group, reference
        Values that define subgroups of the units.
    """

    kind: Kind = "total"
    mediators: tuple[str, ...] = ()
    held: Values = ()
    group: Values = ()
    reference: Values = ()

    @property
    def label(self) -> str:
        """The estimand as text."""
        if self.held:
            return f"{self.kind} at {_format_values(self.held)}"
        if self.reference:
            return f"interaction: {_format_values(self.group)} less {_format_reference(self)}"
        if self.group:
            return f"total among {_format_values(self.group)}"
        if self.mediators:
            return f"{self.kind}{_ROUTES[self.kind]} {', '.join(self.mediators)}"
        return self.kind

    def arms(self, control: str, treated: str) -> tuple[tuple[float, Arm], ...]:
        """Return the arms with their signs; the estimand is the signed sum of their means."""
        low, high = Arm(control, group=self.group), Arm(treated, group=self.group)
        direct = Arm(treated, copied=control, mediators=self.mediators)
        indirect = Arm(control, copied=treated, mediators=self.mediators)
        seen = Arm(treated, observed=True), Arm(control, observed=True)
        held = Arm(treated, held=self.held), Arm(control, held=self.held)
        other = Arm(treated, group=self.reference), Arm(control, group=self.reference)
        plus_minus: dict[Kind, tuple[tuple[Arm, ...], tuple[Arm, ...]]] = {
            "total": ((high,), (low,)),
            "subgroup": ((high,), (low,)),
            "natural direct": ((direct,), (low,)),
            "natural indirect": ((indirect,), (low,)),
            "mediated interaction": ((high, low), (direct, indirect)),
            "controlled direct": (held[:1], held[1:]),
            "observational": (seen[:1], seen[1:]),
            "spurious": ((seen[0], low), (seen[1], high)),
            "interaction": ((high, other[1]), (low, other[0])),
        }
        plus, minus = plus_minus[self.kind]
        return (*((1.0, arm) for arm in plus), *((-1.0, arm) for arm in minus))


def _format_values(values: Values) -> str:
    return ", ".join(f"{name} = {value}" for name, value in values)


def _format_reference(estimand: Estimand) -> str:
    """Format the reference; only its values if the group has the same variables."""
    names = [name for name, _ in estimand.reference]
    if names != [name for name, _ in estimand.group]:
        return _format_values(estimand.reference)
    return ", ".join(value for _, value in estimand.reference)
