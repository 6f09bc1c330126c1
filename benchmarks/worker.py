"""What happens in a worker process: one estimator meets X, t and y, and nothing else."""

from __future__ import annotations

import contextlib
import io
import multiprocessing
import os
import random
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import connection
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

import estimators
from benchmarks.contender import Maker
from benchmarks.memory import watch_peak
from benchmarks.outcome import Outcome
from benchmarks.prediction import Interval, Prediction

_LONGEST = 300
_MOST_WARNINGS = 10


@dataclass(frozen=True, eq=False)
class Job:
    """All that a worker is told of a cell.

    Attributes
    ----------
    maker
        Makes the estimator.
    X, t, y
        What the estimator sees.
    reveal
        The individual effects and what effects are scored against, for an Oracle; None for others.
    seed, alpha, threads
        As in the cell.
    """

    maker: Maker
    X: pd.DataFrame
    t: np.ndarray
    y: np.ndarray
    reveal: tuple[np.ndarray, np.ndarray] | None
    seed: int
    alpha: float
    threads: int


class BadPrediction(ValueError):
    """An estimator broke its contract."""


def start_worker(plugins: Sequence[Path]) -> None:
    """Prepare a fresh worker process."""
    _leave_with_parent()
    _go_first_when_memory_is_short()
    for plugin in plugins:
        estimators.load_plugin(plugin)


def _leave_with_parent() -> None:
    """End this process when its parent is killed, even in the middle of a cell."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        connection.wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _go_first_when_memory_is_short() -> None:
    """Have Linux end this worker, not the run, when memory is short.

    Other systems lack the file.
    """
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def execute(job: Job) -> Outcome:
    """Run one cell; whatever the estimator raises becomes the outcome's reason."""
    notes: list[str] = []
    try:
        with _surroundings(job, notes):
            prediction = _predict(job, notes)
    except estimators.MissingExtraError as error:
        return Outcome("skipped", _line(str(error)), _distinct(notes))
    # An estimator is a stranger's code: whatever it raises is a row of the table. SystemExit is no
    # Exception, but must not end the worker either.
    except (Exception, SystemExit) as error:
        return Outcome("failed", _line(f"{type(error).__name__}: {error}"), _distinct(notes))
    return Outcome("ok", "", _distinct(notes), prediction)


@contextlib.contextmanager
def _surroundings(job: Job, notes: list[str]) -> Iterator[None]:
    """The same surroundings for each cell, whichever cells this process has run before."""
    random.seed(job.seed)
    np.random.seed(job.seed)  # noqa: NPY002 - libraries draw from it whatever one passes to them
    with (
        warnings.catch_warnings(record=True) as caught,
        threadpool_limits(job.threads),
        joblib.parallel_config(backend="sequential"),
        contextlib.redirect_stdout(io.StringIO()),
    ):
        warnings.simplefilter("always")
        try:
            yield
        finally:
            notes += [f"{w.category.__name__}: {w.message}" for w in caught]


def _predict(job: Job, notes: list[str]) -> Prediction:
    X, t, y = job.X.copy(deep=True), job.t.copy(), job.y.copy()
    estimator = job.maker.make(job.seed)
    if job.reveal is not None:
        estimator.reveal(*(truth.copy() for truth in job.reveal))
    try:
        peak = watch_peak()
        start = time.perf_counter()
        estimator.fit(X, t, y)
        effect = _effects(_call(estimator, "effect", X), len(X))
        ate = _number(_call(estimator, "ate", X), effect)
        seconds = time.perf_counter() - start
        prediction = Prediction(
            effect=effect,
            effect_interval=_intervals(
                "effect_interval", _call(estimator, "effect_interval", X, job.alpha), len(X)
            ),
            ate=ate,
            ate_interval=_ate_interval(_call(estimator, "ate_interval", X, job.alpha)),
            ite_interval=_intervals(
                "ite_interval", _call(estimator, "ite_interval", X, t, y, job.alpha), len(X)
            ),
            seconds=seconds,
            peak_memory=peak(),
        )
    finally:
        notes += [str(note) for note in getattr(estimator, "warnings_", ())]
    for name, given, kept in (("t", t, job.t), ("y", y, job.y)):
        if not np.array_equal(given, kept):
            raise BadPrediction(f"it changed its input {name}; work on a copy")
    if not X.equals(job.X):
        raise BadPrediction("it changed its input X; work on a copy")
    return prediction


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


def _line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"


def _distinct(notes: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(_line, notes)))[:_MOST_WARNINGS]
