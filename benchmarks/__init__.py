"""Suites, runs, metrics, leaderboards and reports.

The examples of this package use a suite that runs in a second, without a language model:

>>> import benchmarks
>>> suite = benchmarks.Suite.model_validate(
...     {
...         "name": "tiny",
...         "datasets": [{"scenario": "headache", "lm": "tabular:0", "n": 100}],
...         "estimators": ["DiffInMeans", "LinReg"],
...         "settings": ["all"],
...         "holdout": 0,
...     }
... )

Each name is imported when it is first used (PEP 562): ``sdscm --help`` needs none of them.
"""

from importlib import import_module
from importlib.util import find_spec
from os.path import basename, dirname, join, realpath, sep
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchmarks import arms, discovery, mediation, metrics, selection
    from benchmarks.boards.board import Board
    from benchmarks.boards.comparison import Comparison, compare
    from benchmarks.boards.result import Result
    from benchmarks.experiment import Interrupted, leaderboard, run
    from benchmarks.metrics import Metric
    from benchmarks.progress import Progress, RichProgress
    from benchmarks.selection.run import Selection, select
    from benchmarks.storage.manifest import folder_of
    from benchmarks.suite.entries import EstimatorEntry
    from benchmarks.suite.loading import load_suite, shipped_suites
    from benchmarks.suite.model import Suite

__all__ = [
    "run",
    "leaderboard",
    "compare",
    "select",
    "folder_of",
    "load_suite",
    "shipped_suites",
    "Suite",
    "EstimatorEntry",
    "Result",
    "Board",
    "Comparison",
    "Selection",
    "Metric",
    "metrics",
    "arms",
    "discovery",
    "mediation",
    "selection",
    "Progress",
    "RichProgress",
    "Interrupted",
]

#: The modules that define the names above.
_MODULES = {
    "boards.board": ["Board"],
    "boards.comparison": ["Comparison", "compare"],
    "boards.result": ["Result"],
    "experiment": ["Interrupted", "leaderboard", "run"],
    "metrics": ["Metric"],
    "progress": ["Progress", "RichProgress"],
    "selection.run": ["Selection", "select"],
    "storage.manifest": ["folder_of"],
    "suite.entries": ["EstimatorEntry"],
    "suite.loading": ["load_suite", "shipped_suites"],
    "suite.model": ["Suite"],
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}


def check_neighbours() -> None:
    """Raise ImportError if a folder or file of the user hides one of the other two packages."""
    for package in ("sdscm", "estimators"):
        found = find_spec(package)
        ours = join(dirname(dirname(realpath(__file__))), package, basename(__file__))
        # A folder without __init__.py hides nothing: it has no origin.
        if found and found.origin and realpath(found.origin) != ours:
            hiding = found.origin.removesuffix(f"{sep}__init__.py")
            raise ImportError(f"{hiding} hides the package '{package}' of sdscm: rename it")


def __getattr__(name: str) -> Any:
    if name in __all__:
        check_neighbours()
    if name in ("metrics", "arms", "discovery", "mediation", "selection"):
        return import_module(f"benchmarks.{name}")
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return __all__
