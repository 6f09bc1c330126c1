"""The R2 and RMSE over datasets give rows of the paper's Table 1 (its data are read in place)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks import metrics

PAPER = Path(__file__).resolve().parents[4] / "shared" / "paper"

pytestmark = pytest.mark.skipif(
    not PAPER.is_dir(), reason="the paper's data are not at ../shared/paper"
)


@pytest.mark.parametrize("lm", ["gpt2", "llama-3-8b"])
def test_difference_in_means_over_a_thousand_datasets(lm: str) -> None:
    arms = [f"logP(X13=0)|do(X12={arm})" for arm in (0, 1)]
    data = pd.read_parquet(PAPER / f"{lm}.parquet", columns=["dataset", "X12", *arms])
    seen = np.where(data["X12"] == 1, data[arms[1]], data[arms[0]])
    means = pd.Series(seen).groupby([data["dataset"], data["X12"]]).mean().unstack()
    ate = (means[1] - means[0]).to_numpy()
    sate = (data[arms[1]] - data[arms[0]]).groupby(data["dataset"]).mean().to_numpy()
    weights = np.ones(len(ate))
    table = pd.read_csv(PAPER / "published" / "table1_ate.csv", dtype=str)
    row = table.query("method == 'T-Only OLS' and lm == @lm and setting == 'all'").iloc[0]
    r2, rmse = (
        float(metrics.find(name).function(weights, ate, sate)) for name in ("ate_r2", "ate_rmse")
    )
    assert (round(r2, 4), round(rmse, 4)) == (float(row["r2"]), float(row["rmse"]))
