"""Estimate the effect in a table by several methods, with all that helps to judge it."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchmarks.datasets.observed import without
from benchmarks.estimate.balance import Arm, Difference, compare_arms
from benchmarks.estimate.effects import (
    Heterogeneity,
    MethodEffect,
    checked_methods,
    estimate_effects,
    heterogeneity,
)
from benchmarks.estimate.sensitivity import Coefficient, coefficient, partial_r2
from benchmarks.execution.job_builder import encoded
from estimators.errors import describe_error
from sdscm.data.dataset import CausalDataset
from sdscm.errors import MissingExtraError


@dataclass(frozen=True)
class Hidden:
    """Estimates without a covariate.

    Attributes
    ----------
    column
        The covariate.
    effects
        In the order of the methods.
    of_treatment, of_outcome
        Shares of variance that it explains of the treatment beyond the other covariates, and of the
        outcome beyond these and the treatment.
    """

    column: str
    effects: tuple[MethodEffect, ...]
    of_treatment: float
    of_outcome: float


@dataclass(frozen=True)
class Refutation:
    """Result of a refuter for a method; ``problem`` is the reason of a failure."""

    method: str
    refuter: str = ""
    expected: float = math.nan
    refuted: float = math.nan
    p_value: float = math.nan
    problem: str = ""


@dataclass(frozen=True, eq=False)
class Analysis:
    """All results for a table.

    Attributes
    ----------
    dataset
        The units; their effects are unknown.
    columns
        Number of columns that estimators get, indicators of categories among them.
    sd
        Standard deviation of y, pooled within the arms.
    effects
        One for each method, in order.
    """

    dataset: CausalDataset
    columns: int
    sd: float
    effects: tuple[MethodEffect, ...]
    varying: tuple[Heterogeneity, ...]
    arms: tuple[Arm, Arm]
    differences: tuple[Difference, ...]
    linear: Coefficient | None
    hidden: tuple[Hidden, ...] = ()
    refutations: tuple[Refutation, ...] = ()

    def in_sd(self, value: float) -> float:
        """A difference in standard deviations; NaN if y does not vary within the arms."""
        return value / self.sd if self.sd > 0 else math.nan


def analyse(
    dataset: CausalDataset,
    methods: Sequence[str],
    hide: Sequence[str] = (),
    refute: bool = False,
    note: Callable[[str], object] = lambda _: None,
) -> Analysis:
    """Estimate the effect by each method; see `Analysis`.

    Parameters
    ----------
    dataset
        The result of `benchmarks.datasets.observed.read_observed`.
    methods
        Names of estimators.
    hide
        Covariates; the methods are fitted again without each of them.
    refute
        Run DoWhy's refuters on each method.
    note
        Function that gets lines on the progress.

    Raises
    ------
    EstimatorError, InputError
        If there is no such method or covariate.
    MissingExtraError
        If DoWhy is needed and not installed.
    """
    methods = checked_methods(methods)
    views = {column: without(dataset, column) for column in hide}
    if refute and importlib.util.find_spec("dowhy") is None:
        raise MissingExtraError("--refute", "dowhy")
    X, t, y = encoded(dataset, "one-hot"), dataset.t, dataset.y
    treated = t == 1
    squares = sum(float(((y[arm] - y[arm].mean()) ** 2).sum()) for arm in (treated, ~treated))
    effects = tuple(estimate_effects(methods, X, t, y, note=note))
    arms, differences = compare_arms(X, t, (dataset.contrast[0], dataset.contrast[1]))
    varying = (heterogeneity(each, X, float(y.std())) for each in effects)
    return Analysis(
        dataset=dataset,
        columns=X.shape[1],
        sd=math.sqrt(squares / (len(y) - 2)),
        effects=effects,
        varying=tuple(each for each in varying if each is not None),
        arms=arms,
        differences=tuple(differences),
        linear=coefficient(X.to_numpy(dtype=float), t, y),
        hidden=tuple(
            _hidden(column, view, X, dataset, methods, note) for column, view in views.items()
        ),
        refutations=tuple(
            row
            for each in effects
            if refute and not each.problem
            for row in _refuted(each.method, X, t, y, note)
        ),
    )


def _hidden(
    column: str,
    view: CausalDataset,
    X: pd.DataFrame,
    dataset: CausalDataset,
    methods: Sequence[str],
    note: Callable[[str], object],
) -> Hidden:
    note(f"without '{column}'")
    seen = encoded(view, "one-hot")
    rest = seen.to_numpy(dtype=float)
    more = X.drop(columns=seen.columns).to_numpy(dtype=float)
    t = dataset.t.astype(float)
    return Hidden(
        column,
        tuple(estimate_effects(methods, seen, dataset.t, dataset.y, note=note)),
        partial_r2(rest, more, t),
        partial_r2(np.column_stack([rest, t]), more, dataset.y),
    )


def _refuted(
    method: str, X: pd.DataFrame, t: np.ndarray, y: np.ndarray, note: Callable[[str], object]
) -> list[Refutation]:
    from estimators.refutation import refute

    note(f"refuters of {method} ...")
    try:
        report = refute(method, X, t, y)
    # A library or a plugin may raise anything; the other methods go on.
    except Exception as error:
        return [Refutation(method, problem=describe_error(error))]
    return [
        Refutation(method, row["refuter"], row["expected"], row["refuted"], row["p_value"])
        for row in report.to_dict("records")
    ]
