"""The small tables that are committed: a line for each estimator and truth."""

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


def summarise_coverage(name: str, measured: pd.DataFrame) -> pd.DataFrame:
    """Means over the seeds, a row for each truth and kind of interval.

    ``width_sd`` is the median over the seeds, since a width may be infinite. Where every fit has
    failed, there is a row for each kind that was promised (or for any, where nothing was), and its
    numbers are NaN.
    """
    promised = estimators.info(name).intervals.kinds or _KINDS
    found = []
    for (truth, n), group in measured.groupby(["truth", "rows"], sort=False):
        fitted = group[group["reason"].isna()]
        given = [kind for kind in _KINDS if fitted[kind].notna().any()]
        for kind in promised if fitted.empty else given:
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


def put(path: Path, name: str, fresh: pd.DataFrame) -> None:
    """Replace the rows of an estimator that was measured, and keep those of the others.

    Estimators stand in the order of the registry.
    """
    old = pd.read_csv(path) if path.exists() else fresh.head(0)
    kept = old[old["estimator"] != name]
    # An empty table has no types, and would take theirs from the other.
    parts = [part for part in (kept, fresh) if len(part)]
    joined = pd.concat(parts, ignore_index=True) if parts else fresh
    places = {known: place for place, known in enumerate(estimators.names())}
    order = joined["estimator"].map(lambda known: places.get(known, len(places)))
    joined = joined.iloc[np.argsort(order, kind="stable")]
    text = io.StringIO()
    joined.to_csv(text, index=False, lineterminator="\n")
    put_atomically(path, text.getvalue())
