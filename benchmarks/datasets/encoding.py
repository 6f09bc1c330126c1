"""How an estimator sees covariates that are categories."""

from __future__ import annotations

import numpy as np
import pandas as pd

from benchmarks.suite.entries import Encoding
from sdscm.data.dataset import CausalDataset


def encoded(dataset: CausalDataset, encoding: Encoding) -> pd.DataFrame:
    """The covariates of a dataset in an encoding.

    ``codes`` are the numbers as they are. ``one-hot`` splits each covariate that has labels into
    indicators of its values, the first value left out (reference coding): with all of them the
    columns would sum to 1, and the standard errors of regressions would not exist. A covariate with
    one value keeps its code, or nothing might be left.

    Returns
    -------
    DataFrame of shape (n, p) or (n, number of indicators and other covariates); an indicator is
    called ``covariate=value``.
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
