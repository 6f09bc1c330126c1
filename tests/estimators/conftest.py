"""Synthetic data with known effects, and the registry before any plugin."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

from estimators import plugins
from estimators.registry import REGISTRY
from estimators.text import featurisers
from estimators.text.wrapped import TfidfFeatures


class Truth(NamedTuple):
    X: pd.DataFrame
    t: np.ndarray
    y: np.ndarray
    ite: np.ndarray


def draw_linear(n: int, seed: int = 0, randomised: bool = False) -> Truth:
    """Linear-Gaussian outcomes; ``a`` confounds, ``b`` changes the effect, which averages 1."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.normal(size=(n, 4)), columns=list("abcd"))
    a, b, c = (X[name].to_numpy() for name in "abc")
    propensity = np.full(n, 0.5) if randomised else 1 / (1 + np.exp(-a))
    t = (rng.random(n) < propensity).astype(int)
    ite = 1 + 0.5 * b
    y = 3 + a + 0.5 * c + t * ite + rng.normal(scale=0.5, size=n)
    return Truth(X, t, y, ite)


@pytest.fixture(autouse=True)
def _no_language_model(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a small featuriser stand in for the language model, which takes seconds to load."""
    if "converted_model" not in request.fixturenames:
        monkeypatch.setattr(featurisers, "_points", lambda: {"lm": lambda: TfidfFeatures})


@pytest.fixture(scope="session")
def linear_truth() -> Truth:
    return draw_linear(1500)


@pytest.fixture(scope="session")
def small_truth() -> Truth:
    return draw_linear(200, seed=1)


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch):
    """The global registry, as if no plugin had been asked for yet."""
    monkeypatch.setattr(REGISTRY, "_problems", None)
    monkeypatch.setattr(plugins, "_loaded", {})
    return REGISTRY
