"""Run estimators on simulated data, as suites, and make the committed tables of their numbers."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import cast

import numpy as np
import pandas as pd

import benchmarks
import estimators
from benchmarks import metrics
from benchmarks.datasets.designs import POPULATION_ATE
from benchmarks.interface import Prediction, Truth
from benchmarks.metrics import Metric
from benchmarks.metrics.formulas import coverage
from benchmarks.progress import Progress
from benchmarks.suite.model import Suite
from estimators.check import units
from estimators.check.subject import Subject, check_data
from sdscm.files import put_atomically

#: Designs of the table of coverage. ``randomised`` is for estimators that adjust for nothing.
COVERAGE_DESIGNS = ("linear", "nonlinear")
UNADJUSTED = ("DiffInMeans", "T-Only OLS")
#: Covariates in the table of seconds: as many as in the paper.
SECONDS_COVARIATES = 12
#: Rows of the dataset on which each estimator is fitted first, so that its library is loaded.
_WARM_UP_ROWS = 200
#: Limits of a fit, which only a broken estimator reaches.
_TIME_LIMIT, _MEMORY_LIMIT = 4 * 3600.0, 64.0


def _mean_cate_coverage(prediction: Prediction, truth: Truth) -> float:
    """Return 1 if the interval of the average effect contains the mean CATE of the rows, else 0."""
    lower, upper = cast(np.ndarray, prediction.ate_interval)
    return coverage(lower, upper, truth.effect.mean())


def _pate_coverage(prediction: Prediction, truth: Truth) -> float:
    """Return 1 if the interval contains the average effect of the population, else 0."""
    lower, upper = cast(np.ndarray, prediction.ate_interval)
    return coverage(lower, upper, np.asarray(POPULATION_ATE))


_SOURCE = "Imbens and Rubin 2015, section 6"
_NEEDS = ("ate_interval",)
#: Metrics of these studies only: the true CATE and the population's effect are known by a formula.
_METRICS = (
    Metric(
        "mean_cate_coverage",
        "Mean CATE coverage",
        "ATE",
        "CATE",
        "nominal",
        _NEEDS,
        _mean_cate_coverage,
        _SOURCE,
    ),
    Metric(
        "pate_coverage", "PATE coverage", "ATE", "PATE", "nominal", _NEEDS, _pate_coverage, _SOURCE
    ),
)
#: Columns of the scores and their names in `measure_coverage`.
_COVERAGE = {
    "estimator": "estimator",
    "entry": "truth",
    "status": "status",
    "cate_coverage": "effect",
    "cate_width_sd": "effect_width",
    "mean_cate_coverage": "ate",
    "pate_coverage": "ate_population",
    "ate_width_sd": "ate_width",
    "ite_coverage": "ite",
    "ite_width_sd": "ite_width",
    "seconds": "seconds",
}
#: Columns of the tables: a row for each estimator and design.
_COVERAGE_SUMMARY = (
    *("estimator", "truth", "rows", "seeds", "failed", "interval"),
    *("coverage", "coverage_of_population", "width_sd"),
)
_KINDS = ("effect", "ate", "ite")
_SECONDS_SUMMARY = ("estimator", "rows", "fits", "failed", "seconds")


@dataclass(frozen=True)
class Study:
    """Options of a measurement.

    Attributes
    ----------
    rows
        Numbers of rows of a dataset.
    seeds
        Number of datasets of each design and number of rows.
    runs_dir
        Folder of the records. Valid records are reused.
    estimators, workers, plugins, progress
        As in `benchmarks.run`.
    """

    estimators: Sequence[str]
    rows: Sequence[int]
    seeds: int
    runs_dir: Path
    workers: int = 1
    plugins: Sequence[Path] = ()
    progress: Progress | None = None


def measure_coverage(study: Study) -> pd.DataFrame:
    """Fit each estimator on each dataset, and measure its intervals.

    Returns
    -------
    A row for each fit: ``estimator``, ``truth`` (the design), ``rows``, ``status``; ``effect`` and
    ``ite``, the shares of the rows whose CATE or ITE is covered; ``ate`` and ``ate_population``, 1
    if the mean CATE of the rows or the average effect of the population is covered, else 0; a width
    in SD(y) for each; and ``seconds``. NaN where there is no such interval.
    """
    unadjusted = [name for name in study.estimators if name in UNADJUSTED]
    tables = [_run("coverage", study, study.estimators, COVERAGE_DESIGNS)]
    if unadjusted:
        tables.insert(0, _run("coverage-randomised", study, unadjusted, ("randomised",)))
    found = pd.concat(tables, ignore_index=True)
    return found[[*_COVERAGE, "n"]].rename(columns=_COVERAGE | {"n": "rows"})


def measure_seconds(study: Study) -> pd.DataFrame:
    """Fit each estimator on each dataset, and measure its seconds.

    A first fit of each on a small dataset, which is not reported, loads its library.

    Returns
    -------
    A row for each fit: ``estimator``, ``rows``, ``status`` and ``seconds``.
    """
    found = _run("seconds", study, study.estimators, ("nonlinear",), SECONDS_COVARIATES, True)
    found = found[found["entry"] != "warm-up"]
    return found[["estimator", "n", "status", "seconds"]].rename(columns={"n": "rows"})


def measure_units(study: Study) -> pd.DataFrame:
    """Fit each estimator on the data of `check_estimator` in other units; see `units.CHANGES`.

    Returns
    -------
    A row for each estimator. ``another seed`` is the largest mean change of its answers by another
    ``random_state`` (NaN without that parameter), each other column that by the change of units, in
    standard deviations of y.
    """
    rows = []
    if study.progress:
        study.progress.begin("Estimators", len(study.estimators))
    for name in study.estimators:
        subject = Subject(partial(estimators.get, name), check_data(study.rows[0]))
        spread = max(units.spread_over_seeds(subject).values(), default=np.nan)
        changes = {
            change: max(units.changes_of_answers(subject, how).values())
            for change, how in units.CHANGES.items()
        }
        rows.append({"estimator": name, "another seed": spread} | changes)
        if study.progress:
            study.progress.advance(name)
    return pd.DataFrame(rows)


def summarise_units(measured: pd.DataFrame) -> pd.DataFrame:
    """Round the changes to one digit."""
    changes = measured.columns[1:]
    return measured.assign(**{each: measured[each].map(_one_digit) for each in changes})


def _one_digit(change: float) -> str:
    return "" if np.isnan(change) else f"{change:.0e}"


def _run(
    name: str,
    study: Study,
    names: Sequence[str],
    designs: Sequence[str],
    covariates: int = 5,
    warm_up: bool = False,
) -> pd.DataFrame:
    """Run a suite of simulations; return its scores with the number of rows ``n``."""
    entry = {"covariates": covariates, "seeds": list(range(study.seeds)), "n": list(study.rows)}
    first = entry | {"simulation": "nonlinear", "name": "warm-up", "seeds": [0], "n": _WARM_UP_ROWS}
    suite = Suite.model_validate(
        {
            "name": name,
            "datasets": [first] * warm_up + [entry | {"simulation": each} for each in designs],
            "settings": ["all"],
            "estimators": list(names),
            "repetitions": 1,
            "holdout": 0,
            "time_limit": _TIME_LIMIT,
            "memory_limit": _MEMORY_LIMIT,
            "predictions": "drop",
            "board": {"resamples": 1},
        }
    )
    with metrics.temporarily(*_METRICS):
        result = benchmarks.run(
            suite,
            workers=study.workers,
            runs_dir=study.runs_dir,
            results_dir=None,
            plugins=study.plugins,
            progress=study.progress,
        )
    return result.scores.merge(result.facts[["dataset", "n"]], on="dataset", validate="m:1")


def summarise_coverage(measured: pd.DataFrame) -> pd.DataFrame:
    """Average over the seeds: a row for each estimator, design and kind of interval.

    ``measured`` is the result of `measure_coverage`. ``width_sd`` is the median over the seeds,
    because a width may be infinite. Where every fit has failed, there is a row for each kind that
    the estimator declares (for all kinds, if it declares none), and its numbers are NaN.
    """
    found = []
    for (name, truth, n), group in measured.groupby(["estimator", "truth", "rows"], sort=False):
        fitted = group[group["status"] == "ok"]
        kinds = [kind for kind in _KINDS if fitted[kind].notna().any()]
        if fitted.empty:
            kinds = list(estimators.info(str(name)).intervals.kinds or _KINDS)
        for kind in kinds:
            population = fitted["ate_population"].mean() if kind == "ate" else np.nan
            counts = (len(group), len(group) - len(fitted))
            shares = (fitted[kind].mean(), population, fitted[f"{kind}_width"].median())
            found.append((name, truth, n, *counts, kind, *shares))
    return pd.DataFrame(found, columns=list(_COVERAGE_SUMMARY)).round(4)


def summarise_seconds(measured: pd.DataFrame) -> pd.DataFrame:
    """Return the median over the fits: a row for each estimator and number of rows."""
    found = []
    for (name, n), group in measured.groupby(["estimator", "rows"]):
        fitted = group[group["status"] == "ok"]
        found.append((name, n, len(group), len(group) - len(fitted), fitted["seconds"].median()))
    return pd.DataFrame(found, columns=list(_SECONDS_SUMMARY)).round(4)


def update_table(path: Path, measured: list[str], fresh: pd.DataFrame) -> None:
    """Replace the rows of the measured estimators, and keep those of all others.

    The rows are in the order of the registry.
    """
    old = pd.read_csv(path) if path.exists() else fresh.head(0)
    kept = old[~old["estimator"].isin(measured)]
    # An empty table has no column types, and would change those of the other.
    parts = [part for part in (kept, fresh) if len(part)]
    joined = pd.concat(parts, ignore_index=True) if parts else fresh
    places = {name: place for place, name in enumerate(estimators.names())}
    order = joined["estimator"].map(lambda name: places.get(name, len(places)))
    joined = joined.iloc[np.argsort(order, kind="stable")]
    text = io.StringIO()
    joined.to_csv(text, index=False, lineterminator="\n")
    put_atomically(path, text.getvalue())
