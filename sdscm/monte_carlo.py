"""Conditional quantities by weighted Monte Carlo, for specs too large to enumerate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sdscm.errors import InputError
from sdscm.interventions import parse_do
from sdscm.noise import SeededNoise
from sdscm.outcomes import Outcome
from sdscm.units import Units

if TYPE_CHECKING:
    from sdscm.scm import SDSCM

_ROWS = 2**16  # drawn together; it bounds the memory and changes no value


@dataclass(frozen=True, eq=False)
class ConditionalEstimate:
    """A quantity for each unit, with its Monte Carlo standard error; arrays of shape (n,).

    ``draws`` is the effective number of draws a unit, (sum w)**2 / sum w**2.
    """

    value: np.ndarray
    standard_error: np.ndarray
    draws: np.ndarray


def cate(
    scm: SDSCM,
    units: Units,
    given: Sequence[str],
    outcome: Outcome,
    draws: int,
    seed: int = 0,
    contrast: tuple[str, str] | None = None,
) -> ConditionalEstimate:
    """E[Y(treated) - Y(control) | given], for each unit's values of what is given.

    Likelihood weighting: everything that is not given is drawn from its mechanism, and a draw
    counts as much as it makes the given values probable. Both worlds of a draw share its noise. The
    standard error is that of a ratio of means (Owen, "Monte Carlo theory, methods and examples",
    2013, section 9.2).

    Parameters
    ----------
    units
        The units whose values are given.
    given
        Covariates that the treatment does not change.
    outcome
        What Y is.
    draws
        Draws a unit.
    seed
        Seed of the draws.
    contrast
        Values (control, treated) of the treatment; by default its first two.

    Raises
    ------
    InputError
        If there is not one draw a unit at least.
    """
    treatment, name = scm.spec.treatment, scm.spec.outcome.name
    found = []
    for rows in _parts(len(units), draws):
        worlds = [
            _drawn(scm, units, rows, given, {treatment.name: value}, draws, seed)
            for value in contrast or treatment.values[:2]
        ]
        control, treated = (outcome.mean(world.log_probabilities[name]) for world in worlds)
        found.append(_weighted(treated - control, worlds[0], given, draws))
    return _joined(found)


def propensity(
    scm: SDSCM, units: Units, given: Sequence[str], draws: int, seed: int = 0
) -> ConditionalEstimate:
    """P(treated | given) for each unit's values of what is given; otherwise as `cate`."""
    found = []
    for rows in _parts(len(units), draws):
        world = _drawn(scm, units, rows, given, {}, draws, seed)
        chance = np.exp(world.log_probabilities[scm.spec.treatment.name][:, 1])
        found.append(_weighted(chance, world, given, draws))
    return _joined(found)


def _parts(count: int, draws: int) -> Iterator[slice]:
    """The units, cut where their draws would be too many at once."""
    if draws < 1:
        raise InputError(f"{draws} draws a unit: ask for at least one")
    step = max(1, _ROWS // draws)
    for begin in range(0, count, step):
        yield slice(begin, min(begin + step, count))


def _drawn(
    scm: SDSCM,
    units: Units,
    rows: slice,
    given: Sequence[str],
    do: dict[str, str],
    draws: int,
    seed: int,
) -> Units:
    """``draws`` rows a unit that share what is given."""
    ids = np.arange(rows.start * draws, rows.stop * draws)
    evidence = {name: np.repeat(units.codes[name].to_numpy()[rows], draws) for name in given}
    noise = SeededNoise(seed, ids).fresh("monte carlo")
    forced = parse_do(scm.spec, do, len(ids))
    return scm.run(noise, len(ids), do=forced, clamped=evidence)


def _weighted(
    values: np.ndarray, world: Units, given: Sequence[str], draws: int
) -> ConditionalEstimate:
    rows = np.arange(len(world))
    total = np.zeros(len(world))
    for name in given:
        total += world.log_probabilities[name][rows, world.codes[name]]
    logs = total.reshape(-1, draws)
    weights = np.exp(logs - logs.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    drawn = values.reshape(-1, draws)
    mean = (weights * drawn).sum(axis=1)
    error = np.sqrt((weights**2 * (drawn - mean[:, None]) ** 2).sum(axis=1))
    return ConditionalEstimate(mean, error, 1 / (weights**2).sum(axis=1))


def _joined(parts: Sequence[ConditionalEstimate]) -> ConditionalEstimate:
    columns = ("value", "standard_error", "draws")
    value, error, draws = (np.concatenate([getattr(p, c) for p in parts]) for c in columns)
    return ConditionalEstimate(value, error, draws)
