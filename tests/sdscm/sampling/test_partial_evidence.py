"""Counterfactuals given evidence on some variables, against sums over both worlds.

The oracle shares nothing with the engine but the spec and the table of probabilities. It sums over
the rows of the observed world that have the evidence, and over what each value of a descendant
becomes in the other world: the joint law of argmax(log p + g) and argmax(log q + g) for the same
Gumbel noise g.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise, product
from typing import Any

import numpy as np
import pytest

from sdscm import SDSCM, Spec
from sdscm.literals import Coupling
from sdscm.lm import TabularLM
from sdscm.lm.backends.tabular import random_table

N = 10_000
ASKED = "state"

# Before the target, behind it, behind the outcome, and on the target itself.
CASES: list[tuple[dict[str, str], dict[str, str]]] = [
    ({"age": "old"}, {"drug": "statin"}),
    ({"state": "worsens"}, {"drug": "statin"}),
    ({"ward": "B", "pressure": "high"}, {"drug": "placebo"}),
    ({"drug": "placebo", "state": "dies"}, {"drug": "statin"}),
    ({"state": "recovers"}, {"pressure": "high", "smoker": "yes"}),
]


@cache
def both(p: tuple[float, ...], q: tuple[float, ...]) -> np.ndarray:
    """P(argmax(log p + g) = i and argmax(log q + g) = j), of shape (K, K), g the same.

    With e_k = exp(-g_k), standard exponential numbers, the two are argmin e_k / p_k and
    argmin e_k / q_k. For e_i = p_i s and e_j = q_j t both win if r = s / t is between q_i / p_i
    and q_j / p_j, and the others are above max(p_k s, q_k t). Over t the integral is known, and
    over r it is one of 1 / (a r + b)**2 between each two breaks.
    """
    size, found = len(p), np.zeros((len(p), len(p)))
    for i, j in product(range(size), repeat=2):
        others = [k for k in range(size) if k not in (i, j)]
        if i == j:
            found[i, i] = 1 / (1 + sum(max(p[k] / p[i], q[k] / q[i]) for k in others))
            continue
        low, high = q[i] / p[i], q[j] / p[j]
        if low >= high:
            continue
        breaks = sorted({low, high, *(q[k] / p[k] for k in others if low < q[k] / p[k] < high)})
        for begin, end in pairwise(breaks):
            middle = (begin + end) / 2
            a = p[i] + sum(p[k] for k in others if p[k] * middle > q[k])
            b = q[j] + sum(q[k] for k in others if p[k] * middle <= q[k])
            found[i, j] += p[i] * q[j] * (end - begin) / ((a * begin + b) * (a * end + b))
    return found


def test_the_joint_law_of_two_maxima() -> None:
    """Its margins are p and q, and it is the distribution under sampled noise."""
    p, q = (0.5, 0.3, 0.2), (0.1, 0.3, 0.6)
    joint = both(p, q)
    np.testing.assert_allclose(joint.sum(axis=1), p)
    np.testing.assert_allclose(joint.sum(axis=0), q)
    np.testing.assert_allclose(both(p, p), np.diag(p), atol=1e-12)
    noise = np.random.default_rng(0).gumbel(size=(100_000, 3))
    drawn = np.zeros((3, 3))
    np.add.at(drawn, ((np.log(p) + noise).argmax(1), (np.log(q) + noise).argmax(1)), 1)
    error = np.sqrt(joint * (1 - joint) / len(noise))
    assert (np.abs(drawn / len(noise) - joint) <= 4 * error).all()


def expected(
    by_hand: Any, given: dict[str, int], do: dict[str, int], coupling: Coupling
) -> np.ndarray:
    """P(ASKED under do | given) by enumeration of both worlds."""
    spec: Spec = by_hand.spec
    touched = set(do).union(*(spec.descendants(target) for target in do))
    needed = [n for n in spec.order if n == ASKED or ASKED in spec.descendants(n)]
    changed = [n for n in needed if n in touched]
    found = np.zeros(len(spec.variable(ASKED).values))
    for row, weight in by_hand.rows():
        if any(row[name] != code for name, code in given.items()):
            continue
        worlds = [(row, weight)]
        for name in changed:
            after = []
            for world, chance in worlds:
                if name in do:
                    after.append(({**world, name: do[name]}, chance))
                    continue
                p, q = by_hand.mechanism(name, row), by_hand.mechanism(name, world)
                law = q
                if coupling == "gumbel":
                    law = both(tuple(p), tuple(q))[row[name]] / p[row[name]]
                after += [({**world, name: j}, chance * law[j]) for j in range(len(q))]
            worlds = after
        for world, chance in worlds:
            found[world[ASKED]] += chance
    return found / found.sum()


def codes(spec: Spec, values: dict[str, str]) -> dict[str, int]:
    return {name: spec.variable(name).values.index(value) for name, value in values.items()}


def z(scm: SDSCM, how: Any, given: Any, do: Any, truth: np.ndarray) -> np.ndarray:
    """How many standard errors each share is off; those of a ratio of means."""
    units = scm.sample(N, 11, given=given, how=how, block=N)
    world = scm.counterfactual(units, do, block=N)
    hit = world.codes[ASKED].to_numpy()[:, None] == np.arange(len(truth))
    share = world.weights @ hit
    error = np.sqrt((world.weights[:, None] ** 2 * (hit - share) ** 2).sum(axis=0))
    return np.asarray((share - truth) / error)


@pytest.mark.parametrize("coupling", ["gumbel", pytest.param("redraw", marks=pytest.mark.slow)])
@pytest.mark.parametrize(("given", "do"), CASES)
def test_counterfactuals_given_partial_evidence(
    clinic: Spec, by_hand: Any, given: dict[str, str], do: dict[str, str], coupling: Coupling
) -> None:
    table = random_table(17, temperature=0.8)
    scm = SDSCM(clinic, TabularLM(table), coupling=coupling)
    truth = expected(by_hand(clinic, table), codes(clinic, given), codes(clinic, do), coupling)
    for how in ("reject", "weight"):
        assert np.abs(z(scm, how, given, do, truth)).max() < 4


def test_the_evidence_and_the_coupling_matter(clinic: Spec, by_hand: Any) -> None:
    """Neither the interventional law nor the redrawn counterfactual passes for the right one."""
    table = random_table(17, temperature=0.8)
    scm, oracle = SDSCM(clinic, TabularLM(table)), by_hand(clinic, table)
    given, do = {"state": "worsens"}, {"drug": "statin"}
    redrawn = expected(oracle, codes(clinic, given), codes(clinic, do), "redraw")
    interventional = expected(oracle, {}, codes(clinic, do), "gumbel")
    np.testing.assert_allclose(interventional, scm.exact().arrays.marginal([ASKED], do))
    for wrong in (redrawn, interventional):
        for how in ("reject", "weight"):
            assert np.abs(z(scm, how, given, do, wrong)).max() > 8
