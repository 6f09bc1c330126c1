"""From records to a tidy table: one row a cell, one column a metric."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks import metrics
from benchmarks.manifest import Manifest
from benchmarks.store import DamagedRecord, Record, Store
from benchmarks.truth import truth_of
from sdscm.dataset import CausalDataset

#: Columns that say which cell a row is, and how it ended.
IDENTITY = (
    "dataset",
    "entry",
    "cluster",
    "lm",
    "setting",
    "estimator",
    "family",
    "target",
    "seed",
    "status",
    "reason",
)

#: What metrics of many datasets are made of, in units of y: the average effect that was estimated,
#: the true one, and the standard deviation of the outcome (NaN if it is constant).
PARTS = ("ate", "sate", "y_sd")


def read_records(folder: Path, manifest: Manifest) -> dict[str, Record]:
    """The good records of a run's cells, by key; damaged ones count as missing."""
    store, found = Store(folder), {}
    for cell in manifest.cells:
        try:
            record = store.read(cell.key)
        except DamagedRecord:
            continue
        if record is not None:
            found[cell.key] = record
    return found


def score(
    manifest: Manifest, datasets: Mapping[str, CausalDataset], records: Mapping[str, Record]
) -> pd.DataFrame:
    """Score every cell of a run.

    Returns
    -------
    DataFrame with the columns `IDENTITY`, `PARTS` and one of each metric (NaN where it does not
    apply), a row for each cell in the order of the suite. ``status`` is the record's, or
    ``missing``.
    """
    sources = {source.name: source for source in manifest.sources}
    entrants = {entrant.label: entrant for entrant in manifest.entrants}
    truths = {
        (name, setting): truth_of(dataset, setting)
        for name, dataset in datasets.items()
        for setting in manifest.suite.settings
    }
    rows = []
    for cell in manifest.cells:
        source, truth = sources[cell.dataset], truths[cell.dataset, cell.setting]
        record = records.get(cell.key)
        prediction = record.outcome.prediction if record else None
        if prediction is not None:
            prediction = replace(prediction, alpha=cell.alpha)
        row: dict[str, Any] = {
            "dataset": cell.dataset,
            "entry": source.entry,
            "cluster": source.cluster,
            "lm": source.lm,
            "setting": cell.setting,
            "estimator": cell.estimator,
            "family": entrants[cell.estimator].family,
            "target": truth.target,
            "seed": cell.seed,
            "status": record.outcome.status if record else "missing",
            "reason": record.outcome.reason if record else "not run yet",
            "ate": prediction.ate if prediction else float("nan"),
            "sate": truth.sate,
            "y_sd": truth.sd or float("nan"),
        }
        for metric in metrics.registered():
            row[metric.name] = metric.score(prediction, truth) if prediction else float("nan")
        rows.append(row)
    return pd.DataFrame(rows, columns=columns())


def columns() -> list[str]:
    """The columns of a table of scores, in order."""
    return [*IDENTITY, *PARTS, *(metric.name for metric in metrics.registered())]
