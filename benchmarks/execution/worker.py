"""Run one cell in a worker process: fit an estimator on X, t and y, and check its answers."""

from __future__ import annotations

import copy
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

import estimators
from benchmarks.execution.job import Job, Rows
from benchmarks.interface import Interval, Outcome, Prediction
from benchmarks.process.collector import GarbageCollector
from benchmarks.process.memory import memory_limit, watch_peak
from benchmarks.process.sandbox import sandbox

_LONGEST_LINE = 300
_MOST_WARNINGS = 10
#: Letters of a traceback that are kept: its first lines, and more of its last.
_TRACEBACK = (1500, 4500)
_collector = GarbageCollector()


class BadPrediction(ValueError):
    """An estimator violated its contract."""


@dataclass(frozen=True)
class Fitted:
    """An estimator that a batch has fitted, and its part of the batch's cost.

    Attributes
    ----------
    seconds, wall
        Seconds of the fit, for the metric ``seconds``, and of all the work around it.
    peak_memory
        In MiB; None if the system does not report it.
    notes
        Warnings of libraries during the fit.
    """

    estimator: Any
    seconds: float
    wall: float
    peak_memory: float | None
    notes: tuple[str, ...]


def execute(job: Job, in_worker: bool = False, fitted: Fitted | None = None) -> Outcome:
    """Run one cell. An exception of the estimator becomes the reason of the outcome.

    Parameters
    ----------
    job
    in_worker
        Whether this is a worker process. Ctrl-C does not reach workers, so that their
        KeyboardInterrupt comes from the estimator. In other processes it comes from the user, and
        is raised.
    fitted
        The estimator, if a batch has fitted it already.
    """
    begin = time.perf_counter()
    outcome = _run(job, in_worker, fitted)
    wall = time.perf_counter() - begin
    _collector.after(wall)
    return replace(outcome, wall=wall + (fitted.wall if fitted else 0.0))


def _run(job: Job, in_worker: bool, fitted: Fitted | None) -> Outcome:
    notes = list(fitted.notes) if fitted else []
    held_out = None
    try:
        with sandbox(job.seed, job.threads, notes), memory_limit(job.memory_limit):
            prediction, estimator = _predict(job, notes, fitted)
            if job.held_out is not None:
                held_out = _predict_held_out(job, job.held_out, estimator)
    except estimators.MissingExtraError as error:
        return Outcome("skipped", _one_line(str(error)), _distinct(notes))
    except MemoryError as error:
        limit = "" if job.memory_limit is None else f"; a cell may use {job.memory_limit:g} GiB"
        return _failed(error, notes, limit)
    # Plugin code may raise any exception. The cell fails, and the run goes on.
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt) and not in_worker:
            raise
        return _failed(error, notes)
    return Outcome("ok", "", _distinct(notes), prediction, held_out)


def _failed(error: BaseException, notes: list[str], more: str = "") -> Outcome:
    reason = _one_line(_describe_error(error) + more)
    return Outcome("failed", reason, _distinct(notes), traceback=format_traceback(error))


def format_traceback(error: BaseException) -> str:
    """Format a traceback, without its middle if it is long, as text that any file can store."""
    try:
        text = "".join(traceback.format_exception(error)).rstrip()
    # Attributes of a plugin's error may raise, too.
    except BaseException:
        text = "".join(traceback.format_tb(error.__traceback__)) + type(error).__name__
    text = text.encode(errors="backslashreplace").decode()
    first, last = _TRACEBACK
    if len(text) > first + last:
        text = f"{text[:first]}\n[...]\n{text[-last:]}"
    return text


def _predict(job: Job, notes: list[str], fitted: Fitted | None) -> tuple[Prediction, Any]:
    """Fit the estimator, and predict the rows of the fit."""
    X, t, y = job.X.copy(deep=True), job.t.copy(), job.y.copy()
    estimator = fitted.estimator if fitted else job.maker.make(job.seed)
    if job.reveal is not None:
        estimator.reveal(*(truth.copy() for truth in job.reveal))
    try:
        peak = watch_peak()
        start = time.perf_counter()
        if fitted is None:
            estimator.fit(X, t, y, **copy.deepcopy(job.shown))
        prediction = _answers(estimator, (X, t, y), job, job.alpha, start)
        prediction = replace(prediction, ate_bounds=_bounds(estimator, X, job))
        prediction = replace(prediction, peak_memory=peak())
    finally:
        notes += [str(note) for note in getattr(estimator, "warnings_", ())]
    check_unchanged((X, t, y), job)
    if fitted:
        prediction = replace(
            prediction,
            seconds=(prediction.seconds or 0.0) + fitted.seconds,
            peak_memory=max(
                filter(None, (prediction.peak_memory, fitted.peak_memory)), default=None
            ),
        )
    return prediction, estimator


