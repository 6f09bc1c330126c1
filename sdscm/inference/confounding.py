"""The true strength of hidden confounding, by enumeration.

It is what a sensitivity analysis has to assume: how much more the hidden covariates say of the
treatment and the outcome than the shown ones do.

Sources: Tan, "A distributional approach for causal inference using propensity scores", JASA 2006
(the odds ratio); Cinelli and Hazlett, "Making sense of sensitivity: extending omitted variable
bias", JRSS B 2020 (the partial R2); Chernozhukov, Cinelli, Newey, Sharma and Syrgkanis, "Long story
short: omitted variable bias in causal machine learning", 2022, arXiv 2112.13398 (the partial R2
without linearity).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import networkx as nx
import numpy as np

from sdscm.inference.enumeration import ExactArrays, TooLargeError
from sdscm.inference.outcome import OutcomeFunction
from sdscm.sampling.interventions import contrast_of

#: Largest variance, as a share of that of the outcome, that rounding alone can leave.
_ROUNDING = 1e-12


@dataclass(frozen=True)
class HiddenConfounding:
    """The strength of hidden confounding, given the covariates X that a setting shows.

    All numbers are those of the population. U are the hidden covariates, e(X, U) = P(t = 1 | X, U)
    and e(X) = P(t = 1 | X) the propensities, g(t, X, U) = E[y | t, X, U] and g(t, X) = E[y | t, X]
    the mean outcomes. Without hidden confounding they are 1, 0, 0 and 0.

    Attributes
    ----------
    gamma
        The largest odds ratio between e(X, U) and e(X), in either direction, at least 1: the
        parameter of the marginal sensitivity model.
    outcome_r2
        Share of the outcome's variance left by t and X that U explains: E[(g(t, X, U) - g(t, X))^2]
        / E[(y - g(t, X))^2].
    treatment_r2
        Share of the treatment's variance left by X that U explains: E[(e(X, U) - e(X))^2] /
        E[(t - e(X))^2]. The partial R2 of partially linear regression.
    riesz_r2
        1 - E[1 / (e(X) (1 - e(X)))] / E[1 / (e(X, U) (1 - e(X, U)))]: the share of the variance of
        the inverse-propensity weights that U explains. It takes the place of ``treatment_r2`` for
        the average effect without linearity.

    Examples
    --------
    >>> data = sdscm.SDSCM("headache", "tabular:0").dataset(200, hidden_confounding=True)
    >>> round(data.hidden_confounding["hidden"].gamma, 2)
    13.24
    >>> data.hidden_confounding["all"].gamma
    1.0
    """

    gamma: float = 1.0
    outcome_r2: float = 0.0
    treatment_r2: float = 0.0
    riesz_r2: float = 0.0


def hidden_confounding(
    exact: ExactArrays,
    shown: Sequence[str],
    hidden: Sequence[str],
    outcome: OutcomeFunction,
    contrast: tuple[str, str] | None = None,
    noise_variance: float = 0.0,
) -> HiddenConfounding | None:
    """The strength of hidden confounding; None if it is unknown.

    It is unknown if the spec is too large to enumerate, if shown and hidden covariates together do
    not identify the effect by adjustment, or if a log-probability is infinite.

    Parameters
    ----------
    exact
        The SD-SCM, with the treatment restricted to the two values of the contrast.
    shown, hidden
        Names of the covariates that a method sees, and of the others.
    outcome, contrast
        As in `ExactArrays.effect`.
    noise_variance
        Variance of noise that is added to the outcome.
    """
    if not _identified(exact, [*shown, *hidden]):
        return None
    try:
        propensities = _propensities(exact, shown, hidden, contrast)
        outcome_r2 = _outcome_r2(exact, shown, hidden, outcome, noise_variance)
    except TooLargeError:
        return None
    if not np.isfinite(outcome_r2):
        return None
    return HiddenConfounding(propensities.gamma, outcome_r2, *propensities.shares)


@dataclass(frozen=True)
class _Propensities:
    """P(t = 1 | X), P(t = 1 | X, U), and the probabilities of their arguments, as arrays."""

    short: np.ndarray
    long: np.ndarray
    weights: np.ndarray

    @property
    def gamma(self) -> float:
        with np.errstate(divide="ignore"):
            short, long = (np.log(each) - np.log1p(-each) for each in (self.short, self.long))
        # Infinite log-odds may be the same, too.
        apart = np.subtract(long, short, out=np.zeros_like(short), where=long != short)
        return float(np.exp(np.abs(apart).max()))

    @property
    def shares(self) -> tuple[float, float]:
        """The partial R2 of the treatment, and that of the Riesz representer."""
        short, long, weights = self.short, self.long, self.weights
        left = float(weights @ (short * (1 - short)))
        explained = float(weights @ (long - short) ** 2)
        with np.errstate(divide="ignore"):
            inverse = [float(weights @ (1 / (each * (1 - each)))) for each in (short, long)]
        lost = inverse[0] / inverse[1] if np.isfinite(inverse[1]) else 0.0
        return (explained / left if left > 0 else 0.0), max(1 - lost, 0.0)


def _propensities(
    exact: ExactArrays,
    shown: Sequence[str],
    hidden: Sequence[str],
    contrast: tuple[str, str] | None,
) -> _Propensities:
    treatment = exact.spec.treatment
    code = treatment.values.index(contrast_of(exact.spec, contrast)[1])
    short = _relevant(exact, treatment.name, shown)
    long = _relevant(exact, treatment.name, [*shown, *hidden])
    names = list(dict.fromkeys([*short, *long]))
    weights = exact.marginal(names)

    def propensity(given: Sequence[str]) -> np.ndarray:
        table = exact.conditional(treatment.name, given)[..., code]
        # Axes of the joint table; ``given`` has the order of its own names.
        order = [each for each in names if each in given]
        table = np.moveaxis(table, [given.index(each) for each in order], range(len(order)))
        shape = [len(exact.spec.variable(each).values) if each in given else 1 for each in names]
        return np.broadcast_to(table.reshape(shape), weights.shape)

    possible = weights > 0
    return _Propensities(
        short=propensity(short)[possible],
        long=propensity(long)[possible],
        weights=weights[possible],
    )


def _outcome_r2(
    exact: ExactArrays,
    shown: Sequence[str],
    hidden: Sequence[str],
    outcome: OutcomeFunction,
    noise_variance: float,
) -> float:
    """The partial R2 of the outcome, from mean squares: g(t, X) is a projection of g(t, X, U)."""
    spec = exact.spec
    logs = exact.log_table(spec.outcome.name)
    values = outcome.mean(logs)
    # Without the common mean, differences of squares keep their digits.
    values = values - float(exact.mean(values))
    squares = values**2
    if outcome.kind == "category":
        centred = outcome.scores - float(exact.mean(outcome.mean(logs)))
        squares = (np.exp(logs) * centred**2).sum(axis=-1)

    def mean_square(given: Sequence[str]) -> float:
        names = _relevant(exact, spec.outcome.name, [spec.treatment.name, *given])
        weights = exact.marginal(names)
        possible = weights > 0
        means = exact.mean(values, names)
        return float(weights[possible] @ means[possible] ** 2)

    total, short = float(exact.mean(squares)) + noise_variance, mean_square(shown)
    left, explained = total - short, mean_square([*shown, *hidden]) - short
    if left <= _ROUNDING * total:
        return 0.0
    return min(max(explained / left, 0.0), 1.0)


def _relevant(exact: ExactArrays, name: str, given: Sequence[str]) -> list[str]:
    """The given variables without those that are independent of ``name`` given the others."""
    kept = list(given)
    for each in given:
        others = [other for other in kept if other != each]
        if nx.is_d_separator(exact.spec.graph, {each}, {name}, set(others)):
            kept = others
    return kept


def _identified(exact: ExactArrays, covariates: Sequence[str]) -> bool:
    """Return whether adjustment for the covariates identifies the effect (back-door criterion)."""
    spec = exact.spec
    treatment, outcome = spec.treatment.name, spec.outcome.name
    if set(spec.descendants(treatment)) & set(covariates):
        return False
    graph = spec.graph.copy()
    graph.remove_edges_from(list(graph.out_edges(treatment)))
    return bool(nx.is_d_separator(graph, {treatment}, {outcome}, set(covariates)))
