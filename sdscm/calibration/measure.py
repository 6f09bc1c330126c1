"""Difficulty of the data of an SD-SCM: by enumeration, or of sampled units."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from sdscm.inference.enumeration import ExactArrays
from sdscm.inference.outcome import OutcomeFunction
from sdscm.sampling.interventions import contrast_of
from sdscm.sampling.sampler import Sampler
from sdscm.spec import Spec

#: Largest table of pre-treatment covariates for the exact way, in rows.
_MOST_ROWS = 100_000
#: A variance below this share of the mean square is rounding: y is constant.
_ROUNDING = 1e-12


@dataclass(frozen=True, eq=False)
class Population:
    """Rows of pre-treatment covariates with the distribution of their potential outcomes.

    Attributes
    ----------
    weights
        Probability of each row, of shape (n,).
    propensity
        P(t = 1 | row), of shape (n,).
    first, again
        Two independent unbiased estimates of E[Y(0) | row] and E[Y(1) | row], of shape (2, n); the
        same array if they are exact. Their product estimates a square without bias.
    second
        Unbiased estimates of E[Y(0)^2 | row] and E[Y(1)^2 | row], of shape (2, n).
    """

    weights: np.ndarray
    propensity: np.ndarray
    first: np.ndarray
    again: np.ndarray
    second: np.ndarray

    def difficulty(self, noise: float = 0.0) -> dict[str, float]:
        """Measure each target of `TARGETS`; 0 where it is not defined.

        ``noise`` is the SD of the Gaussian noise that is added to y, in SD(y) without it.
        """
        w, e = self.weights, self.propensity
        received = np.stack([1 - e, e]) * w
        share = received.sum(axis=1)
        mean = (self.first + self.again) / 2
        average = float((received * mean).sum())
        square = float((received * self.second).sum())
        variance = square - average**2
        if variance < _ROUNDING * square:
            variance = 0.0
        within = float((received * (self.second - self.first * self.again)).sum())
        effects = [each[1] - each[0] for each in (self.first, self.again)]
        sate = float(w @ (mean[1] - mean[0]))
        spread = float(w @ (effects[0] * effects[1])) - sate**2
        total = variance * (1 + noise**2)
        with np.errstate(divide="ignore", invalid="ignore"):
            arms = (received * mean).sum(axis=1) / share
            squares = share[1] ** 2 / e + share[0] ** 2 / (1 - e)
            found = {
                "bias": abs(arms[1] - arms[0] - sate) / math.sqrt(total) if total else 0.0,
                "effective_n": 1 / float(w @ squares),
                "propensity_q05": _quantile(np.minimum(e, 1 - e), w),
                "cate_spread": math.sqrt(max(spread, 0.0) / total) if total else 0.0,
                "treated": float(share[1]),
                "noise_share": (max(within, 0.0) + noise**2 * variance) / total if total else 0.0,
            }
        return {name: float(value) if np.isfinite(value) else 0.0 for name, value in found.items()}

    @classmethod
    def enumerated(cls, sampler: Sampler, outcome: OutcomeFunction) -> Self:
        """All rows of the parents of the treatment and of the variables that it changes.

        Raises
        ------
        TooLargeError
            If a mechanism has too many contexts.
        """
        spec, treatment = sampler.spec, sampler.spec.treatment
        control, treated = contrast_of(spec, None)
        sampler = sampler.restricted_to((control, treated))
        exact = ExactArrays(sampler.mechanisms)
        before, rows = _rows(spec)
        logs = exact.log_table(spec.outcome.name)
        first, second = (
            np.stack(
                [
                    _spread(exact.mean(values, before, {treatment.name: value}), before, rows, spec)
                    for value in (control, treated)
                ]
            )
            for values in (outcome.mean(logs), _square(outcome, logs))
        )
        parents = spec.parents(treatment.name)
        chance = np.exp(exact.log_table(treatment.name)[..., 1])
        weights = exact.marginal(rows)
        possible = weights.reshape(-1) > 0
        # A row of probability 0 has no conditional mean.
        first, second = first[:, possible], second[:, possible]
        return cls(
            weights=weights.reshape(-1)[possible],
            propensity=_spread(chance, parents, rows, spec)[possible],
            first=first,
            again=first,
            second=second,
        )

    @classmethod
    def sampled(cls, sampler: Sampler, outcome: OutcomeFunction, n: int, place: int) -> Self:
        """``n`` units whose noise depends on ``place`` only, whatever the dials are.

        If the treatment changes other variables than the outcome, these are drawn twice.
        """
        spec, treatment = sampler.spec, sampler.spec.treatment
        contrast = contrast_of(spec, None)
        sampler = copy.copy(sampler.restricted_to(contrast))
        units = sampler.sample(n, 0, first=place * n)
        mediated = set(spec.descendants(treatment.name)) & set(spec.parents(spec.outcome.name))
        first, second = [], []
        for coupling in ("gumbel", "redraw") if mediated else ("gumbel",):
            sampler.coupling = coupling
            worlds = [sampler.counterfactual(units, {treatment.name: arm}) for arm in contrast]
            logs = [world.log_probabilities[spec.outcome.name] for world in worlds]
            first.append(np.stack([outcome.mean(each) for each in logs]))
            second.append(np.stack([_square(outcome, each) for each in logs]))
        return cls(
            weights=np.full(n, 1 / n),
            propensity=np.exp(units.log_probabilities[treatment.name][:, 1]),
            first=first[0],
            again=first[-1],
            second=np.mean(second, axis=0),
        )


def enumerable(spec: Spec, most_contexts: int) -> bool:
    """Return whether a spec is small enough for `Population.enumerated`.

    ``most_contexts`` is the largest number of contexts of all variables together.
    """
    sizes = {each.name: len(each.values) for each in spec.variables}
    needed = {spec.treatment.name, spec.outcome.name}
    needed |= {name for each in needed for name in spec.ancestors(each)}
    contexts = sum(math.prod(sizes[parent] for parent in spec.parents(name)) for name in needed)
    rows = math.prod(sizes[name] for name in _rows(spec)[1])
    return contexts <= most_contexts and rows <= _MOST_ROWS


def _rows(spec: Spec) -> tuple[list[str], list[str]]:
    """The pre-treatment parents of outcome and mediators; with the treatment's own parents."""
    treatment, outcome = spec.treatment.name, spec.outcome.name
    changed = {treatment, *spec.descendants(treatment)}
    on_the_way = {outcome} | (changed & set(spec.ancestors(outcome))) - {treatment}
    before = {parent for name in on_the_way for parent in spec.parents(name)} - changed
    both = before | set(spec.parents(treatment))
    return [n for n in spec.order if n in before], [n for n in spec.order if n in both]


def _spread(values: np.ndarray, names: Sequence[str], rows: list[str], spec: Spec) -> np.ndarray:
    """A table over some variables, for each row of all of them, as one axis."""
    sizes = [len(spec.variable(name).values) for name in rows]
    shape = [size if name in names else 1 for name, size in zip(rows, sizes, strict=True)]
    return np.broadcast_to(values.reshape(shape), sizes).reshape(-1)


def _square(outcome: OutcomeFunction, logs: np.ndarray) -> np.ndarray:
    """E[Y^2 | parents] of the outcome, of the shape of ``logs`` without its last axis."""
    if outcome.kind == "category":
        return replace(outcome, scores=outcome.scores**2).mean(logs)
    return outcome.mean(logs) ** 2


def _quantile(values: np.ndarray, weights: np.ndarray) -> float:
    return float(np.quantile(values, 0.05, weights=weights, method="inverted_cdf"))
