"""Score predictions: an ordered registry of small functions, one file for each estimand.

Every module of this folder is imported, in the order of its name, so that a file with a metric is
all that a new metric takes.
"""

import pkgutil
from importlib import import_module

from benchmarks.metrics.definition import Metric, PooledMetric
from benchmarks.metrics.registry import (
    find,
    get,
    metric,
    names,
    pooled,
    pooled_metric,
    register,
    registered,
    temporarily,
)


def _import_modules() -> None:
    for module in sorted(found.name for found in pkgutil.iter_modules(__path__)):
        import_module(f"{__name__}.{module}")


_import_modules()

__all__ = [
    "Metric",
    "PooledMetric",
    "find",
    "get",
    "metric",
    "names",
    "pooled",
    "pooled_metric",
    "register",
    "registered",
    "temporarily",
]
