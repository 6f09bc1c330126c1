"""The ordered registry of metrics. Boards and tables show them in this order."""

from __future__ import annotations

from benchmarks.metrics.metric import Metric, PooledMetric
from sdscm.errors import InputError

_METRICS: dict[str, Metric | PooledMetric] = {}


def register(metric: Metric | PooledMetric) -> None:
    """Add a metric at the end; it is scored on stored predictions, nothing is fitted again.

    Raises
    ------
    InputError
        If the name is taken by another metric.
    """
    if _METRICS.get(metric.name, metric) != metric:
        raise InputError(f"the metric '{metric.name}' exists: choose another name")
    _METRICS[metric.name] = metric


def find(name: str) -> Metric | PooledMetric:
    """The metric of that name; an InputError lists the names if there is none."""
    try:
        return _METRICS[name]
    except KeyError:
        raise InputError(f"unknown metric '{name}': choose among {', '.join(_METRICS)}") from None


def get(name: str) -> Metric:
    """The metric of that name, which scores a cell.

    Raises
    ------
    InputError
        If there is none, or it scores all datasets together.
    """
    metric = find(name)
    if isinstance(metric, PooledMetric):
        raise InputError(
            f"'{name}' is one number for all datasets; choose a metric that scores each"
        )
    return metric


def names() -> list[str]:
    """The names of all metrics, in order."""
    return list(_METRICS)


def registered() -> list[Metric]:
    """The metrics that score a cell, in order."""
    return [metric for metric in _METRICS.values() if isinstance(metric, Metric)]


def pooled() -> list[PooledMetric]:
    """The metrics that score all datasets of a board together, in order."""
    return [metric for metric in _METRICS.values() if isinstance(metric, PooledMetric)]
