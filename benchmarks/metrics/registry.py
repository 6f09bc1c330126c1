"""Register metrics, in order. Boards and tables show them in this order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib import metadata
from typing import Any, TypeVar

from benchmarks.metrics.definition import Metric, PooledMetric
from estimators.plugins import note_other
from sdscm.errors import InputError

#: Group of entry points, which name modules that register metrics.
ENTRY_POINT_GROUP = "sdscm.metrics"


class UnknownMetricError(InputError):
    """No metric of this name is registered."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        super().__init__(f"unknown metric '{name}': choose among {', '.join(known)}")
        self.name = name


_METRICS: dict[str, Metric | PooledMetric] = {}

_Function = TypeVar("_Function", bound=Callable[..., Any])


def register(metric: Metric | PooledMetric) -> None:
    """Add a metric at the end. It scores stored predictions; no estimator is fitted again.

    Raises
    ------
    InputError
        If another metric has the name, or the object is not a metric.

    Examples
    --------
    >>> metric = benchmarks.metrics.get("pehe")
    >>> benchmarks.metrics.register(metric)
    """
    if not isinstance(metric, Metric | PooledMetric):
        raise InputError(f"{metric!r} is not a metric: register a Metric or a PooledMetric")
    # In a database, names of columns that differ only in case are the same.
    alike = next((name for name in _METRICS if name.lower() == metric.name.lower()), metric.name)
    if _METRICS.get(alike, metric) != metric:
        raise InputError(f"the metric '{alike}' exists: choose another name")
    _METRICS[metric.name] = metric
    note_other(metric.name)


@contextmanager
def temporarily(*metrics: Metric | PooledMetric) -> Iterator[None]:
    """Register metrics for the duration of the block.

    Examples
    --------
    >>> from dataclasses import replace
    >>> mine = replace(benchmarks.metrics.get("pehe"), name="pehe_of_mine")
    >>> with benchmarks.metrics.temporarily(mine):
    ...     print("pehe_of_mine" in benchmarks.metrics.names())
    True
    >>> "pehe_of_mine" in benchmarks.metrics.names()
    False
    """
    load_installed(ENTRY_POINT_GROUP)
    before = dict(_METRICS)
    try:
        for metric in metrics:
            register(metric)
        yield
    finally:
        _METRICS.clear()
        _METRICS.update(before)


def metric(*words: Any, **fields: Any) -> Callable[[_Function], _Function]:
    """Decorate a function as a `Metric` with these fields, and register it.

    Examples
    --------
    >>> @benchmarks.metrics.metric(
    ...     "my_ate_error", "My |ATE error|", "ATE", "SATE", "lower", needs=("ate",), source=""
    ... )
    ... def my_ate_error(prediction, truth):
    ...     return abs(prediction.ate - truth.sate)
    >>> benchmarks.metrics.get("my_ate_error").title
    'My |ATE error|'
    """
    return _registering(Metric, words, fields)


def pooled_metric(*words: Any, **fields: Any) -> Callable[[_Function], _Function]:
    """Decorate a function as a `PooledMetric` with these fields, and register it.

    Examples
    --------
    >>> benchmarks.metrics.pooled()[0].name
    'ate_rmse'
    """
    return _registering(PooledMetric, words, fields)


def _registering(
    kind: type[Metric] | type[PooledMetric], words: tuple[Any, ...], fields: dict[str, Any]
) -> Callable[[_Function], _Function]:
    def decorate(function: _Function) -> _Function:
        register(kind(*words, **{**fields, "function": function}))
        return function

    return decorate


@cache
def load_installed(group: str) -> None:
    """Import the modules that installed packages name in a group of entry points, once.

    Raises
    ------
    InputError
        If one cannot be imported.
    """
    for point in metadata.entry_points(group=group):
        try:
            point.load()
        except Exception as error:
            package = f" of {point.dist.name}" if point.dist is not None else ""
            why = " ".join(f"{type(error).__name__}: {error}".split())
            what = group.partition(".")[2]
            raise InputError(
                f"the {what} '{point.name}'{package} cannot be loaded ({why}); mend or "
                "uninstall the package"
            ) from error


def find(name: str) -> Metric | PooledMetric:
    """Return the metric with this name; raise UnknownMetricError if none has it.

    Examples
    --------
    >>> benchmarks.metrics.find("pehe_sd").group
    'CATE'
    """
    load_installed(ENTRY_POINT_GROUP)
    if not isinstance(name, str) or name not in _METRICS:
        raise UnknownMetricError(" ".join(str(name).split()), _METRICS)
    return _METRICS[name]


def get(name: str) -> Metric:
    """Return the metric of one dataset with this name.

    Raises
    ------
    InputError
        If no metric has the name, or the metric scores all datasets together.

    Examples
    --------
    >>> benchmarks.metrics.get("pehe_sd").group
    'CATE'
    """
    metric = find(name)
    if isinstance(metric, PooledMetric):
        raise InputError(
            f"'{name}' is one number for all datasets; choose a metric that scores each"
        )
    return metric


def names() -> list[str]:
    """List the names of all metrics, in order.

    Examples
    --------
    >>> benchmarks.metrics.names()[:3]
    ['ate_error', 'ate_error_sd', 'ate_abs_error']
    """
    load_installed(ENTRY_POINT_GROUP)
    return list(_METRICS)


def registered() -> list[Metric]:
    """List the metrics of one dataset, in order.

    Examples
    --------
    >>> [metric.name for metric in benchmarks.metrics.registered()][:2]
    ['ate_error', 'ate_error_sd']
    """
    load_installed(ENTRY_POINT_GROUP)
    return [metric for metric in _METRICS.values() if isinstance(metric, Metric)]


def pooled() -> list[PooledMetric]:
    """List the metrics of all datasets together, in order.

    Examples
    --------
    >>> [metric.name for metric in benchmarks.metrics.pooled()][:2]
    ['ate_rmse', 'ate_rmse_sd']
    """
    load_installed(ENTRY_POINT_GROUP)
    return [metric for metric in _METRICS.values() if isinstance(metric, PooledMetric)]
