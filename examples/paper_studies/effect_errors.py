"""Find the datasets that decide an RMSE, and separate errors against the CATE from the ITE's."""

from __future__ import annotations

import numpy as np
import pandas as pd
from shared import FAILED, scored

from benchmarks.datasets.paper.release import FIRST_SHOWN, Release

#: Share of the squared error that the outliers make up.
_MOST = 0.99
#: Outliers may be so many of few datasets, or 1 % of many; fewer datasets than these have none.
_FEW, _LEAST = 3, 30
#: The estimates of this method follow the outcomes of the rows that it was fitted on, with their
#: hidden part, so that its error against the CATE cannot be derived.
_OF_OWN_ROWS = "BART-ITE"


def outliers(records: pd.DataFrame) -> pd.DataFrame:
    """Find the few datasets that make up an RMSE of the average effect.

    Parameters
    ----------
    records
        As `one_each` gives them.

    Returns
    -------
    A row for each ``lm``, ``setting`` and ``method`` whose RMSE over all ``datasets`` (``rmse``)
    is 99 % made by at most 1 % of them or by three, in squares: their ids ``which``, largest error
    first, with those of all others that are off by more than 1 SD(y), and the RMSE without them
    (``rmse_without``). In units of y.
    """
    found = []
    for place, part in scored(records).groupby(["lm", "setting", "method"], sort=False):
        error = (part["ate"] - part["sate"]).to_numpy(float)
        square = error**2
        order = np.argsort(-square, kind="stable")
        made = np.cumsum(square[order]) / max(square.sum(), np.finfo(float).tiny)
        count = int(np.argmax(made >= _MOST)) + 1
        if len(part) >= _LEAST and count <= max(len(part) / 100, _FEW):
            out = np.abs(error) / part["sd"].to_numpy(float) > FAILED
            out[order[:count]] = True
            which = ", ".join(map(str, part["number"].to_numpy()[order[out[order]]]))
            rmse, without = (float(np.sqrt(each.mean())) for each in (square, square[~out]))
            found.append((*place, len(part), rmse, which, without))
    names = ["lm", "setting", "method", "datasets", "rmse", "which", "rmse_without"]
    return pd.DataFrame(found, columns=names)


def floors(release: Release) -> pd.DataFrame:
    """Measure the part of the individual effects that the covariates of ``hidden`` cannot explain.

    The effect of a row is a function of all covariates. Rows of one phrasing (20,000) with the same
    shown covariates differ in it by the hidden ones only: its variance among them, pooled with
    n - 1 for each group of n, is that of ITE - CATE.

    Returns
    -------
    A row a phrasing: ``variant``; ``variance`` of the effect and ``hidden`` of the part that is
    hidden, in squares of y, both over the rows that share their shown covariates with another;
    ``rows``, the share that do; ``largest_r2``, what the true CATE has as the R2 of the effects of
    rows, mean over the datasets.
    """
    found = []
    for variant in np.unique(release.variant):
        which = release.variant == variant
        X = release.X[which].reshape(-1, release.X.shape[-1])[:, FIRST_SHOWN:]
        effects = release.y1[which].astype(float) - release.y0[which]
        ite = effects.reshape(-1)
        _, group, size = np.unique(X, axis=0, return_inverse=True, return_counts=True)
        group = group.reshape(-1)
        mean = np.bincount(group, ite) / size
        shared = size[group] > 1
        squares = np.sum((ite - mean[group])[shared] ** 2)
        hidden = float(squares / (shared.sum() - np.sum(size > 1)))
        found.append(
            {
                "variant": int(variant),
                "variance": float(ite[shared].var()),
                "hidden": hidden,
                "rows": float(shared.mean()),
                "largest_r2": float(np.mean(1 - hidden / effects.var(axis=1))),
            }
        )
    return pd.DataFrame(found)


def against_cate(records: pd.DataFrame, floor: pd.DataFrame) -> pd.DataFrame:
    """Compute errors of effects with hidden covariates against the ITE, and against the CATE.

    Against the ITE even the true CATE has an error. The error against the CATE is not measured: the
    mean squared error against the ITE is that against the CATE plus the variance of the hidden part
    (`floors`), if an estimate does not follow the hidden part of the rows that it was fitted on.

    Parameters
    ----------
    records
        As `one_each` gives them, of one language model.
    floor
        Of the same model.

    Returns
    -------
    A row a ``method``: root mean squared errors of the effects of rows over the datasets in units
    of y, ``ite`` and ``cate`` (NaN for BART-ITE, which follows that part); ``floor``, the error
    of the true CATE against the ITE, and the part ``floor_share`` of the variance of the ITE that
    its square is; ``largest_r2`` as in `floors`; ``datasets``.
    """
    good = scored(records)
    cells = good[good["setting"] == "hidden"].merge(floor.drop(columns="rows"), on="variant")
    cells = cells.assign(square=(cells["pehe_sd"] * cells["sd"]) ** 2)
    names = ["square", "hidden", "variance", "largest_r2"]
    means = cells.groupby("method", sort=False)[names].mean()
    counts = cells["method"].value_counts()
    means = means.assign(datasets=counts).dropna(subset="square").reset_index()
    cate = np.sqrt((means["square"] - means["hidden"]).clip(lower=0))
    return pd.DataFrame(
        {
            "method": means["method"],
            "ite": np.sqrt(means["square"]),
            "cate": cate.mask(means["method"] == _OF_OWN_ROWS),
            "floor": np.sqrt(means["hidden"]),
            "floor_share": means["hidden"] / means["variance"],
            "largest_r2": means["largest_r2"],
            "datasets": means["datasets"],
        }
    )
