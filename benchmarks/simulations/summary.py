"""Summarise measurements in the committed tables: a row for each estimator and design."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pandas as pd

import estimators
from sdscm.files import put_atomically

COVERAGE_SUMMARY = (
    *("estimator", "truth", "rows", "seeds", "failed", "interval"),
    *("coverage", "coverage_of_population", "width_sd"),
)
_KINDS = ("effect", "ate", "ite")
SECONDS_SUMMARY = ("estimator", "rows", "fits", "failed", "seconds")


def summarise_coverage(measured: pd.DataFrame) -> pd.DataFrame:
    """Average over the seeds: a row for each estimator, design and kind of interval.

    ``width_sd`` is the median over the seeds, because a width may be infinite. Where every fit has
    failed, there is a row for each kind that the estimator declares (for all kinds, if it declares
    none), and its numbers are NaN.

    Parameters
    ----------
    measured
        See `benchmarks.simulations.study.measure_coverage`.
    """
    found = []
    for (name, truth, n), group in measured.groupby(["estimator", "truth", "rows"], sort=False):
        fitted = group[group["status"] == "ok"]
        kinds = [kind for kind in _KINDS if fitted[kind].notna().any()]
        if fitted.empty:
            kinds = list(estimators.info(str(name)).intervals.kinds or _KINDS)
        for kind in kinds:
            population = fitted["ate_population"].mean() if kind == "ate" else np.nan
            counts = (len(group), len(group) - len(fitted))
            shares = (fitted[kind].mean(), population, fitted[f"{kind}_width"].median())
            found.append((name, truth, n, *counts, kind, *shares))
    return pd.DataFrame(found, columns=list(COVERAGE_SUMMARY)).round(4)


def summarise_seconds(measured: pd.DataFrame) -> pd.DataFrame:
    """Return the median over the fits: a row for each estimator and number of rows."""
    found = []
    for (name, n), group in measured.groupby(["estimator", "rows"]):
        fitted = group[group["status"] == "ok"]
        found.append((name, n, len(group), len(group) - len(fitted), fitted["seconds"].median()))
    return pd.DataFrame(found, columns=list(SECONDS_SUMMARY)).round(4)


def update_table(path: Path, measured: list[str], fresh: pd.DataFrame) -> None:
    """Replace the rows of the measured estimators, and keep those of all others.

    The rows are in the order of the registry.
    """
    old = pd.read_csv(path) if path.exists() else fresh.head(0)
    kept = old[~old["estimator"].isin(measured)]
    # An empty table has no column types, and would change those of the other.
    parts = [part for part in (kept, fresh) if len(part)]
    joined = pd.concat(parts, ignore_index=True) if parts else fresh
    places = {name: place for place, name in enumerate(estimators.names())}
    order = joined["estimator"].map(lambda name: places.get(name, len(places)))
    joined = joined.iloc[np.argsort(order, kind="stable")]
    text = io.StringIO()
    joined.to_csv(text, index=False, lineterminator="\n")
    put_atomically(path, text.getvalue())
