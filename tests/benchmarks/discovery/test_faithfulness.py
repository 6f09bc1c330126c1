from __future__ import annotations

import numpy as np
import pytest

import sdscm
from benchmarks.discovery import edge_strengths
from benchmarks.discovery.faithfulness import largest_change


def test_by_hand(four, lm_of) -> None:
    exact = sdscm.SDSCM(four, lm_of()).exact().arrays
    found = {(each.parent, each.child): each for each in edge_strengths(exact, n=100_000)}
    assert found["a", "c"].largest_change == pytest.approx(0.5)
    assert found["b", "c"].largest_change == pytest.approx(0.3)
    assert found["c", "d"].largest_change == pytest.approx(0.6)
    # P(c = 1) = 0.1 + 0.5 * 0.4 + 0.3 * 0.6 = 0.48, P(d = 1) = 0.2 + 0.6 * 0.48.
    joint = np.array([[0.52 * 0.8, 0.52 * 0.2], [0.48 * 0.2, 0.48 * 0.8]])
    apart = np.outer(joint.sum(1), joint.sum(0))
    assert found["c", "d"].information == pytest.approx((joint * np.log(joint / apart)).sum())
    assert all(each.seen for each in found.values())


def test_an_edge_without_effect(four, lm_of) -> None:
    exact = sdscm.SDSCM(four, lm_of(d=lambda c: 0.3)).exact().arrays
    last = list(edge_strengths(exact, n=1_000_000))[-1]
    assert last.largest_change == pytest.approx(0, abs=1e-15)
    assert last.information == pytest.approx(0, abs=1e-15)
    assert last.seen is False


def test_few_rows_do_not_see_a_weak_edge(four, lm_of) -> None:
    exact = sdscm.SDSCM(four, lm_of(d=lambda c: 0.3 + 0.02 * c)).exact().arrays
    few, many = (list(edge_strengths(exact, n))[-1].seen for n in (100, 100_000))
    assert (few, many) == (False, True)


def test_mechanisms_that_are_too_large_are_not_scored(four, lm_of) -> None:
    lm = lm_of()
    found = list(edge_strengths(sdscm.SDSCM(four, lm).exact(max_contexts=2).arrays, n=100))
    assert [np.isnan(each.largest_change) for each in found] == [True, True, True]
    assert [each.seen for each in found] == [None] * 3


def test_the_largest_change_is_over_all_pairs_of_values() -> None:
    table = np.array([[[1.0, 0.0], [0.5, 0.5]], [[0.8, 0.2], [0.5, 0.5]], [[0.4, 0.6], [0.5, 0.5]]])
    assert largest_change(table, 0) == pytest.approx(0.6)
    assert largest_change(table, 1) == pytest.approx(0.5)
