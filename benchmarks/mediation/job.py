"""The job of a mediation method, and the file of its answer."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.mediation import registry
from benchmarks.mediation.registry import MediationInfo
from benchmarks.mediation.tables import MediationTable
from benchmarks.provenance.source_code import code_of_function
from benchmarks.tasks.records import AnswerFormat, RecordFile, library_versions
from benchmarks.tasks.runner import BadAnswer

_FORMAT = 1
#: The intervals have the level 1 - `ALPHA`.
ALPHA = 0.05
Ends = tuple[float, float]


@dataclass(frozen=True)
class MediationAnswer:
    """Estimates in units of y, and their intervals where the method has them.

    Examples
    --------
    >>> from benchmarks.mediation import MediationAnswer
    >>> MediationAnswer(nde=0.5, nie=0.1).nde_interval is None
    True
    """

    nde: float
    nie: float
    nde_interval: Ends | None = None
    nie_interval: Ends | None = None


@dataclass(frozen=True, eq=False)
class MediationJob:
    """A method, by its name, and what it sees."""

    method: str
    X: pd.DataFrame
    t: np.ndarray
    m: pd.DataFrame
    y: np.ndarray
    shown: Mapping[str, Any]
    seed: int

    @classmethod
    def of(cls, info: MediationInfo, table: MediationTable, seed: int) -> MediationJob:
        """Make the job of a method on a table: it gets what it needs, and nothing else."""
        shown = {need: getattr(table, need) for need in info.needs}
        return cls(info.name, table.X, table.t, table.m, table.y, shown, seed)

    def run(self) -> tuple[MediationAnswer, float]:
        """Return the answer, and the seconds that it took."""
        method = registry.get(self.method).make(self.seed)
        given = (self.X.copy(), self.t.copy(), self.m.copy(), self.y.copy())
        start = time.perf_counter()
        fitted = method.fit(*given, **self.shown)
        if fitted is not method:
            raise BadAnswer("fit returned another object; end it with: return self")
        answer = MediationAnswer(
            _number(method.nde(), "nde"),
            _number(method.nie(), "nie"),
            _ends(method, "nde_interval"),
            _ends(method, "nie_interval"),
        )
        seconds = time.perf_counter() - start
        seen = (self.X, self.t, self.m, self.y)
        for name, before, after in zip("Xtmy", seen, given, strict=True):
            if not np.array_equal(np.asarray(before), np.asarray(after)):
                raise BadAnswer(f"it changed {name}; work on a copy")
        return answer, seconds


def _number(value: Any, name: str) -> float:
    if not isinstance(value, float) or not math.isfinite(value):
        raise BadAnswer(f"{name}() returned {value!r}, not a finite float")
    return float(value)


def _ends(method: Any, name: str) -> Ends | None:
    if not hasattr(method, name):
        return None
    low, high = map(float, getattr(method, name)(ALPHA))
    if not low <= high:  # NaN included
        raise BadAnswer(f"{name}() returned {low} and {high}; give the lower end first, and no NaN")
    return low, high


def answer_record(
    path: Path, info: MediationInfo, table: MediationTable, seed: int
) -> RecordFile[MediationAnswer]:
    """Make the record of a method on a table."""
    code = code_of_function(info.factory)
    deciding = [_FORMAT, info.name, code, table.content, seed, versions()]
    return RecordFile.of(path, deciding, _ANSWERS)


def versions() -> dict[str, str]:
    """Versions of the libraries that decide answers."""
    return library_versions("dowhy", "statsmodels")


def _read(stored: Mapping[str, Any]) -> MediationAnswer:
    intervals = (stored["nde_interval"], stored["nie_interval"])
    ends = [None if each is None else (float(each[0]), float(each[1])) for each in intervals]
    return MediationAnswer(float(stored["nde"]), float(stored["nie"]), *ends)


_ANSWERS = AnswerFormat(asdict, _read)
