"""Compute means of arms by enumeration, without sampling error."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from sdscm.audit.effects.estimand import Arm
from sdscm.audit.effects.estimate import Estimate
from sdscm.audit.effects.measure import Measure
from sdscm.inference.enumeration import Enumeration, TooLargeError
from sdscm.spec import Spec


class UnidentifiedError(TooLargeError):
    """An arm is not identified by the mechanisms alone."""


class EnumeratedArms:
    """Means of arms as sums over the tables of the mechanisms.

    A natural effect needs no joint distribution of two worlds if each variable is read in one world
    only. Then it is the sum over the tables of each variable at the treatment value of its world
    (the edge g-formula; Shpitser and Tchetgen Tchetgen, "Causal inference with a graphical
    hierarchy of interventions", Annals of Statistics 2016).
    """

    def __init__(self, tables: Enumeration) -> None:
        self.tables = tables
        self.spec = tables.spec

    def mean(self, arm: Arm, measure: Measure) -> Estimate:
        """Compute E[measure] in an arm.

        Raises
        ------
        UnidentifiedError
            If a variable that is not copied is read in both worlds (a recanting witness; Avin,
            Shpitser and Pearl, "Identifiability of path-specific effects", IJCAI 2005).
        TooLargeError
            If there are too many contexts or states.
        """
        treatment, outcome = self.spec.treatment, self.spec.outcome.name
        values = dict(arm.held)
        if not arm.observed:
            values[treatment.name] = arm.value
        given = [name for name, _ in arm.group]
        place = [self.spec.variable(name).values.index(value) for name, value in arm.group]
        if arm.observed:
            given.append(treatment.name)
            place.append(treatment.values.index(arm.value))
        self._check_size({outcome, *given}, values)
        tables = self.tables if arm.copied is None else _EdgeTables(self.tables, arm)
        mean = tables.mean(measure.mean(tables.log_table(outcome)), given, values)
        return Estimate(float(mean[tuple(place)]))

    def _check_size(self, names: Collection[str], targets: Collection[str]) -> None:
        # Check all variables before the first mechanism is scored: scoring may take hours.
        for name in relevant(self.spec, names, targets):
            if not self.tables.feasible([name]):
                raise TooLargeError(
                    f"{self.spec.name}: '{name}' has {self.tables.contexts(name):,} contexts, more "
                    f"than {self.tables.max_contexts:,}; sample instead, or allow more contexts"
                )


class _EdgeTables(Enumeration):
    """Tables in which each variable reads the treatment value of its own world."""

    def __init__(self, tables: Enumeration, arm: Arm) -> None:
        super().__init__(tables.mechanisms, tables.max_contexts)
        treatment, outcome = self.spec.treatment, self.spec.outcome.name
        after = set(self.spec.descendants(treatment.name))
        copied = relevant(self.spec, arm.mediators, [treatment.name]) & after
        direct = relevant(self.spec, [outcome], [treatment.name, *arm.mediators]) & after
        torn = sorted((copied - set(arm.mediators)) & direct)
        if torn:
            raise UnidentifiedError(
                f"{self.spec.name}: '{torn[0]}' affects the outcome both through the copied "
                "mediators and on another path; add it to the mediators, or sample"
            )
        assert arm.copied is not None
        self._plain = tables
        self._copied = copied
        self._value = treatment.values.index(arm.value)
        self._copy = treatment.values.index(arm.copied)

    def log_table(self, name: str) -> np.ndarray:
        table, treatment = self._plain.log_table(name), self.spec.treatment.name
        if treatment not in self.spec.parents(name):
            return table
        axis = self.spec.parents(name).index(treatment)
        code = self._copy if name in self._copied else self._value
        return np.broadcast_to(np.take(table, [code], axis=axis), table.shape)


def relevant(spec: Spec, names: Collection[str], targets: Collection[str]) -> set[str]:
    """Return the variables that ``names`` depend on after the edges into the targets are cut."""
    graph = spec.graph.copy()
    graph.remove_edges_from([edge for edge in spec.graph.edges if edge[1] in targets])
    found = set(names)
    open_ = list(names)
    while open_:
        for parent in graph.predecessors(open_.pop()):
            if parent not in found:
                found.add(parent)
                open_.append(parent)
    return found - (set(targets) - set(names))
