"""Each selector's scores are those of a formula that is written here once more."""

from __future__ import annotations

import importlib.util
from itertools import pairwise

import numpy as np
import pytest
from scipy.stats import linregress
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor

from benchmarks import selection
from benchmarks.provenance.hashing import derive_seed
from benchmarks.selection.nuisances import CLIP, Nuisances, fit_nuisances
from sdscm.errors import InputError

needs_econml = pytest.mark.skipif(
    importlib.util.find_spec("econml") is None, reason="needs the extra 'econml'"
)


def scores(name: str, shown: selection.Shown) -> dict[str, float]:
    return dict(selection.get(name).function(shown))


def pick(name: str, shown: selection.Shown) -> str:
    found = scores(name, shown)
    best = max if selection.get(name).better == "higher" else min
    return best(found, key=lambda method: found[method])


def pseudo(shown: selection.Shown, row: int) -> float:
    """The doubly robust pseudo-outcome of one row."""
    found = shown.nuisances
    e, t, y = found.propensity[row], shown.t[row], shown.y[row]
    plugged = found.mean1[row] - found.mean0[row]
    if t == 1:
        return plugged + (y - found.mean1[row]) / e
    return plugged - (y - found.mean0[row]) / (1 - e)


def loss_of_row(name: str, shown: selection.Shown, effect: float, row: int) -> float:
    found = shown.nuisances
    if name == "t_score":
        return (found.mean1[row] - found.mean0[row] - effect) ** 2
    if name == "dr_score":
        return (pseudo(shown, row) - effect) ** 2
    if name == "r_score":
        left = shown.y[row] - found.mean[row]
        return (left - (shown.t[row] - found.propensity[row]) * effect) ** 2
    assert name == "dr_policy"
    return pseudo(shown, row) if effect > 0 else 0.0


@pytest.mark.parametrize("name", ["t_score", "dr_score", "r_score", "dr_policy"])
@pytest.mark.parametrize("share", [0.0, 0.3])
def test_losses_row_by_row(made, name: str, share: float) -> None:
    shown = made(share=share).place.shown
    rows = [i for i in range(200) if share == 0 or shown.held_out[i]]
    assert len(rows) == (200 if share == 0 else 60)
    for method, score in scores(name, shown).items():
        each = [loss_of_row(name, shown, shown.effects[method][i], i) for i in rows]
        assert score == pytest.approx(np.mean(each), rel=1e-12)


def test_matching_row_by_row(made) -> None:
    shown = made(constant=False).place.shown
    Z = shown.X.to_numpy()
    Z = (Z - Z.mean(axis=0)) / Z.std(axis=0)
    target = []
    for i in np.flatnonzero(shown.held_out):
        others = np.flatnonzero(shown.t != shown.t[i])
        nearest = others[np.argmin(((Z[others] - Z[i]) ** 2).sum(axis=1))]
        target.append((shown.y[i] - shown.y[nearest]) * (1 if shown.t[i] else -1))
    for method, score in scores("matching", shown).items():
        wanted = np.mean((np.array(target) - shown.effects[method][shown.held_out]) ** 2)
        assert score == pytest.approx(wanted, rel=1e-12)


def test_equally_near_neighbours_count_with_their_mean() -> None:
    """Rows of one category are all nearest neighbours of each other."""
    import pandas as pd

    X = pd.DataFrame({"x": [0.0, 0.0, 0.0, 1.0, 1.0]})
    t, y = np.array([1, 0, 0, 1, 0]), np.array([5.0, 1.0, 3.0, 7.0, 2.0])
    shown = selection.Shown(X, t, y, np.zeros(5, bool), {"zero": np.zeros(5)}, seed=0)
    # The differences, treated less control: 5 - 2, 5 - 1, 5 - 3, 7 - 2, 7 - 2.
    assert scores("matching", shown)["zero"] == pytest.approx(np.mean([9, 16, 4, 25, 25]))


def curve_area(shown: selection.Shown, effect: np.ndarray, gain) -> float:
    """The area under a curve at 0, 1, ... rows, for effects without ties."""
    rows = sorted(np.flatnonzero(shown.held_out), key=lambda i: -effect[i])
    points = [0.0]
    for k in range(1, len(rows) + 1):
        treated = [shown.y[i] for i in rows[:k] if shown.t[i] == 1]
        control = [shown.y[i] for i in rows[:k] if shown.t[i] == 0]
        points.append(gain(treated, control) / len(rows))
    return sum((a + b) / 2 for a, b in pairwise(points)) / len(rows)


