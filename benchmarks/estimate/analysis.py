"""Estimate the effect in a table by several methods, with all that helps to judge it."""

from __future__ import annotations

import importlib.util
import math
import time
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

import estimators
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
from benchmarks.execution.runtimes import Runtimes, seconds_left
from benchmarks.progress import Progress, Silent
from estimators.errors import describe_error
from sdscm.data.dataset import CausalDataset
from sdscm.data.diagnostics import WEAK_INSTRUMENT
from sdscm.data.instrument_facts import first_stage_f
from sdscm.errors import MissingExtraError

#: Fits of a method by all of DoWhy's refuters.
_REFUTER_FITS = 90


@dataclass(frozen=True)
class Instrument:
    """Strength of the instrument.

    Attributes
    ----------
    first_stage_f
        See `sdscm.data.instrument_facts.first_stage_f`.
    compliers
        Share of the units whose treatment follows it, if no unit defies: the difference of the
        shares of treated units (Angrist, Imbens and Rubin, JASA 1996).
    """

    first_stage_f: float
    compliers: float

    @property
    def weak(self) -> bool:
        """True if normal intervals are too short."""
        return self.first_stage_f < WEAK_INSTRUMENT


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
        The units; their effects are unknown. An instrument is not among the covariates.
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
    instrument: Instrument | None = None
    hidden: tuple[Hidden, ...] = ()
    refutations: tuple[Refutation, ...] = ()

    def in_sd(self, value: float) -> float:
        """A difference in standard deviations; NaN if y does not vary within the arms."""
        return value / self.sd if self.sd > 0 else math.nan


class _Fits:
    """Count the fits, and estimate the time left by the seconds that each method takes."""

    def __init__(
        self, progress: Progress, methods: Sequence[str], views: int, refuted: Collection[str]
    ) -> None:
        self._progress, self._runtimes = progress, Runtimes()
        self._left = Counter(
            {(name, 1): views + _REFUTER_FITS * (name in refuted) for name in methods}
        )
        self._last = time.monotonic()
        progress.begin("fits", self._left.total())

    def ended(self, method: str, fits: int = 1) -> None:
        now = time.monotonic()
        self._runtimes.learn((method, 1), (now - self._last) / fits)
        self._last = now
        self._left[method, 1] -= fits
        self._progress.advance(method, fits)
        self._progress.eta(seconds_left(self._left, self._runtimes, 1), "")


def analyse(
    dataset: CausalDataset,
    methods: Sequence[str],
    hide: Sequence[str] = (),
    refute: bool = False,
    progress: Progress | None = None,
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
        Run DoWhy's refuters on each method without an instrument.
    progress
        Receives each fit; see `benchmarks.progress.Progress`.

    Raises
    ------
    EstimatorError, InputError
        If there is no such method or covariate.
    MissingExtraError
        If DoWhy is needed and not installed.
    """
    if dataset.instrument:
        dataset = dataset.setting("instrument")
    methods = checked_methods(methods, dataset.shown)
    views = {column: without(dataset, column) for column in hide}
    if refute and importlib.util.find_spec("dowhy") is None:
        raise MissingExtraError("--refute", "dowhy")
    X, t, y = encoded(dataset, "one-hot"), dataset.t, dataset.y
    treated = t == 1
    squares = sum(float(((y[arm] - y[arm].mean()) ** 2).sum()) for arm in (treated, ~treated))
    # The refuters know no instrument.
    refuted = [name for name in methods if refute and not estimators.info(name).needs]
    fits = _Fits(progress or Silent(), methods, 1 + len(views), refuted)
    effects = tuple(estimate_effects(methods, X, t, y, dataset.shown, ended=fits.ended))
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
        instrument=_instrument(dataset, X.to_numpy(dtype=float)) if dataset.instrument else None,
        hidden=tuple(
            _hidden(column, view, X, dataset, methods, fits) for column, view in views.items()
        ),
        refutations=tuple(
            row
            for each in effects
            if each.method in refuted and not each.problem
            for row in _refuted(each.method, X, t, y, fits)
        ),
    )


def _instrument(dataset: CausalDataset, X: np.ndarray) -> Instrument:
    z, t = dataset.shown["instrument"], dataset.t
    share = abs(float(t[z == 1].mean() - t[z == 0].mean()))
    return Instrument(first_stage_f(t, z, X), share)


def _hidden(
    column: str,
    view: CausalDataset,
    X: pd.DataFrame,
    dataset: CausalDataset,
    methods: Sequence[str],
    fits: _Fits,
) -> Hidden:
    seen = encoded(view, "one-hot")
    rest = seen.to_numpy(dtype=float)
    more = X.drop(columns=seen.columns).to_numpy(dtype=float)
    t = dataset.t.astype(float)
    return Hidden(
        column,
        tuple(estimate_effects(methods, seen, dataset.t, dataset.y, view.shown, ended=fits.ended)),
        partial_r2(rest, more, t),
        partial_r2(np.column_stack([rest, t]), more, dataset.y),
    )


def _refuted(
    method: str, X: pd.DataFrame, t: np.ndarray, y: np.ndarray, fits: _Fits
) -> list[Refutation]:
    from estimators.refutation import refute

    try:
        report = refute(method, X, t, y)
    # A library or a plugin may raise anything; the other methods go on.
    except Exception as error:
        return [Refutation(method, problem=describe_error(error))]
    finally:
        fits.ended(method, _REFUTER_FITS)
    return [
        Refutation(method, row["refuter"], row["expected"], row["refuted"], row["p_value"])
        for row in report.to_dict("records")
    ]
