"""Every metric on numbers that one can check by hand, and against a second formula."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.metrics import r2_score, root_mean_squared_error

from benchmarks import metrics
from benchmarks.metrics import formulas
from benchmarks.metrics.metric import Metric
from benchmarks.prediction import Prediction
from benchmarks.truth import Truth
from sdscm.errors import InputError


def array(*values: float) -> np.ndarray:
    return np.array(values, dtype=float)


TRUTH = Truth(ite=array(1, 2, 3, 4), effect=array(1, 2, 3, 4), target="ITE", sd=2.0)
PREDICTION = Prediction(
    effect=array(2, 2, 2, -4),
    effect_interval=(array(1, 0, 4, -9), array(3, 1, 5, 9)),
    ate=0.5,
    ate_interval=array(0, 2.5),
    ite_interval=(array(0, 0, 0, 0), array(1, 1, 9, np.inf)),
    seconds=1.5,
)
BY_HAND = {
    "ate_error": 0.5 - 2.5,
    "ate_abs_error": 2.0,
    "ate_abs_error_sd": 1.0,
    "ate_coverage": 1.0,  # an end that meets the truth holds it
    "ate_width_sd": 2.5 / 2,
    "pehe": np.sqrt((1 + 0 + 1 + 64) / 4),
    "pehe_sd": np.sqrt(66 / 4) / 2,
    "r2": 1 - 66 / 5,
    "r2_swapped": 1 - 66 / 27,
    "rank_correlation": -3 / np.sqrt(5 * 3),  # ranks 3 3 3 1 against 1 2 3 4
    "sign_accuracy": 3 / 4,
    "cate_coverage": 2 / 4,
    "cate_width_sd": (2 + 1 + 1 + 18) / 4 / 2,
    "ite_coverage": 3 / 4,
    "ite_width_sd": np.inf,
    "seconds": 1.5,
}


@pytest.mark.parametrize("name", metrics.names())
def test_by_hand(name: str) -> None:
    assert metrics.get(name).score(PREDICTION, TRUTH) == pytest.approx(BY_HAND[name])


@pytest.mark.parametrize("name", metrics.names())
def test_no_score_without_what_it_needs(name: str) -> None:
    assert np.isnan(metrics.get(name).score(Prediction(), TRUTH))


def test_rank_correlation_by_hand_matches_scipy() -> None:
    rho = formulas.rank_correlation(PREDICTION.effect, TRUTH.effect)
    assert rho == pytest.approx(spearmanr(PREDICTION.effect, TRUTH.effect).statistic)


def test_against_scikit_learn() -> None:
    draw = np.random.Generator(np.random.Philox(1))
    truth, estimate = draw.normal(size=(2, 50))
    assert formulas.r2(truth, estimate) == pytest.approx(r2_score(truth, estimate))
    assert formulas.pehe(estimate, truth) == pytest.approx(root_mean_squared_error(truth, estimate))


@pytest.mark.parametrize("estimate", [array(2, 2, 2), array(1, 1, 1)])
def test_r2_of_a_constant_reference_is_scikit_learns(estimate: np.ndarray) -> None:
    constant = array(2, 2, 2)
    assert formulas.r2(constant, estimate) == r2_score(constant, estimate)


def test_r2_of_a_reference_that_is_constant_but_for_rounding() -> None:
    nearly = array(0.1 + 0.2, 0.3, 0.3)
    assert formulas.r2(nearly, array(1, 2, 3)) == 0
    assert formulas.r2(nearly, nearly[::-1]) == 1
    assert formulas.r2(array(1e-9, 2e-9, 3e-9), array(1e-9, 2e-9, 3e-9)) == 1


def test_r2_swapped_has_the_papers_order() -> None:
    swapped = metrics.get("r2_swapped").score(PREDICTION, TRUTH)
    assert swapped == pytest.approx(r2_score(y_true=PREDICTION.effect, y_pred=TRUTH.ite))
    assert swapped != pytest.approx(metrics.get("r2").score(PREDICTION, TRUTH))


def test_rank_correlation_of_a_constant_estimate_is_undefined() -> None:
    assert np.isnan(formulas.rank_correlation(array(1, 1, 1), array(1, 2, 3)))


def test_constant_outcome_has_no_normalised_error() -> None:
    truth = Truth(ite=array(0, 0), effect=array(0, 0), target="ITE", sd=0.0)
    assert np.isnan(metrics.get("pehe_sd").score(Prediction(effect=array(0, 1)), truth))


def test_names_are_taken_once() -> None:
    def other(prediction: Prediction, truth: Truth) -> float:
        return 0.0

    with pytest.raises(InputError, match="'pehe' exists"):
        metrics.register(Metric("pehe", "P", "CATE", "ITE", "lower", (), other, ""))
    assert metrics.get("pehe").title == "PEHE"
