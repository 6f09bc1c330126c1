"""How often intervals of boards cover what they estimate, with few phrasings.

    python tests/performance/coverage.py        # a minute on one core

Prints the Markdown table of docs/explanation/statistics.md. A score of a phrasing is drawn from a
known distribution, and one dataset stands for each phrasing. The percentile bootstrap, which boards
had before, is measured beside the intervals of `benchmarks.boards`.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np
from scipy.stats import rankdata

from benchmarks.boards.intervals import WithInterval, cluster_means, cluster_medians
from benchmarks.boards.summary import mean_of_means
from sdscm.statistics.bootstrap import resampled_counts

LEVEL, RESAMPLES, SCENARIOS = 0.95, 2000, 6
#: What the method of a rank adds to its scores, and what each of nine others adds.
SHIFTS = np.linspace(-1, 1, 10)[[3, 0, 1, 2, 4, 5, 6, 7, 8, 9]]
METHODS = len(SHIFTS)
Draws = Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]
#: Distribution, its mean, and its median.
SHAPES: dict[str, tuple[Draws, float, float]] = {
    "normal": (lambda draw, size: draw.normal(size=size), 0.0, 0.0),
    "lognormal": (lambda draw, size: draw.lognormal(size=size), float(np.exp(0.5)), 1.0),
}


def mean(values: np.ndarray) -> WithInterval:
    return cluster_means(values, np.arange(len(values)), resamples=RESAMPLES, level=LEVEL, seed=0)


def percentile(values: np.ndarray) -> WithInterval:
    means = resampled_counts(len(values), RESAMPLES, 0) @ values / len(values)
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(values.mean()), float(low), float(high)


def median(values: np.ndarray) -> WithInterval:
    return cluster_medians(values, np.arange(len(values)), level=LEVEL)


def ranks(values: np.ndarray) -> np.ndarray:
    """Rank of the first method on each phrasing; the scores of the methods are on the last axis."""
    return rankdata(values + SHIFTS, axis=-1)[..., 0]


def share_covered(
    interval: Callable[[np.ndarray], WithInterval], draws: Draws, truth: float, *size: int
) -> float:
    """Share of the intervals of ``REPEATS`` samples that hold the truth; NaN if there are none."""
    draw = np.random.Generator(np.random.Philox(size[0]))
    ends = [interval(draws(draw, size))[1:] for _ in range(REPEATS)]
    low, high = np.transpose(ends)
    return float(np.mean((low <= truth) & (truth <= high))) if np.isfinite(low).any() else np.nan


def main() -> None:
    sizes = (5, 6, 12, 18)
    print("| interval | scores |", " | ".join(f"{size} phrasings" for size in sizes), "|")
    print("| --- | --- |" + " ---: |" * len(sizes))
    kinds: dict[str, tuple[Callable[[np.ndarray], WithInterval], tuple[int, ...]]] = {
        "mean: percentile bootstrap (not used)": (percentile, ()),
        "mean: studentised bootstrap": (mean, ()),
        "median: order statistics": (median, ()),
        "average rank among 10 methods": (lambda values: mean(ranks(values)), (METHODS,)),
        f"average rank over {SCENARIOS} scenarios": (
            lambda values: mean_of_means(list(ranks(values).T), LEVEL),
            (SCENARIOS, METHODS),
        ),
    }
    for kind, (interval, columns) in kinds.items():
        for shape, (draws, expected, middle) in SHAPES.items():
            truth = middle if kind.startswith("median") else expected
            if columns:
                many = draws(np.random.Generator(np.random.Philox(0)), (400_000, METHODS))
                truth = float(ranks(many).mean())
            shares = [share_covered(interval, draws, truth, size, *columns) for size in sizes]
            numbers = " | ".join(
                "none" if np.isnan(share) else f"{100 * share:.1f} %" for share in shares
            )
            print(f"| {kind} | {shape} | {numbers} |", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=4000)
    REPEATS = parser.parse_args().repeats
    main()
