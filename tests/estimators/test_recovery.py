"""Estimators approach known truths as rows are added, and their intervals cover."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import estimators
from benchmarks.datasets.designs import DESIGNS, POPULATION_ATE, simulated
from benchmarks.execution.methods import Registered
from benchmarks.simulations.exemptions import (
    BANDS,
    exempt_estimators,
    exempt_from_consistency,
    exempt_from_coverage,
)
from benchmarks.simulations.study import Study, measure_coverage, summarise_coverage

CONFOUNDED = ("linear", "nonlinear")
#: Those that fit in hundredths of a second.
QUICK = (
    *("LinReg", "LinearS", "LinearT", "IPW", "AIPW"),
    *("CausalForest", "CausalML T-LGBM", "CausalML R-LGBM", "DoWhy linear", "DoWhy weighting"),
)
SEEDS = 3
#: At most this share of the error with few rows may be left with sixteen times as many.
SHRINKS_TO = 0.75
#: How near to the truth the larger sample must come, in units of y. The effects' standard deviation
#: is 0.5 in the linear truth and 0.9 in the nonlinear one.
NEAR = {"effect": 0.5, "ate": 0.1}
#: Where the larger sample comes this near, the error need not have shrunk: that of the average with
#: 500 rows is a few hundredths itself, and a root mean square of three seeds is off by half.
THERE = {"effect": 0.1, "ate": 0.05}


def errors(name: str, truth: str, n: int, seed: int) -> dict[str, float]:
    """Root mean square error of the effects, and error of the average, against the CATE."""
    drawn = simulated(truth, n, seed)
    fitted = Registered(name, {}).make(seed).fit(drawn.X, drawn.t, drawn.y)
    found = {"ate": abs(fitted.ate(drawn.X) - float(drawn.cate.mean()))}
    if hasattr(fitted, "effect"):
        effect = fitted.effect(drawn.X)
        found["effect"] = float(np.sqrt(np.mean((effect - drawn.cate) ** 2)))
    return found


def error_by_rows(name: str, truth: str, rows: tuple[int, int]) -> dict[str, list[float]]:
    """Root mean square over seeds of each error, for few rows and for many."""
    found: dict[str, list[float]] = {}
    for n in rows:
        measured = pd.DataFrame([errors(name, truth, n, seed) for seed in range(SEEDS)])
        for target, values in measured.items():
            found.setdefault(str(target), []).append(float(np.sqrt(np.mean(values**2))))
    return found


def approaches_the_truth(name: str, truth: str, rows: tuple[int, int]) -> None:
    if estimators.info(name).extra:
        try:
            estimators.get(name)
        except estimators.MissingExtraError as error:
            pytest.skip(str(error))
    for target, (few, many) in error_by_rows(name, truth, rows).items():
        if not exempt_from_consistency(name, truth, target):
            assert many < max(SHRINKS_TO * few, THERE[target]), (target, few, many)
            assert many < NEAR[target], (target, few, many)


@pytest.mark.parametrize("truth", CONFOUNDED)
@pytest.mark.parametrize("name", QUICK)
def test_quick_ones_approach_the_truth(name, truth):
    approaches_the_truth(name, truth, (250, 4000))


@pytest.mark.slow
@pytest.mark.parametrize("truth", CONFOUNDED)
@pytest.mark.parametrize(
    "name", [i.name for i in estimators.infos() if not i.oracle and not i.needs]
)
def test_all_approach_the_truth(name, truth):
    approaches_the_truth(name, truth, (500, 8000))


@pytest.mark.parametrize(
    ("name", "truth"),
    [
        ("DiffInMeans", "linear"),
        ("DiffInMeans", "nonlinear"),
        ("LinReg", "nonlinear"),
        ("AIPW", "nonlinear"),
    ],
)
def test_exempt_estimators_do_not_approach_the_truth(name, truth):
    """The designs are hard enough for estimators that should not find the effect."""
    assert exempt_from_consistency(name, truth, "ate")
    few, many = error_by_rows(name, truth, (250, 4000))["ate"]
    assert many > 0.5
    assert many > SHRINKS_TO * few


def test_randomisation_is_enough_for_the_difference_in_means():
    assert not exempt_from_consistency("DiffInMeans", "randomised", "ate")
    assert error_by_rows("DiffInMeans", "randomised", (250, 4000))["ate"][1] < 0.1


@pytest.mark.parametrize("truth", DESIGNS)
def test_the_designs_have_the_effects_that_they_declare(truth):
    drawn = simulated(truth, 40_000, 0, 6)
    assert drawn.X.shape == (40_000, 6)
    assert drawn.cate.mean() == pytest.approx(POPULATION_ATE, abs=0.02)
    # The noise is not in the CATE, and that of the two outcomes is independent: variance 2 * 0.25.
    noise = drawn.ite - drawn.cate
    assert noise.mean() == pytest.approx(0, abs=0.02)
    assert noise.var() == pytest.approx(0.5, abs=0.02)
    naive = drawn.y[drawn.t == 1].mean() - drawn.y[drawn.t == 0].mean()
    assert (abs(naive - POPULATION_ATE) < 0.05) == (truth == "randomised")
    assert 0.3 < drawn.t.mean() < 0.7


def test_only_estimators_that_exist_are_exempt():
    assert exempt_estimators() <= set(estimators.names())


@pytest.mark.slow
@pytest.mark.parametrize("name", ["DiffInMeans", "T-Only OLS", "LinReg", "IPW", "AIPW"])
def test_intervals_cover_over_200_seeds(name, tmp_path):
    study = Study([name], rows=(500,), seeds=200, runs_dir=tmp_path)
    summary = summarise_coverage(measure_coverage(study))
    assert set(summary["seeds"]) == {200}
    assert summary["failed"].sum() == 0
    held = [
        (row, BANDS[row.interval])
        for row in summary.itertuples()
        if not exempt_from_coverage(name, row.truth, row.interval)
    ]
    assert held
    for row, (least, most) in held:
        assert least <= row.coverage <= most, row
