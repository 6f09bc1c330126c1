"""Every method keeps the contract, and finds the effects of a linear model of large size."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import sdscm
from benchmarks import mediation
from benchmarks.mediation.job import MediationJob
from benchmarks.mediation.methods.regression import RegressionWithInteraction
from benchmarks.mediation.methods.robust import MultiplyRobust
from benchmarks.tasks.runner import execute

METHODS = [name for name in mediation.names() if not mediation.get(name).oracle]


@pytest.mark.parametrize("name", mediation.names())
def test_every_method_keeps_the_contract(name: str) -> None:
    if name.startswith("DoWhy"):
        pytest.importorskip("dowhy")
    mediation.check_method(name)


def test_every_method_says_what_it_assumes() -> None:
    infos = [mediation.get(name) for name in mediation.names()]
    assert all(info.assumes for info in infos)
    assert [info.name for info in infos if info.oracle] == ["Oracle"]


def rows_of(n: int, interaction: float = 0.0, seed: int = 0):
    """A confounder x, P(m | t) = 0.2 + 0.5 t, y = 1 t + 0.8 m + interaction t m + x + noise.

    NDE = 1 + 0.2 interaction, NIE = 0.8 * 0.5.
    """
    draw = np.random.default_rng(seed)
    x = draw.integers(0, 2, n)
    t = (draw.random(n) < 0.3 + 0.4 * x).astype(np.int8)
    m = (draw.random(n) < 0.2 + 0.5 * t).astype(int)
    y = t + 0.8 * m + interaction * t * m + x + 0.5 * draw.normal(size=n)
    return pd.DataFrame({"x": x}), t, pd.DataFrame({"m": m}), y


@pytest.mark.parametrize("name", [name for name in METHODS if name != "No mediation"])
def test_the_effects_of_a_linear_model_are_found(name: str) -> None:
    if name.startswith("DoWhy"):
        pytest.importorskip("dowhy")
    found = execute(MediationJob(name, *rows_of(4000), {}, 0)).answer
    assert found is not None
    assert found.nde == pytest.approx(1.0, abs=0.08)
    assert found.nie == pytest.approx(0.4, abs=0.05)


def test_an_interaction_misleads_the_method_that_has_none() -> None:
    pytest.importorskip("dowhy")
    rows = rows_of(4000, interaction=2.0)
    plain = execute(MediationJob("DoWhy two-stage", *rows, {}, 0)).answer
    for name in ("Regression with interaction", "Multiply robust"):
        found = execute(MediationJob(name, *rows, {}, 0)).answer
        assert found is not None
        assert found.nde == pytest.approx(1.4, abs=0.1)
        assert found.nie == pytest.approx(0.4, abs=0.1)
    assert plain is not None
    assert plain.nie > 0.8


def test_the_robust_method_survives_a_wrong_model_of_the_outcome() -> None:
    """y = 2 x w + m, so that a regression on x and w without their product is wrong; NDE = 0."""
    draw = np.random.default_rng(3)
    x, w = draw.integers(0, 2, (2, 20_000))
    t = (draw.random(20_000) < 1 / (1 + np.exp(1 - 2 * x - 2 * w))).astype(np.int8)
    m = (draw.random(20_000) < 0.2 + 0.5 * t).astype(int)
    rows = pd.DataFrame({"x": x, "w": w}), t, pd.DataFrame({"m": m}), 2.0 * x * w + m
    robust, plain = MultiplyRobust().fit(*rows), RegressionWithInteraction().fit(*rows)
    assert robust.nie() == pytest.approx(0.5, abs=0.03)
    assert robust.nde() == pytest.approx(0, abs=0.04)
    assert plain.nde() < -0.1


@pytest.mark.slow
@pytest.mark.parametrize("name", ["Regression with interaction", "Multiply robust"])
def test_intervals_hold_the_truth(name: str) -> None:
    """Of 120 intervals of level 95 %, at least 89 % hold it (three standard errors: 6 %)."""
    held = []
    for seed in range(120):
        method = mediation.get(name).make(seed).fit(*rows_of(400, interaction=1.0, seed=seed))
        (low, high), (first, last) = method.nde_interval(0.05), method.nie_interval(0.05)
        held.append((low <= 1.2 <= high, first <= 0.4 <= last))
    assert (np.mean(held, axis=0) >= 0.89).all(), np.mean(held, axis=0)
    assert (np.mean(held, axis=0) < 1).all(), np.mean(held, axis=0)


class _Base:
    def fit(self, X, t, m, y):
        self.value = float(y.mean())
        return self

    def nde(self):
        return self.value

    def nie(self):
        return self.value


class _Whole(_Base):
    def nie(self):
        return 1


class _Infinite(_Base):
    def nde(self):
        return float("inf")


class _Changes(_Base):
    def fit(self, X, t, m, y):
        y += 1
        return super().fit(X, t, m, y)


class _Other(_Base):
    def fit(self, X, t, m, y):
        return _Base().fit(X, t, m, y)


class _Crossed(_Base):
    def nie_interval(self, alpha):
        return 1.0, 0.0


class _Random(_Base):
    def fit(self, X, t, m, y):
        self.value = float(np.random.default_rng().normal())
        return self


class _Fixed(_Base):
    def fit(self, X, t, m, y):
        self.value = 1.0
        return self


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (_Whole, "nie() returned 1, not a finite float"),
        (_Infinite, "nde() returned inf"),
        (_Changes, "it changed y"),
        (_Other, "fit returned another object"),
        (_Crossed, "give the lower end first"),
        (_Random, "two runs with one seed"),
        (_Fixed, "3 y does not give 3 times the effects"),
    ],
)
def test_a_broken_method_is_one_line(made, why, one_line) -> None:
    mediation.register(made.__name__, assumes="", source="")(made)
    with pytest.raises(sdscm.InputError) as wrong:
        mediation.check_method(made.__name__)
    assert why in str(wrong.value)
    one_line(wrong.value)


def test_names_and_needs_are_checked() -> None:
    with pytest.raises(sdscm.InputError, match="exists: choose another name"):
        mediation.register("Oracle", assumes="", source="")(_Base)
    with pytest.raises(sdscm.InputError, match="unknown need 'y1'; choose among truth"):
        mediation.register("Cheat", assumes="", source="", needs=("y1",))
    with pytest.raises(sdscm.InputError, match="did you mean 'Oracle'"):
        mediation.get("Oracl")
