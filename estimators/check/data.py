"""Data of the check: small and confounded, with known effects."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class CheckData:
    """Data of a linear-Gaussian model whose effects are known.

    ``X`` has shape (n, 4); ``t``, ``y`` and ``ite`` have shape (n,).
    """

    X: pd.DataFrame
    t: np.ndarray
    y: np.ndarray
    ite: np.ndarray


def check_data(n: int, seed: int = 0, randomised: bool = False) -> CheckData:
    """Draw n rows: two normal covariates, a binary one and a code from 0 to 3.

    ``age`` is a confounder, unless the treatment is ``randomised``. The average effect is 2.
    """
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(
        {
            "age": rng.normal(size=n),
            "dose": rng.normal(size=n),
            "smokes": rng.integers(0, 2, n),
            "stage": rng.integers(0, 4, n),
        }
    )
    confounding = 0.0 if randomised else 0.8
    t = (rng.random(n) < 1 / (1 + np.exp(-confounding * X["age"].to_numpy()))).astype(np.int64)
    ite = 2 + 0.5 * X["dose"].to_numpy()
    base = X["age"].to_numpy() + 0.5 * X["stage"].to_numpy() + rng.normal(scale=0.3, size=n)
    # Multiples of 2**-10 are exact in single precision, and after a small integer is added.
    return CheckData(X=X, t=t, y=np.round((base + t * ite) * 1024) / 1024, ite=ite)
