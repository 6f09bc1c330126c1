"""Fit methods to a table, and describe how their effects vary between rows."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.tree import DecisionTreeRegressor

import estimators
from benchmarks.execution.job import Job
from benchmarks.execution.methods import Registered
from benchmarks.execution.worker import execute
from sdscm.errors import InputError
from sdscm.number_format import number, with_interval

#: Methods that are fitted by default: cheap ones with an interval of the average effect.
DEFAULT_METHODS = (
    *("DiffInMeans", "LinReg", "IPW", "AIPW", "ConstantEffect", "LinearDML", "LinearDR-trimmed"),
    "ForestDR-trimmed",
)
#: Methods that do not adjust for covariates.
UNADJUSTED = ("DiffInMeans", "T-Only OLS")
#: Methods that are fitted beside them if the table has an instrument.
INSTRUMENTAL_METHODS = ("Wald", "2SLS", "2SLS-AR", "DoubleML IIVM")
ALPHA = 0.05
#: Quantiles of the effects in the summary.
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
#: Smallest SD of effects, relative to SD(y), that is not rounding.
_ROUNDING = 1e-8
_DEPTH, _LEAF = 2, 0.05
_NEEDED: Mapping[estimators.Need, str] = {
    "instrument": "an instrument",
    "text": "texts of the units",
    "proxies": "proxies of hidden confounders",
    "graph": "the true graph",
}


@dataclass(frozen=True, eq=False)
class MethodEffect:
    """Answers of a method; NaN where it has none.

    Attributes
    ----------
    ate, low, high
        Average effect over the rows, and the ends of its 95 % interval, in units of y.
    effect : array of shape (n,), or None
        Effect of each row.
    problem
        Reason for a failure; empty if there is none.
    """

    method: str
    ate: float = math.nan
    low: float = math.nan
    high: float = math.nan
    effect: np.ndarray | None = None
    problem: str = ""

    @property
    def instrumental(self) -> bool:
        """True if the method uses an instrument."""
        return "instrument" in estimators.info(self.method).needs

    @property
    def adjusted(self) -> bool:
        """True if the method rests on adjusting for the covariates."""
        return self.method not in UNADJUSTED and not self.instrumental

    @property
    def numbers(self) -> str:
        """The average effect with its interval."""
        return with_interval(self.ate, self.low, self.high)


@dataclass(frozen=True)
class Heterogeneity:
    """Summary of the effects of all rows by one method.

    Attributes
    ----------
    spread
        SD of the effects, in units of y.
    quantiles
        At `QUANTILES`.
    covariate, share
        The covariate that explains most of their variance in a regression tree of depth 2, and the
        share of the variance that its splits explain.
    split
        The first split on it, with the mean effect on both sides.
    """

    method: str
    spread: float
    quantiles: tuple[float, ...]
    covariate: str
    share: float
    split: str


def checked_methods(names: Sequence[str], shown: Collection[str] = ()) -> list[str]:
    """Return the names of methods, each once; ``shown`` names what a table shows beside X, t, y.

    Raises
    ------
    EstimatorError
        If there is no such method.
    InputError
        If a method needs the truth, or what the table does not show.
    """
    for name in names:
        info = estimators.info(name)
        if info.oracle:
            raise InputError(f"--estimators {name}: it needs the true effects; name other methods")
        for need in info.needs:
            if need not in shown:
                mend = (
                    "name its column with --instrument"
                    if need == "instrument"
                    else "name other methods"
                )
                raise InputError(f"--estimators {name}: it needs {_NEEDED[need]}; {mend}")
    return list(dict.fromkeys(names))


def estimate_effects(
    methods: Sequence[str],
    X: pd.DataFrame,
    t: np.ndarray,
    y: np.ndarray,
    shown: Mapping[str, Any] | None = None,
    seed: int = 0,
    ended: Callable[[str], object] = lambda _: None,
) -> Iterator[MethodEffect]:
    """Fit each method to all rows; a failure is an item with its reason.

    Parameters
    ----------
    methods
        Registered names.
    X, t, y
        Shapes (n, p), (n,) and (n,); t is 0 or 1.
    shown
        What the table shows beside them; a method gets what it needs of it.
    ended
        Function that gets the name of each method after its fit.
    """
    for name in methods:
        job = Job(
            X=X,
            t=t,
            y=y,
            reveal=None,
            shown={str(need): (shown or {})[need] for need in estimators.info(name).needs},
            maker=Registered(name, {}),
            seed=seed,
            alpha=ALPHA,
            threads=1,
        )
        outcome = execute(job)
        ended(name)
        found = outcome.prediction
        if found is None or found.ate is None:
            yield MethodEffect(name, problem=outcome.reason)
            continue
        low, high = (
            (math.nan,) * 2 if found.ate_interval is None else map(float, found.ate_interval)
        )
        yield MethodEffect(name, found.ate, low, high, found.effect)


def heterogeneity(found: MethodEffect, X: pd.DataFrame, sd: float) -> Heterogeneity | None:
    """Summarise the effects of rows; None if the method has one effect for all.

    ``X`` has shape (n, p), and ``sd`` is the standard deviation of y.
    """
    effect = found.effect
    if effect is None or effect.std() <= _ROUNDING * sd:
        return None
    leaf = max(2, math.ceil(_LEAF * len(X)))
    fitted = DecisionTreeRegressor(max_depth=_DEPTH, min_samples_leaf=leaf, random_state=0)
    fitted.fit(X.to_numpy(dtype=float), effect)
    tree, covariate, share, split = fitted.tree_, "", 0.0, ""
    if tree.node_count > 1:
        place = int(np.argmax(fitted.feature_importances_))
        covariate = str(X.columns[place])
        predicted = fitted.predict(X.to_numpy(dtype=float))
        share = float(fitted.feature_importances_[place] * predicted.var() / effect.var())
        node = next(k for k in range(tree.node_count) if tree.feature[k] == place)
        sides = tree.children_left[node], tree.children_right[node]
        means = [number(tree.value[side].item()) for side in sides]
        split = f"{means[0]} up to {number(tree.threshold[node])}, {means[1]} above"
        if set(X.iloc[:, place].unique()) <= {0, 1}:
            split = f"{means[0]} where it is 0, {means[1]} where it is 1"
    return Heterogeneity(
        found.method,
        float(effect.std()),
        tuple(map(float, np.quantile(effect, QUANTILES))),
        covariate,
        share,
        split,
    )
