"""Measures estimators on synthetic truths, and goes on where it was stopped.

    python -m benchmarks.simulations coverage LinReg AIPW
    python -m benchmarks.simulations seconds --workers 2
    python -m benchmarks.simulations coverage Mine --plugin mine.py --seeds 50

Without names, all built-in estimators are measured. Tables go to results/estimators/, every fit to
runs/evidence/; one thread a process.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

import estimators
from benchmarks.process.lifetime import exit_with_parent
from benchmarks.process.threads import children_inherit
from benchmarks.simulations.jobs import Plan, measure_coverage, measure_seconds
from benchmarks.simulations.summary import put, summarise_coverage, summarise_seconds


@dataclass(frozen=True)
class _Table:
    """How a table is measured and put together, and what is usual for it."""

    measure: Callable[[str, Plan], pd.DataFrame]
    summarise: Callable[[str, pd.DataFrame], pd.DataFrame]
    rows: tuple[int, ...]
    seeds: int


_TABLES = {
    "coverage": _Table(measure_coverage, summarise_coverage, (500,), 200),
    "seconds": _Table(measure_seconds, summarise_seconds, (1_000, 10_000), 3),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code: 0, or 2 if a name or a plugin is wrong, or a library is missing."""
    asked = _parser().parse_args(arguments)
    try:
        for plugin in asked.plugin:
            estimators.load_plugin(plugin)
        names = asked.names or _measurable(asked.what)
        for name in asked.names:
            estimators.get(name)
    except estimators.EstimatorError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    table = _TABLES[asked.what]
    plan = Plan(
        folder=asked.runs / asked.what,
        rows=tuple(asked.rows or table.rows),
        seeds=asked.seeds or table.seeds,
        plugins=tuple(path.resolve() for path in asked.plugin),
    )
    _measure_all(names, plan, table, asked.workers, asked.results / f"{asked.what}.csv")
    return 0


def _measure_all(names: Sequence[str], plan: Plan, table: _Table, workers: int, path: Path) -> None:
    """Measure each in a fresh process, and put its rows into the table when it is done."""
    spawn = multiprocessing.get_context("spawn")
    with (
        children_inherit(1),
        ProcessPoolExecutor(
            workers, mp_context=spawn, max_tasks_per_child=1, initializer=exit_with_parent
        ) as pool,
    ):
        futures = {pool.submit(table.measure, name, plan): name for name in names}
        for done in as_completed(futures):
            name = futures[done]
            put(path, name, table.summarise(name, done.result()))


def _measurable(what: str) -> list[str]:
    built_in = [info for info in estimators.infos() if info.origin == "built-in"]
    return [
        info.name
        for info in built_in
        if not info.oracle and (what == "seconds" or info.intervals.kinds)
    ]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.simulations",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("what", choices=sorted(_TABLES))
    parser.add_argument("names", nargs="*", metavar="NAME", help="estimators; by default all")
    parser.add_argument("--rows", type=int, nargs="+", help="rows of a draw")
    parser.add_argument("--seeds", type=int, help="draws (coverage: 200, seconds: 3)")
    parser.add_argument("--workers", type=int, default=1, help="processes (1)")
    parser.add_argument("--plugin", type=Path, action="append", default=[], metavar="FILE.py")
    parser.add_argument("--results", type=Path, default=Path("results/estimators"))
    parser.add_argument("--runs", type=Path, default=Path("runs/evidence"))
    return parser


if __name__ == "__main__":
    sys.exit(main())
