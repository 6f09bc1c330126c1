"""How long cells take, learnt from those that have ended."""

from __future__ import annotations

import math
from bisect import insort
from collections import defaultdict
from collections.abc import Iterable

#: What decides the cost of a cell: the estimator's label, and the rows that it is fitted on.
Kind = tuple[str, int]


class Runtimes:
    """Expected seconds of cells.

    The median of the ended cells of the same estimator and size; of another size, in proportion to
    the rows. An estimator of which nothing is known counts as endless, so that one of its cells
    runs early and the rest can be ordered.
    """

    def __init__(self) -> None:
        self._seconds: dict[Kind, list[float]] = defaultdict(list)  # sorted: asked at every cell
        self._sizes: dict[str, set[int]] = defaultdict(set)

    def learn(self, kind: Kind, seconds: float) -> None:
        """Take in what a cell took; NaN says nothing."""
        if math.isnan(seconds):
            return
        insort(self._seconds[kind], seconds)
        self._sizes[kind[0]].add(kind[1])

    def expect(self, kind: Kind) -> float:
        """Seconds that a cell will take, or infinity."""
        label, rows = kind
        if kind in self._seconds:
            return _middle(self._seconds[kind])
        sizes = self._sizes.get(label)
        if not sizes:
            return math.inf
        near = min(sizes, key=lambda size: abs(size - rows))
        return _middle(self._seconds[label, near]) * rows / near

    def total(self, kinds: Iterable[tuple[Kind, int]]) -> float:
        """Seconds for so many cells of each kind; unknown ones count as the mean of the others."""
        expected = [(self.expect(kind), count) for kind, count in kinds]
        known = [(seconds, count) for seconds, count in expected if seconds < math.inf]
        cells = sum(count for _, count in known)
        seconds = sum(each * count for each, count in known)
        if not cells:
            return math.nan if expected else 0.0
        return seconds / cells * sum(count for _, count in expected)


def _middle(ordered: list[float]) -> float:
    """Median of sorted numbers; the upper one of two."""
    return ordered[len(ordered) // 2]
