"""Encode categorical covariates for estimators."""

from __future__ import annotations

import numpy as np
import pandas as pd

from benchmarks.suite.entries import Encoding
from sdscm.data.dataset import CausalDataset


def encoded(dataset: CausalDataset, encoding: Encoding) -> pd.DataFrame:
    """Encode the covariates of a dataset.

    ``codes`` keeps the numbers. ``one-hot`` replaces each covariate with labels by indicators of
    its values, except for the first value (reference coding): all indicators together would sum to
    1, and standard errors of regressions would not exist. A covariate with one value keeps its
    code, so that at least one column is left.

    Returns
    -------
    DataFrame of shape (n, p) or (n, number of indicators and other covariates); the name of an
    indicator is ``covariate=value``.
    """
    if encoding == "codes" or dataset.labels is None:
        return dataset.X
    columns: dict[str, np.ndarray] = {}
    for name in dataset.X:
        codes = dataset.X[name].to_numpy()
        values = np.unique(codes)
        if name not in dataset.labels or len(values) < 2:
            columns[str(name)] = codes
            continue
        labels = dataset.labels[name].to_numpy()
        for value in values[1:]:
            here = codes == value
            columns[f"{name}={labels[here.argmax()]}"] = here.astype(float)
    return pd.DataFrame(columns)
