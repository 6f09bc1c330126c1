"""Outcome functions against values computed by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from sdscm import SDSCM, InputError, Spec
from sdscm.inference.outcome import OutcomeFunction
from sdscm.lm import TabularLM
from sdscm.lm.backends.tabular import random_table

Line = Callable[[BaseException], str]
TABLE = random_table(9)
LOGS = np.log([[0.2, 0.5, 0.3], [0.6, 0.3, 0.1]])  # recovers, worsens, dies
CODES = np.array([2, 0])
SCORES = {"recovers": 0.0, "worsens": 1.0, "dies": 5.0}


@pytest.mark.parametrize(
    ("options", "value", "mean"),
    [
        ({}, np.log([0.5, 0.3]), np.log([0.5, 0.3])),
        ({"value": "dies"}, np.log([0.3, 0.1]), np.log([0.3, 0.1])),
        ({"kind": "probability"}, [0.5, 0.3], [0.5, 0.3]),
        ({"kind": "probability", "value": "recovers"}, [0.2, 0.6], [0.2, 0.6]),
        ({"kind": "expected-score", "scores": SCORES}, [2.0, 0.8], [2.0, 0.8]),
        ({"kind": "expected-score"}, [0.5, 0.3], [0.5, 0.3]),
        ({"kind": "category"}, [0, 0], [0.5, 0.3]),
        ({"kind": "category", "value": "dies"}, [1, 0], [0.3, 0.1]),
        ({"kind": "category", "scores": SCORES}, [5.0, 0.0], [2.0, 0.8]),
    ],
)
def test_values(clinic: Spec, options: dict[str, Any], value: Any, mean: Any) -> None:
    outcome = OutcomeFunction.of(clinic, **options)
    np.testing.assert_allclose(outcome.value(LOGS, CODES), value, rtol=1e-14)
    np.testing.assert_allclose(outcome.mean(LOGS), mean, rtol=1e-14)
    np.testing.assert_allclose(outcome.mean(LOGS[:, None]), np.array(mean)[:, None], rtol=1e-14)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"kind": "odds"}, ["odds", "expected-score"]),
        ({"value": "heals"}, ["heals", "recovers"]),
        ({"kind": "category", "scores": {"heals": 1}}, ["heals", "recovers"]),
        ({"kind": "category", "scores": {"dies": 1, "worsens": 2}}, ["recovers"]),
        ({"kind": "category", "scores": {}}, ["recovers"]),
        ({"scores": SCORES}, ["log-probability", "scores", "category"]),
        ({"kind": "probability", "scores": SCORES}, ["probability", "expected-score"]),
        ({"kind": "category", "scores": {**SCORES, "dies": "bad"}}, ["dies", "bad", "number"]),
        ({"kind": "category", "scores": {**SCORES, "dies": np.nan}}, ["dies", "nan", "number"]),
        ({"kind": "category", "scores": SCORES, "value": "dies"}, ["dies", "scores"]),
    ],
)
def test_outcomes_that_are_none(
    clinic: Spec, options: dict[str, Any], words: list[str], one_line: Line
) -> None:
    with pytest.raises(InputError) as caught:
        OutcomeFunction.of(clinic, **options)
    assert all(word in one_line(caught.value) for word in words)


def test_datasets_of_each_kind_are_about_the_same_units(clinic: Spec) -> None:
    scm = SDSCM(clinic, TabularLM(TABLE))
    options: list[dict[str, Any]] = [
        {},
        {"outcome": "probability"},
        {"outcome": "expected-score", "scores": SCORES},
        {"outcome": "category", "scores": SCORES},
        {"outcome": "category"},
    ]
    logp, p, expected, numeric, binary = (scm.dataset(150, 1, **each) for each in options)
    for other in (p, expected, numeric, binary):
        assert other.X.equals(logp.X)
        np.testing.assert_array_equal(other.t, logp.t)
    np.testing.assert_allclose(np.exp(logp.y1), p.y1, rtol=1e-12)
    observed = scm.sample(150, 1).labels["state"]
    np.testing.assert_array_equal(numeric.y, observed.map(SCORES))
    np.testing.assert_array_equal(binary.y, observed == "worsens")
    assert set(np.unique(expected.y)) - set(SCORES.values()), "an expectation is no score"
    assert [d.meta.options["outcome"] for d in (logp, p, numeric)] == [
        "log-probability",
        "probability",
        "category",
    ]
    assert numeric.meta.options["outcome_scores"] == SCORES


def test_the_effect_on_the_expected_score_is_that_on_the_category(
    clinic: Spec, by_hand: Any
) -> None:
    """PATE of E[score | parents] = PATE of the score of the value drawn, over all rows."""
    exact = SDSCM(clinic, TabularLM(TABLE)).exact().arrays
    means = []
    for code in (0, 1):
        rows = by_hand(clinic, TABLE).rows({"drug": {code: 1.0}})
        means.append(sum(p * [0.0, 1.0, 5.0][row["state"]] for row, p in rows))
    for kind in ("expected-score", "category"):
        outcome = OutcomeFunction.of(clinic, kind, scores=SCORES)  # type: ignore[arg-type]
        found = exact.effect(outcome.mean(exact.log_table("state")))
        assert found == pytest.approx(means[1] - means[0], abs=1e-12)


@pytest.mark.parametrize("kind", ["expected-score", "category"])
def test_the_sample_effect_is_near_the_effect(clinic: Spec, kind: Any) -> None:
    """Within 4 standard errors: it would fail one seed in 15,000."""
    scm = SDSCM(clinic, TabularLM(TABLE))
    exact = scm.exact().arrays
    outcome = OutcomeFunction.of(clinic, kind, scores=SCORES)
    ite = scm.dataset(20_000, 3, outcome=kind, scores=SCORES, cate_contexts=0).ite
    error = ite.std() / np.sqrt(len(ite))
    assert 0 < error < 0.05
    assert abs(ite.mean() - exact.effect(outcome.mean(exact.log_table("state")))) < 4 * error
