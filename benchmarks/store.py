"""The store of records: one cell is written once, whole."""

from __future__ import annotations

import io
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.cells import Cell
from benchmarks.hashing import digest, digest_bytes
from benchmarks.outcome import Outcome
from benchmarks.prediction import Prediction
from sdscm.errors import InputError
from sdscm.files import write_atomically

_FORMAT = 1


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
            "predictions": None,
        }
        if outcome.prediction is not None:
            buffer = io.BytesIO()
            np.savez(buffer, **outcome.prediction.arrays())  # type: ignore[arg-type]
            data = buffer.getvalue()
            content["predictions"] = digest_bytes(data)
            write_atomically(self._prediction(key), lambda file: file.write(data))
        content["digest"] = digest(content)
        text = json.dumps(content, indent=1, ensure_ascii=False).encode()
        write_atomically(self._record(key), lambda file: file.write(text))

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
        except (ValueError, KeyError, AttributeError):
            raise self._damaged(path) from None
        if digest(content) != stated or content["key"] != key:
            raise self._damaged(path)
        if content["format"] != _FORMAT:
            raise DamagedRecord(f"{path}: format {content['format']} is not known here; run again")
        return Record(
            cell=Cell(**content["cell"]),
            outcome=Outcome(
                status=content["status"],
                reason=content["reason"],
                warnings=tuple(content["warnings"]),
                prediction=self._read_prediction(key, content["predictions"]),
            ),
            versions=content["versions"],
            time_limit=content["time_limit"],
        )

    def _read_prediction(self, key: str, stated: str | None) -> Prediction | None:
        if stated is None:
            return None
        path = self._prediction(key)
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            raise DamagedRecord(f"{path}: missing; run again to compute the cell") from None
        if digest_bytes(data) != stated:
            raise self._damaged(path)
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            return Prediction.from_arrays(dict(arrays))

    @staticmethod
    def _damaged(path: Path) -> DamagedRecord:
        return DamagedRecord(f"{path}: truncated or changed; run again to compute the cell")
