"""The true effects of compliers, by enumeration.

Source: Angrist, Imbens and Rubin, "Identification of causal effects using instrumental variables",
JASA 1996.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from sdscm.inference.enumeration import ExactArrays, TooLargeError
from sdscm.inference.outcome import OutcomeFunction
from sdscm.literals import Coupling
from sdscm.sampling.mechanisms import instrument_of
from sdscm.sampling.sampler import Sampler
from sdscm.sampling.units import Units


def complier_cate(
    sampler: Sampler,
    units: Units,
    given: Sequence[str],
    outcome: OutcomeFunction,
    contrast: tuple[str, str],
    exact: ExactArrays,
) -> np.ndarray | None:
    """E[y1 - y0 | given, complier] of each unit, by enumeration; None if it is unknown.

    A unit complies with probability max(0, p1 - p0) under the Gumbel coupling, where p0 and p1 are
    its probabilities of treatment under the values of the instrument: with two treatments the same
    noise decides both. With fresh noise it is p1 (1 - p0). Other paths from the instrument to the
    treatment would make the noise of more variables matter, so that the effect is then unknown.
    """
    spec, instrument = sampler.spec, instrument_of(sampler.spec)
    if spec.descendants(instrument.name)[:1] != (spec.treatment.name,):
        return None
    others = [name for name in spec.parents(spec.treatment.name) if name != instrument.name]
    try:
        shares = complier_shares(exact, contrast, sampler.coupling)
        table = exact.effect(
            outcome.mean(exact.log_table(spec.outcome.name)),
            given,
            contrast,
            weights={tuple(others): shares},
        )
    except TooLargeError:
        return None
    return np.asarray(table[tuple(units.codes[name].to_numpy() for name in given)])


def complier_shares(
    exact: ExactArrays, contrast: tuple[str, str], coupling: Coupling
) -> np.ndarray:
    """P(complier | the treatment's other parents), with one axis for each of them.

    See `complier_cate` for the formula.
    """
    spec, dials = exact.spec, exact.mechanisms.dials
    axis = spec.parents(spec.treatment.name).index(instrument_of(spec).name)
    code = spec.treatment.values.index(contrast[1])
    respond = replace(dials, defiers=0.0)
    table = ExactArrays(exact.mechanisms.with_dials(respond), exact.max_contexts)
    treated = np.exp(table.log_table(spec.treatment.name)[..., code])
    low, high = np.take(treated, 0, axis), np.take(treated, 1, axis)

    def comply(p0: np.ndarray, p1: np.ndarray) -> np.ndarray:
        return np.maximum(p1 - p0, 0) if coupling == "gumbel" else p1 * (1 - p0)

    return np.asarray((1 - dials.defiers) * comply(low, high) + dials.defiers * comply(high, low))
