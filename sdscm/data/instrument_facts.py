"""The strength of an instrument, and the shares of units that it moves."""

from __future__ import annotations

import numpy as np

from sdscm.data.dataset import CausalDataset

#: Share of a variance below which it counts as 0.
_ROUNDING = 1e-9


def instrument_facts(dataset: CausalDataset) -> dict[str, float]:
    """First-stage F and shares of the units by their treatment under both instrument values.

    Empty without an instrument, and in other settings than ``all`` and ``instrument``, where the
    instrument or the treatment is not the one of the first stage. The shares, those of Angrist,
    Imbens and Rubin, JASA 1996, need the treatment under both values.
    """
    if not dataset.instrument or dataset.covariates not in ("all", "instrument"):
        return {}
    instrument = dataset.shown.get("instrument")
    if instrument is None:
        instrument = dataset.X[dataset.instrument].to_numpy()
    hidden = {*dataset.exogenous, dataset.instrument}
    X = dataset.X[[name for name in dataset.X if name not in hidden]].to_numpy(float)
    found = {"first_stage_f": first_stage_f(dataset.t, instrument, X)}
    if dataset.potential_treatments is None:
        return found
    low, high = dataset.potential_treatments.T
    return found | {
        "compliers": float((low < high).mean()),
        "always_takers": float((low & high).mean()),
        "never_takers": float((low + high == 0).mean()),
        "defiers": float((low > high).mean()),
    }


def first_stage_f(t: np.ndarray, instrument: np.ndarray, X: np.ndarray) -> float:
    """F statistic of the instrument in a linear regression of t on it and X.

    It is 0 if X determines the instrument, and infinite if both determine t.

    Parameters
    ----------
    t, instrument : arrays of shape (n,)
    X : array of shape (n, p)

    Source: Staiger and Stock, "Instrumental variables regression with weak instruments",
    Econometrica 1997.
    """
    n = len(t)
    controls = np.column_stack([np.ones(n), X])
    basis = np.linalg.svd(controls, full_matrices=False)[0]
    basis = basis[:, : np.linalg.matrix_rank(controls)]
    treatment, rest = (
        values - basis @ (basis.T @ values) for values in (t * 1.0, instrument * 1.0)
    )
    free = n - basis.shape[1] - 1
    squares = float(rest @ rest)
    if free < 1 or squares < _ROUNDING * n:
        return 0.0
    explained = float(rest @ treatment) ** 2 / squares
    left = float(treatment @ treatment) - explained
    return explained / (left / free) if left > _ROUNDING * n else float("inf")
