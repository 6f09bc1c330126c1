"""Means of arms: sums over the tables of the mechanisms, or estimates from sampled units."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

import networkx as nx
import numpy as np

from sdscm.audit.effects.estimand import Arm, Values
from sdscm.audit.effects.measure import Measure
from sdscm.inference.enumeration import ExactArrays, TooLargeError
from sdscm.sampling.units import Units
from sdscm.scm import SDSCM
from sdscm.spec import Spec


@dataclass(frozen=True, eq=False)
class Estimate:
    """A quantity that is exact or estimated from units.

    Sums and differences of estimates from the same units have the standard errors of paired data:
    the influences of a unit are added before they are squared.

    Attributes
    ----------
    value
    influence : array of shape (n,), or of shape () if the value is exact
        First-order contribution of each unit to the error (the infinitesimal jackknife; Efron and
        Tibshirani, "An introduction to the bootstrap", 1993, chapter 21).
    """

    value: float
    influence: np.ndarray = field(default_factory=lambda: np.zeros(()))

    @property
    def exact(self) -> bool:
        """True if the value has no sampling error."""
        return self.influence.ndim == 0

    @property
    def standard_error(self) -> float:
        """Standard error from the sampling of units; 0 if exact, NaN with one unit."""
        if self.exact:
            return 0.0
        n = len(self.influence)
        if n < 2:
            return float("nan")
        return float(np.sqrt((self.influence**2).sum() * n / (n - 1)))

    def __add__(self, other: Estimate) -> Estimate:
        return Estimate(self.value + other.value, self.influence + other.influence)

    def __sub__(self, other: Estimate) -> Estimate:
        return self + other * -1.0

    def __mul__(self, factor: float) -> Estimate:
        return Estimate(factor * self.value, factor * self.influence)


def weighted_mean(values: np.ndarray, weights: np.ndarray) -> Estimate:
    """Compute the weighted mean of units' values; arrays of shape (n,), weights of any sum.

    The influences are those of a ratio of means (Owen, "Monte Carlo theory, methods and examples",
    2013, section 9.2). NaN if all weights are 0.
    """
    with np.errstate(invalid="ignore"):
        shares = weights / weights.sum()
    # A unit that cannot occur may well have an infinite outcome.
    counted = np.where(shares == 0, 0.0, values)
    mean = float(shares @ counted)
    return Estimate(mean, shares * (counted - mean))


class UnidentifiedError(TooLargeError):
    """An arm is not identified by the mechanisms alone."""


class EnumeratedArms:
    """Means of arms as sums over the tables of the mechanisms.

    A natural effect needs no joint distribution of two worlds if each variable is read in one world
    only. Then it is the sum over the tables of each variable at the treatment value of its world
    (the edge g-formula; Shpitser and Tchetgen Tchetgen, "Causal inference with a graphical
    hierarchy of interventions", Annals of Statistics 2016).
    """

    def __init__(self, tables: ExactArrays) -> None:
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


class _EdgeTables(ExactArrays):
    """Tables in which each variable reads the treatment value of its own world."""

    def __init__(self, tables: ExactArrays, arm: Arm) -> None:
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
    graph.remove_edges_from(list(graph.in_edges(targets)))
    found = set(names).union(*(nx.ancestors(graph, name) for name in names))
    return found - (set(targets) - set(names))


class SampledArms:
    """Means of arms over units ``first`` to ``first + n - 1`` of a seed.

    Every arm uses the same units with the same noise, so that contrasts are paired. The worlds of
    one unit are coupled by the Gumbel-max coupling of `sdscm.SDSCM`. The coupling matters only for
    natural effects that are not identified.

    Parameters
    ----------
    scm
        The model, with the coupling ``gumbel``.
    n, seed, first
        The units.
    """

    def __init__(self, scm: SDSCM, n: int, seed: int, first: int = 0) -> None:
        self.scm = scm
        self.n, self.seed, self.first = n, seed, first
        self._units: dict[Values, Units] = {}
        self._worlds: dict[Arm, Units] = {}

    def mean(self, arm: Arm, measure: Measure) -> Estimate:
        """Estimate E[measure] in an arm, with the influence of each unit.

        An observed arm weights the outcomes under the value by the probability that the unit has
        the value: the treatment's noise is independent of its ancestors.

        Raises
        ------
        InputError
            If no unit can have the values of the group.
        """
        units = self.units(arm.group)
        weights = units.weights
        if arm.observed:
            treatment = self.scm.spec.treatment
            code = treatment.values.index(arm.value)
            weights = weights * np.exp(units.log_probabilities[treatment.name][:, code])
        return weighted_mean(self.outcomes(arm, measure), weights)

    def outcomes(self, arm: Arm, measure: Measure) -> np.ndarray:
        """Return the units' outcomes in an arm, an array of shape (n,)."""
        world, name = self._world(arm), self.scm.spec.outcome.name
        return measure.drawn(world.log_probabilities[name], world.codes[name].to_numpy())

    def units(self, group: Values = ()) -> Units:
        """Return the units of the observed world; weighted if a group is given."""
        if group not in self._units:
            self._units[group] = self.scm.sample(
                self.n, self.seed, given=dict(group), how="weight", first=self.first
            )
        return self._units[group]

    def _world(self, arm: Arm) -> Units:
        key = Arm(arm.value, arm.copied, arm.mediators, arm.held, group=arm.group)
        if key not in self._worlds:
            treatment = self.scm.spec.treatment.name
            do: dict[str, str | list[str]] = {treatment: arm.value, **dict(arm.held)}
            if arm.copied is not None:
                other = self._world(Arm(arm.copied, group=arm.group))
                labels = other.labels
                do |= {name: labels[name].tolist() for name in arm.mediators}
            self._worlds[key] = self.scm.counterfactual(self.units(arm.group), do)
        return self._worlds[key]
