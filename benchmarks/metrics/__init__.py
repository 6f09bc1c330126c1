"""Metrics: an ordered registry of small functions."""

from benchmarks.metrics import ate, cate, cost, ite
from benchmarks.metrics.metric import Metric
from benchmarks.metrics.registry import get, names, register, registered

__all__ = ["Metric", "ate", "cate", "cost", "get", "ite", "names", "register", "registered"]
