"""Words and numbers that several parts of the page share."""

from __future__ import annotations

import math

from benchmarks.metrics import Metric, PooledMetric
from benchmarks.report.html.view import Cell, First
from sdscm.number_format import NONE, number

SETTINGS = {
    "all": "all covariates seen",
    "hidden": "exogenous covariates hidden",
}


def setting_words(setting: str) -> str:
    """What a setting means, for the labels of figures."""
    return SETTINGS.get(setting, setting)


def first_direction(metric: Metric | PooledMetric) -> First:
    """The direction that puts the best on top."""
    return "descending" if metric.better == "higher" else "ascending"


def numeric(value: float, text: str | None = None, detail: str = "", best: bool = False) -> Cell:
    """A number; NaN is a dash that sorts last."""
    if math.isnan(value):
        return Cell(NONE)
    return Cell(number(value) if text is None else text, f"{value:.9g}", detail, best)


def words(text: str) -> Cell:
    """A word that sorts as it reads."""
    return Cell(text, text.casefold())
