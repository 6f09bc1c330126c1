"""A dataset with one effect for all rows and three made-up methods, and a run of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.datasets.source import Source
from benchmarks.datasets.truth import truth_of
from benchmarks.selection.places import Place, shown_of
from benchmarks.suite.model import Suite
from sdscm.data.dataset import CausalDataset

EFFECT = 2.0


def dataset(seed: int = 0, n: int = 200, constant: bool = True) -> CausalDataset:
    """Units with the cause ``u`` of treatment and outcome; the effect is 2, or varies."""
    draw = np.random.Generator(np.random.Philox(seed))
    u, a, unseen = draw.normal(size=(3, n))
    propensity = 1 / (1 + np.exp(-u))
    y0 = u + 0.3 * draw.normal(size=n)
    effect = EFFECT * (np.ones(n) if constant else a + 0.1 * unseen)
    frame = pd.DataFrame({"u": u, "a": a})
    frame = frame.assign(y0=y0, y1=y0 + effect, e=propensity)
    frame["t"] = (draw.uniform(size=n) < propensity).astype(int)
    return CausalDataset.from_frame(
        frame, treatment="t", y0="y0", y1="y1", exogenous=["u"], propensity="e", name="toy"
    )


def methods(data: CausalDataset, seed: int = 1) -> dict[str, np.ndarray]:
    """One method that is right, one that is wrong, and one that guesses."""
    noise = np.random.Generator(np.random.Philox(seed)).normal(size=len(data))
    return {"right": data.ite.copy(), "wrong": data.ite - 0.8, "guess": noise}


@dataclass(frozen=True)
class Made:
    """A place, and the dataset that it shows a part of."""

    data: CausalDataset
    place: Place


def made(seed: int = 0, *, share: float = 0.3, constant: bool = True, setting: str = "all") -> Made:
    data = dataset(seed, constant=constant)
    source = Source(f"toy-{seed}", "toy", f"toy {seed}", place=(0, "toy", seed))
    held_out = source.held_out(data, share)
    shown = shown_of(data, setting, held_out, methods(data), seed=7)
    truth = truth_of(data, setting).of_rows(shown.compared)
    return Made(data, Place(source, setting, "toy", shown, truth))


@pytest.fixture(name="made")
def made_fixture() -> Callable[..., Made]:
    """The function ``made(seed, share, constant, setting)``."""
    return made


@pytest.fixture
def finished(tmp_path: Path, make_suite: Callable[..., Suite]) -> Path:
    """The folder with the run of a suite: six datasets, two settings, and an Oracle."""
    from benchmarks.experiment import run

    changes = {"datasets": 6, "estimators": ["LinReg", "LinearT", "Zero", "DiffInMeans", "Oracle"]}
    run(make_suite(**changes, holdout=0.3), workers=0, results_dir=None, runs_dir=tmp_path / "runs")
    return tmp_path / "runs"
