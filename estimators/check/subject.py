"""The estimator under test, and all its answers."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import cached_property, partial
from typing import Any

import numpy as np

from estimators.check.data import CheckData, check_data
from estimators.interface import (
    EstimatorInfo,
    HasATE,
    HasATEInterval,
    HasEffect,
    HasEffectInterval,
    HasITEInterval,
)

#: An interval method as a function of alpha.
IntervalOfLevel = Callable[[float], Any]


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
        return self.new(data.ite).fit(data.X, data.t, data.y)

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


def estimates(estimator: Any, X: Any) -> np.ndarray:
    """Effects of the rows, or the average effect if there are none, as a vector."""
    if isinstance(estimator, HasEffect):
        return np.asarray(estimator.effect(X), dtype=float)
    return np.array([estimator.ate(X)], dtype=float)


def interval_methods(estimator: Any, data: CheckData) -> dict[str, IntervalOfLevel]:
    """The interval methods of an estimator, as functions of alpha."""
    methods: dict[str, IntervalOfLevel] = {}
    if isinstance(estimator, HasEffectInterval):
        methods["effect_interval"] = lambda alpha: estimator.effect_interval(data.X, alpha)
    if isinstance(estimator, HasATEInterval):
        methods["ate_interval"] = lambda alpha: estimator.ate_interval(data.X, alpha)
    if isinstance(estimator, HasITEInterval):
        methods["ite_interval"] = lambda alpha: estimator.ite_interval(
            data.X, data.t, data.y, alpha
        )
    return methods


def answer_methods(estimator: Any, data: CheckData) -> dict[str, Callable[[], Any]]:
    """All methods that answer for the data, by name; intervals at alpha 0.1."""
    methods: dict[str, Callable[[], Any]] = {}
    if isinstance(estimator, HasEffect):
        methods["effect"] = lambda: estimator.effect(data.X)
    if isinstance(estimator, HasATE):
        methods["ate"] = lambda: estimator.ate(data.X)
    for name, interval in interval_methods(estimator, data).items():
        methods[name] = partial(interval, 0.1)
    return methods


def all_answers(estimator: Any, data: CheckData) -> dict[str, np.ndarray]:
    """All answers for the data, by the name of the method."""
    return {
        name: np.array([np.asarray(end, dtype=float) for end in answer()])
        if name.endswith("_interval")
        else np.asarray(answer(), dtype=float)
        for name, answer in answer_methods(estimator, data).items()
    }
