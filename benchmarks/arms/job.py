"""The job of a method, and the file of its answer."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.arms.methods import ArmMethod
from benchmarks.provenance.hashing import digest_bytes
from benchmarks.tasks.records import AnswerFormat, RecordFile
from benchmarks.tasks.runner import BadAnswer

_FORMAT = 1


@dataclass(frozen=True, eq=False)
class ArmAnswer:
    """What a method says of the arms 1 to K - 1 against arm 0, in units of y.

    Attributes
    ----------
    effects : array of shape (n, K - 1), optional
        The effects of each unit; None if the method estimates averages only.
    ates : array of shape (K - 1,)
        Their averages.
    """

    effects: np.ndarray | None
    ates: np.ndarray


@dataclass(frozen=True, eq=False)
class ArmJob:
    """A method and what it sees: X of shape (n, p), t of 0 to K - 1, and y."""

    method: ArmMethod
    X: pd.DataFrame
    t: np.ndarray
    y: np.ndarray
    seed: int

    def run(self) -> tuple[ArmAnswer, float]:
        """Fit the method; return its effects of the same units, and the seconds."""
        estimator = self.method.make(self.seed)
        X, t, y = self.X.copy(deep=True), self.t.copy(), self.y.copy()
        start = time.perf_counter()
        fitted = estimator.fit(X, t, y)
        effects = None if self.method.average_only else fitted.effects(X)
        ates = fitted.ates(X)
        seconds = time.perf_counter() - start
        if not (X.equals(self.X) and np.array_equal(t, self.t) and np.array_equal(y, self.y)):
            raise BadAnswer("it changed its input; work on a copy")
        others = int(self.t.max())
        answer = ArmAnswer(
            None if effects is None else _checked("effects", effects, (len(X), others)),
            _checked("ates", ates, (others,)),
        )
        return answer, seconds


@dataclass(frozen=True, eq=False)
class OracleJob:
    """The true effects of units, of shape (n, K - 1), and their averages, as an answer."""

    effects: np.ndarray
    ates: np.ndarray
    seed: int = 0

    def run(self) -> tuple[ArmAnswer, float]:
        """Return the truth."""
        return ArmAnswer(self.effects, self.ates), 0.0


def _checked(name: str, answer: Any, shape: tuple[int, ...]) -> np.ndarray:
    array = np.asarray(answer, dtype=float)
    if array.shape != shape:
        raise BadAnswer(f"{name} has shape {array.shape}, not {shape}")
    if not np.isfinite(array).all():
        raise BadAnswer(f"{name} has a value that is not a finite number")
    return array


def answer_record(path: Path, job: ArmJob) -> RecordFile[ArmAnswer]:
    """Make the record of a job."""
    content = [list(job.X.columns), list(job.X.shape)]
    content += [
        digest_bytes(np.ascontiguousarray(part, dtype=float).tobytes())
        for part in (job.X.to_numpy(), job.t, job.y)
    ]
    return RecordFile.of(path, [_FORMAT, job.method.identity, content, job.seed], _ANSWERS)


def _array(values: Any) -> np.ndarray:
    return np.array(values, dtype=float)


_ANSWERS = AnswerFormat(
    lambda answer: {
        "ates": answer.ates.tolist(),
        "effects": None if answer.effects is None else answer.effects.tolist(),
    },
    lambda stored: ArmAnswer(
        None if stored["effects"] is None else _array(stored["effects"]), _array(stored["ates"])
    ),
)
