"""Every metric on numbers that one can check by hand, and against a second formula."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr
from sklearn.linear_model import LinearRegression
from sklearn.metrics import auc, mean_pinball_loss, r2_score, root_mean_squared_error

from benchmarks import metrics
from benchmarks.interface import Prediction, Truth
from benchmarks.metrics import ate, formulas, registry
from benchmarks.metrics.definition import Metric
from sdscm.errors import InputError


def array(*values: float) -> np.ndarray:
    return np.array(values, dtype=float)


TRUTH = Truth(
    ite=array(1, 2, 3, 4),
    effect=array(1, 2, 3, 4),
    target="ITE",
    sd=2.0,
    compliers=np.array([True, False, True, False]),
    complier_effect=array(1.5, np.nan, 3.5, np.nan),
)
PREDICTION = Prediction(
    effect=array(2, 2, 2, -4),
    effect_interval=(array(1, 0, 4, -9), array(3, 1, 5, 9)),
    ate=0.5,
    ate_interval=array(0, 2.5),
    ite_interval=(array(0, 0, 0.5, -3), array(1, 1, 9, -1)),
    seconds=1.5,
    peak_memory=64.0,
    # At the multiples 0, 1/2 and 1 of the true strength.
    ate_bounds=np.array([[0, 3, 4], [0.5, 2, 3], [1, 1, 4]], dtype=float),
    alpha=0.1,
)
BY_HAND = {
    "ate_error": 0.5 - 2.5,
    "ate_error_sd": -1.0,
    "ate_abs_error": 2.0,
    "ate_abs_error_sd": 1.0,
    "ate_sign_accuracy": 1.0,
    "ate_coverage": 1.0,  # an end that meets the truth holds it
    "ate_width_sd": 2.5 / 2,
    "pehe": np.sqrt((1 + 0 + 1 + 64) / 4),
    "pehe_sd": np.sqrt(66 / 4) / 2,
    "pehe_centred_sd": np.sqrt((9 + 4 + 1 + 36) / 4) / 2,  # errors 1 0 -1 -8, of mean -2
    "cate_bias_sd": -2 / 2,
    "pehe_sd_ite": np.sqrt(66 / 4) / np.sqrt(5 / 4),
    "pehe_ite": np.sqrt(66 / 4) / 2,
    "r2": 1 - 66 / 5,
    "r2_ite": 1 - 66 / 5,
    "r2_swapped": 1 - 66 / 27,
    "rank_correlation": -3 / np.sqrt(5 * 3),  # ranks 3 3 3 1 against 1 2 3 4
    "sign_accuracy": 3 / 4,
    "policy_value_sd": (1 + 2 + 3) / 4 / 2,
    "regret_sd": 4 / 4 / 2,
    # Treated in order, 3 tied rows of mean effect 2 and then the last: at shares 0, 1/4, ..., 1 the
    # gain a row is 0, 2/4, 4/4, 6/4, 10/4.
    "auuc_sd": (0 / 2 + 2 / 4 + 4 / 4 + 6 / 4 + 10 / 4 / 2) / 4 / 2,
    # The true order gains 4/4, 7/4, 9/4, 10/4: its area is (1 + 7/4 + 9/4 + 5/4) / 4, a random
    # order's is 5/4.
    "qini": ((0.5 + 1 + 1.5 + 1.25) / 4 - 1.25) / (6.25 / 4 - 1.25),
    "calibration_slope": (1.5 * (1 + 2 + 3) - 4.5 * 4) / (3 * 1.5**2 + 4.5**2),
    "cate_coverage": 2 / 4,
    "cate_width_sd": (2 + 1 + 1 + 18) / 4 / 2,
    "cate_interval_score_sd": (22 + 20 * (0 + 1 + 1 + 0)) / 4 / 2,
    "ite_coverage": 2 / 4,
    "ite_width_sd": (1 + 1 + 8.5 + 2) / 4 / 2,
    "ite_interval_score_sd": (12.5 + 20 * (0 + 1 + 0 + 5)) / 4 / 2,
    "ite_rightly_not_zero": 1 / 4,
    "ite_wrongly_not_zero": 1 / 4,
    "late_error_sd": (0.5 - 2) / 2,
    "late_abs_error_sd": 1.5 / 2,
    "late_coverage": 1.0,
    "complier_pehe_sd": np.sqrt((0.5**2 + 1.5**2) / 2) / 2,
    "bounds_hold": 1.0,
    "bounds_hold_half": 1.0,
    "bounds_from": 0.5,
    "bounds_width_sd": 3 / 2,
    "seconds": 1.5,
    "peak_memory": 64.0,
}
CELL_METRICS = [metric.name for metric in metrics.registered()]


@pytest.mark.parametrize("name", CELL_METRICS)
def test_by_hand(name: str) -> None:
    assert metrics.get(name).score(PREDICTION, TRUTH) == pytest.approx(BY_HAND[name])


@pytest.mark.parametrize("name", CELL_METRICS)
def test_no_score_without_what_it_needs(name: str) -> None:
    assert np.isnan(metrics.get(name).score(Prediction(alpha=0.1), TRUTH))


def test_an_interval_without_a_level_has_no_interval_score() -> None:
    unsaid = replace(PREDICTION, alpha=None)
    for name in ("cate_interval_score_sd", "ite_interval_score_sd"):
        assert np.isnan(metrics.get(name).score(unsaid, TRUTH))


#: Which truth each metric looks at, when the CATE and the ITE differ.
TARGETS = {
    "CATE where known, else ITE": "effect",
    "ITE": "ite",
    "SATE": "ite",
}


@pytest.mark.parametrize("name", [n for n in CELL_METRICS if metrics.get(n).target in TARGETS])
def test_the_target_is_the_one_that_is_named(name: str) -> None:
    """A metric changes with the truth that it names, and does not with the other."""
    metric = metrics.get(name)
    far = Truth(ite=array(-5, -4, 3, -40), effect=TRUTH.effect, target="CATE", sd=2.0)
    other = Truth(ite=TRUTH.ite, effect=array(9, -4, -3, -40), target="CATE", sd=2.0)
    kept, moved = (far, other) if TARGETS[metric.target] == "effect" else (other, far)
    if name != "pehe_sd_ite":  # in units of the spread of the ITE
        assert metric.score(PREDICTION, kept) == metric.score(PREDICTION, TRUTH)
    assert metric.score(PREDICTION, moved) != metric.score(PREDICTION, TRUTH)


def test_rank_correlation_by_hand_matches_scipy() -> None:
    rho = formulas.rank_correlation(PREDICTION.effect, TRUTH.effect, 1.0)
    assert rho == pytest.approx(spearmanr(PREDICTION.effect, TRUTH.effect).statistic)


def test_against_scikit_learn() -> None:
    draw = np.random.Generator(np.random.Philox(1))
    truth, estimate = draw.normal(size=(2, 50))
    assert formulas.r2(truth, estimate, 1.0) == pytest.approx(r2_score(truth, estimate))
    assert formulas.pehe(estimate, truth) == pytest.approx(root_mean_squared_error(truth, estimate))


@pytest.mark.parametrize("estimate", [array(2, 2, 2), array(1, 1, 1)])
def test_r2_of_a_constant_reference_is_scikit_learns(estimate: np.ndarray) -> None:
    constant = array(2, 2, 2)
    assert formulas.r2(constant, estimate, 1.0) == r2_score(constant, estimate)


def test_r2_of_a_reference_that_is_constant_but_for_rounding() -> None:
    nearly = array(0.1 + 0.2, 0.3, 0.3)
    assert formulas.r2(nearly, array(1, 2, 3), 1.0) == 0
    assert formulas.r2(nearly, nearly[::-1], 1.0) == 1
    small = array(1e-9, 2e-9, 3e-9)
    assert formulas.r2(small, small + 1e-10, 1e-9) == pytest.approx(1 - 0.03 / 2)


def test_r2_swapped_has_the_papers_order() -> None:
    swapped = metrics.get("r2_swapped").score(PREDICTION, TRUTH)
    assert swapped == pytest.approx(r2_score(y_true=PREDICTION.effect, y_pred=TRUTH.ite))
    assert swapped != pytest.approx(metrics.get("r2").score(PREDICTION, TRUTH))


def test_rank_correlation_of_a_constant_estimate_is_undefined() -> None:
    assert np.isnan(formulas.rank_correlation(array(1, 1, 1), array(1, 2, 3), 1.0))


def test_constant_outcome_has_no_normalised_error() -> None:
    truth = Truth(ite=array(0, 0), effect=array(0, 0), target="ITE", sd=0.0)
    assert np.isnan(metrics.get("pehe_sd").score(Prediction(effect=array(0, 1)), truth))


def test_names_are_taken_once() -> None:
    def other(prediction: Prediction, truth: Truth) -> float:
        return 0.0

    with pytest.raises(InputError, match="'pehe' exists"):
        metrics.register(Metric("pehe", "P", "CATE", "ITE", "lower", (), other, ""))
    assert metrics.get("pehe").title == "PEHE"


DRAW = np.random.Generator(np.random.Philox(7))
EFFECT = DRAW.normal(0.3, 1, size=200)
ESTIMATE = np.round(EFFECT + DRAW.normal(size=200), 1)  # with ties


def test_interval_score_is_two_pinball_losses() -> None:
    """Gneiting and Raftery 2007, section 6.2: the sum of two quantile scores, times 2 / alpha."""
    lower, upper, alpha = ESTIMATE - 1, ESTIMATE + 0.5, 0.2
    losses = [
        mean_pinball_loss(EFFECT, end, alpha=level)
        for end, level in ((lower, alpha / 2), (upper, 1 - alpha / 2))
    ]
    score = formulas.interval_score(lower, upper, EFFECT, alpha)
    assert score == pytest.approx(sum(losses) * 2 / alpha)


def test_auuc_is_the_mean_area_over_random_orders_of_ties() -> None:
    areas = []
    for _ in range(3000):
        order = np.lexsort((DRAW.uniform(size=200), -ESTIMATE))
        curve = np.append(0, np.cumsum(EFFECT[order])) / 200
        areas.append(auc(np.linspace(0, 1, 201), curve))
    area = formulas.auuc(ESTIMATE, EFFECT, 1.0)
    assert area == pytest.approx(np.mean(areas), abs=4 * np.std(areas) / np.sqrt(3000))
    assert np.std(areas) > 0


def test_auuc_without_ties_is_the_area_by_trapezoids() -> None:
    estimate = EFFECT + DRAW.normal(size=200)
    curve = np.append(0, np.cumsum(EFFECT[np.argsort(-estimate)])) / 200
    assert formulas.auuc(estimate, EFFECT, 1.0) == pytest.approx(auc(np.linspace(0, 1, 201), curve))


def test_qini_of_true_random_and_reverse_orders() -> None:
    found = [formulas.qini(e, EFFECT, 1.0) for e in (EFFECT, np.exp(EFFECT), np.ones(200), -EFFECT)]
    assert found == pytest.approx([1, 1, 0, -1])
    assert np.isnan(formulas.qini(ESTIMATE, np.full(200, 0.1), 1.0))


def test_regret_is_the_mean_of_the_losses_of_wrong_decisions() -> None:
    wrong = (ESTIMATE > 0) != (EFFECT > 0)
    loss = float(np.where(wrong, np.abs(EFFECT), 0).mean())
    assert formulas.regret(ESTIMATE, EFFECT) == pytest.approx(loss)
    assert formulas.regret(EFFECT, EFFECT) == 0
    treat_all = formulas.policy_value(np.ones(200), EFFECT)
    assert treat_all == pytest.approx(EFFECT.mean())


def test_calibration_slope_is_least_squares() -> None:
    line = LinearRegression().fit(ESTIMATE[:, None], EFFECT)
    assert formulas.calibration_slope(ESTIMATE, EFFECT, 1.0) == pytest.approx(line.coef_[0])
    assert formulas.calibration_slope(3 * EFFECT + 1, EFFECT, 1.0) == pytest.approx(1 / 3)
    assert np.isnan(formulas.calibration_slope(np.full(200, 0.3), EFFECT, 1.0))


def test_claims_of_an_effect() -> None:
    lower, upper = array(1, -2, 0, -1, 1, -3), array(2, -1, 1, 1, 2, -1)
    # right +, right -, touches 0, holds 0, there is none, wrong sign
    effect = array(5, -5, 5, 5, 0, 5)
    assert formulas.excludes_zero(lower, upper, effect, 1.0) == pytest.approx((2 / 6, 2 / 6))
    endless = formulas.excludes_zero(array(-np.inf, 1), array(np.inf, np.inf), array(1, 1), 1.0)
    assert endless == (0.5, 0)


ATES, SATES = DRAW.normal(size=(2, 12)) + 5


@pytest.mark.parametrize("weights", [np.ones(12), np.arange(12) % 4])
def test_pooled_metrics_against_scikit_learn(weights: np.ndarray) -> None:
    """A weight is how often a dataset was drawn."""
    sd = np.linspace(1, 2, 12)
    assert ate.r2(weights, ATES, SATES) == pytest.approx(
        r2_score(SATES, ATES, sample_weight=weights)
    )
    rmse = root_mean_squared_error(SATES, ATES, sample_weight=weights)
    assert ate.rmse(weights, ATES, SATES) == pytest.approx(rmse)
    scaled = root_mean_squared_error(SATES / sd, ATES / sd, sample_weight=weights)
    assert ate.rmse_sd(weights, ATES, SATES, sd) == pytest.approx(scaled)


def test_pooled_metrics_take_many_weights_at_once() -> None:
    weights = DRAW.integers(0, 3, size=(5, 12))
    for metric in metrics.pooled():
        columns = (ATES, SATES, np.ones(12))[: len(metric.columns)]
        together = metric.function(weights, *columns)
        assert together.shape == (5,)
        assert together == pytest.approx([float(metric.function(w, *columns)) for w in weights])


def test_r2_over_datasets_of_one_true_effect_is_undefined() -> None:
    assert np.isnan(ate.r2(np.ones(3), array(1, 2, 3), array(0.1 + 0.2, 0.3, 0.3)))
    assert ate.r2(np.ones(3), array(1, 2, 3), array(1, 2, 3)) == 1


def test_a_metric_of_all_datasets_scores_no_cell() -> None:
    assert metrics.find("ate_r2") in metrics.pooled()
    with pytest.raises(InputError, match="'ate_r2' is one number for all datasets"):
        metrics.get("ate_r2")


def test_estimates_that_differ_by_rounding_only_are_in_no_order() -> None:
    nearly = array(0.1 + 0.2, 0.3, 0.3)
    assert formulas.qini(nearly, array(1, 2, 3), 1.0) == pytest.approx(0, abs=1e-15)
    assert np.isnan(formulas.rank_correlation(nearly, array(1, 2, 3), 1.0))


def test_a_package_brings_metrics_by_an_entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    """And one that cannot be loaded is named."""
    worst = Metric("worst", "Worst", "CATE", "ITE", "lower", ("effect",), lambda p, t: 0.0, "")

    class Point:
        name, dist = "theirs", None

        def __init__(self, load) -> None:
            self.load = load

    def install(load) -> None:
        monkeypatch.setattr(registry.metadata, "entry_points", lambda group: [Point(load)])
        registry.load_installed.cache_clear()

    before = metrics.names()
    monkeypatch.setattr(registry, "_METRICS", dict(registry._METRICS))
    install(lambda: metrics.register(worst))
    assert metrics.names() == [*before, "worst"]
    assert metrics.registered()[-1] is metrics.get("worst") is worst
    install(lambda: 1 / 0)
    with pytest.raises(InputError, match=r"'theirs' cannot be loaded \(ZeroDivisionError"):
        metrics.names()
    monkeypatch.undo()
    registry.load_installed.cache_clear()
    assert metrics.names() == before


def test_a_metric_is_one_file(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    """A file in the folder of the metrics is found, without a change anywhere else."""
    (tmp_path / "zz_largest.py").write_text(
        "from benchmarks.metrics.registry import metric\n"
        "@metric('largest', 'Largest', 'CATE', 'ITE', 'lower', needs=('effect',), source='own')\n"
        "def largest(prediction, truth):\n"
        "    return abs(prediction.effect - truth.ite).max()\n"
    )
    monkeypatch.setattr(registry, "_METRICS", dict(registry._METRICS))
    monkeypatch.setattr(metrics, "__path__", [*metrics.__path__, str(tmp_path)])
    metrics._import_modules()
    assert metrics.names()[-1] == "largest"
    assert metrics.get("largest").score(PREDICTION, TRUTH) == 8


@pytest.mark.parametrize("function", [lambda p, t: 1 / 0, lambda p, t: None, lambda p, t: p.effect])
def test_a_metric_that_fails_is_named(function) -> None:
    metric = Metric("mine", "Mine", "CATE", "ITE", "lower", ("effect",), function, "own")
    with pytest.raises(InputError, match=r"metric 'mine': its function fails .*Error: "):
        metric.score(PREDICTION, TRUTH)
    assert np.isnan(metric.score(Prediction(ate=1.0), TRUTH))


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"group": "cate"}, "group 'cate': choose among ATE, CATE, ITE, cost"),
        ({"better": "less"}, "better 'less': choose among lower, higher, nominal"),
        ({"needs": ("effects",)}, "needs 'effects': choose among effect, "),
    ],
)
def test_a_metric_that_no_board_could_show_is_refused(change, part) -> None:
    with pytest.raises(InputError, match=f"metric 'pehe': {part}"):
        replace(metrics.get("pehe"), **change)
    with pytest.raises(InputError, match="is not a metric"):
        metrics.register(part)  # type: ignore[arg-type]


def test_effects_of_rounding_errors_are_constant_in_units_of_y() -> None:
    """A treatment without effect, up to 1e-15: no method is calibrated, ranked or explained by it.

    Relative to their own size these effects vary, and the slope would be 1e12.
    """
    rounding = 1e-15 * DRAW.normal(size=200)
    truth = Truth(ite=rounding, effect=rounding, target="CATE", sd=2.0)
    varies = Prediction(effect=0.1 * DRAW.normal(size=200), ate=0.1)
    zero = Prediction(effect=1e-15 * DRAW.normal(size=200), ate=1e-16)
    for name in ("qini", "rank_correlation", "pehe_sd_ite"):
        assert np.isnan(metrics.get(name).score(varies, truth)), name
    assert abs(metrics.get("calibration_slope").score(varies, truth)) < 1e-12
    assert np.isnan(metrics.get("calibration_slope").score(zero, truth))
    for name in ("r2", "r2_ite", "sign_accuracy", "ate_sign_accuracy"):
        assert metrics.get(name).score(varies, truth) == 0, name
        assert metrics.get(name).score(zero, truth) == 1, name
    sates = 1e-15 * DRAW.normal(size=6)
    assert np.isnan(ate.r2(np.ones(6), np.ones(6), sates, np.full(6, 2.0)))


@given(st.floats(-9, 9))
def test_the_unit_of_y_does_not_matter(exponent: float) -> None:
    unit = 10.0**exponent
    for name in ("r2", "qini", "rank_correlation", "calibration_slope", "sign_accuracy"):
        scaled = replace(
            TRUTH, ite=unit * TRUTH.ite, effect=unit * TRUTH.effect, sd=unit * TRUTH.sd
        )
        moved = replace(PREDICTION, effect=unit * PREDICTION.effect)
        expected = metrics.get(name).score(PREDICTION, TRUTH)
        assert metrics.get(name).score(moved, scaled) == pytest.approx(expected), name
