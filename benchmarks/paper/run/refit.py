"""Cells of the records fitted once more: as they were, or with other parameters."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.paper.data.release import Release
from benchmarks.paper.run.job import run_missing
from benchmarks.paper.run.methods import METHODS
from benchmarks.paper.run.plan import PaperCell
from benchmarks.paper.run.records import METRICS, Records
from benchmarks.progress import Progress

#: What must be equal; the seconds of a fit are those of the machine.
NUMBERS = ("ate", *(name for name in METRICS if name != "seconds"))
#: The packed records have metrics in single precision, whose rounding is 6e-8 of a number.
TOLERANCE = 1e-6
#: Networks compute in single precision, and in other orders beside other datasets of their batch;
#: thousands of steps magnify that.
TOLERANCE_OF_NETWORKS = 0.01
_NETWORKS = frozenset(method.name for method in METHODS if method.together)


def drawn(
    wanted: Iterable[PaperCell], known: Iterable[str], each: int, draw: int = 0
) -> list[PaperCell]:
    """Cells with a record, of so many fits of each method, drawn at random.

    Parameters
    ----------
    wanted
        The cells to draw from.
    known
        Keys of the records.
    each
        Fits of each method; all where there are no more. A fit that two methods share is drawn
        once, with the cells of both.
    draw
        Another number draws other fits. That of one method does not depend on the others.

    Returns
    -------
    The cells, by method.
    """
    known = set(known)
    fits: dict[str, dict[tuple[object, ...], list[PaperCell]]] = {}
    for cell in wanted:
        if cell.key in known:
            unit = cell.unit
            which = unit.lm, unit.rows, unit.number, cell.setting
            fits.setdefault(cell.method.fit, {}).setdefault(which, []).append(cell)
    chosen = []
    for fit in sorted(fits):
        cells = fits[fit]
        places = np.random.default_rng([draw, *fit.encode()]).permutation(len(cells))[:each]
        units = sorted(cells, key=str)
        chosen += [cell for place in places for cell in cells[units[place]]]
    return chosen


def fit_again(
    chosen: Sequence[PaperCell],
    releases: Mapping[str, Release],
    workers: int,
    progress: Progress | None = None,
    parameters: Mapping[str, Any] | None = None,
) -> pd.DataFrame:
    """Fit the cells as `run_missing` does, and give their new records; the old ones are kept."""
    with tempfile.TemporaryDirectory() as folder:
        records = Records(Path(folder), Path(folder) / "none.parquet")
        run_missing(
            chosen,
            releases,
            records,
            workers=workers,
            progress=progress,
            parameters=parameters,
        )
        return records.table()


def compare(recorded: pd.DataFrame, again: pd.DataFrame) -> pd.DataFrame:
    """How far new records are from the old ones of the same keys.

    Parameters
    ----------
    recorded, again
        Records with the columns ``key``, ``method``, ``status`` and `NUMBERS`; each key of
        ``again`` is in ``recorded``.

    Returns
    -------
    A row for each method: ``method``; ``cells``, how many were fitted again; ``same``, in how many
    of these each number is that of the record, up to `TOLERANCE` or `TOLERANCE_OF_NETWORKS`;
    ``largest``, the largest
    difference, as a share of the number where that is above 1, infinite where one of the two is
    lacking; and the ``number`` that has it, empty if all are equal in every digit on record.
    """
    both = again.merge(recorded, on="key", suffixes=("", "_recorded"), validate="one_to_one")
    off = pd.DataFrame({name: _off(both[name], both[name + "_recorded"]) for name in NUMBERS})
    off["status"] = np.where(both["status"] == both["status_recorded"], 0.0, np.inf)
    found = []
    for method, part in off.groupby(both["method"]):
        largest = float(part.to_numpy().max())
        tolerance = TOLERANCE_OF_NETWORKS if method in _NETWORKS else TOLERANCE
        found.append(
            {
                "method": method,
                "cells": len(part),
                "same": int((part.max(axis=1) <= tolerance).sum()),
                "largest": largest,
                "number": part.max().idxmax() if largest > 0 else "",
            }
        )
    return pd.DataFrame(found)


def changes(recorded: pd.DataFrame, again: pd.DataFrame) -> pd.DataFrame:
    """What other parameters do to the numbers of the tables, on the same datasets and seeds.

    Parameters
    ----------
    recorded, again
        Records; each key of ``again`` is in ``recorded``. Fits that failed are left out.

    Returns
    -------
    A row for each ``method``, ``lm``, number of ``rows`` and ``setting``: ``fits``; the mean of the
    swapped R2 ``recorded`` and ``now``, the mean ``difference`` of a dataset with its standard
    error ``se`` over datasets (NaN of a single one); and the RMSE of the average effect, in units
    of y, ``rmse_recorded`` and ``rmse_now``.
    """
    both = again.merge(recorded, on="key", suffixes=("", "_recorded"), validate="one_to_one")
    both = both[(both["status"] == "ok") & (both["status_recorded"] == "ok")]
    found = []
    for which, part in both.groupby(["method", "lm", "rows", "setting"]):
        old, new = (part[name].astype(float) for name in ("r2_swapped_recorded", "r2_swapped"))
        difference = new - old
        found.append(
            dict(zip(("method", "lm", "rows", "setting"), which, strict=True))
            | {
                "fits": len(part),
                "recorded": old.mean(),
                "now": new.mean(),
                "difference": difference.mean(),
                "se": difference.sem(),
                "rmse_recorded": _rmse(part["ate_recorded"] - part["sate"]),
                "rmse_now": _rmse(part["ate"] - part["sate"]),
            }
        )
    return pd.DataFrame(found)


def _rmse(errors: pd.Series) -> float:
    return float(np.sqrt((errors.astype(float) ** 2).mean()))


def _off(new: pd.Series, old: pd.Series) -> np.ndarray:
    """Differences of a column; of single precision where the record is."""
    a, b = (pd.to_numeric(column).to_numpy(float) for column in (new, old))
    a = np.where(b.astype(np.float32) == b, a.astype(np.float32), a)
    gaps = np.abs(a - b) / np.maximum(1.0, np.abs(b))
    return np.where(np.isnan(a) & np.isnan(b), 0.0, np.where(np.isnan(gaps), np.inf, gaps))
