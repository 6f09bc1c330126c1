"""Estimate the run times of cells from cells that have ended."""

from __future__ import annotations

import math
from bisect import insort
from collections import defaultdict
from collections.abc import Iterable

#: Kind of a cell, on which its run time depends: label of the method, and rows of the fit.
Kind = tuple[str, int]


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
