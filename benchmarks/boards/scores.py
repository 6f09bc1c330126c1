"""Score records: a table with a row for each cell and a column for each metric."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks import metrics
from benchmarks.datasets.dependence import clusters
from benchmarks.datasets.holdout import held_out
from benchmarks.datasets.truth import truth_of
from benchmarks.interface import Outcome, Prediction, Truth
from benchmarks.storage.manifest import Manifest
from benchmarks.storage.reuse import OtherVersions, refuse_mixed
from benchmarks.storage.store import DamagedRecord, Record, Store
from sdscm.data.dataset import CausalDataset

#: Columns that identify a cell, and tell how it ended.
IDENTITY = (
    "dataset",
    "entry",
    "cluster",
    "lm",
    "setting",
    "rows",
    "estimator",
    "family",
    "target",
    "seed",
    "status",
    "reason",
)

#: Columns that metrics of all datasets use, in units of y: the estimated average effect, the true
#: average effect, and the standard deviation of the outcome (NaN if it is constant).
PARTS = ("ate", "sate", "y_sd")


def read_records(folder: Path, manifest: Manifest, mixed: bool = False) -> dict[str, Record]:
    """Read the records of the cells of a run, by key; damaged records count as missing.

    With ``mixed``, a record that other code or versions made stands for one that is missing.

    Raises
    ------
    InputError
        If they are of different versions and ``mixed`` is not set.
    """
    store = Store(folder)
    found: dict[str, Record] = {}
    for cell in manifest.cells:
        try:
            record = store.read(cell.key)
        except DamagedRecord:
            continue
        if record is not None:
            found[cell.key] = record
    if not mixed:
        refuse_mixed(found.values())
        return found
    other_versions = OtherVersions(store)
    for cell in manifest.cells:
        other = None if cell.key in found else other_versions.of(cell)
        if other is not None:
            found[cell.key] = other
    return found


def score(
    manifest: Manifest, datasets: Mapping[str, CausalDataset], records: Mapping[str, Record]
) -> pd.DataFrame:
    """Score every cell of a run.

    Returns
    -------
    DataFrame with the columns `IDENTITY`, `PARTS` and one of each metric (NaN where it does not
    apply), a row for each cell in the order of the suite. ``status`` is the record's, or
    ``missing``. ``rows`` is ``fitted``; where the suite holds rows out, a second row of the cell
    has ``held-out`` and the scores of these.
    """
    sources = {source.name: source for source in manifest.sources}
    methods = {method.label: method for method in manifest.methods}
    truths = {
        (name, setting): truth_of(dataset, setting)
        for name, dataset in datasets.items()
        for setting in manifest.suite.settings
    }
    masks = {
        name: held_out(dataset.t, manifest.suite.holdout, dataset.fingerprint)
        for name, dataset in datasets.items()
    }
    together = clusters(manifest.sources, datasets)
    rows = []
    for cell in manifest.cells:
        source, truth = sources[cell.dataset], truths[cell.dataset, cell.setting]
        record, mask = records.get(cell.key), masks[cell.dataset]
        outcome = record.outcome if record else Outcome("missing", "not run yet")
        parts = [("fitted", outcome.prediction, truth.of_rows(~mask) if mask.any() else truth)]
        if mask.any():
            parts.append(("held-out", outcome.held_out, truth.of_rows(mask)))
        for part, prediction, target in parts:
            row: dict[str, Any] = {
                "dataset": cell.dataset,
                "entry": source.entry,
                "cluster": together[cell.dataset],
                "lm": source.lm,
                "setting": cell.setting,
                "rows": part,
                "estimator": cell.estimator,
                "family": methods[cell.estimator].family,
                "target": truth.target,
                "seed": cell.seed,
                "status": outcome.status,
                "reason": outcome.reason,
            }
            rows.append(row | _scored(prediction, target, cell.alpha))
    return pd.DataFrame(rows, columns=columns())


def _scored(prediction: Prediction | None, truth: Truth, alpha: float) -> dict[str, float]:
    """Compute the `PARTS` and every metric; NaN without a prediction, or without a known truth."""
    nan = float("nan")
    if prediction is not None:
        prediction = replace(prediction, alpha=alpha)
    scored: dict[str, float] = {
        "ate": nan if prediction is None or prediction.ate is None else prediction.ate,
        "sate": truth.sate,
        "y_sd": truth.sd or nan,
    }
    for metric in metrics.registered():
        known = prediction is not None and truth.tells(metric.target)
        scored[metric.name] = metric.score(prediction, truth) if known and prediction else nan
    return scored


def of_cells(scores: pd.DataFrame) -> pd.DataFrame:
    """Keep one row for each cell: the scores on the rows that the method was fitted on."""
    return scores[scores["rows"] == "fitted"]


def columns() -> list[str]:
    """List the columns of a table of scores, in order."""
    return [*IDENTITY, *PARTS, *(metric.name for metric in metrics.registered())]
