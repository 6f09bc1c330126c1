"""Read and write the data files of the command line."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from sdscm.data.dataset import CausalDataset
from sdscm.data.generate import model_options
from sdscm.errors import InputError
from sdscm.files import put_atomically, write_atomically
from sdscm.sampling.units import Units
from sdscm.scm import SDSCM

_UNITS_KEY = b"sdscm.sampling.units"


def write_dataset(dataset: CausalDataset, path: Path) -> None:
    """Write a dataset to a Parquet or CSV file, by its suffix.

    The columns of a CSV file are the covariates' codes, ``t``, ``y``, ``y0``, ``y1``, ``ite``,
    ``propensity``, and the covariates' labels as ``label:<name>``. A name that a covariate has
    gets an underscore, as in `CausalDataset.to_frame`.
    """
    if path.suffix == ".parquet":
        dataset.to_parquet(path)
        return
    frame = dataset.to_frame()
    if dataset.labels is not None:
        for name, values in dataset.labels.items():
            column = f"label:{name}"
            while column in frame:
                column += "_"
            frame[column] = values
    _write_csv(frame, path)


@dataclass(frozen=True)
class UnitsFile:
    """Hold interventional units that were read from a Parquet file.

    Attributes
    ----------
    labels
        The values as text, one column for each variable.
    origin
        Scenario, language model, seed and options of the sampling, by name.
    """

    labels: pd.DataFrame
    origin: dict[str, Any]


def write_units(units: Units, model: SDSCM, seed: int, path: Path) -> None:
    """Write units with the columns ``label:<name>`` and ``code:<name>`` of variables, and ``text``.

    A Parquet file also holds the settings of the sampling.
    """
    labels, codes = units.labels.add_prefix("label:"), units.codes.add_prefix("code:")
    frame = labels.join(codes).assign(text=units.text)
    if path.suffix == ".csv":
        _write_csv(frame, path)
        return
    spec = units.phrased.spec
    origin = {
        "scenario": spec.name,
        "do": {name: str(units.labels[name].iloc[0]) for name in units.do},
        "spec_hash": spec.content_hash,
        "lm": model.lm.id,
        "lm_revision": model.lm.revision,
        "phrasing": units.phrased.number,
        "seed": seed,
        "options": model_options(model),
    }
    table = pa.Table.from_pandas(frame, preserve_index=False)
    table = table.replace_schema_metadata({_UNITS_KEY: json.dumps(origin)})
    write_atomically(path, lambda file: pq.write_table(table, file, compression="zstd"))


def read_units(path: Path) -> UnitsFile | None:
    """Read a Parquet file that ``write_units`` wrote; None for any other file."""
    try:
        raw = (pq.read_schema(path).metadata or {}).get(_UNITS_KEY)
        if raw is None:
            return None
        frame = pq.read_table(path).to_pandas()
    except (pa.ArrowException, OSError):
        return None
    labels = frame[[c for c in frame.columns if c.startswith("label:")]]
    try:
        origin = dict(json.loads(raw))
    except (TypeError, ValueError):
        raise InputError(f"{path}: this file of sdscm is damaged; generate it again") from None
    return UnitsFile(labels.rename(columns=lambda c: c.removeprefix("label:")), origin)


def _write_csv(frame: pd.DataFrame, path: Path) -> None:
    put_atomically(path, frame.to_csv(index=False, lineterminator="\n"))
