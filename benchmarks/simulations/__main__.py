"""Measure estimators on simulated data.

    python -m benchmarks.simulations coverage LinReg AIPW
    python -m benchmarks.simulations seconds --workers 2
    python -m benchmarks.simulations units
    python -m benchmarks.simulations coverage Mine --plugin mine.py --seeds 50

Without names, all built-in estimators are measured. Tables go to results/estimators/. The fits go
to runs/simulations/; a run that was stopped continues from there. Each process has one thread. The
table of units (what other units of X or y change) is computed in one process, and is not recorded.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import estimators
from benchmarks.experiment import Interrupted
from benchmarks.progress import RichProgress
from benchmarks.simulations.study import (
    Study,
    measure_coverage,
    measure_seconds,
    measure_units,
    summarise_coverage,
    summarise_seconds,
    summarise_units,
    update_table,
)
from sdscm.errors import InputError

#: Functions that make each table, and its default numbers of rows and seeds.
_TABLES = {
    "coverage": (measure_coverage, summarise_coverage, (500,), 200),
    "seconds": (measure_seconds, summarise_seconds, (1_000, 10_000), 3),
    "units": (measure_units, summarise_units, (240,), 1),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, and return its exit code.

    It is 0 on success, 2 if a name, a plugin or a number is wrong or a library is missing, and 1 if
    the user stopped the run.
    """
    given = _parser().parse_args(arguments)
    measure, summarise, rows, seeds = _TABLES[given.what]
    try:
        for plugin in given.plugin:
            estimators.load_plugin(plugin)
        names = given.names or _measurable(given.what)
        for name in given.names:
            estimators.get(name)
        with RichProgress() as progress:
            study = Study(
                estimators=names,
                rows=given.rows or rows,
                seeds=given.seeds or seeds,
                runs_dir=given.runs,
                workers=given.workers,
                plugins=given.plugin,
                progress=progress,
            )
            measured = measure(study)
    except (estimators.EstimatorError, InputError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except Interrupted:
        print(f"stopped; the same command continues from {given.runs}", file=sys.stderr)
        return 1
    update_table(given.results / f"{given.what}.csv", names, summarise(measured))
    return 0


def _measurable(what: str) -> list[str]:
    return [
        info.name
        for info in estimators.infos()
        if info.origin == "built-in"
        and not info.oracle
        and not info.needs  # the designs show X, t and y only
        and (what != "coverage" or info.intervals.kinds)
    ]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.simulations",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("what", choices=sorted(_TABLES))
    parser.add_argument("names", nargs="*", metavar="NAME", help="estimators; by default all")
    parser.add_argument("--rows", type=int, nargs="+", help="rows of a dataset")
    parser.add_argument("--seeds", type=int, help="datasets (coverage: 200, seconds: 3)")
    parser.add_argument("--workers", type=int, default=1, help="processes (1)")
    parser.add_argument("--plugin", type=Path, action="append", default=[], metavar="FILE.py")
    parser.add_argument("--results", type=Path, default=Path("results/estimators"))
    parser.add_argument("--runs", type=Path, default=Path("runs/simulations"))
    return parser


if __name__ == "__main__":
    sys.exit(main())
