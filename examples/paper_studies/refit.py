"""Fit some of the recorded cells again, and compare the numbers with the records.

Exits with 1 if a number differs from the record: by more than 1e-6 of it, and for networks, which
round differently beside other datasets, by more than 0.01. With --set it shows instead what another
parameter changes in the numbers of the tables. The records are not changed.

    python examples/paper_studies/refit.py
    python examples/paper_studies/refit.py --each 40 --methods BART,BART-ITE
    python examples/paper_studies/refit.py --each 20 --methods BART,BART-ITE --settings all \\
        --set n_draws=500
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import yaml
from shared import add_records, parser, positive, read_records, say, script

import estimators
from benchmarks import metrics
from benchmarks.cli.paper_data import ALL_SETTINGS, suites_of
from benchmarks.cli.progress import run_progress
from benchmarks.datasets.truth import truth_of
from benchmarks.execution.batches import Task
from benchmarks.execution.cells import Cell
from benchmarks.execution.job import Job
from benchmarks.execution.methods import methods_of
from benchmarks.execution.scheduler import run_here, run_in_pool
from benchmarks.interface import Outcome, Truth
from benchmarks.paper.methods import METHODS, parameters_of
from benchmarks.paper.records import METRICS, PLACE, PaperFit, fits_of
from benchmarks.process.threads import workers_for
from benchmarks.progress import Progress
from benchmarks.provenance.hashing import derive_seed
from benchmarks.suite.entries import EstimatorEntry
from sdscm.errors import InputError
from sdscm.report_page.markdown import markdown_table

ALPHA, TIME_LIMIT = 0.05, 1800.0
#: What must be equal; the seconds of a fit are those of the machine.
NUMBERS = ("ate", *(name for name in METRICS if name != "seconds"))
#: The packed records have metrics in single precision, whose rounding is 6e-8 of a number.
TOLERANCE = 1e-6
#: Networks compute in single precision, and in other orders beside other datasets of their batch;
#: thousands of steps magnify that.
TOLERANCE_OF_NETWORKS = 0.01
_NETWORKS = frozenset(
    method.name for method in METHODS if estimators.info(method.name).fit_many == "datasets"
)


def drawn(
    wanted: Iterable[PaperFit], known: Iterable[tuple[object, ...]], each: int, draw: int = 0
) -> list[PaperFit]:
    """Draw recorded cells at random, of ``each`` fits of each method.

    Parameters
    ----------
    wanted
        The cells to draw from.
    known
        Places of the records; see `PaperFit.place`.
    each
        Fits of each method; all where there are no more. A fit that two methods share is drawn
        once, with the cells of both.
    draw
        Another number draws other fits. That of one method does not depend on the others.

    Returns
    -------
    The cells, by method.
    """
    known = set(known)
    fits: dict[str, dict[tuple[object, ...], list[PaperFit]]] = {}
    for cell in wanted:
        if cell.place in known:
            fits.setdefault(cell.method.fit, {}).setdefault(cell.place[:4], []).append(cell)
    chosen = []
    for fit in sorted(fits):
        cells = fits[fit]
        places = np.random.default_rng([draw, *fit.encode()]).permutation(len(cells))[:each]
        datasets = sorted(cells, key=str)
        chosen += [cell for place in places for cell in cells[datasets[place]]]
    return chosen


def fit_again(
    chosen: Sequence[PaperFit],
    workers: int,
    progress: Progress,
    parameters: Mapping[str, Any] | None = None,
    other_seed: int = 0,
) -> pd.DataFrame:
    """Fit cells again.

    Parameters
    ----------
    chosen, workers, progress
    parameters
        Parameters of the estimators that differ from the record.
    other_seed
        0 takes the seed of the record, another number another seed for each fit.

    Returns
    -------
    A row for each cell: the columns `PLACE`, ``status``, ``reason``, ``sate`` and `NUMBERS`.
    """
    names = {fit.method.name for fit in chosen}
    methods = {
        name: methods_of(
            [EstimatorEntry(name=name, params=parameters_of(name) | dict(parameters or {}))]
        )[0]
        for name in names
    }
    tasks: list[Task] = []
    fits: dict[str, tuple[PaperFit, Truth]] = {}
    for fit in chosen:
        method, dataset = methods[fit.method.name], fit.dataset.load()
        view = dataset.setting(fit.setting)
        place: tuple[Any, ...] = (*fit.dataset.place, fit.setting, method.seed_label)
        if other_seed:
            numbered = fit.dataset.lm, fit.dataset.number, fit.setting
            place = ("seeds", *numbered, fit.method.fit, other_seed)
        seed = derive_seed(*place)
        cell = Cell(
            dataset=fit.dataset.name,
            fingerprint="",
            setting=fit.setting,
            estimator=method.label,
            identity=method.identity,
            seed=seed,
            alpha=ALPHA,
            threads=1,
        )
        job = Job(
            maker=method.maker,
            X=view.X,
            t=view.t,
            y=view.y,
            reveal=None,
            seed=seed,
            alpha=ALPHA,
            threads=1,
            fit_many=method.fit_many,
            fit_key=method.fit_key,
        )
        tasks.append((cell, job))
        fits[cell.key] = fit, truth_of(dataset, fit.setting)
    rows = []

    def done(cell: Cell, outcome: Outcome) -> None:
        fit, truth = fits[cell.key]
        found, prediction = dict.fromkeys(("ate", *METRICS), math.nan), outcome.prediction
        if prediction is not None:
            found = {name: metrics.get(name).score(prediction, truth) for name in METRICS}
            found["ate"] = math.nan if prediction.ate is None else prediction.ate
        place = dict(zip(PLACE, fit.place, strict=True))
        known = {"status": outcome.status, "reason": outcome.reason, "sate": truth.sate}
        rows.append(place | known | found)
        progress.advance(str(cell), failed=outcome.prediction is None)

    progress.begin("cells", len(tasks))
    if workers == 0:
        run_here(tasks, done)
    else:
        limit, workers = TIME_LIMIT, min(workers, len(tasks))
        run_in_pool(tasks, done, workers=workers, threads=1, time_limit=limit, plugins=())
    columns = [*PLACE, "status", "reason", "sate", "ate", *METRICS]
    # In single precision, as the records.
    return pd.DataFrame(rows)[columns].astype(dict.fromkeys(METRICS, np.float32))


def compare(recorded: pd.DataFrame, again: pd.DataFrame) -> pd.DataFrame:
    """Measure how far new records are from the old ones of the same cells.

    Parameters
    ----------
    recorded, again
        Records with the columns `PLACE`, ``status`` and `NUMBERS`; each cell of ``again`` is in
        ``recorded``.

    Returns
    -------
    A row for each method: ``method``; ``cells``, how many were fitted again; ``same``, in how many
    of these each number is that of the record, up to `TOLERANCE` or `TOLERANCE_OF_NETWORKS`;
    ``largest``, the largest
    difference, as a share of the number where that is above 1, infinite where one of the two is
    lacking; and the ``number`` that has it, empty if all are equal in every digit on record.
    """
    both = again.merge(recorded, on=PLACE, suffixes=("", "_recorded"), validate="one_to_one")
    off = pd.DataFrame({name: _off(both[name], both[name + "_recorded"]) for name in NUMBERS})
    off["status"] = np.where(both["status"] == both["status_recorded"], 0.0, np.inf)
    found = []
    for method, part in off.groupby(both["method"]):
        largest = float(part.to_numpy().max())
        tolerance = TOLERANCE_OF_NETWORKS if method in _NETWORKS else TOLERANCE
        found.append(
            {
                "method": method,
                "cells": len(part),
                "same": int((part.max(axis=1) <= tolerance).sum()),
                "largest": largest,
                "number": part.max().idxmax() if largest > 0 else "",
            }
        )
    return pd.DataFrame(found)


def changes(recorded: pd.DataFrame, again: pd.DataFrame) -> pd.DataFrame:
    """Measure what other parameters change in the numbers of the tables.

    The datasets and the seeds are the same.

    Parameters
    ----------
    recorded, again
        Records; each cell of ``again`` is in ``recorded``. Fits that failed are left out.

    Returns
    -------
    A row for each ``method``, ``lm``, number of ``rows`` and ``setting``: ``fits``; the mean of the
    swapped R2 ``recorded`` and ``now``, the mean ``difference`` of a dataset with its standard
    error ``se`` over datasets (NaN of a single one); and the RMSE of the average effect, in units
    of y, ``rmse_recorded`` and ``rmse_now``.
    """
    both = again.merge(recorded, on=PLACE, suffixes=("", "_recorded"), validate="one_to_one")
    both = both[(both["status"] == "ok") & (both["status_recorded"] == "ok")]
    found = []
    names = ("method", "lm", "rows", "setting")
    for which, part in both.groupby(list(names)):
        old, new = (part[name].astype(float) for name in ("r2_swapped_recorded", "r2_swapped"))
        difference = new - old
        found.append(
            dict(zip(names, which, strict=True))
            | {
                "fits": len(part),
                "recorded": old.mean(),
                "now": new.mean(),
                "difference": difference.mean(),
                "se": difference.sem(),
                "rmse_recorded": _rmse(part["ate_recorded"] - part["sate"]),
                "rmse_now": _rmse(part["ate"] - part["sate"]),
            }
        )
    return pd.DataFrame(found)


def _rmse(errors: pd.Series) -> float:
    return float(np.sqrt((errors.astype(float) ** 2).mean()))


def _off(new: pd.Series, old: pd.Series) -> np.ndarray:
    """Differences of a column; of single precision where the record is."""
    a, b = (pd.to_numeric(column).to_numpy(float) for column in (new, old))
    a = np.where(b.astype(np.float32) == b, a.astype(np.float32), a)
    gaps = np.abs(a - b) / np.maximum(1.0, np.abs(b))
    return np.where(np.isnan(a) & np.isnan(b), 0.0, np.where(np.isnan(gaps), np.inf, gaps))


def _show_comparison(recorded: pd.DataFrame, again: pd.DataFrame) -> int:
    found = compare(recorded, again)
    rows = [
        [str(row.method), f"{row.same} of {row.cells}", f"{row.largest:.1g}", str(row.number)]
        for row in found.itertuples(index=False)
    ]
    say(*markdown_table(["method", "same", "largest difference", "of"], rows, left=1).splitlines())
    return int((found["same"] < found["cells"]).any())


def _show_changes(recorded: pd.DataFrame, again: pd.DataFrame) -> int:
    lost = again[again["status"] != "ok"]
    if len(lost) == len(again):
        raise InputError(f"--set: every fit failed; the first: {lost['reason'].iloc[0]}")
    if len(lost):
        say(f"Fits that failed: {len(lost)} of {len(again)}; the first: {lost['reason'].iloc[0]}")
    names = {
        "fits": "{:,}",
        "recorded": "{:.4f}",
        "now": "{:.4f}",
        "difference": "{:+.4f}",
        "se": "{:.4f}",
        "rmse_recorded": "{:.5f}",
        "rmse_now": "{:.5f}",
    }
    rows = [
        [row["method"], row["lm"], f"{row['rows']:,}", row["setting"]]
        + [form.format(row[name]).replace("nan", "–") for name, form in names.items()]
        for row in changes(recorded, again).to_dict("records")
    ]
    heads = ["method", "lm", "rows", "setting", "fits", "swapped R2, recorded", "now"]
    heads += ["difference", "SE", "RMSE of the average, recorded", "now"]
    say(*markdown_table(heads, rows, left=4).splitlines())
    return 0


def _parameters(texts: list[str], methods: list[str]) -> dict[str, Any]:
    """Read the values of --set, for methods that all have such parameters."""
    found: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise InputError(f"--set: '{text}' is not PARAMETER=VALUE, as n_draws=500")
        for method in methods:
            known = [each for each in estimators.parameters(method) if each != "random_state"]
            if name not in known:
                raise InputError(
                    f"--set: {method} has no parameter '{name}' but {', '.join(known) or 'none'}; "
                    "choose methods that have it with --methods"
                )
        try:
            found[name] = yaml.safe_load(value)
        except yaml.YAMLError:
            raise InputError(f"--set: '{value}' is not a value") from None
    return found


@script
def main(arguments: Sequence[str] | None = None) -> int:
    """Run the script, and return its exit code."""
    made = parser(__doc__)
    made.add_argument("--each", type=positive, default=2, help="fits of each method")
    made.add_argument("--methods", help="names between commas (default: all of the paper)")
    made.add_argument("--rows", default="1000", help="rows of the datasets: 1000, 10000 or both")
    made.add_argument("--settings", default=ALL_SETTINGS, help="settings between commas")
    made.add_argument("--lms", help="language models between commas (default: those in the data)")
    made.add_argument("--draw", type=int, default=0, help="another number draws other fits")
    made.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="PARAMETER=VALUE",
        help="a parameter of the methods that differs from the record; once for each",
    )
    made.add_argument("--workers", type=int, help="worker processes of one thread; 0 runs in here")
    add_records(made)
    options = made.parse_args(arguments)
    suites = suites_of(
        options.methods, options.rows, options.settings, options.lms, options.data, options.results
    )
    names = [estimator.name for suite in suites for estimator in suite.estimators]
    others = _parameters(options.set, list(dict.fromkeys(names)))
    table, _ = read_records(options.results, options.runs)
    wanted = [fit for suite in suites for fit in fits_of(suite)]
    known = table[PLACE].itertuples(index=False, name=None)
    picked = drawn(wanted, known, options.each, options.draw)
    if not picked:
        raise InputError(
            "no record is of these methods, so there is nothing to compare with; "
            "run first: sdscm paper run"
        )
    workers = options.workers
    with run_progress() as progress:
        again = fit_again(picked, 0 if workers == 0 else workers_for(workers, 1), progress, others)
    return _show_changes(table, again) if others else _show_comparison(table, again)


if __name__ == "__main__":
    sys.exit(main())
