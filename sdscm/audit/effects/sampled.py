"""Estimate means of arms from sampled units, each in several worlds."""

from __future__ import annotations

import numpy as np

from sdscm.audit.effects.estimand import Arm, Values
from sdscm.audit.effects.estimate import Estimate, weighted_mean
from sdscm.audit.effects.measure import Measure
from sdscm.sampling.units import Units
from sdscm.scm import SDSCM


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
