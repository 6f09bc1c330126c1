"""Draw panels, axes and legends of the figures of the report."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np

from sdscm.figure_style import MARKERS, ORANGE, PALETTE, new_figure, remove_frame
from sdscm.report_page.figure import NARROW, Layout

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

MISS = ORANGE

#: Share of the median below which a logarithmic axis is cut off.
FLOOR = 3e-3

_RATIO_FOR_LOG = 30.0
_LONG = 22  # letters; two labels of this length do not fit side by side on a phone


def canvas(
    layout: Layout, rows: int, columns: int, *, panel: float, **shared: Any
) -> tuple[Figure, list[Axes]]:
    """Make a figure with ``rows`` x ``columns`` panels, each ``panel`` inches high."""
    down, across = layout.grid(rows, columns)
    if across < columns and shared.get("sharey") is True:
        shared["sharey"] = False  # panels below each other need their own labels
    height = 0.55 + 0.3 * bool(layout.title) + panel * down
    figure = new_figure(layout.width, height, layout="constrained")
    figure.set_layout_engine("constrained", h_pad=0.06, w_pad=0.06)
    axes = figure.subplots(down, across, squeeze=False, **shared)
    flat = list(axes.ravel())
    for axis in flat:
        remove_frame(axis)
    return figure, flat


def heading(axis: Axes, text: str) -> None:
    """Write the title of a panel on the left, in several lines if the figure is narrow."""
    narrow = axis.get_figure(root=True).get_figwidth() <= NARROW.width  # type: ignore[union-attr]
    axis.set_title(fill(text, 44) if narrow else text, loc="left", fontweight="bold", pad=6)


def scaled(axis: Axis, values: np.ndarray, *, floor: float | None = FLOOR) -> None:
    """Scale an axis: logarithmic if values span more than a factor of 30, else linear from 0.

    A logarithmic axis omits zeros and values below ``floor`` times the median, so that one very
    small value does not use half of the panel.
    """
    from matplotlib.axis import XAxis
    from matplotlib.ticker import LogLocator, NullLocator

    horizontal = isinstance(axis, XAxis)
    set_limits = axis.axes.set_xlim if horizontal else axis.axes.set_ylim
    set_scale = axis.axes.set_xscale if horizontal else axis.axes.set_yscale
    if is_log(values):
        low, high = float(values[values > 0].min()), float(values.max())
        if floor is not None:
            low = max(low, floor * float(np.median(values)))
        set_scale("log")
        set_limits(low / 1.25, high * 1.25)
        tight = np.log10(high / low) < 1.5
        axis.set_major_locator(LogLocator(subs=(1, 3) if tight else (1,)))
        axis.set_minor_locator(NullLocator())
        axis.set_major_formatter(lambda value, _: f"{value:g}")
    elif len(values):
        set_limits(min(0.0, float(values.min()) * 1.08), max(float(values.max()) * 1.08, 1e-9))


def is_cut(values: np.ndarray) -> bool:
    """Return True if `scaled` omits values at the lower end."""
    return is_log(values) and bool(values.min() < FLOOR * np.median(values))


def is_log(values: np.ndarray) -> bool:
    """Return True if `scaled` makes the axis logarithmic."""
    positive = values[values > 0]
    if not len(positive) or values.min() < 0 or 2 * len(positive) < len(values):
        return False
    return bool(positive.max() / positive.min() > _RATIO_FOR_LOG)


def key(figure: Figure, handles: Sequence[Any], labels: Sequence[str], layout: Layout) -> None:
    """Draw the legend above the panels, and the figure's title, if any, above the legend."""
    most = 6
    if layout.across == 1:
        most = 1 if max(map(len, labels), default=0) > _LONG else 2
    figure.legend(
        handles,
        labels,
        title=layout.title or None,
        title_fontproperties={"size": 12, "weight": "bold"},
        alignment="left",
        loc="outside upper left",
        ncols=min(len(labels), most),
        frameon=False,
        borderpad=0.1,
        handletextpad=0.4,
        columnspacing=1.4,
    )


def family_styles(families: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Assign a colour and a marker to each family; no two families share both."""
    return {
        family: (PALETTE[i % len(PALETTE)], MARKERS[i % len(MARKERS)])
        for i, family in enumerate(dict.fromkeys(families))
    }
