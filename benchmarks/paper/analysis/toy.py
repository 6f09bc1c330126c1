"""The paper's toy (its Figure 2): a confounder and a collider, and what adjusting for each does.

Two SD-SCMs over the same five variables, whose only difference is the place of the weather: a cause
of the treatment and of the outcome, or an effect of both. No path leads from the treatment to the
outcome, so that every individual effect is 0 and each estimate is its own error. The paper draws
1,000 units of each from GPT-2 with one phrasing. Here every number is given twice, from such a
sample and from the whole population by enumeration, since with 1,000 units chance alone makes
correlations and errors of the size of the paper's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

import estimators
from benchmarks.provenance.hashing import derive_seed
from sdscm import SDSCM, LanguageModel, load_spec

#: Scenarios by what the variable that is given is in them.
SCENARIOS = {"confounder": "marathon_confounder", "collider": "marathon_collider"}
#: The variable whose place differs.
GIVEN = "weather"
CORRELATION, ERROR = "correlation", "error"
#: Of units with any weather.
ANY = "any"
DIFFERENCE, FOREST, ADJUSTED = "mean difference", "RF", f"RF, given the {GIVEN}"
ESTIMATES = (DIFFERENCE, FOREST, ADJUSTED)


class ToyNumber(NamedTuple):
    """One number of the figure.

    Attributes
    ----------
    quantity
        ``correlation`` of P(treated | parents) and P(outcome value | parents) over units, or
        ``error`` of an estimate of the SATE in SD(y), with its sign.
    given
        The weather of the units that count, or `ANY`; for errors one of `ESTIMATES`.
    sample
        From the units that were drawn; a correlation is NaN without two different units. An error
        is NaN where y does not vary.
    population
        From all units that there can be.
    """

    quantity: str
    given: str
    sample: float
    population: float


def toys(
    lm: LanguageModel, n: int, phrasings: Iterable[int], seed: int, temperature: float
) -> pd.DataFrame:
    """Compute all numbers of the figure.

    Parameters
    ----------
    lm
    n
        Units of each scenario and phrasing; the paper draws 1,000.
    phrasings
        Numbers of phrasings.
    seed
        Of the units' noise and of the forests.
    temperature
        As for `SDSCM`.

    Returns
    -------
    A row a number: ``scenario`` (``confounder`` or ``collider``), ``phrasing``, and the attributes
    of `ToyNumber`.
    """
    rows: list[tuple[object, ...]] = []
    for role, name in SCENARIOS.items():
        spec = load_spec(name)
        for phrasing in phrasings:
            scm = SDSCM(spec, lm, phrasing=phrasing, temperature=temperature)
            rows += [(role, phrasing, *number) for number in toy(scm, n, seed)]
    return pd.DataFrame(rows, columns=["scenario", "phrasing", *ToyNumber._fields])


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Average the sizes of the numbers of `toys` over the phrasings."""
    sizes = table[["sample", "population"]].abs()
    groups = [table["scenario"], table["quantity"], table["given"]]
    return sizes.groupby(groups, sort=False).mean().reset_index()


def toy(scm: SDSCM, n: int, seed: int) -> list[ToyNumber]:
    """The numbers of one scenario in one phrasing; see `toys`.

    The outcome is the probability of the spec's outcome value, as in the paper's toy.
    """
    # A collider is a descendant of the treatment: the toy shows what adjusting for it does.
    data = scm.dataset(n, seed, outcome="probability", post_treatment="show")
    assert data.propensity is not None  # a sampled dataset has it
    weather = data.X[GIVEN].to_numpy().astype(int)
    population = _Population.of(scm)
    numbers = []
    for code, value in ((None, ANY), *enumerate(scm.spec.variable(GIVEN).values)):
        rows = np.ones(n) if code is None else (weather == code).astype(float)
        drawn = _correlation(data.propensity, data.y, rows)
        numbers.append(ToyNumber(CORRELATION, value, drawn, population.correlation(code)))
    random = derive_seed("toy", scm.spec.name, scm.phrased.number, seed)
    forests = [
        estimators.get("RF", random_state=random).fit(X, data.t, data.y).ate(X)
        for X in (pd.DataFrame({"nothing": np.zeros(n)}), data.X[[GIVEN]])
    ]
    difference = data.y[data.t == 1].mean() - data.y[data.t == 0].mean()
    scale, sate = data.y.std() or np.nan, data.ite.mean()
    for name, estimate, adjusted in zip(
        ESTIMATES, (difference, *forests), ([], [], [GIVEN]), strict=True
    ):
        error = float(estimate - sate) / scale
        numbers.append(ToyNumber(ERROR, name, error, population.bias(adjusted)))
    return numbers


@dataclass(frozen=True, eq=False)
class _Population:
    """All units, one axis a variable of the spec: their probability, propensity and outcome."""

    names: Sequence[str]
    treatment: str
    probability: np.ndarray
    propensity: np.ndarray
    y: np.ndarray

    @classmethod
    def of(cls, scm: SDSCM) -> _Population:
        spec, exact = scm.spec, scm.exact().arrays

        def over_units(name: str, code: int) -> np.ndarray:
            """P(variable = code | parents) of every unit."""
            parents = spec.parents(name)
            sizes = [
                len(spec.variable(each).values) if each in parents else 1 for each in spec.order
            ]
            table = np.exp(exact.log_table(name)[..., code])
            return np.broadcast_to(table.reshape(sizes), joint.shape)

        joint = exact.joint()
        return cls(
            spec.order,
            spec.treatment.name,
            joint,
            over_units(spec.treatment.name, 1),
            over_units(spec.outcome.name, spec.outcome_code),
        )

    def correlation(self, code: int | None) -> float:
        weight = self.probability if code is None else self._where(GIVEN, code)
        return _correlation(self.propensity.ravel(), self.y.ravel(), weight.ravel())

    def bias(self, adjusted: Sequence[str]) -> float:
        """What regression on the treatment within each value of what is adjusted for tends to.

        In SD(y). The effect is 0, so that the estimate's limit is its bias.
        """
        others = tuple(k for k, name in enumerate(self.names) if name not in adjusted)
        means = []
        for arm in (0, 1):
            weight = self._where(self.treatment, arm)
            means.append((weight * self.y).sum(others) / weight.sum(others))
        effect = ((means[1] - means[0]) * self.probability.sum(others)).sum()
        mean = (self.probability * self.y).sum()
        spread = np.sqrt((self.probability * (self.y - mean) ** 2).sum())
        return float(effect / (spread or np.nan))

    def _where(self, name: str, code: int) -> np.ndarray:
        """The probabilities of the units in which a variable has a value; 0 for the others."""
        axis = self.names.index(name)
        chosen = np.arange(self.probability.shape[axis]) == code
        shape = [-1 if k == axis else 1 for k in range(self.probability.ndim)]
        return self.probability * chosen.reshape(shape)


def _correlation(a: np.ndarray, b: np.ndarray, weight: np.ndarray) -> float:
    """Weighted correlation; NaN where one of the two does not vary."""
    if not weight.sum() > 0:
        return float("nan")
    share = weight / weight.sum()
    a, b = (each - share @ each for each in (a, b))
    # A spread of rounding is none.
    spread = [np.sqrt(share @ each**2) for each in (a, b)]
    if min(spread) < 1e-9:
        return float("nan")
    return float(share @ (a * b) / (spread[0] * spread[1]))
