"""Averages and conditional quantities by Monte Carlo, for specs that are too large to enumerate."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from sdscm.arguments import check_seed, check_whole
from sdscm.inference.enumeration import check_given, refuse_descendants
from sdscm.inference.outcome import OutcomeFunction
from sdscm.sampling.interventions import Do, code_of, contrast_of, parse_do
from sdscm.sampling.noise import SeededNoise
from sdscm.sampling.sampler import Sampler
from sdscm.sampling.units import Units
from sdscm.spec import Spec

_ROWS = 2**16  # draws in one batch; it limits the memory and changes no value


@dataclass(frozen=True)
class MonteCarloEstimate:
    """A number, its Monte Carlo standard error, and the number of draws."""

    value: float
    standard_error: float
    draws: int


@dataclass(frozen=True, eq=False)
class ConditionalEstimate:
    """A quantity for each unit, with its Monte Carlo standard error; arrays of shape (n,).

    ``draws`` is the effective number of draws for a unit, (sum w)**2 / sum w**2.
    """

    value: np.ndarray
    standard_error: np.ndarray
    draws: np.ndarray


def mean(
    sampler: Sampler, outcome: OutcomeFunction, draws: int, seed: int = 0, do: Do | None = None
) -> MonteCarloEstimate:
    """E[Y], or E[Y | do(...)], over new units; parameters as in `effect`.

    ``do`` is as in `sdscm.SDSCM.sample`: a value or a distribution for each target.
    """
    return _average(_outcomes(sampler, outcome, draws, seed, {} if do is None else do))


def effect(
    sampler: Sampler,
    outcome: OutcomeFunction,
    draws: int,
    seed: int = 0,
    contrast: tuple[str, str] | None = None,
) -> MonteCarloEstimate:
    """E[Y(treated) - Y(control)], the population average treatment effect (PATE).

    Both worlds of a unit share its noise (common random numbers; Owen, "Monte Carlo theory, methods
    and examples", 2013, section 8.6). The standard error is that of the mean of the differences.
    The outcome is replaced by its expectation given its parents, so that sampling it adds no error.

    Parameters
    ----------
    outcome
        The function Y of the outcome variable.
    draws
        Number of units to draw, two or more. They differ from those of `sdscm.SDSCM.sample`.
    seed
        Seed of the draws.
    contrast
        Values (control, treated) of the treatment; by default its first two.

    Raises
    ------
    InputError
        If there are fewer than two draws, or the treatment has no such value.
    """
    control, treated = (
        _outcomes(sampler, outcome, draws, seed, {sampler.spec.treatment.name: value})
        for value in contrast_of(sampler.spec, contrast)
    )
    return _average(treated - control)


def _outcomes(
    sampler: Sampler, outcome: OutcomeFunction, draws: int, seed: int, do: Do
) -> np.ndarray:
    """Expected outcome of each draw, of shape (draws,)."""
    check_whole("draws", draws, 2, "a standard error needs at least two")
    check_seed(seed)
    found = []
    for begin in range(0, draws, _ROWS):
        ids = np.arange(begin, min(begin + _ROWS, draws))
        noise = SeededNoise(seed, ids).fresh("average")
        world = sampler.run(noise, len(ids), do=parse_do(sampler.spec, do, len(ids)))
        found.append(outcome.mean(world.log_probabilities[sampler.spec.outcome.name]))
    return np.concatenate(found)


def _average(values: np.ndarray) -> MonteCarloEstimate:
    error = values.std(ddof=1) / math.sqrt(len(values))
    return MonteCarloEstimate(float(values.mean()), float(error), len(values))


def cate(
    sampler: Sampler,
    units: Units,
    given: Sequence[str],
    outcome: OutcomeFunction,
    draws: int,
    seed: int = 0,
    contrast: tuple[str, str] | None = None,
) -> ConditionalEstimate:
    """E[Y(treated) - Y(control) | given] at each unit's values of the given covariates.

    The result is a function of these values: units with the same values share their draws.

    Method: likelihood weighting. All other variables are drawn from their mechanisms, and the
    weight of a draw is the probability that it gives to the given values. Both worlds of a draw
    share its noise. The standard error is that of a ratio of means (Owen, "Monte Carlo theory,
    methods and examples", 2013, section 9.2).

    Parameters
    ----------
    units
        The units whose values are given.
    given
        Covariates that the treatment does not change.
    outcome
        The function Y of the outcome variable.
    draws
        Draws for each distinct row of given values, two or more. The standard error is itself an
        estimate; with fewer than about 200 draws, intervals based on it undercover.
    seed
        Seed of the draws.
    contrast
        Values (control, treated) of the treatment; by default its first two.

    Raises
    ------
    InputError
        If there are fewer than two draws for each row, or the treatment changes a given covariate.
    """
    refuse_descendants(sampler.spec, given)
    treatment, name = sampler.spec.treatment, sampler.spec.outcome.name
    rows = _Rows.of(sampler.spec, units, given)
    found = []
    for part in rows.parts(draws):
        worlds = [
            _drawn(sampler, part, {treatment.name: value}, draws, seed)
            for value in contrast_of(sampler.spec, contrast)
        ]
        control, treated = (outcome.mean(world.log_probabilities[name]) for world in worlds)
        found.append(_weighted(treated - control, worlds[0], given, draws))
    return rows.spread(found)


def propensity(
    sampler: Sampler,
    units: Units,
    given: Sequence[str],
    draws: int,
    seed: int = 0,
    value: str | None = None,
) -> ConditionalEstimate:
    """P(treatment = value | given) at each unit's values of the given covariates; see `cate`.

    ``value`` is by default the second value of the treatment.
    """
    treatment = sampler.spec.treatment
    code = 1 if value is None else code_of(treatment, value, "propensity")
    check_given(sampler.spec, given)
    rows = _Rows.of(sampler.spec, units, given)
    found = []
    for part in rows.parts(draws):
        world = _drawn(sampler, part, {}, draws, seed)
        chance = np.exp(world.log_probabilities[treatment.name][:, code])
        found.append(_weighted(chance, world, given, draws))
    return rows.spread(found)


@dataclass(frozen=True, eq=False)
class _Rows:
    """The distinct rows of given values, and the position of each unit's row.

    ``ids`` (increasing) are hashes of the values, so that the draws of a row do not depend on the
    other units.
    """

    codes: dict[str, np.ndarray]
    ids: np.ndarray
    row_of_unit: np.ndarray

    @classmethod
    def of(cls, spec: Spec, units: Units, given: Sequence[str]) -> _Rows:
        names = [name for name in spec.order if name in given]
        table = units.codes[names].to_numpy(dtype=np.int64)
        distinct, where = np.unique(table, axis=0, return_inverse=True)
        ids = np.array([_number(row) for row in distinct])
        order = np.argsort(ids)
        place = np.empty(len(order), dtype=np.int64)
        place[order] = np.arange(len(order))
        codes = {name: distinct[order, column] for column, name in enumerate(names)}
        return cls(codes, ids[order], place[where.reshape(-1)])

    def parts(self, draws: int) -> Iterator[_Rows]:
        """The rows in parts that have at most ``_ROWS`` draws each."""
        check_whole("draws", draws, 2, "a standard error needs at least two for each row")
        step = max(1, _ROWS // draws)
        for begin in range(0, len(self.ids), step):
            rows = slice(begin, begin + step)
            codes = {name: each[rows] for name, each in self.codes.items()}
            yield _Rows(codes, self.ids[rows], self.row_of_unit)

    def spread(self, found: Sequence[ConditionalEstimate]) -> ConditionalEstimate:
        """The results of the rows, for each unit."""
        columns = ("value", "standard_error", "draws")
        value, error, draws = (np.concatenate([getattr(p, c) for p in found]) for c in columns)
        return ConditionalEstimate(
            value[self.row_of_unit], error[self.row_of_unit], draws[self.row_of_unit]
        )


def _number(row: np.ndarray) -> int:
    digest = blake2b(np.ascontiguousarray(row).tobytes(), digest_size=5).digest()
    return int.from_bytes(digest, "little")


def _drawn(sampler: Sampler, rows: _Rows, do: dict[str, str], draws: int, seed: int) -> Units:
    """``draws`` units for each row, with its given values."""
    ids = (rows.ids[:, None] * draws + np.arange(draws)).reshape(-1)
    evidence = {name: np.repeat(codes, draws) for name, codes in rows.codes.items()}
    noise = SeededNoise(seed, ids).fresh("monte carlo")
    return sampler.run(noise, len(ids), do=parse_do(sampler.spec, do, len(ids)), clamped=evidence)


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
    effective = 1 / (weights**2).sum(axis=1)
    # n / (n - 1) for equal weights. A single draw with all the weight has no standard error.
    with np.errstate(divide="ignore", invalid="ignore"):
        spare = np.sqrt(effective / np.maximum(effective - 1, 0))
        error = np.where(effective > 1, error * spare, np.inf)
    return ConditionalEstimate(mean, error, effective)
