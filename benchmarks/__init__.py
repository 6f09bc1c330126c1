"""The harness: suites, the runner, metrics, leaderboards and reports.

>>> import benchmarks
>>> benchmarks.run("quick").boards[0].table  # doctest: +SKIP
"""

from benchmarks import metrics
from benchmarks.boards.board import Board
from benchmarks.boards.comparison import Comparison, compare
from benchmarks.boards.result import Result
from benchmarks.experiment import Interrupted, leaderboard, run
from benchmarks.metrics import Metric
from benchmarks.progress import Progress, RichProgress
from benchmarks.storage.manifest import folder_of
from benchmarks.suite.model import EstimatorEntry, Suite, load_suite, shipped_suites

__all__ = [
    "run",
    "leaderboard",
    "compare",
    "folder_of",
    "load_suite",
    "shipped_suites",
    "Suite",
    "EstimatorEntry",
    "Result",
    "Board",
    "Comparison",
    "Metric",
    "metrics",
    "Progress",
    "RichProgress",
    "Interrupted",
]
