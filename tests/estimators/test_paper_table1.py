"""The paper's released data give the paper's Table 1 (read in place; no licence allows a copy)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import r2_score

import estimators

PAPER = Path(__file__).resolve().parents[3] / "shared" / "paper"

pytestmark = pytest.mark.skipif(
    not PAPER.is_dir(), reason="the paper's data are not at ../shared/paper"
)

COVARIATES = {"all": list(range(12)), "hidden": list(range(4, 12))}


@pytest.fixture(scope="module", params=["gpt2", "llama-3-8b"])
def paper(request):
    """(name, X, t, y0, y1) with one dataset of 1,000 rows for each of 1,000 first indices."""
    names = [f"X{i}" for i in range(13)]
    outcomes = [f"logP(X13=0)|do(X12={arm})" for arm in (0, 1)]
    path = PAPER / f"{request.param}.parquet"
    data = pd.read_parquet(path, columns=["dataset", *names, *outcomes])
    assert data["dataset"].is_monotonic_increasing
    X = data[names].to_numpy(float).reshape(1000, 1000, 13)
    y0, y1 = (data[name].to_numpy(float).reshape(1000, 1000) for name in outcomes)
    return request.param, X[..., :12], X[..., 12].astype(int), y0, y1


def published(method, lm, setting):
    table = pd.read_csv(PAPER / "published" / "table1_ate.csv", dtype=str)
    row = table.query("method == @method and lm == @lm and setting == @setting").iloc[0]
    return float(row["r2"]), float(row["rmse"])


@pytest.mark.parametrize("setting", ["all", "hidden"])
@pytest.mark.parametrize("method", ["T-Only OLS", "LinReg", "LinearT"])
def test_average_effects_meet_every_published_digit(method, setting, paper):
    lm, X, t, y0, y1 = paper
    y = np.where(t == 1, y1, y0)
    truth = (y1 - y0).mean(axis=1)
    estimates = []
    raw = {} if method == "T-Only OLS" else {"standardise": False}
    for covariates, treatment, outcome in zip(X[..., COVARIATES[setting]], t, y, strict=True):
        fitted = estimators.get(method, **raw).fit(covariates, treatment, outcome)
        estimates.append(fitted.ate(covariates))
    rmse = float(np.sqrt(np.mean((np.array(estimates) - truth) ** 2)))
    found = (round(r2_score(truth, estimates), 4), round(rmse, 4))
    assert found == published(method, lm, setting)