def _predict_held_out(job: Job, rows: Rows, fitted: Any) -> Prediction:
    """Predict the held-out rows. An Oracle is fitted on their truth."""
    X, t, y = rows.X.copy(deep=True), rows.t.copy(), rows.y.copy()
    if rows.reveal is not None:
        fitted = job.maker.make(job.seed)
        fitted.reveal(*(truth.copy() for truth in rows.reveal))
        fitted.fit(X, t, y)
    prediction = _answers(fitted, (X, t, y), rows, job.alpha, time.perf_counter())
    check_unchanged((X, t, y), rows)
    return replace(prediction, seconds=None)


def _answers(
    estimator: Any,
    data: tuple[pd.DataFrame, np.ndarray, np.ndarray],
    rows: Rows,
    alpha: float,
    start: float,
) -> Prediction:
    """Call all prediction methods; the seconds run from ``start`` until the effects are known."""
    X, t, y = data
    n, shown = len(X), copy.deepcopy(rows.of_rows)
    effect = _value("effect", _call(estimator, "effect", X, **shown), (n,))
    ate = _value("ate", _call(estimator, "ate", X, **shown), ())
    if ate is None:
        if effect is None:
            raise BadPrediction("it has neither effect(X) nor ate(X)")
        ate = effect.mean()
    seconds = time.perf_counter() - start

    def interval(name: str, shape: tuple[int, ...], *args: Any) -> Interval | None:
        return _interval(name, _call(estimator, name, X, *args, alpha, **shown), shape)

    effect_interval = interval("effect_interval", (n,))
    ate_interval = interval("ate_interval", ())
    return Prediction(
        effect=effect,
        effect_interval=effect_interval,
        ate=float(ate),
        ate_interval=None if ate_interval is None else np.array(ate_interval),
        ite_interval=interval("ite_interval", (n,), t, y),
        seconds=seconds,
    )


def _bounds(estimator: Any, X: pd.DataFrame, job: Job) -> np.ndarray | None:
    """Ask for bounds of the average effect at each strength of hidden confounding."""
    found = []
    for each in job.strengths:
        answer = estimator.ate_bounds(X, **each.arguments, alpha=job.alpha)
        ends = _interval("ate_bounds", answer, ())
        found.append((each.multiple, *(ends or ())))
    return np.array(found, dtype=float) if found else None


def check_answers(answers: Prediction, n: int) -> None:
    """Raise `BadPrediction` unless answers for ``n`` rows are such as an estimator may give."""
    if _value("ate", answers.ate, ()) is None:
        raise BadPrediction("no ate")
    _value("effect", answers.effect, (n,))
    _interval("effect_interval", answers.effect_interval, (n,))
    _interval("ite_interval", answers.ite_interval, (n,))
    ends = answers.ate_interval
    _interval("ate_interval", None if ends is None else (ends[0], ends[1]), ())


def check_unchanged(used: tuple[pd.DataFrame, np.ndarray, np.ndarray], given: Rows) -> None:
    """Raise `BadPrediction` if an estimator has changed the arrays that it used."""
    X, t, y = used
    for name, one, other in (("t", t, given.t), ("y", y, given.y)):
        if not np.array_equal(one, other):
            raise BadPrediction(f"it changed its input {name}; work on a copy")
    if not X.equals(given.X):
        raise BadPrediction("it changed its input X; work on a copy")


def _call(estimator: Any, name: str, *args: Any, **shown: Any) -> Any:
    """Call a method of an estimator; None if it has no such method."""
    method: Callable[..., Any] | None = getattr(estimator, name, None)
    return None if method is None else method(*args, **shown)


def _value(name: str, answer: Any, shape: tuple[int, ...]) -> np.ndarray | None:
    """Check an answer of finite numbers; None if the estimator has no such method."""
    if answer is None:
        return None
    array = _shaped(name, answer, shape)
    bad = int(np.size(array) - np.isfinite(array).sum())
    if bad:
        raise BadPrediction(f"{name} gave {bad} values that are NaN or infinite")
    return array


def _interval(name: str, answer: Any, shape: tuple[int, ...]) -> Interval | None:
    """Check the ends of intervals; they may be infinite (conformal ones can be), but not NaN."""
    if answer is None:
        return None
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


def _describe_error(error: BaseException) -> str:
    """Format the class and message of an error. ``str`` of a plugin's error may raise, too."""
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:
        return f"{type(error).__name__}: its message cannot be shown"


def _one_line(text: str) -> str:
    """Make one line without control characters and lone surrogates, which any file can store."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= _LONGEST_LINE else line[: _LONGEST_LINE - 1] + "…"


def _distinct(notes: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(_one_line, notes)))[:_MOST_WARNINGS]
