"""Draw small figures as HTML, which fits any screen and the colours of the page."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sdscm.figure_style import is_log
from sdscm.number_format import number


@dataclass(frozen=True)
class Row:
    """Hold the values of a dot plot in one row, in per cent of the width.

    Attributes
    ----------
    label, link
        Name of the row, and its page.
    band
        Left end and width of the range of all methods; None without one.
    dots
        Number of the series, place, and text of each value.
    """

    label: str
    link: str
    band: tuple[float, float] | None
    dots: tuple[tuple[int, float, str], ...]


@dataclass(frozen=True)
class DotPlot:
    """Hold a dot plot: title, names of the series, rows, and ticks as places and texts."""

    title: str
    series: tuple[str, ...]
    rows: tuple[Row, ...]
    ticks: tuple[tuple[float, str], ...]


def dot_plot(
    title: str,
    series: Sequence[str],
    values: Mapping[str, Sequence[float]],
    ranges: Mapping[str, tuple[float, float]],
    links: Mapping[str, str],
) -> DotPlot | None:
    """Make a dot plot; None without a value.

    Parameters
    ----------
    title, series
        Title, and names of the series.
    values
        A value for each series, by the name of the row; NaN for none.
    ranges
        Smallest and largest value of all methods, by the name of the row.
    links
        Pages of rows.
    """
    known = np.array([v for row in values.values() for v in row if math.isfinite(v)])
    if not len(known):
        return None
    ends = [v for name in values for v in ranges.get(name, ()) if math.isfinite(v)]
    every = np.array([*known, *ends])
    log = is_log(every[every > 0]) and bool((every > 0).all())
    low, high = (float(every.min()), float(every.max())) if log else (0.0, float(every.max()))
    low = min(low, float(every.min()))
    high = high if high > low else low + 1

    def place(value: float) -> float:
        if log:
            return round(100 * math.log(value / low) / math.log(high / low), 2)
        return round(100 * (value - low) / (high - low), 2)

    def band(name: str) -> tuple[float, float] | None:
        first, last = ranges.get(name, (math.nan, math.nan))
        if not (math.isfinite(first) and math.isfinite(last)):
            return None
        return place(first), round(place(last) - place(first), 2)

    rows = tuple(
        Row(
            name,
            links.get(name, ""),
            band(name),
            tuple((k, place(v), number(v)) for k, v in enumerate(row) if math.isfinite(v)),
        )
        for name, row in values.items()
    )
    return DotPlot(title, tuple(series), rows, tuple(_ticks(low, high, log, place)))


def _ticks(
    low: float, high: float, log: bool, place: Callable[[float], float]
) -> Iterable[tuple[float, str]]:
    if log:
        powers = range(math.ceil(math.log10(low)), math.floor(math.log10(high)) + 1)
        return [(place(10.0**power), f"{10.0**power:g}") for power in powers]
    step = 10 ** math.floor(math.log10(high - low))
    step *= 0.5 if (high - low) / step < 3 else 1 if (high - low) / step < 6 else 2
    first = math.ceil(low / step - 1e-9)
    return [(place(k * step), f"{k * step:g}") for k in range(first, int(high / step + 1e-9) + 1)]


@dataclass(frozen=True)
class Histogram:
    """Hold a histogram: heights in per cent, with texts, the ends of the axis, and places of marks.

    Attributes
    ----------
    bars
        Height in per cent of the highest bar, and a text, for each bar.
    ends
        The smallest and the largest value.
    marks
        Place in per cent of the width, and text, of marked values.
    """

    bars: tuple[tuple[float, str], ...]
    ends: tuple[str, str]
    marks: tuple[tuple[float, str], ...]


def histogram(values: np.ndarray, marks: Mapping[str, float], bins: int = 24) -> Histogram | None:
    """Make a histogram of finite values of shape (n,); None without any."""
    values = values[np.isfinite(values)]
    if not len(values):
        return None
    counts, edges = np.histogram(values, bins)
    bars = tuple(
        (round(100 * count / counts.max(), 1), f"{number(a)} to {number(b)}: {count}")
        for count, a, b in zip(counts, edges, edges[1:], strict=False)
    )
    first, last = float(edges[0]), float(edges[-1])
    placed = tuple(
        (round(100 * (value - first) / (last - first), 2), f"{name} {number(value)}".strip())
        for name, value in marks.items()
        if first <= value <= last
    )
    return Histogram(bars, (number(first), number(last)), placed)
