"""Expected time to the end of a run, and its slowest cell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from benchmarks.execution.cells import Cell
from benchmarks.execution.runtimes import Kind, Runtimes
from benchmarks.interface import Outcome
from benchmarks.progress import Progress, duration


class Eta:
    """Report the expected time to a `Progress` after each cell.

    Parameters
    ----------
    progress
    workers
        Number of cells that run at a time.
    """

    def __init__(self, progress: Progress, workers: int) -> None:
        self.workers = max(1, workers)
        self._progress = progress
        self._slowest: tuple[float, str] = (0.0, "")
        self._left: Counter[Kind] = Counter()
        self._rows: dict[str, int] = {}
        self._runtimes = Runtimes()

    def expect(self, cells: Sequence[tuple[Cell, int]], runtimes: Runtimes) -> None:
        """Set the cells to run, with their rows; the run goes on updating ``runtimes``."""
        self._rows = {cell.key: rows for cell, rows in cells}
        self._left = Counter((cell.estimator, rows) for cell, rows in cells)
        self._runtimes = runtimes

    def update(self, cell: Cell, outcome: Outcome) -> None:
        """Update the expected time after a cell."""
        if cell.key in self._rows:
            self._left[cell.estimator, self._rows[cell.key]] -= 1
        if outcome.wall > self._slowest[0]:
            self._slowest = (outcome.wall, f"{cell}, {duration(outcome.wall)}")
        seconds = self._runtimes.total((k, n) for k, n in self._left.items() if n > 0)
        self._progress.eta(seconds / self.workers, self._slowest[1])