def qini_gain(treated: list[float], control: list[float]) -> float:
    return sum(treated) - (sum(control) * len(treated) / len(control) if control else 0)


def auuc_gain(treated: list[float], control: list[float]) -> float:
    means = [sum(each) / len(each) if each else 0 for each in (treated, control)]
    return (means[0] - means[1]) * (len(treated) + len(control))


@pytest.mark.parametrize(("name", "gain"), [("qini", qini_gain), ("auuc", auuc_gain)])
def test_curves_of_observed_outcomes_point_by_point(made, name: str, gain) -> None:
    shown = made(constant=False).place.shown
    for method, score in scores(name, shown).items():
        wanted = curve_area(shown, shown.effects[method], gain)
        assert score == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize("name", ["qini", "auuc"])
def test_equal_effects_give_the_line_to_the_end_of_the_curve(made, name: str) -> None:
    shown = made().place.shown
    t, y = shown.t[shown.held_out], shown.y[shown.held_out]
    end = {"qini": qini_gain, "auuc": auuc_gain}[name](list(y[t == 1]), list(y[t == 0]))
    # The constant effects of "right" and "wrong" differ by rounding from row to row.
    found = scores(name, shown)
    assert found["right"] == pytest.approx(end / len(t) / 2, rel=1e-12)
    assert found["right"] == pytest.approx(found["wrong"], rel=1e-12)


def test_dr_qini_is_the_area_of_pseudo_outcomes(made) -> None:
    shown = made(constant=False).place.shown
    rows = np.flatnonzero(shown.held_out)
    for method, score in scores("dr_qini", shown).items():
        order = sorted(rows, key=lambda i: -shown.effects[method][i])
        points = np.cumsum([0.0, *(pseudo(shown, i) for i in order)]) / len(rows)
        assert score == pytest.approx(float(np.trapezoid(points)) / len(rows), rel=1e-12)


@needs_econml
def test_rscorer_is_the_share_of_the_r_loss_that_is_saved(made) -> None:
    """Whatever the residuals are: the score is 1 - loss / base, and quadratic in a constant."""
    shown = made().place.shown
    effects = {f"{c}": np.full(200, float(c)) for c in (0, 1, 2, 3)}
    found = scores("econml_rscorer", selection.Shown(**{**vars_of(shown), "effects": effects}))
    values = [found[name] for name in effects]
    assert np.diff(values, 3) == pytest.approx(0, abs=1e-9)  # a parabola
    second = values[0] - 2 * values[1] + values[2]
    best = 1 - (values[2] - values[0]) / (2 * second)
    peak = values[1] - second * (best - 1) ** 2 / 2
    assert peak == pytest.approx(0, abs=1e-9)  # the best constant effect has the score 0


def vars_of(shown: selection.Shown) -> dict[str, object]:
    return {name: getattr(shown, name) for name in ("X", "t", "y", "held_out", "effects", "seed")}


def econml_outcomes(shown: selection.Shown) -> np.ndarray:
    """Doubly robust outcomes of the held-out rows by models of the fitted rows."""
    X, out, seed = shown.X.to_numpy(), shown.held_out, derive_seed(shown.seed, "trees")
    e = GradientBoostingClassifier(random_state=seed).fit(X[~out], shown.t[~out])
    chance = e.predict_proba(X[out])
    arms = []
    for arm in (0, 1):
        rows = ~out & (shown.t == arm)
        mean = GradientBoostingRegressor(random_state=seed).fit(X[rows], shown.y[rows])
        plugged, here = mean.predict(X[out]), shown.t[out] == arm
        weight = here / np.maximum(chance[:, arm], 0.01)
        arms.append(plugged + weight * (shown.y[out] - plugged))
    return arms[1] - arms[0]


@needs_econml
def test_blp_is_a_t_statistic(made) -> None:
    shown = made(constant=False).place.shown
    outcomes = econml_outcomes(shown)
    for method, score in scores("econml_blp", shown).items():
        line = linregress(shown.effects[method][shown.held_out], outcomes)
        assert score == pytest.approx(line.slope / line.stderr, rel=1e-9)


@needs_econml
def test_calibration_group_by_group(made) -> None:
    shown = made(constant=False).place.shown
    outcomes, out = econml_outcomes(shown), shown.held_out
    for method, score in scores("econml_calibration", shown).items():
        fitted, effect = shown.effects[method][~out], shown.effects[method][out]
        own = overall = 0.0
        for quarter in range(4):
            low, high = np.quantile(fitted, [quarter / 4, (quarter + 1) / 4])
            group = (low <= effect) & (effect <= high)
            own += group.mean() * abs(outcomes[group].mean() - effect[group].mean())
            overall += group.mean() * abs(outcomes[group].mean() - outcomes.mean())
        assert score == pytest.approx(1 - own / overall, rel=1e-9)


