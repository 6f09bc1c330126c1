"""Measurements of one estimator that go on where they stopped: a line of a log for each fit."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

import estimators
from benchmarks.execution.methods import code_behind
from benchmarks.provenance.hashing import digest
from benchmarks.provenance.source_code import reached
from benchmarks.provenance.versions import versions
from benchmarks.simulations import designs, measure
from benchmarks.simulations.designs import TRUTHS
from benchmarks.simulations.measure import coverage, fit
from benchmarks.storage.csv_log import Log

#: Truths of the table of coverage; without confounding only for those that adjust for nothing.
COVERAGE_TRUTHS = ("linear", "nonlinear")
UNADJUSTED = ("DiffInMeans", "T-Only OLS")
#: Covariates of the table of seconds, as many as in the paper.
SECONDS_COVARIATES = 12

_COVERED = ("effect", "ate", "ate_population", "ite")
_WIDTHS = ("effect_width", "ate_width", "ite_width")
_WHICH = ("truth", "rows", "seed")
_FIT = ("identity", *_WHICH)
COVERAGE_COLUMNS = (*_FIT, *_COVERED, *_WIDTHS, "seconds", "reason")
SECONDS_COLUMNS = (*_FIT, "seconds", "reason")


@dataclass(frozen=True)
class Plan:
    """What to measure.

    Attributes
    ----------
    folder
        Where the logs are, a file an estimator.
    rows
        Rows of a draw; several for seconds.
    seeds
        Fits of each kind.
    plugins
        Plugin files to load first.
    """

    folder: Path
    rows: tuple[int, ...]
    seeds: int
    plugins: tuple[Path, ...] = ()

    def log(self, name: str, columns: tuple[str, ...]) -> Log:
        return Log(self.folder / f"{re.sub(r'[^A-Za-z0-9]+', '-', name).lower()}.csv", columns)


def measure_coverage(name: str, plan: Plan) -> pd.DataFrame:
    """The lines of coverage of one estimator; what is on record is not computed again."""
    drawn_from = (*(("randomised",) if name in UNADJUSTED else ()), *COVERAGE_TRUTHS)
    wanted = [(t, n, s) for t in drawn_from for n in plan.rows for s in range(plan.seeds)]
    return _go_on(name, plan, COVERAGE_COLUMNS, wanted, coverage)


def measure_seconds(name: str, plan: Plan) -> pd.DataFrame:
    """The lines of seconds of one estimator; the first import of its library is left out."""
    warm = False

    def measured(name: str, truth: str, n: int, seed: int) -> dict[str, Any]:
        nonlocal warm
        if not warm:
            fit(name, TRUTHS[truth](200, 0, SECONDS_COVARIATES), 0)
            warm = True
        outcome = fit(name, TRUTHS[truth](n, seed, SECONDS_COVARIATES), seed)
        seconds = None if outcome.prediction is None else outcome.prediction.seconds
        return {"seconds": seconds, "reason": outcome.reason}

    wanted = [("nonlinear", n, s) for n in plan.rows for s in range(plan.seeds)]
    return _go_on(name, plan, SECONDS_COLUMNS, wanted, measured)


def _go_on(
    name: str,
    plan: Plan,
    columns: tuple[str, ...],
    wanted: Iterable[tuple[str, int, int]],
    measured: Callable[[str, str, int, int], dict[str, Any]],
) -> pd.DataFrame:
    for plugin in plan.plugins:
        estimators.load_plugin(plugin)
    log, identity = plan.log(name, columns), _identity(name)
    wanted = list(wanted)
    with log.held():
        done = set(_of(log, identity).index)
        for number, (truth, n, seed) in enumerate(wanted, start=1):
            if (truth, n, seed) in done:
                continue
            found = measured(name, truth, n, seed)
            log.append({"identity": identity, "truth": truth, "rows": n, "seed": seed, **found})
            if number % max(len(wanted) // 10, 1) == 0:
                print(f"{name}: {number} of {len(wanted)}", file=sys.stderr, flush=True)
    rows = _of(log, identity)
    return rows[rows.index.isin(wanted)].reset_index(drop=True)


def _of(log: Log, identity: str) -> pd.DataFrame:
    """What is on record of an identity, each fit once, by truth, rows and seed."""
    rows = log.rows()
    rows = rows[rows["identity"] == identity].drop_duplicates(list(_WHICH))
    return rows.set_index(list(_WHICH), drop=False)


def _identity(name: str) -> str:
    """Hash of the code and the versions that decide the numbers.

    The code is what the estimator's class reaches in `estimators`, without words; of a plugin, the
    files of its classes as well.
    """
    made, info = estimators.get(name), estimators.info(name)
    here = [inspect.getsource(module) for module in (measure, designs)]
    whole = "" if info.origin == "built-in" else code_behind(made)
    return digest([name, sorted(_code(name).items()), whole, *here, versions(info.extra)])


def _code(name: str) -> dict[str, str]:
    made = type(estimators.get(name))
    return reached([(Path(inspect.getfile(made)), made.__name__)])
