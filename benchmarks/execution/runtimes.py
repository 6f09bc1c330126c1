"""Estimate the run times of cells, and of the rest of a run, from cells that have ended."""

from __future__ import annotations

import math
from bisect import insort
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from copy import deepcopy

from benchmarks.execution.cells import Cell
from benchmarks.interface import Outcome
from benchmarks.progress import Progress
from sdscm.number_format import duration

#: Kind of a cell, on which its run time depends: label of the method, and rows of the fit.
Kind = tuple[str, int]

#: Share of the last cell in the pace of a run.
_PACE_SHARE = 0.2


class Runtimes:
    """Expected seconds of cells.

    The expected run time is the median of the ended cells of the same method and size. If there are
    none, it is the median of the nearest size, in proportion to the rows. A method without ended
    cells has an infinite run time, so that one of its cells runs early.
    """

    def __init__(self) -> None:
        self._seconds: dict[Kind, list[float]] = defaultdict(list)  # sorted for `expect`
        self._sizes: dict[str, set[int]] = defaultdict(set)

    def learn(self, kind: Kind, seconds: float) -> None:
        """Add the seconds of an ended cell; NaN is ignored."""
        if math.isnan(seconds):
            return
        insort(self._seconds[kind], seconds)
        self._sizes[kind[0]].add(kind[1])

    def expect(self, kind: Kind) -> float:
        """Return the expected seconds of a cell; infinity if they are unknown."""
        label, rows = kind
        if kind in self._seconds:
            return _middle(self._seconds[kind])
        sizes = self._sizes.get(label)
        if not sizes:
            return math.inf
        near = min(sizes, key=lambda size: abs(size - rows))
        return _middle(self._seconds[label, near]) * rows / near

    def total(self, kinds: Iterable[tuple[Kind, int]]) -> float:
        """Return the expected seconds of all cells; a cell of unknown kind counts as the mean."""
        expected = [(self.expect(kind), count) for kind, count in kinds]
        known = [(seconds, count) for seconds, count in expected if seconds < math.inf]
        cells = sum(count for _, count in known)
        seconds = sum(each * count for each, count in known)
        if not cells:
            return math.nan if expected else 0.0
        return seconds / cells * sum(count for _, count in expected)


def _middle(ordered: list[float]) -> float:
    """Return the median of sorted numbers; of two middle numbers, the larger one."""
    return ordered[len(ordered) // 2]


class Eta:
    """Report the expected time to a `Progress` after each cell.

    ``workers`` cells run at a time. ``cells`` holds those to run, with their rows. ``runtimes`` are
    those of earlier cells. The speed of a machine changes with its load: the pace follows the ratio
    of the last run times to those expected, and run times are learned relative to it.
    """

    def __init__(
        self,
        progress: Progress,
        workers: int,
        cells: Iterable[tuple[Cell, int]],
        runtimes: Runtimes,
    ) -> None:
        self.workers = max(1, workers)
        self._progress, self._runtimes, self._pace = progress, deepcopy(runtimes), 1.0
        self._kinds = {cell.key: (cell.estimator, rows) for cell, rows in cells}
        self._left = Counter(self._kinds.values())
        self._slowest = (0.0, "")
        self._show()

    def update(self, cell: Cell, outcome: Outcome) -> None:
        """Update the expected time after a cell."""
        kind = self._kinds[cell.key]
        self._left[kind] -= 1
        expected = self._pace * self._runtimes.expect(kind)
        if outcome.wall > 0 and 0 < expected < math.inf:
            self._pace *= (outcome.wall / expected) ** _PACE_SHARE
        self._runtimes.learn(kind, outcome.wall / self._pace)
        if outcome.wall > self._slowest[0]:
            self._slowest = (outcome.wall, f"{cell}, {duration(outcome.wall)}")
        self._show()

    def _show(self) -> None:
        seconds = seconds_left(self._left, self._runtimes, self.workers)
        self._progress.eta(self._pace * seconds, self._slowest[1])


def seconds_left(cells: Mapping[Kind, int], runtimes: Runtimes, workers: int) -> float:
    """Estimate the seconds for numbers of cells; NaN before a cell of each method has ended."""
    left = [(runtimes.expect(kind), n) for kind, n in cells.items() if n > 0]
    longest = max((seconds for seconds, _ in left), default=0.0)
    # The slowest method may be among the unknown.
    if longest == math.inf:
        return math.nan
    # The last cell may keep one worker busy alone.
    return max(longest, sum(each * n for each, n in left) / workers)
