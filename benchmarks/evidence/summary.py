"""The small tables that are committed: a line for each estimator and truth."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pandas as pd

import estimators
from sdscm.files import write_atomically

COVERAGE_SUMMARY = (
    *("estimator", "truth", "rows", "seeds", "failed", "interval"),
    *("coverage", "coverage_of_population", "width_sd"),
)
SECONDS_SUMMARY = ("estimator", "rows", "fits", "failed", "seconds")


def summarise_coverage(name: str, measured: pd.DataFrame) -> pd.DataFrame:
    """Means over the seeds, a row for each truth and kind of interval.

    ``width_sd`` is the median over the seeds, since a width may be infinite.
    """
    found = []
    for (truth, n), group in measured.groupby(["truth", "rows"], sort=False):
        fitted = group[group["reason"].isna()]
        for kind in ("effect", "ate", "ite"):
            if fitted[kind].notna().any():
                population = fitted["ate_population"].mean() if kind == "ate" else np.nan
                counts = (len(group), len(group) - len(fitted))
                shares = (fitted[kind].mean(), population, fitted[f"{kind}_width"].median())
                found.append((name, truth, n, *counts, kind, *shares))
    return pd.DataFrame(found, columns=list(COVERAGE_SUMMARY)).round(4)


def summarise_seconds(name: str, measured: pd.DataFrame) -> pd.DataFrame:
    """The median over the fits, a row for each number of rows."""
    found = []
    for n, group in measured.groupby("rows"):
        fitted = group[group["reason"].isna()]
        found.append((name, n, len(group), len(group) - len(fitted), fitted["seconds"].median()))
    return pd.DataFrame(found, columns=list(SECONDS_SUMMARY)).round(4)


def put(path: Path, fresh: pd.DataFrame) -> None:
    """Replace the rows of an estimator that was measured, and keep those of the others.

    Estimators stand in the order of the registry.
    """
    old = pd.read_csv(path) if path.exists() else fresh.head(0)
    kept = old[~old["estimator"].isin(set(fresh["estimator"]))]
    joined = pd.concat([part for part in (kept, fresh) if len(part)], ignore_index=True)
    places = {name: place for place, name in enumerate(estimators.names())}
    order = joined["estimator"].map(lambda name: places.get(name, len(places)))
    joined = joined.iloc[np.argsort(order, kind="stable")]
    text = io.StringIO()
    joined.to_csv(text, index=False, lineterminator="\n")
    write_atomically(path, lambda file: file.write(text.getvalue().encode()))
