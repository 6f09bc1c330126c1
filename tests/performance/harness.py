"""What the harness adds to a cell, and what a second worker brings.

    python tests/performance/harness.py            # about two minutes on 2 idle cores
    python tests/performance/harness.py overhead --cells 300

Prints the Markdown tables of docs/explanation/harness.md. An estimator that sleeps says what the
harness does beside it: its cells leave the cores to the harness.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

import benchmarks
from benchmarks.progress import Silent
from sdscm.data.dataset import CausalDataset

_PLUGIN = """
import time
import numpy as np
import estimators

@estimators.register("sleeper", estimand="ATE")
class Sleeper:
    def __init__(self, seconds=0.001, number=0):
        self.seconds, self.number = seconds, number

    def get_params(self, deep=True):
        return {"seconds": self.seconds, "number": self.number}

    def set_params(self, **params):
        vars(self).update(params)
        return self

    def fit(self, X, t, y):
        time.sleep(self.seconds)
        return self

    def ate(self, X):
        return 0.0
"""


def dataset(seed: int, rows: int) -> CausalDataset:
    draw = np.random.Generator(np.random.Philox(seed))
    x, y0 = draw.normal(size=(2, rows))
    frame = pd.DataFrame({"x": x, "y0": y0, "y1": y0 + x, "t": np.arange(rows) % 2})
    return CausalDataset.from_frame(frame, treatment="t", y0="y0", y1="y1", name="sleep")


class Clock(Silent):
    """Notes when cells begin to end, so that imports of the workers are not counted as cells."""

    def __init__(self, workers: int) -> None:
        self.ends: list[float] = []
        self.workers = workers

    def advance(self, step: str, amount: float = 1, failed: bool = False) -> None:
        assert not failed, step
        if "sleeper" in step:
            self.ends.append(time.perf_counter())

    def seconds_a_cell(self) -> float:
        # The first cells end while other workers still start.
        skipped = max(4 * self.workers, len(self.ends) // 20)
        ends = self.ends[skipped:]
        # Workers in step end their cells together: one less than the cells would flatter them.
        return (ends[-1] - ends[0]) / (len(ends) - self.workers)


def run(plugin: Path, cells: int, seconds: float, workers: int, rows: int) -> tuple[float, float]:
    """Run ``cells`` that sleep ``seconds`` each.

    Returns
    -------
    Seconds from one ended cell to the next, and those of the whole run: data, start, boards.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        datasets = max(1, cells // 20)
        for number in range(datasets):
            dataset(number, rows).to_parquet(folder / "data" / f"{number}.parquet")
        content = {
            "name": "sleep",
            "datasets": [{"name": "sleep", "files": str(folder / "data" / "*.parquet")}],
            "settings": ["all"],
            "holdout": 0,
            "estimators": [
                {"name": "sleeper", "label": f"sleeper {n}", "params": _params(n, seconds)}
                for n in range(cells // datasets)
            ],
        }
        suite = benchmarks.Suite.model_validate(content)
        clock, start = Clock(workers), time.perf_counter()
        benchmarks.run(
            suite,
            workers=workers,
            plugins=[plugin],
            progress=clock,
            results_dir=None,
            runs_dir=folder / "runs",
        )
        return clock.seconds_a_cell(), time.perf_counter() - start


def _params(number: int, seconds: float) -> dict[str, float]:
    return {"seconds": seconds, "number": number}


def overhead(plugin: Path, cells: int, rows: int) -> None:
    print(
        "| cells | rows | estimator | workers | ms a cell | of which the harness | whole run, s |"
    )
    print("| ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for workers in (1, 2):
        gap, whole = run(plugin, cells, 0.001, workers, rows)
        harness = 1000 * gap - 1 / workers
        print(
            f"| {cells:,} | {rows:,} | 1 ms | {workers} | {1000 * gap:.2f} | {harness:.2f} | "
            f"{whole:.1f} |",
            flush=True,
        )


def throughput(plugin: Path, cells: int, rows: int) -> None:
    print("| cells | rows | estimator | workers | cells a second | times | whole run, s |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    alone = 0.0
    for workers in (1, 2):
        gap, whole = run(plugin, cells, 0.5, workers, rows)
        rate = 1 / gap
        alone = alone or rate
        print(
            f"| {cells} | {rows:,} | 0.5 s | {workers} | {rate:.2f} | {rate / alone:.2f} | "
            f"{whole:.1f} |",
            flush=True,
        )


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", nargs="?", choices=["overhead", "throughput"])
    parser.add_argument("--cells", type=int)
    parser.add_argument("--rows", type=int, default=500)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sleeper = Path(folder) / "sleeper.py"
        sleeper.write_text(_PLUGIN)
        if given.what != "throughput":
            overhead(sleeper, given.cells or 2000, given.rows)
            print()
        if given.what != "overhead":
            throughput(sleeper, given.cells or 80, given.rows)
