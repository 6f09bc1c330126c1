"""Natural effects of hand-made mechanisms against sums over all states and a linear closed form."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import product

import pytest

import sdscm
from benchmarks.mediation.tables import identified, make_tables
from benchmarks.mediation.truth import NaturalEffects, natural_effects
from sdscm.audit.effects.measure import Measure
from sdscm.literals import MeasureKind
from sdscm.spec import spec_from_yaml
from tests.benchmarks.mediation.conftest import MECHANISMS, SPEC

BOTH = (0, 1)


def weight(name: str, value: int, *parents: int) -> float:
    share = MECHANISMS[name](*parents)
    return share if value else 1 - share


def expected(of: Callable[[float], float], t: int, copied: int) -> float:
    """E[of(P(y = 1))] with the outcome under t and both mediators under ``copied``."""
    total = 0.0
    for u, x, m, k in product(BOTH, repeat=4):
        chance = weight("u", u) * weight("x", x)
        chance *= weight("m", m, x, copied) * weight("k", k, copied, m)
        total += chance * of(MECHANISMS["y"](u, x, t, m, k))
    return total


@pytest.mark.parametrize(
    ("kind", "of"),
    [
        ("probability", lambda p: p),
        ("log-probability", math.log),
        ("log-odds", lambda p: math.log(p / (1 - p))),
    ],
)
def test_natural_effects_by_brute_force(trial, lm, kind: MeasureKind, of) -> None:
    tables = sdscm.SDSCM(trial, lm).exact().arrays
    found = natural_effects(tables, ["m", "k"], ("0", "1"), Measure.of(trial, kind))
    base = expected(of, 0, 0)
    assert found.nde == pytest.approx(expected(of, 1, 0) - base, abs=1e-9)
    assert found.nie == pytest.approx(expected(of, 0, 1) - base, abs=1e-9)
    assert found.total == pytest.approx(expected(of, 1, 1) - base, abs=1e-9)


def test_natural_effects_of_a_linear_outcome_in_closed_form(trial, lm) -> None:
    """P(y) is linear but for t m: NDE = 0.2 + 0.2 P(m | t = 0), NIE = 0.15 dm + 0.1 dk."""
    tables = sdscm.SDSCM(trial, lm).exact().arrays
    measure = Measure.of(trial, "probability")
    found = natural_effects(tables, ["m", "k"], ("0", "1"), measure)
    before, change = 0.3 + 0.1 * 0.7, 0.4
    assert found.nde == pytest.approx(0.2 + 0.2 * before, abs=1e-9)
    assert found.nie == pytest.approx(0.15 * change + 0.1 * (0.3 + 0.3 * change), abs=1e-9)
    assert found.interaction == pytest.approx(0.2 * change, abs=1e-9)
    assert found.share == pytest.approx(found.nie / (found.nde + found.nie), abs=1e-12)
    turned = natural_effects(tables, ["m", "k"], ("1", "0"), measure)
    assert turned.total == pytest.approx(-found.total, abs=1e-9)


def test_no_effects_have_no_share() -> None:
    assert math.isnan(NaturalEffects(0.0, 0.0, 0.0).share)
    assert NaturalEffects(0.0, -0.5, -0.5).share == 1


def test_only_the_setting_with_the_cause_of_both_is_identified(trial) -> None:
    assert identified(trial, "all")
    assert not identified(trial, "hidden")


def test_a_mediator_that_is_read_in_both_worlds_is_one_line(lm, one_line) -> None:
    """m affects the mediator k, and y directly: a recanting witness."""
    spec = spec_from_yaml(
        SPEC.replace("{name: m, role: mediator", "{name: m, role: covariate"), "s"
    )
    with pytest.raises(sdscm.InputError, match=r"exact truth.*'m' affects the outcome") as wrong:
        make_tables(sdscm.SDSCM(spec, lm), 20, 0, ["all"], measure="probability", max_contexts=100)
    one_line(wrong.value)
