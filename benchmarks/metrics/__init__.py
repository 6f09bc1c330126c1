"""Score predictions with metrics: small functions in an ordered registry, one file per estimand.

All modules of this folder are imported, in the order of their names. To add a metric, add a file.
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
