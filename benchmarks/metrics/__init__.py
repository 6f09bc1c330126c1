"""Metrics: an ordered registry of small functions."""

from benchmarks.metrics import ate, cate, cost, ite  # registered, and shown, in this order
from benchmarks.metrics.metric import Metric, PooledMetric
from benchmarks.metrics.registry import find, get, names, pooled, register, registered, temporarily

__all__ = [
    "Metric",
    "PooledMetric",
    "ate",
    "cate",
    "cost",
    "find",
    "get",
    "ite",
    "names",
    "pooled",
    "register",
    "registered",
    "temporarily",
]