@needs_econml
@pytest.mark.parametrize("name", ["econml_blp", "econml_calibration"])
def test_dr_tester_needs_effects_that_vary_and_held_out_rows(made, name: str) -> None:
    shown = made(constant=False).place.shown
    effects = {**shown.effects, "one": np.ones(200)}
    shown = selection.Shown(**{**vars_of(shown), "effects": effects})
    assert set(scores(name, shown)) == {"right", "wrong", "guess"}
    with pytest.raises(InputError, match="hold rows out"):
        selection.get(name).function(made(share=0.0).place.shown)


@needs_econml
def test_econml_leaves_the_global_generator_alone(made) -> None:
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    scores("econml_rscorer", made().place.shown)
    assert (np.random.get_state()[1] == before).all()  # noqa: NPY002


@pytest.mark.parametrize("name", ["t_score", "dr_score", "r_score"])
@pytest.mark.parametrize("constant", [True, False])
def test_the_right_method_is_picked(made, name: str, constant: bool) -> None:
    assert pick(name, made(constant=constant).place.shown) == "right"


def test_the_default_picks_one_method_or_says_that_it_is_not_there(made) -> None:
    shown = made().place.shown
    assert selection.fixed("wrong").function(shown) == {"wrong": 0.0}
    with pytest.raises(InputError, match="'LinReg' has no effects here"):
        selection.get("default").function(shown)


# --- nuisances


def test_no_prediction_uses_its_own_row() -> None:
    """With another y in one row, only predictions of other folds change."""
    draw = np.random.default_rng(0)
    X, t = draw.normal(size=(80, 2)), np.tile([0, 1], 40)
    y = X[:, 0] + t + draw.normal(size=80)
    before = fit_nuisances(X, t, y, seed=3)
    y[5] += 1.0
    after = fit_nuisances(X, t, y, seed=3)
    for name in ("mean0", "mean1", "mean"):
        same = getattr(before, name) == getattr(after, name)
        assert same[5] or name == "mean0"
    assert not (before.mean1 == after.mean1).all()
    assert (before.mean0 == after.mean0).all()  # row 5 is treated
    assert (before.propensity == after.propensity).all()


def test_nuisances_of_a_known_design() -> None:
    draw = np.random.default_rng(1)
    x = draw.normal(size=1500)
    e = 1 / (1 + np.exp(-x))
    t = (draw.random(1500) < e).astype(int)
    y = 3 * x + 2 * t + 0.1 * draw.normal(size=1500)
    found = fit_nuisances(x[:, None], t, y, seed=0)
    assert np.abs(found.mean0 - 3 * x).mean() < 0.03
    assert np.abs(found.mean1 - 3 * x - 2).mean() < 0.03
    assert np.abs(found.mean - 3 * x - 2 * e).mean() < 0.2
    assert np.abs(found.propensity - e).mean() < 0.04
    assert found.pseudo_outcomes(t, y).mean() == pytest.approx(2, abs=0.1)
    assert CLIP <= found.propensity.min() < found.propensity.max() <= 1 - CLIP


def test_boosted_trees_are_taken_where_they_predict_better() -> None:
    draw = np.random.default_rng(2)
    x = draw.uniform(-1, 1, size=600)
    t = draw.integers(0, 2, size=600)
    y = np.where(np.abs(x) > 0.5, 1.0, 0.0) + 0.05 * draw.normal(size=600)
    found = fit_nuisances(x[:, None], t, y, seed=0)
    assert np.abs(found.mean - (np.abs(x) > 0.5)).mean() < 0.1


def test_pseudo_outcomes_by_hand() -> None:
    found = Nuisances(np.array([1.0, 1.0]), np.array([2.0, 2.0]), np.zeros(2), np.array([0.5, 0.8]))
    assert found.pseudo_outcomes(np.array([1, 0]), np.array([3.0, 0.0])) == pytest.approx([3, 6])


def test_an_arm_with_few_rows(made, one_line) -> None:
    with pytest.raises(InputError) as error:
        fit_nuisances(np.zeros((30, 1)), np.array([1] * 9 + [0] * 21), np.zeros(30), seed=0)
    assert "fewer than 10 rows" in one_line(error.value)
