"""Boosted trees for the adapters: with a seed, without output, on one thread."""

from __future__ import annotations

from typing import Any

from lightgbm import LGBMRegressor


def lightgbm_regression(n_estimators: int, seed: int) -> LGBMRegressor:
    """LightGBM's regression with its defaults: 31 leaves, 20 rows a leaf, learning rate 0.1."""
    return LGBMRegressor(n_estimators=n_estimators, random_state=seed, n_jobs=1, verbose=-1)


def xgboost_regression(n_estimators: int, seed: int) -> Any:
    """XGBoost's regression with its defaults: depth 6, learning rate 0.3."""
    # EconML installs LightGBM, but not XGBoost.
    from xgboost import XGBRegressor

    return XGBRegressor(n_estimators=n_estimators, random_state=seed, n_jobs=1, verbosity=0)
