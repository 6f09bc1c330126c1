"""How often intervals of boards cover what they estimate, with few phrasings.

    python tests/performance/coverage.py        # two minutes on one core

Prints the Markdown table of docs/suites.md. A score of a phrasing is drawn from a known
distribution, and one dataset stands for each phrasing. The percentile bootstrap, which boards had
before, is measured beside the intervals of `benchmarks.boards.intervals`.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np

from benchmarks import metrics
from benchmarks.boards.intervals import WithInterval, cluster_means, cluster_medians, pooled_score
from sdscm.statistics.bootstrap import resampled_counts

LEVEL, RESAMPLES = 0.95, 2000
#: Distribution, its mean, its median, and the root of its second moment.
SHAPES: dict[str, tuple[Callable[..., np.ndarray], float, float, float]] = {
    "normal": (lambda draw, size: draw.normal(size=size), 0.0, 0.0, 1.0),
    "lognormal": (
        lambda draw, size: draw.lognormal(size=size),
        float(np.exp(0.5)),
        1.0,
        float(np.exp(1)),
    ),
}


def mean(values: np.ndarray) -> WithInterval:
    return cluster_means(values, np.arange(len(values)), resamples=RESAMPLES, level=LEVEL, seed=0)


def percentile(values: np.ndarray) -> WithInterval:
    means = resampled_counts(len(values), RESAMPLES, 0) @ values / len(values)
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(values.mean()), float(low), float(high)


def median(values: np.ndarray) -> WithInterval:
    return cluster_medians(values, np.arange(len(values)), level=LEVEL)


def root(values: np.ndarray) -> WithInterval:
    columns = [values, np.zeros(len(values))]
    metric = metrics.find("ate_rmse")
    assert isinstance(metric, metrics.PooledMetric)
    return pooled_score(metric, columns, np.arange(len(values)), level=LEVEL)


def main(repeats: int) -> None:
    print("| interval | scores | 6 phrasings | 12 phrasings | 18 phrasings |")
    print("| --- | --- | ---: | ---: | ---: |")
    kinds = {
        "mean: percentile bootstrap (not used)": (percentile, 1),
        "mean: studentised bootstrap": (mean, 1),
        "median: order statistics": (median, 2),
        "RMSE: jackknife on the log scale": (root, 3),
    }
    for kind, (interval, place) in kinds.items():
        for shape, facts in SHAPES.items():
            found = []
            for phrasings in (6, 12, 18):
                draw = np.random.Generator(np.random.Philox(phrasings))
                ends = [interval(facts[0](draw, phrasings))[1:] for _ in range(repeats)]
                low, high = np.transpose(ends)
                found.append(np.mean((low <= facts[place]) & (facts[place] <= high)))
            numbers = " | ".join(f"{100 * share:.1f} %" for share in found)
            print(f"| {kind} | {shape} | {numbers} |", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=4000)
    main(parser.parse_args().repeats)
