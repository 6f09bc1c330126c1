"""The estimator under test, its data, and all its answers."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd

from estimators.interface import OF_ROWS, EstimatorInfo, HasEffect, bounds_of

#: Arguments of ``ate_bounds``, by the strength that it needs: none, some and strong confounding.
STRENGTHS: Mapping[str, tuple[dict[str, Any], ...]] = {
    "none": ({},),
    "gamma": ({"gamma": 1.0}, {"gamma": 1.5}, {"gamma": 4.0}),
    **{
        name: ({name: (0.0, 0.0)}, {name: (0.1, 0.1)}, {name: (0.9, 0.4)})
        for name in ("partial_r2", "riesz_r2")
    },
}


@dataclass(frozen=True)
class CheckData:
    """Data of a linear-Gaussian model whose effects are known.

    ``X`` has shape (n, 4); ``t``, ``y`` and ``ite`` have shape (n,).
    """

    X: pd.DataFrame
    t: np.ndarray
    y: np.ndarray
    ite: np.ndarray


def check_data(n: int, seed: int = 0, randomised: bool = False) -> CheckData:
    """Draw n rows: two normal covariates, a binary one and a code from 0 to 3.

    ``age`` is a confounder, unless the treatment is ``randomised``. The average effect is 2.
    """
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(
        {
            "age": rng.normal(size=n),
            "dose": rng.normal(size=n),
            "smokes": rng.integers(0, 2, n),
            "stage": rng.integers(0, 4, n),
        }
    )
    confounding = 0.0 if randomised else 0.8
    t = (rng.random(n) < 1 / (1 + np.exp(-confounding * X["age"].to_numpy()))).astype(np.int64)
    ite = 2 + 0.5 * X["dose"].to_numpy()
    base = X["age"].to_numpy() + 0.5 * X["stage"].to_numpy() + rng.normal(scale=0.3, size=n)
    # Multiples of 2**-10 are exact in single precision, and after a small integer is added.
    return CheckData(X=X, t=t, y=np.round((base + t * ite) * 1024) / 1024, ite=ite)


class Subject:
    """Makes and fits the estimator under test.

    Attributes
    ----------
    info
        Its registration; None if it is checked as an object, a class or a function.
    """

    def __init__(
        self, make: Callable[[], Any], data: CheckData, info: EstimatorInfo | None = None
    ) -> None:
        self._make = make
        self._data = data
        self.info = info

    @property
    def data(self) -> CheckData:
        """A new copy, so that an estimator that changes its input breaks one rule only."""
        return copy.deepcopy(self._data)

    def new(self, ite: np.ndarray) -> Any:
        """A new estimator with a fixed seed; the Oracle gets the effects."""
        estimator = self._make()
        if hasattr(estimator, "get_params"):
            seed = estimator.get_params(deep=False).get("random_state", 0)
            if seed is None:
                estimator.set_params(random_state=0)
        if hasattr(estimator, "reveal"):
            estimator.reveal(ite)
        return estimator

    def fit(self, data: CheckData) -> Any:
        return fit(self.new(data.ite), data.X, data.t, data.y)

    @cached_property
    def fitted(self) -> Any:
        """An estimator fitted on the data, for rules that do not change it."""
        return self.fit(self.data)

    @property
    def easy(self) -> CheckData:
        """A new copy of data with a randomised treatment and an effect larger than the noise."""
        return check_data(len(self._data.y), randomised=True)

    @cached_property
    def fitted_on_easy(self) -> Any:
        """An estimator fitted on the easy data."""
        return self.fit(self.easy)


def fit(estimator: Any, X: Any, t: np.ndarray, y: np.ndarray) -> Any:
    """Fit an estimator, with what it needs beside X, t and y."""
    shown = of_rows(estimator, X)
    if "instrument" in getattr(estimator, "needs", ()):
        # Relevant, and on randomised data independent of all covariates.
        follows = np.random.default_rng(len(t)).random(len(t)) < 0.85
        shown["instrument"] = np.where(follows, t, 1 - np.asarray(t, dtype=float))
    if "graph" in getattr(estimator, "needs", ()):
        shown["graph"] = confounder_graph(X)
    return estimator.fit(X, t, y, **shown)


def confounder_graph(X: Any) -> nx.DiGraph:
    """A DAG in which each column of X causes the treatment and the outcome."""
    columns = X.columns if hasattr(X, "columns") else range(np.shape(X)[1])
    graph = nx.DiGraph()
    for name in ("treatment", "outcome"):
        graph.add_node(name, role=name, observed=True)
    graph.add_nodes_from(map(str, columns), role="covariate", observed=True)
    graph.add_edges_from((str(c), each) for c in columns for each in ("treatment", "outcome"))
    graph.add_edge("treatment", "outcome")
    return graph


def of_rows(estimator: Any, X: Any) -> dict[str, Any]:
    """What an estimator needs to know of rows beside their X, made from X.

    It says of each number whether it is far from the median, which other units do not change.
    """
    matrix = np.asarray(X, dtype=float)
    distance = np.abs(matrix - np.median(matrix, axis=0))
    far = distance > np.median(distance, axis=0)
    texts = [" ".join(f"It is {'far' if f else 'near'}{j}." for j, f in enumerate(r)) for r in far]
    parts = {"text": pd.Series(texts), "proxies": pd.DataFrame(far.astype(float))}
    needs = getattr(estimator, "needs", ())
    return {need: parts[need] for need in OF_ROWS if need in needs}


def estimates(estimator: Any, X: Any) -> np.ndarray:
    """Effects of the rows, or the average effect if there are none, as a vector."""
    if isinstance(estimator, HasEffect):
        return np.asarray(effect(estimator, X), dtype=float)
    return np.array([ate(estimator, X)], dtype=float)


def effect(estimator: Any, X: Any) -> Any:
    """The answer of ``effect``."""
    return estimator.effect(X, **of_rows(estimator, X))


def ate(estimator: Any, X: Any) -> Any:
    """The answer of ``ate``."""
    return estimator.ate(X, **of_rows(estimator, X))


def answer_methods(estimator: Any, data: CheckData) -> dict[str, Callable[[], Any]]:
    """All methods that answer for the data, by name; intervals at alpha 0.1."""
    plain = {
        name: partial(getattr(estimator, name), data.X, **of_rows(estimator, data.X))
        for name in ("effect", "ate")
        if hasattr(estimator, name)
    }
    intervals = interval_methods(estimator, data)
    found: dict[str, Callable[[], Any]] = {
        **plain,
        **{name: partial(interval, 0.1) for name, interval in intervals.items()},
    }
    if kind := bounds_of(estimator):
        strength = STRENGTHS[kind][len(STRENGTHS[kind]) // 2]
        found["ate_bounds"] = partial(estimator.ate_bounds, data.X, alpha=0.1, **strength)
    return found


def interval_methods(estimator: Any, data: CheckData) -> dict[str, Callable[[float], Any]]:
    """The interval methods of an estimator, as functions of alpha."""
    arguments = {
        "effect_interval": (data.X,),
        "ate_interval": (data.X,),
        "ite_interval": (data.X, data.t, data.y),
    }
    shown = of_rows(estimator, data.X)
    return {
        name: partial(getattr(estimator, name), *given, **shown)
        for name, given in arguments.items()
        if hasattr(estimator, name)
    }


def has_two_ends(method: str) -> bool:
    """Return whether the answers of a method are pairs of ends."""
    return method.endswith(("_interval", "_bounds"))


def all_answers(estimator: Any, data: CheckData) -> dict[str, np.ndarray]:
    """All answers for the data, by the name of the method."""
    return {
        name: np.array([np.asarray(end, dtype=float) for end in answer()])
        if has_two_ends(name)
        else np.asarray(answer(), dtype=float)
        for name, answer in answer_methods(estimator, data).items()
    }
