"""Sampled frequencies against the joint distribution, which is enumerated by hand.

Chi-squared tests at fixed seeds; each would fail one seed in 1,000 if all were well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from sdscm import SDSCM, Spec
from sdscm.lm import Choice, TabularLM
from sdscm.lm.backends.tabular import random_table

LEVEL = 1e-3
N = 20_000
TABLE = random_table(11, temperature=0.8)
ASKED = ("age", "smoker", "drug", "pressure", "state")  # 72 cells


def mechanism(spec: Spec, name: str, row: Mapping[str, str]) -> dict[str, float]:
    """P(variable | parents) by the definition, in plain Python."""
    variable = spec.variable(name)
    if not isinstance(variable.distribution, str):
        return dict(zip(variable.values, variable.distribution, strict=True))
    said = [spec.variable(p).phrasings[0].sentence(row[p]) for p in spec.parents(name)]
    place = variable.phrasings[0]
    weights = TABLE(Choice(tuple(said), place.prefix, variable.values, place.suffix))
    return {value: w / sum(weights) for value, w in zip(variable.values, weights, strict=True)}


def joint(spec: Spec, do: Mapping[str, str] | None = None) -> pd.Series:
    """The truncated factorisation (Pearl, "Causality", 2009, eq. 1.37), summed to ``ASKED``."""
    do = do or {}
    found: dict[tuple[str, ...], float] = {}
    domains = [spec.variable(name).values for name in spec.order]
    for values in product(*domains):
        row = dict(zip(spec.order, values, strict=True))
        if any(row[name] != value for name, value in do.items()):
            continue
        p = 1.0
        for name in spec.order:
            if name not in do:
                p *= mechanism(spec, name, row)[row[name]]
        key = tuple(row[name] for name in ASKED)
        found[key] = found.get(key, 0.0) + p
    return pd.Series(found)


def p_value(labels: pd.DataFrame, expected: pd.Series) -> float:
    """Of Pearson's test; cells with fewer than 5 expected units are put together."""
    assert expected.sum() == pytest.approx(1)
    counts = labels[list(ASKED)].apply(tuple, axis=1).value_counts()
    assert set(counts.index) <= set(expected.index), "a value that cannot be was drawn"
    counts = counts.reindex(expected.index, fill_value=0)
    cells = pd.DataFrame({"counts": counts, "expected": expected * len(labels)})
    rare = cells.expected < 5
    cells = pd.concat([cells[~rare], cells[rare].sum().to_frame().T])
    cells = cells[cells.expected > 0]
    assert len(cells) > 10
    return float(stats.chisquare(cells.counts, cells.expected).pvalue)


@pytest.fixture
def make(clinic: Spec) -> Callable[..., SDSCM]:
    return lambda **options: SDSCM(clinic, TabularLM(TABLE), **options)


def test_observational(make: Callable[..., SDSCM], clinic: Spec) -> None:
    assert p_value(make().sample(N, 1).labels, joint(clinic)) > LEVEL


@pytest.mark.parametrize(
    "do",
    [
        {"drug": "statin"},
        {"drug": "placebo", "pressure": "high"},
        {"smoker": "yes"},
        {"state": "dies"},
    ],
    ids=str,
)
def test_interventional(make: Callable[..., SDSCM], clinic: Spec, do: dict[str, str]) -> None:
    found = make().sample(N, 2, do=do).labels
    assert p_value(found, joint(clinic, do)) > LEVEL


def test_an_intervention_is_not_a_condition(make: Callable[..., SDSCM], clinic: Spec) -> None:
    """The comparison can fail: here the drug is confounded by age and smoking."""
    observed = make().sample(N, 2).labels
    treated = observed[observed.drug == "statin"]
    expected = joint(clinic, {"drug": "statin"})
    counts = treated[list(ASKED)].apply(tuple, axis=1).value_counts()
    counts = counts.reindex(expected.index, fill_value=0)
    assert stats.chisquare(counts + 1, (counts + 1).sum() * expected).pvalue < 1e-6


@pytest.mark.parametrize("coupling", ["gumbel", "redraw"])
def test_counterfactuals_of_a_population_are_the_intervention(
    make: Callable[..., SDSCM], clinic: Spec, coupling: str
) -> None:
    """Over all units, whichever way the noise is shared, Y(t) has the law of Y under do(t)."""
    scm = make(coupling=coupling)
    world = scm.counterfactual(scm.sample(N, 3), {"drug": "statin"})
    assert p_value(world.labels, joint(clinic, {"drug": "statin"})) > LEVEL


def test_an_intervention_a_unit_at_random_is_a_mixture(
    make: Callable[..., SDSCM], clinic: Spec
) -> None:
    """A trial: the drug by the toss of a coin, one value given for each unit."""
    coin = np.random.Generator(np.random.Philox(key=5)).integers(2, size=N)
    drug = np.array(["placebo", "statin"])[coin]
    found = make().sample(N, 4, do={"drug": drug}).labels
    assert (found.drug == drug).all()
    arms = [joint(clinic, {"drug": value}) for value in ("placebo", "statin")]
    assert p_value(found, pd.concat([arm / 2 for arm in arms])) > LEVEL


def test_redrawn_descendants_owe_nothing_to_the_observed_ones(make: Callable[..., SDSCM]) -> None:
    """Given its parents in the world, a redrawn value is independent of the observed one; with the
    unit's own noise it is not."""
    agree = {}
    for coupling in ("gumbel", "redraw"):
        scm = make(coupling=coupling)
        units = scm.sample(N, 5)
        world = scm.counterfactual(units, {"drug": "statin"})
        same = (units.codes.drug == 1) & (units.codes.pressure == world.codes.pressure)
        first, then = units.codes.state[same], world.codes.state[same]
        probability = np.exp(units.log_probabilities["state"][same.to_numpy()])
        expected = (probability**2).sum(axis=1)
        variance = expected * (1 - expected)
        hits = ((first == then).sum() - expected.sum()) / np.sqrt(variance.sum())
        agree[coupling] = (float(hits), bool((first == then).all()))
    assert abs(agree["redraw"][0]) < stats.norm.isf(LEVEL / 2)
    assert agree["gumbel"][1]


def test_redrawn_worlds_are_independent_of_each_other(make: Callable[..., SDSCM]) -> None:
    scm = make(coupling="redraw")
    units = scm.sample(N, 6)
    worlds = [scm.counterfactual(units, {"drug": drug}) for drug in ("placebo", "statin")]
    again = scm.counterfactual(units, {"drug": "statin"})
    pd.testing.assert_frame_equal(worlds[1].codes, again.codes)
    table = pd.crosstab(
        worlds[0].codes.pressure.astype(str) + units.labels.smoker,
        worlds[1].codes.pressure.astype(str) + units.labels.smoker,
    )
    for answer in ("no", "yes"):
        rows = [name for name in table.index if str(name).endswith(answer)]
        assert stats.chi2_contingency(table.loc[rows, rows]).pvalue > LEVEL / 2
