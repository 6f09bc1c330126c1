"""Make the rows that mediation methods see, and the truth behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from benchmarks.mediation.truth import NaturalEffects, natural_effects
from benchmarks.provenance.hashing import derive_seed, digest, digest_bytes
from sdscm.audit.effects.measure import Measure
from sdscm.errors import InputError
from sdscm.inference.enumeration import TooLargeError
from sdscm.literals import MeasureKind
from sdscm.sampling.interventions import contrast_of
from sdscm.sampling.sampler import OnUnits
from sdscm.scm import SDSCM
from sdscm.spec import Spec
from sdscm.spec.identification import mediation_identified

#: The settings of the board: all covariates from before the treatment, or without the exogenous.
MediationSetting = Literal["all", "hidden"]


@dataclass(frozen=True, eq=False)
class MediationTable:
    """Rows of an SD-SCM in one setting.

    Attributes
    ----------
    scenario, phrasing, setting
        Its place.
    X, t, m, y
        What methods see; see `benchmarks.mediation.MediationMethod.fit`.
    truth
        The natural effects.
    """

    scenario: str
    phrasing: int
    setting: MediationSetting
    X: pd.DataFrame
    t: np.ndarray
    m: pd.DataFrame
    y: np.ndarray
    truth: NaturalEffects

    @property
    def sd(self) -> float:
        """The standard deviation of y."""
        return float(self.y.std())

    @property
    def content(self) -> str:
        """Hash of all that a method sees, the truth included, since oracles see it."""
        arrays = (self.X.to_numpy(float), self.t, self.m.to_numpy(), self.y)
        parts = [digest_bytes(np.ascontiguousarray(each, dtype=float).tobytes()) for each in arrays]
        names = [*map(str, self.X), "mediators", *map(str, self.m)]
        truth = [self.truth.nde, self.truth.nie, self.truth.total]
        return digest([*names, *parts, *truth])


def mediators_of(spec: Spec) -> tuple[str, ...]:
    """Names of the variables with the role ``mediator``.

    Raises
    ------
    InputError
        If there are none.
    """
    found = tuple(name for name in spec.order if spec.variable(name).role == "mediator")
    if not found:
        raise InputError(
            f"{spec.name}: no variable has 'role: mediator'; give this role to a variable between "
            "treatment and outcome, or leave the scenario out"
        )
    return found


def shown_in(spec: Spec, setting: MediationSetting) -> list[str]:
    """Names of the covariates that a setting shows."""
    after = spec.descendants(spec.treatment.name)
    hidden = spec.exogenous if setting == "hidden" else ()
    return [name for name in spec.covariates if name not in after and name not in hidden]


def identified(spec: Spec, setting: MediationSetting) -> bool:
    """True if the graph identifies the natural effects from what the setting shows."""
    return mediation_identified(
        spec.graph,
        spec.treatment.name,
        spec.outcome.name,
        mediators_of(spec),
        shown_in(spec, setting),
    )


def make_tables(
    scm: SDSCM,
    n: int,
    seed: int,
    settings: Sequence[MediationSetting],
    *,
    measure: MeasureKind,
    max_contexts: int,
    progress: OnUnits | None = None,
) -> list[MediationTable]:
    """Sample the rows of a phrasing, the same for each setting, and compute the truth.

    Parameters
    ----------
    scm
        The model.
    n, seed
        Number of rows, and the seed of the run.
    settings
        The settings.
    measure
        The scale of the outcome.
    max_contexts
        Mechanisms with more contexts are not enumerated.
    progress
        Called with the number of sampled rows and n.

    Raises
    ------
    InputError
        If the spec has no mediator, the truth is not known, or a setting leaves no covariate.
    """
    spec = scm.spec
    mediators, contrast = mediators_of(spec), contrast_of(spec, None)
    kind = Measure.of(spec, measure)
    try:
        truth = natural_effects(scm.exact(max_contexts).arrays, mediators, contrast, kind)
    except TooLargeError as error:
        raise InputError(f"mediation needs the exact truth: {error}") from None
    scm = scm.restricted_to(contrast)
    phrasing = scm.phrased.number
    units = scm.sample(n, derive_seed(seed, "mediation", spec.name, phrasing), progress=progress)
    y = kind.drawn(
        units.log_probabilities[spec.outcome.name], units.codes[spec.outcome.name].to_numpy()
    )
    treated = spec.treatment.values.index(contrast[1])
    t = (units.codes[spec.treatment.name] == treated).to_numpy(dtype=np.int8)
    m = units.codes[list(mediators)].reset_index(drop=True)
    found = []
    for setting in settings:
        names = shown_in(spec, setting)
        if not names:
            raise InputError(
                f"{spec.name}: the setting '{setting}' leaves no covariate; leave it out"
            )
        X = indicators(units.labels[names].reset_index(drop=True))
        found.append(MediationTable(spec.name, phrasing, setting, X, t, m, y, truth))
    return found


def indicators(labels: pd.DataFrame) -> pd.DataFrame:
    """Columns of 0 and 1: one for each category that occurs, but the first of each variable."""
    return pd.get_dummies(labels, prefix_sep=": ", drop_first=True, dtype=np.int8)
