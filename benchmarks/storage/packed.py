"""Packed records: the records of cells in one small Parquet file, for a repository."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.execution.cells import Cell
from benchmarks.interface import Outcome
from benchmarks.storage.store import Record
from sdscm.errors import InputError
from sdscm.files import write_atomically

_CELL = [field.name for field in fields(Cell)]
_OUTCOME = ["status", "reason", "wall", "time_limit", "versions"]
#: Column of the original identity of records whose identity was replaced later.
MADE_WITH = "made_with"


def write_packed(
    frame: pd.DataFrame, path: Path, scores: Collection[str], exact: Collection[str]
) -> None:
    """Write records to a file.

    Parameters
    ----------
    frame
        Records from `Store.frame`.
    path
    scores, exact
        Names of scores to keep in single precision, and in double precision.
    """
    kinds = dict.fromkeys(exact, float) | dict.fromkeys(scores, np.float32)
    table = frame.assign(**{MADE_WITH: frame.get(MADE_WITH, "")})
    table = table[[*_CELL, *_OUTCOME, MADE_WITH, *kinds]].astype(kinds)
    packed = pa.Table.from_pandas(table, preserve_index=False)
    write_atomically(
        path, lambda file: pq.write_table(packed, file, compression="zstd", compression_level=19)
    )


def read_packed(path: Path) -> pd.DataFrame:
    """Read the records of a file of `write_packed`.

    Raises
    ------
    InputError
        If the file is damaged, or of another version.
    """
    try:
        frame = pq.read_table(path).to_pandas()
    except (pa.ArrowException, OSError) as error:
        raise InputError(
            f"{path}: not a readable Parquet file ({str(error).splitlines()[0]}); "
            "restore or delete it"
        ) from None
    if "repetition" not in frame.columns:  # an older program wrote the file
        frame["repetition"] = 0
    missing = [name for name in (*_CELL, *_OUTCOME) if name not in frame.columns]
    if missing:
        raise InputError(f"{path}: no column '{missing[0]}'; restore or delete it")
    return frame


def packed_records(frame: pd.DataFrame, definitions: Mapping[str, str]) -> Iterator[Record]:
    """Make records, without predictions, from the result of `read_packed`.

    ``definitions`` has the hash of each metric's definition; see `Record`.
    """
    names = [name for name in frame.columns if name not in (*_CELL, *_OUTCOME, MADE_WITH)]
    known = {name: text for name, text in definitions.items() if name in names}
    versions: dict[str, dict[str, str]] = {}
    for row in frame.to_dict("records"):
        text = row["versions"]
        if text not in versions:
            versions[text] = json.loads(text)
        scores = {name: float(row[name]) for name in names}
        yield Record(
            cell=Cell(**{name: row[name] for name in _CELL}),
            outcome=Outcome(row["status"], row["reason"], wall=row["wall"]),
            versions=versions[text],
            time_limit=row["time_limit"],
            scores={"fitted": scores} if _any(scores) else {},
            definitions=known,
        )


def _any(scores: Mapping[str, Any]) -> bool:
    return any(not math.isnan(value) for value in scores.values())
