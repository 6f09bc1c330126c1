"""Measure the memory that a worker keeps after each fit, with and without its garbage collector.

    python tests/performance/memory.py             # some minutes of one core
    python tests/performance/memory.py --method ForestDML --fits 6

Prints the numbers on memory in docs/explanation/harness.md.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import time
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pandas as pd

from benchmarks.execution import worker
from benchmarks.execution.job import Job
from benchmarks.execution.methods import Registered
from benchmarks.process.collector import GarbageCollector


class Never(GarbageCollector):
    """Python's own collector alone."""

    def after(self, seconds: float) -> bool:
        return False


class Timed(GarbageCollector):
    """Measures the time of the collections."""

    def __init__(self) -> None:
        super().__init__()
        self.took = 0.0

    def after(self, seconds: float) -> bool:
        start = time.perf_counter()
        collected = super().after(seconds)
        self.took += time.perf_counter() - start
        return collected


def resident() -> int:
    """Return the memory of this process in MiB."""
    with open("/proc/self/statm") as file:
        pages = int(file.read().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 2**20


def fit(method: str, fits: int, rows: int, collect: bool) -> tuple[list[int], float]:
    """Run cells one after the other, as a worker does.

    Returns
    -------
    The resident memory after each in MiB, and the part of the time that collecting took.
    """
    timed = Timed()
    worker._collector = timed if collect else Never()
    draw = np.random.Generator(np.random.Philox(0))
    X = pd.DataFrame(draw.normal(size=(rows, 11)), columns=[f"x{n}" for n in range(11)])
    t = (draw.random(rows) < 1 / (1 + np.exp(-X["x0"]))).astype(int).to_numpy()
    y = X["x0"].to_numpy() + t * X["x1"].to_numpy() + draw.normal(size=rows)
    memory, worked = [], 0.0
    for seed in range(fits):
        job = Job(X, t, y, None, maker=Registered(method, {}), seed=seed, alpha=0.05, threads=1)
        outcome = worker.execute(job)
        assert outcome.status == "ok", outcome
        memory.append(resident())
        worked += outcome.wall
    return memory, timed.took / worked


def in_process(method: str, fits: int, rows: int, collect: bool) -> tuple[list[int], float]:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(fit, method, fits, rows, collect).result()


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--method", default="LinearDML")
    parser.add_argument("--fits", type=int, default=12)
    parser.add_argument("--rows", type=int, default=10_000)
    given = parser.parse_args()
    print(f"{given.method}, {given.rows:,} rows: MiB after each fit\n")
    print("| fit | " + " | ".join(map(str, range(1, given.fits + 1))) + " | collecting |")
    print("| --- " + "| ---: " * (given.fits + 1) + "|")
    for name, collect in (("as a worker does", True), ("Python's collector alone", False)):
        memory, part = in_process(given.method, given.fits, given.rows, collect)
        share = f"{part:.1%} of the time" if collect else "-"
        print(f"| {name} | {' | '.join(f'{m:,}' for m in memory)} | {share} |", flush=True)
