"""The ordered registry of metrics. Boards and tables show them in this order."""

from __future__ import annotations

from benchmarks.metrics.metric import Metric
from sdscm.errors import InputError

_METRICS: dict[str, Metric] = {}


def register(metric: Metric) -> Metric:
    """Add a metric at the end; it is scored on stored predictions, nothing is fitted again.

    Raises
    ------
    InputError
        If the name is taken by another metric.
    """
    if _METRICS.get(metric.name, metric) != metric:
        raise InputError(f"the metric '{metric.name}' exists: choose another name")
    _METRICS[metric.name] = metric
    return metric


def get(name: str) -> Metric:
    """The metric of that name; an InputError lists the names if there is none."""
    try:
        return _METRICS[name]
    except KeyError:
        raise InputError(f"unknown metric '{name}': choose among {', '.join(_METRICS)}") from None


def names() -> list[str]:
    """The names of all metrics, in order."""
    return list(_METRICS)


def registered() -> list[Metric]:
    """All metrics, in order."""
    return list(_METRICS.values())
