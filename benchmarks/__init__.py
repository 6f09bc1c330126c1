"""The harness: suites, the runner, metrics, leaderboards and reports.

>>> import benchmarks
>>> benchmarks.run("quick").boards[0].table  # doctest: +SKIP
"""

from benchmarks import metrics
from benchmarks.comparison import Comparison, compare
from benchmarks.experiment import Interrupted, Result, folder_of, leaderboard, run
from benchmarks.leaderboard import Board
from benchmarks.metrics import Metric
from benchmarks.progress import Progress, RichProgress
from benchmarks.suite import EstimatorEntry, Suite, load_suite, shipped_suites

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
