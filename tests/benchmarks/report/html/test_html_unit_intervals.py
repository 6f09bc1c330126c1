"""Intervals for units whose every number is known by hand."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from benchmarks.interface import Prediction, Truth
from benchmarks.report.html.studies import _typical
from benchmarks.report.html.unit_intervals import unit_intervals

ITE = np.array([3.0, 1.0, 2.0])
CATE = np.array([2.0, 2.5, 1.5])
TRUTH = Truth(ite=ITE, effect=CATE, target="CATE", sd=1.0)
NARROW = (np.array([2.5, 1.5, 1.9]), np.array([3.5, 1.8, 2.1]))
WIDE = (np.array([0.0, 0.0, 1.6]), np.array([9.0, 9.0, 1.9]))


def test_units_are_in_the_order_of_their_true_effect() -> None:
    found = unit_intervals(
        "m", "all", Prediction(effect=np.array([30.0, 10, 20]), ite_interval=NARROW), TRUTH
    )
    assert found is not None
    assert found.truth.tolist() == [1, 2, 3]
    assert found.lower.tolist() == [1.5, 1.9, 2.5]
    assert found.upper.tolist() == [1.8, 2.1, 3.5]
    assert found.covered.tolist() == [False, True, True]


def test_intervals_for_the_ite_come_before_those_for_the_cate() -> None:
    both = unit_intervals("m", "all", Prediction(effect_interval=WIDE, ite_interval=NARROW), TRUTH)
    assert both is not None
    assert (both.made_for, both.target) == ("ITE", "ITE")
    cate = unit_intervals("m", "all", Prediction(effect_interval=WIDE), TRUTH)
    assert cate is not None
    assert (cate.made_for, cate.target) == ("CATE", "CATE")
    assert cate.truth.tolist() == [1.5, 2, 2.5]
    assert cate.covered.tolist() == [False, True, True]


def test_no_intervals_without_intervals_or_without_truth() -> None:
    assert unit_intervals("m", "all", Prediction(effect=ITE), TRUTH) is None
    unknown = Truth(ite=ITE * np.nan, effect=ITE * np.nan, target="ITE", sd=1.0)
    assert unit_intervals("m", "all", Prediction(ite_interval=NARROW), unknown) is None


@pytest.mark.parametrize(("n", "most", "kept"), [(3, 9, [0, 1, 2]), (9, 3, [0, 4, 8])])
def test_thinning_keeps_both_ends(n, most, kept) -> None:
    values = np.arange(n, dtype=float)
    truth = Truth(ite=values, effect=values, target="ITE", sd=1.0)
    found = unit_intervals("m", "all", Prediction(ite_interval=(values - 1, values + 1)), truth)
    assert found is not None
    assert found.thinned(most).tolist() == kept


def test_the_units_are_of_a_dataset_whose_effects_are_known() -> None:
    scores = pd.DataFrame({"dataset": ["world", "low", "middle", "high", "middle"]})
    bias = {"world": float("nan"), "low": 0.1, "middle": -0.2, "high": 0.3}
    known = {name: SimpleNamespace(effects_known=name != "world") for name in bias}
    assert _typical(scores, bias, known) == "middle"  # type: ignore[arg-type]
    unknown = dict.fromkeys(bias, SimpleNamespace(effects_known=False))
    assert _typical(scores, bias, unknown) == "low"  # type: ignore[arg-type]
