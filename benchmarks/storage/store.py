"""The store of records: one cell is written once, whole."""

from __future__ import annotations

import io
import json
import math
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.execution.cells import Cell
from benchmarks.interface import Outcome, Prediction
from benchmarks.provenance.hashing import digest, digest_bytes
from sdscm.errors import InputError
from sdscm.files import put_atomically

_FORMAT = 2
_HELD_OUT = "held_out:"
#: Of `Store.frame`, beside those that say what a cell is.
_HOW = ("status", "reason", "wall", "seconds", "ate", "warnings", "time_limit", "versions")
_COLUMNS = ["key", *(field.name for field in fields(Cell)), *_HOW]


class DamagedRecord(InputError):
    """A record, or its predictions, is truncated or has been changed."""


@dataclass(frozen=True)
class Record:
    """A cell, how it ended, and what it was made with.

    Attributes
    ----------
    cell, outcome
    versions
        Versions of Python and of the libraries.
    time_limit
        Seconds that the cell had.
    """

    cell: Cell
    outcome: Outcome
    versions: dict[str, str]
    time_limit: float


class Store:
    """Records of one run folder: ``cells/<key>.json`` and ``predictions/<key>.npz``.

    Predictions are written before the record that names their hash: a record that is there is
    whole.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def _record(self, key: str) -> Path:
        return self.folder / "cells" / f"{key}.json"

    def _prediction(self, key: str) -> Path:
        return self.folder / "predictions" / f"{key}.npz"

    def write(self, record: Record) -> None:
        """Write a record, predictions first."""
        key, outcome = record.cell.key, record.outcome
        content: dict[str, Any] = {
            "format": _FORMAT,
            "key": key,
            "cell": asdict(record.cell),
            "status": outcome.status,
            "reason": outcome.reason,
            "warnings": list(outcome.warnings),
            "versions": record.versions,
            "time_limit": record.time_limit,
            "wall": None if math.isnan(outcome.wall) else outcome.wall,
            "predictions": None,
        }
        if outcome.prediction is not None:
            arrays = outcome.prediction.arrays()
            if outcome.held_out is not None:
                arrays |= {f"{_HELD_OUT}{k}": v for k, v in outcome.held_out.arrays().items()}
            buffer = io.BytesIO()
            np.savez(buffer, **arrays)  # type: ignore[arg-type]
            data = buffer.getvalue()
            content["predictions"] = digest_bytes(data)
            self._write(self._prediction(key), data)
        content["digest"] = digest(content)
        text = json.dumps(content, indent=1, ensure_ascii=False)
        self._write(self._record(key), text.encode())

    @staticmethod
    def _write(path: Path, data: bytes) -> None:
        # Not durable: who loses power finds by its hash what is not whole, and computes it again.
        put_atomically(path, data, durable=False)

    def recorded(self) -> list[str]:
        """The keys of all records, sorted."""
        return sorted(path.stem for path in (self.folder / "cells").glob("[!.]*.json"))

    def frame(self) -> pd.DataFrame:
        """All good records, a row each: what the cell is, how it ended, what made it.

        Of the predictions it has the numbers ``ate`` and ``seconds`` only.
        """
        rows = []
        for key in self.recorded():
            try:
                record = self.read(key)
            except DamagedRecord:
                continue
            if record is None:  # swept away since
                continue
            outcome, prediction = record.outcome, record.outcome.prediction
            rows.append(
                {
                    "key": key,
                    **asdict(record.cell),
                    "status": outcome.status,
                    "reason": outcome.reason,
                    "wall": outcome.wall,
                    "seconds": prediction.seconds if prediction else None,
                    "ate": prediction.ate if prediction else None,
                    "warnings": len(outcome.warnings),
                    "time_limit": record.time_limit,
                    "versions": json.dumps(record.versions, sort_keys=True),
                }
            )
        return pd.DataFrame(rows, columns=_COLUMNS)

    def read(self, key: str) -> Record | None:
        """The record of a key, or None if there is none.

        Raises
        ------
        DamagedRecord
            If the record or its predictions are truncated or changed; the message names the file.
        """
        path = self._record(key)
        try:
            raw = path.read_bytes()
        except FileNotFoundError:
            return None
        try:
            content = json.loads(raw)
            stated = content.pop("digest")
            whole = digest(content) == stated and content["key"] == key
        except (ValueError, KeyError, AttributeError, TypeError):
            whole = False
        if not whole:
            raise self._damaged(path)
        if content["format"] != _FORMAT:
            raise DamagedRecord(f"{path}: format {content['format']} is not known here; run again")
        prediction, held_out = self._read_predictions(key, content["predictions"])
        return Record(
            cell=Cell(**content["cell"]),
            outcome=Outcome(
                status=content["status"],
                reason=content["reason"],
                warnings=tuple(content["warnings"]),
                prediction=prediction,
                held_out=held_out,
                wall=float("nan") if content["wall"] is None else content["wall"],
            ),
            versions=content["versions"],
            time_limit=content["time_limit"],
        )

    def _read_predictions(
        self, key: str, stated: str | None
    ) -> tuple[Prediction | None, Prediction | None]:
        if stated is None:
            return None, None
        path = self._prediction(key)
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            raise DamagedRecord(f"{path}: missing; run again to compute the cell") from None
        if digest_bytes(data) != stated:
            raise self._damaged(path)
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            arrays = dict(file)
        others = {k: v for k, v in arrays.items() if k.startswith(_HELD_OUT)}
        fitted = {k: v for k, v in arrays.items() if k not in others}
        held_out = {k.removeprefix(_HELD_OUT): v for k, v in others.items()}
        return (
            Prediction.from_arrays(fitted),
            Prediction.from_arrays(held_out) if held_out else None,
        )

    @staticmethod
    def _damaged(path: Path) -> DamagedRecord:
        return DamagedRecord(f"{path}: truncated or changed; run again to compute the cell")
