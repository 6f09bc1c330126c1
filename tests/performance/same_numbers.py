"""Compare the scores of another version of the code with those of this one, under equal seeds.

The script takes a run of any suite that another version made: the folder of its datasets and its
``scores.csv``. It fits each recorded cell again with the code that is here, on the stored dataset
and under the recorded seed, and compares every score. One way to make such a run:

    git worktree add ../old COMMIT
    cd ../old && python -m sdscm.cli benchmark quick --runs runs --results results
    cd - && python tests/performance/same_numbers.py ../old/runs/quick/datasets \\
        ../old/results/quick/scores.csv

It prints the largest difference for each method, and exits with 1 if a score of a method without
``--rounding NAME`` differs in any digit of the file (nine significant ones).
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

import estimators
from benchmarks import metrics
from benchmarks.datasets.truth import truth_of
from benchmarks.execution.job import Job
from benchmarks.execution.methods import Registered
from benchmarks.execution.worker import execute
from sdscm import CausalDataset

#: Scores that are measurements of the machine.
MEASURED = ("seconds", "peak_memory")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("datasets", type=Path, help="folder of Parquet files")
    parser.add_argument("scores", type=Path, help="scores.csv of the run")
    parser.add_argument("--alpha", type=float, default=0.05, help="as in the suite")
    parser.add_argument("--rounding", action="append", default=[], metavar="NAME")
    options = parser.parse_args()
    recorded = pd.read_csv(options.scores)
    recorded = recorded[recorded["rows"] == "fitted"]
    largest: dict[str, float] = defaultdict(float)
    cells: dict[str, int] = defaultdict(int)
    for name, rows in recorded.groupby("dataset", sort=False):
        dataset = CausalDataset.read_parquet(options.datasets / f"{name}.parquet")
        for _, row in rows.iterrows():
            label = row["estimator"]
            cells[label] += 1
            largest[label] = max(largest[label], difference(row, dataset, options.alpha))
            print(f"{name} {row['setting']} {label}: {largest[label]:.3g}", flush=True)
    print(f"\n{'method':24}{'cells':>6}  largest relative difference of a score")
    failed = []
    for label, worst in largest.items():
        print(f"{label:24}{cells[label]:>6}  {worst:.3g}")
        if worst > 1e-8 and label not in options.rounding:
            failed.append(label)
    print(f"\n{sum(cells.values())} cells; different: {', '.join(failed) or 'none'}")
    return 1 if failed else 0


def difference(row: pd.Series, dataset: CausalDataset, alpha: float) -> float:
    """Fit a recorded cell again and return the largest relative difference of its scores."""
    view = dataset.setting(row["setting"])
    truth = truth_of(dataset, row["setting"])
    oracle = estimators.info(row["estimator"]).oracle
    outcome = execute(
        Job(
            maker=Registered(row["estimator"], {}),
            X=view.X,
            t=view.t,
            y=view.y,
            reveal=(truth.ite, truth.effect) if oracle else None,
            seed=int(row["seed"]),
            alpha=alpha,
            threads=1,
        )
    )
    if outcome.status != row["status"]:
        return np.inf
    if outcome.prediction is None:
        return 0.0
    prediction = replace(outcome.prediction, alpha=alpha)
    worst = 0.0
    for name in metrics.names():
        if name not in row or name in MEASURED:
            continue
        old, new = float(row[name]), float(metrics.get(name).score(prediction, truth))
        if np.isnan(old) and np.isnan(new):
            continue
        if np.isnan(old) or np.isnan(new):
            return np.inf
        worst = max(worst, abs(old - new) / max(abs(old), abs(new), 1e-3))
    return worst


if __name__ == "__main__":
    sys.exit(main())
