"""How often intervals of boards cover what they estimate, with few phrasings.

    python tests/performance/coverage.py        # some minutes on one core

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


def orders(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Signs of all pairs of methods under two equal models, so that products are tau."""
    first, second = np.triu_indices(METHODS, 1)
    placed = rankdata(values + SHIFTS, axis=-1)
    signs = np.sign(placed[..., first] - placed[..., second]) / np.sqrt(len(first))
    return signs[..., 0, :], signs[..., 1, :]


def tau_of_boards(values: np.ndarray) -> WithInterval:
    first, second = np.triu_indices(METHODS, 1)
    placed = rankdata(values + SHIFTS, axis=-1)
    drawn = np.tensordot(resampled_counts(len(values), RESAMPLES, 0), placed, 1)
    signs = np.sign(drawn[..., first] - drawn[..., second])
    taus = (signs[:, 0] * signs[:, 1]).mean(axis=-1)
    low, high = np.quantile(taus, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(taus.mean()), float(low), float(high)


def tau_on_one_phrasing(values: np.ndarray) -> WithInterval:
    one, other = orders(values)
    return mean_of_means([(one * other).sum(axis=-1)], LEVEL)


def truth_of(kind: str, shape: str) -> float:
    """What the intervals of a kind estimate: known, or the mean of very many phrasings."""
    draws, expected, middle = SHAPES[shape]
    draw = np.random.Generator(np.random.Philox(0))
    if kind.startswith("tau of the boards"):
        return 1.0
    if kind.startswith("tau on one phrasing"):
        one, other = orders(draws(draw, (100_000, 2, METHODS)))
        return float((one * other).sum(axis=-1).mean())
    if kind.startswith("average rank"):
        return float(ranks(draws(draw, (400_000, METHODS))).mean())
    return middle if kind.startswith("median") else expected


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
        "tau of the boards of two equal models: percentile bootstrap (not used)": (
            tau_of_boards,
            (2, METHODS),
        ),
        "tau on one phrasing of two equal models": (tau_on_one_phrasing, (2, METHODS)),
    }
    for kind, (interval, columns) in kinds.items():
        for shape, (draws, *_) in SHAPES.items():
            truth = truth_of(kind, shape)
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
