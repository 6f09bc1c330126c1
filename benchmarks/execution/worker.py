"""What happens in a worker process: one estimator meets X, t and y, and nothing else."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

import estimators
from benchmarks.execution.job import Job, Rows
from benchmarks.interface import Interval, Outcome, Prediction
from benchmarks.process.collector import Garbage
from benchmarks.process.memory import at_most, watch_peak
from benchmarks.process.sandbox import surroundings

_LONGEST = 300
_MOST_WARNINGS = 10
_garbage = Garbage()


class BadPrediction(ValueError):
    """An estimator broke its contract."""


def execute(job: Job, in_worker: bool = False) -> Outcome:
    """Run one cell; whatever the estimator raises becomes the outcome's reason.

    Parameters
    ----------
    job
    in_worker
        Whether the process is a worker's, which hears of no Ctrl-C: a KeyboardInterrupt is the
        estimator's there. Elsewhere it is the user's, and raised.
    """
    begin = time.perf_counter()
    outcome = _run(job, in_worker)
    wall = time.perf_counter() - begin
    _garbage.after(wall)
    return replace(outcome, wall=wall)


def _run(job: Job, in_worker: bool) -> Outcome:
    notes: list[str] = []
    held_out = None
    try:
        with surroundings(job.seed, job.threads, notes), at_most(job.memory_limit):
            prediction, estimator = _predict(job, notes)
            if job.held_out is not None:
                held_out = _predict_held_out(job, job.held_out, estimator)
    except estimators.MissingExtraError as error:
        return Outcome("skipped", _line(str(error)), _distinct(notes))
    except MemoryError as error:
        limit = "" if job.memory_limit is None else f"; a cell may take {job.memory_limit:g} GiB"
        return Outcome("failed", _line(_said(error) + limit), _distinct(notes))
    # An estimator is a stranger's code: whatever it raises is a row of the table, and ends neither
    # the worker nor the run.
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt) and not in_worker:
            raise
        return Outcome("failed", _line(_said(error)), _distinct(notes))
    return Outcome("ok", "", _distinct(notes), prediction, held_out)


def _predict(job: Job, notes: list[str]) -> tuple[Prediction, Any]:
    """Fit an estimator and ask it about the same rows."""
    X, t, y = job.X.copy(deep=True), job.t.copy(), job.y.copy()
    estimator = job.maker.make(job.seed)
    if job.reveal is not None:
        estimator.reveal(*(truth.copy() for truth in job.reveal))
    try:
        peak = watch_peak()
        start = time.perf_counter()
        estimator.fit(X, t, y)
        prediction = _ask(estimator, X, t, y, job.alpha, start)
        prediction = replace(prediction, peak_memory=peak())
    finally:
        notes += [str(note) for note in getattr(estimator, "warnings_", ())]
    _check_unchanged((X, t, y), job)
    return prediction, estimator


def _predict_held_out(job: Job, rows: Rows, fitted: Any) -> Prediction:
    """Ask a fitted estimator about other rows; one that is shown the truth is shown theirs."""
    X, t, y = rows.X.copy(deep=True), rows.t.copy(), rows.y.copy()
    if rows.reveal is not None:
        fitted = job.maker.make(job.seed)
        fitted.reveal(*(truth.copy() for truth in rows.reveal))
        fitted.fit(X, t, y)
    prediction = _ask(fitted, X, t, y, job.alpha, time.perf_counter())
    _check_unchanged((X, t, y), rows)
    return replace(prediction, seconds=None)


def _ask(
    estimator: Any, X: pd.DataFrame, t: np.ndarray, y: np.ndarray, alpha: float, start: float
) -> Prediction:
    effect = _effects(_call(estimator, "effect", X), len(X))
    ate = _number(_call(estimator, "ate", X), effect)
    seconds = time.perf_counter() - start
    return Prediction(
        effect=effect,
        effect_interval=_intervals(
            "effect_interval", _call(estimator, "effect_interval", X, alpha), len(X)
        ),
        ate=ate,
        ate_interval=_ate_interval(_call(estimator, "ate_interval", X, alpha)),
        ite_interval=_intervals(
            "ite_interval", _call(estimator, "ite_interval", X, t, y, alpha), len(X)
        ),
        seconds=seconds,
    )


def _check_unchanged(given: tuple[pd.DataFrame, np.ndarray, np.ndarray], kept: Job | Rows) -> None:
    X, t, y = given
    for name, one, other in (("t", t, kept.t), ("y", y, kept.y)):
        if not np.array_equal(one, other):
            raise BadPrediction(f"it changed its input {name}; work on a copy")
    if not X.equals(kept.X):
        raise BadPrediction("it changed its input X; work on a copy")


def _call(estimator: Any, name: str, *args: Any) -> Any:
    """What a method answers, or None if the estimator lacks it: a capability is a method."""
    method: Callable[..., Any] | None = getattr(estimator, name, None)
    return None if method is None else method(*args)


def _effects(answer: Any, n: int) -> np.ndarray | None:
    return None if answer is None else _finite("effect", _shaped("effect", answer, (n,)))


def _number(answer: Any, effect: np.ndarray | None) -> float:
    if answer is not None:
        return float(_finite("ate", _shaped("ate", answer, ())))
    if effect is None:
        raise BadPrediction("it has neither effect(X) nor ate(X)")
    return float(effect.mean())


def _intervals(name: str, answer: Any, n: int) -> Interval | None:
    if answer is None:
        return None
    lower, upper = _ends(name, answer, (n,))
    return lower, upper


def _ate_interval(answer: Any) -> np.ndarray | None:
    return None if answer is None else np.array(_ends("ate_interval", answer, ()))


def _ends(name: str, answer: Any, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Ends may be infinite (conformal intervals are, at times), but not NaN."""
    if len(answer) != 2:
        raise BadPrediction(f"{name} gave {len(answer)} parts; it must give lower and upper ends")
    lower, upper = (_shaped(name, end, shape) for end in answer)
    if np.isnan(lower).any() or np.isnan(upper).any():
        raise BadPrediction(f"{name} gave NaN")
    if (lower > upper).any():
        raise BadPrediction(f"{name} gave lower ends above upper ends")
    return lower, upper


def _shaped(name: str, answer: Any, shape: tuple[int, ...]) -> np.ndarray:
    array = np.array(answer, dtype=float)
    if array.shape != shape:
        raise BadPrediction(f"{name} gave the shape {array.shape}; it must be {shape}")
    return array


def _finite(name: str, array: np.ndarray) -> np.ndarray:
    bad = int(np.size(array) - np.isfinite(array).sum())
    if bad:
        raise BadPrediction(f"{name} gave {bad} values that are NaN or infinite")
    return array


def _said(error: BaseException) -> str:
    """What an error is and says; a stranger's may fail at telling."""
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:
        return f"{type(error).__name__}: its message cannot be shown"


def _line(text: str) -> str:
    """One line that can be written to any file: no control characters, no lone surrogates."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"


def _distinct(notes: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(_line, notes)))[:_MOST_WARNINGS]
