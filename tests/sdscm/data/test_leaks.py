"""Covariates that give away the truth are refused or told, and others are not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from sdscm import CausalDataset, InputError, facts

N = 300
RNG = np.random.default_rng(0)
X = RNG.normal(size=(N, 3))
SEX = RNG.integers(0, 2, N)
T = RNG.integers(0, 2, N)
Y0 = X[:, 0] + SEX + RNG.normal(size=N)
Y1 = Y0 + 1 + X[:, 1] + 0.5 * RNG.normal(size=N)
FRAME = pd.DataFrame(X, columns=["a", "b", "c"]).assign(sex=SEX, t=T, y0=Y0, y1=Y1)
TRUTH = {
    "the outcome": np.where(T == 1, Y1, Y0),
    "the outcome under the other treatment": np.where(T == 1, Y0, Y1),
    "the outcome under control": Y0,
    "the outcome under treatment": Y1,
    "the effect": Y1 - Y0,
}
COPIES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "exact": lambda v: v,
    "single precision": lambda v: v.astype(np.float32),
    "half precision": lambda v: v.astype(np.float16),
    "hundredths": lambda v: v.round(2),
    "tenths": lambda v: v.round(1),
    "whole": np.round,
    "truncated": lambda v: np.floor(v * 10) / 10,
    "sign": lambda v: -v,
    "sign, rounded": lambda v: -v.round(1),
    "three digits": lambda v: np.array([float(f"{each:.3g}") for each in v]),
}
FUNCTIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "Fahrenheit": lambda v: 32 + 1.8 * v,
    "cents, rounded": lambda v: (100 * v).round(-1),
    "standardised": lambda v: (v - v.mean()) / v.std(),
    "reversed": lambda v: 5 - 2 * v,
}


def made(frame: pd.DataFrame, **roles: object) -> CausalDataset:
    columns = {"treatment": "t", "y0": "y0", "y1": "y1"} | roles
    return CausalDataset.from_frame(frame, **{k: v for k, v in columns.items() if v is not None})


@pytest.mark.parametrize("what", TRUTH)
@pytest.mark.parametrize("copy", COPIES)
def test_copies_are_refused(what: str, copy: str, one_line: Callable) -> None:
    leaky = FRAME.assign(seen=COPIES[copy](TRUTH[what]).astype(float))
    with pytest.raises(InputError) as caught:
        made(leaky)
    assert f"the column 'seen' is {what} in all rows; remove it" in one_line(caught.value)
    assert facts(made(leaky, covariates=["a", "seen"])).leaks == (f"'seen' is {what}",)


@pytest.mark.parametrize("what", TRUTH)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_other_units_are_refused_or_told(what: str, function: str) -> None:
    """Refused for the outcome; an effect, or an outcome without noise, can be linear in one."""
    leaky = FRAME.assign(seen=FUNCTIONS[function](TRUTH[what]))
    said = f"'seen' is a linear function of {what}"
    if what == "the outcome":
        with pytest.raises(InputError, match=said):
            made(leaky)
    else:
        found = facts(made(leaky))
        assert found.leaks == (said,)
        assert f"covariates may give away the truth: {said}" in found.problems


@pytest.mark.parametrize(
    "values", [T, 1 - T, 2 * T - 1, T * 0.1, 20 - 10 * T, T + 1e-6 * RNG.normal(size=N)]
)
def test_the_treatment_is_no_covariate(values: np.ndarray) -> None:
    with pytest.raises(InputError, match="'seen' is a copy of the treatment"):
        made(FRAME.assign(seen=values))
    observed = FRAME.drop(columns=["y0", "y1"]).assign(y=TRUTH["the outcome"], seen=values)
    with pytest.raises(InputError, match="'seen' is a copy of the treatment"):
        made(observed, y0=None, y1=None, outcome="y")


def test_less_than_copies_are_told() -> None:
    y = TRUTH["the outcome"]
    for values, said in (
        (y + 0.03 * RNG.normal(size=N), "nearly the outcome (correlation above 0.999)"),
        (y + 0.5 * RNG.normal(size=N), "like the outcome plus noise"),
        (np.exp(y), "an increasing or decreasing function of the outcome"),
        (T * RNG.integers(1, 4, N), "a column that determines the treatment, so that no arms can "),
    ):
        (leak,) = facts(made(FRAME.assign(seen=values))).leaks
        assert leak.startswith(f"'seen' is {said}")


def test_an_outcome_alone_shows_its_potential_outcomes() -> None:
    """Each is the outcome in one arm."""
    observed = FRAME.drop(columns=["y0", "y1"]).assign(y=TRUTH["the outcome"])
    for seen, what in ((Y0, "control"), (-Y1.round(2), "treatment")):
        with pytest.raises(InputError, match=f"'seen' is the outcome under {what} in all rows"):
            made(observed.assign(seen=seen), y0=None, y1=None, outcome="y")


def test_outcomes_of_few_categories() -> None:
    y0 = RNG.integers(1, 6, N)
    y1 = np.minimum(y0 + RNG.integers(0, 2, N), 5)
    frame = FRAME.assign(y0=y0, y1=y1)
    assert facts(made(frame)).leaks == ()
    y = np.where(T == 1, y1, y0)
    with pytest.raises(InputError, match="'seen' is the outcome with other codes"):
        made(frame.assign(seen=np.array([0, 3, 9, 4, 1, 7])[y]))
    frame = FRAME.assign(y0=y0 > 3, y1=y1 > 2)
    assert facts(made(frame)).leaks == ()
    for seen in (y1 > 2, np.where(T == 1, y1 > 2, y0 > 3), np.where(T == 1, y0 > 3, y1 > 2)):
        with pytest.raises(InputError, match="'seen' is the outcome"):
            made(frame.assign(seen=seen))


def test_what_only_looks_like_a_leak() -> None:
    """A constant effect, a modifier of two values, a strong predictor, and a rare value."""
    strong = 10 * RNG.normal(size=N)
    answer = RNG.integers(0, 4, N)
    frames = [
        FRAME.assign(y1=Y0 + 2.0),
        FRAME.assign(y1=Y0 + 1 + 2.0 * SEX),
        FRAME.assign(y1=Y0 + answer, answer=answer + 1),
        FRAME.assign(y0=Y0 + strong, y1=Y1 + strong, before=strong),
        FRAME.assign(y0=answer + 0.1 * X[:, 0], y1=answer + 1 + X[:, 1], answer=answer),
        FRAME.assign(copy=SEX),
    ]
    for frame in frames:
        assert facts(made(frame)).leaks == ()


@pytest.mark.parametrize("n", [10, 20])
def test_chance_in_small_tables_is_not_told(n: int) -> None:
    for seed in range(40):
        rng = np.random.default_rng(seed)
        frame = pd.DataFrame(
            {"a": rng.normal(size=n), "k": rng.integers(0, 2, n), "m": rng.integers(0, 4, n)}
        ).assign(t=np.arange(n) % 2, y=rng.integers(0, 3, n))
        assert facts(made(frame, y0=None, y1=None, outcome="y")).leaks == ()


def test_means_without_noise() -> None:
    """IHDP's columns under other names: each is refused or told."""
    mu0, mu1 = X[:, 0] + SEX, X[:, 0] + SEX + 1 + X[:, 1] * X[:, 2]
    frame = FRAME.assign(m0=mu0, m1=mu1)
    roles = {"mu0": "m0", "mu1": "m1"}
    data = made(frame, **roles)
    assert data.cate is not None
    np.testing.assert_allclose(data.cate, mu1 - mu0)
    np.testing.assert_allclose(data.ite, Y1 - Y0)
    assert facts(data).leaks == ()
    for seen in (-mu0, mu1.round(1), np.where(T == 1, mu0, mu1), mu1 - mu0):
        with pytest.raises(InputError, match=r"'seen' is the (mean|outcome)"):
            made(frame.assign(seen=seen), **roles)
