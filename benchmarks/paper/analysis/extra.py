"""What the paper did not ask of the same results: ranks, outliers, and CATE apart from ITE."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from benchmarks.boards.bootstrap import cluster_means
from benchmarks.datasets.paper.release import FIRST_SHOWN, ROWS, Release
from benchmarks.paper.analysis.tables import LEVEL, RESAMPLES, SEED

#: Phrasings that a table of ranks must have: a bootstrap over fewer has too narrow intervals.
LEAST_PHRASINGS = 10
#: Size of an error, in SD(y), from which an estimate is of no use.
FAILED = 1.0
#: Errors, in SD(y), that agree in so many decimals are equal.
_DECIMALS = 9
#: Part of the squared error that the outliers are to make up.
_MOST = 0.99
#: Outliers may be so many of few datasets, or 1 % of many; of fewer than these there are none.
_FEW, _LEAST = 3, 30
#: Methods with scores on so large a part of the datasets of a table take part in it.
ENOUGH = 0.8
#: Methods whose estimates follow the hidden part of the rows that they were fitted on, by the
#: outcome of these rows, so that their error against the CATE does not follow.
_OF_OWN_ROWS = ("BART-ITE",)
_AGAINST = ["method", "ite", "cate", "floor", "floor_share", "largest_r2", "datasets"]


def ranks(records: pd.DataFrame) -> pd.DataFrame:
    """Mean ranks of the methods over the phrasings, by two errors.

    Datasets of one phrasing are not independent, so each phrasing ranks the methods once: by the
    mean of the error over those of its datasets on which every method has a score. Methods that
    have been run on fewer datasets must not take the others' away: there are as many tables as
    there are numbers of datasets, each with the methods that have at least about so many. After
    the first, tables of fewer than `LEAST_PHRASINGS` phrasings are left out.

    Parameters
    ----------
    records
        As `one_each` gives them.

    Returns
    -------
    A row for each ``lm``, ``setting``, ``table`` (from 0, that of most datasets), ``error``
    (``ate``: absolute error of the average effect; ``pehe``: of the effects of rows, both in SD(y))
    and ``method``, with ``rank`` (1 is best), its percentile bootstrap interval over phrasings
    ``low`` and ``high``, and the ``datasets`` and ``phrasings`` behind it. Tables with fewer than
    two methods are left out.
    """
    good = records[(records["status"] == "ok") & (records["rows"] == ROWS)]
    good = good.assign(absolute=(good["ate"] - good["sate"]).abs() / good["sd"])
    found = []
    for (lm, setting), part in good.groupby(["lm", "setting"], sort=False):
        for error, column in (("ate", "absolute"), ("pehe", "pehe_sd")):
            values = part.pivot(index=["variant", "number"], columns="method", values=column)
            for table, common in enumerate(_on_common_datasets(values)):
                # LinReg and LinearS are the same up to rounding, and share a rank.
                means = common.groupby(level="variant").mean().round(_DECIMALS)
                ranked = means.rank(axis="columns")
                for method in ranked:
                    rank, low, high = cluster_means(
                        ranked[method].to_numpy(),
                        ranked.index.to_numpy(),
                        resamples=RESAMPLES,
                        level=LEVEL,
                        seed=SEED,
                    )
                    counts = len(common), len(ranked)
                    found.append((lm, setting, table, error, method, rank, low, high, *counts))
    names = ["lm", "setting", "table", "error", "method", "rank", "low", "high"]
    made = pd.DataFrame(found, columns=[*names, "datasets", "phrasings"])
    return made.sort_values(["lm", "setting", "table", "error", "rank"], ignore_index=True)


def _on_common_datasets(values: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Tables of a row a dataset and a column a method without holes, the longest first."""
    counts = values.notna().sum().sort_values(ascending=False)
    counts = counts[counts > 0]
    taken, first = 0, True
    while taken < len(counts):
        taken = int((counts >= ENOUGH * counts.iloc[taken]).sum())
        common = values[counts.index[:taken].sort_values()].dropna()
        phrasings = common.index.get_level_values("variant").nunique()
        if common.shape[1] > 1 and phrasings >= (1 if first else LEAST_PHRASINGS):
            yield common
            first = False


def outliers(records: pd.DataFrame) -> pd.DataFrame:
    """The few datasets that make up an RMSE of the average effect.

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
    good = records[(records["status"] == "ok") & (records["rows"] == ROWS)]
    found = []
    for (lm, setting, method), part in good.groupby(["lm", "setting", "method"], sort=False):
        error = (part["ate"] - part["sate"]).to_numpy(float)
        square = error**2
        order = np.argsort(-square, kind="stable")
        made = np.cumsum(square[order]) / max(square.sum(), np.finfo(float).tiny)
        count = int(np.argmax(made >= _MOST)) + 1
        if len(part) >= _LEAST and count <= max(len(part) / 100, _FEW):
            out = np.abs(error) / part["sd"].to_numpy(float) > FAILED
            out[order[:count]] = True
            found.append(
                {
                    "lm": lm,
                    "setting": setting,
                    "method": method,
                    "datasets": len(part),
                    "rmse": float(np.sqrt(square.mean())),
                    "which": ", ".join(map(str, part["number"].to_numpy()[order[out[order]]])),
                    "rmse_without": float(np.sqrt(square[~out].mean())),
                }
            )
    names = ["lm", "setting", "method", "datasets", "rmse", "which", "rmse_without"]
    return pd.DataFrame(found, columns=names)


def floors(release: Release) -> pd.DataFrame:
    """How much of the individual effects no covariate of the setting ``hidden`` can tell.

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
    """Errors of effects with hidden covariates against the ITE, and against the CATE.

    Against the ITE even the true CATE has an error. The error against the CATE is not measured: the
    mean squared error against the ITE is that against the CATE plus the variance of the hidden part
    (`floors`), as far as an estimate does not follow the hidden part of the rows that it was fitted
    on.

    Parameters
    ----------
    records
        As `one_each` gives them, of one language model.
    floor
        Of the same model.

    Returns
    -------
    A row a ``method``: root mean squared errors of the effects of rows over the datasets in units
    of y, ``ite`` and ``cate`` (NaN for BART-ITE, which does follow that part); ``floor``, the error
    of the true CATE against the ITE, and the part ``floor_share`` of the variance of the ITE that
    its square is; ``largest_r2`` as in `floors`; ``datasets``.
    """
    good = records[
        (records["status"] == "ok") & (records["rows"] == ROWS) & (records["setting"] == "hidden")
    ]
    parts = floor.set_index("variant")
    hidden, variance, largest = (
        good["variant"].map(parts[name]) for name in ("hidden", "variance", "largest_r2")
    )
    squares = (good["pehe_sd"] * good["sd"]) ** 2
    found = []
    for method, place in good.groupby("method", sort=False).groups.items():
        square, lost = squares.loc[place].mean(), hidden.loc[place].mean()
        if np.isnan(square):
            continue
        cate = np.nan if method in _OF_OWN_ROWS else np.sqrt(max(square - lost, 0.0))
        found.append(
            {
                "method": method,
                "ite": float(np.sqrt(square)),
                "cate": float(cate),
                "floor": float(np.sqrt(lost)),
                "floor_share": float(lost / variance.loc[place].mean()),
                "largest_r2": float(largest.loc[place].mean()),
                "datasets": len(place),
            }
        )
    return pd.DataFrame(found, columns=_AGAINST)
