"""One fit of one estimator on one draw of a truth, and what it says about it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

import estimators
from benchmarks.execution.job import Job
from benchmarks.execution.methods import Registered
from benchmarks.execution.worker import execute
from benchmarks.interface import Interval, Outcome
from benchmarks.simulations.designs import POPULATION_ATE, TRUTHS, Truth

#: Level of the intervals: 1 - ALPHA.
ALPHA = 0.05


def fit(name: str, drawn: Truth, seed: int, parameters: Mapping[str, Any] | None = None) -> Outcome:
    """Fit an estimator as the harness does: one thread, whatever it raises becomes a reason."""
    return execute(
        Job(
            maker=Registered(name, dict(parameters or {})),
            X=drawn.X,
            t=drawn.t,
            y=drawn.y,
            reveal=(drawn.ite, drawn.cate) if estimators.info(name).oracle else None,
            seed=seed,
            alpha=ALPHA,
            threads=1,
        )
    )


def errors(
    name: str, truth: str, n: int, seed: int, parameters: Mapping[str, Any] | None = None
) -> dict[str, float]:
    """Errors of one fit, in units of y: ``effect`` (root mean square) and ``ate`` (absolute).

    Both are against the CATE of the rows; ``effect`` is missing where the estimator has none.

    Raises
    ------
    RuntimeError
        If the fit fails; the message is its reason.
    """
    drawn = TRUTHS[truth](n, seed, 5)
    outcome = fit(name, drawn, seed, parameters)
    said = outcome.prediction
    if said is None:
        raise RuntimeError(f"{name} on {truth}, {n} rows, seed {seed}: {outcome.reason}")
    found = {}
    if said.effect is not None:
        found["effect"] = float(np.sqrt(np.mean((said.effect - drawn.cate) ** 2)))
    if said.ate is not None:
        found["ate"] = abs(said.ate - float(drawn.cate.mean()))
    return found


def coverage(
    name: str, truth: str, n: int, seed: int, parameters: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """What the intervals of one fit cover, and how wide they are in standard deviations of y.

    Returns
    -------
    ``effect`` and ``ite``: the share of the rows whose CATE or ITE is covered; ``ate`` and
    ``ate_population``: 1 if the mean CATE of the rows, or that of the population, is, 0 if not;
    each ``*_width``; ``seconds`` of the fit; ``reason`` if it failed. What is not there is NaN.
    """
    drawn = TRUTHS[truth](n, seed, 5)
    outcome = fit(name, drawn, seed, parameters)
    said = outcome.prediction
    if said is None:
        return {"reason": outcome.reason}
    scale = float(drawn.y.std())
    found: dict[str, Any] = {"seconds": said.seconds, "reason": ""}
    for kind, interval, target in (
        ("effect", said.effect_interval, drawn.cate),
        ("ite", said.ite_interval, drawn.ite),
    ):
        if interval is not None:
            found[kind] = _covered(interval, target)
            found[f"{kind}_width"] = _width(interval, scale)
    if said.ate_interval is not None:
        ends = (said.ate_interval[:1], said.ate_interval[1:])
        found["ate"] = _covered(ends, drawn.cate.mean(keepdims=True))
        found["ate_population"] = _covered(ends, np.array([POPULATION_ATE]))
        found["ate_width"] = _width(ends, scale)
    return found


def _covered(interval: Interval, target: np.ndarray) -> float:
    lower, upper = interval
    return float(np.mean((lower <= target) & (target <= upper)))


def _width(interval: Interval, scale: float) -> float:
    """The mean width; infinite if one is."""
    lower, upper = interval
    return float(np.mean(upper - lower)) / scale if np.isfinite(upper - lower).all() else math.inf
