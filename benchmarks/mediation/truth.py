"""The true natural effects, as sums over the tables of the mechanisms."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from sdscm.audit.effects.arms import EnumeratedArms
from sdscm.audit.effects.estimand import Estimand, Kind
from sdscm.audit.effects.measure import Measure
from sdscm.inference.enumeration import ExactArrays


@dataclass(frozen=True)
class NaturalEffects:
    """Natural effects of a population, in units of y.

    Definitions: Pearl, "Direct and indirect effects", UAI 2001. Other texts split the total in
    another way: E[Y(1)] - E[Y(0, M(1))] is the total direct effect, and contains the interaction.

    Attributes
    ----------
    nde
        The natural direct effect E[Y(1, M(0))] - E[Y(0)].
    nie
        The natural indirect effect E[Y(0, M(1))] - E[Y(0)].
    total
        E[Y(1)] - E[Y(0)].

    Examples
    --------
    >>> from benchmarks.mediation import NaturalEffects
    >>> found = NaturalEffects(nde=0.5, nie=0.25, total=1.0)
    >>> found.interaction, round(found.share, 3)
    (0.25, 0.333)
    """

    nde: float
    nie: float
    total: float

    @property
    def interaction(self) -> float:
        """The mediated interaction: the total less the two natural effects."""
        return self.total - self.nde - self.nie

    @property
    def share(self) -> float:
        """The size of the indirect effect over the sizes of both; NaN if both are 0."""
        return indirect_share(self.nde, self.nie)


def indirect_share(nde: float, nie: float) -> float:
    """|NIE| / (|NDE| + |NIE|), in [0, 1]; NaN if both effects are 0."""
    sizes = abs(nde) + abs(nie)
    return abs(nie) / sizes if sizes > 0 else math.nan


def natural_effects(
    tables: ExactArrays, mediators: Sequence[str], contrast: tuple[str, str], measure: Measure
) -> NaturalEffects:
    """Compute the natural effects through mediators by enumeration.

    Parameters
    ----------
    tables
        Exact distributions of the SD-SCM.
    mediators
        Names of the mediators, taken together.
    contrast
        The values (control, treated) of the treatment.
    measure
        The scale of the outcome.

    Raises
    ------
    TooLargeError
        If there are too many contexts, or the graph does not identify the effects.
    """
    arms = EnumeratedArms(tables)

    def value(kind: Kind, through: tuple[str, ...] = ()) -> float:
        parts = Estimand(kind, mediators=through).arms(*contrast)
        return sum(sign * arms.mean(arm, measure).value for sign, arm in parts)

    through = tuple(mediators)
    return NaturalEffects(
        value("natural direct", through), value("natural indirect", through), value("total")
    )
