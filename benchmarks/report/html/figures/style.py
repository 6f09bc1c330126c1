"""Draw panels, axes and legends of the figures of the report."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np

from sdscm.figure_style import (
    FLOOR,
    MARKERS,
    ORANGE,
    PALETTE,
    is_log,
    new_figure,
    remove_frame,
)
from sdscm.report_page.figure import NARROW, Layout

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MISS = ORANGE

_LINE = 117  # letters of a title that fit into the width of a page
_LONG = 22  # letters; two labels of this length do not fit side by side on a phone


def canvas(
    layout: Layout, rows: int, columns: int, *, panel: float, **shared: Any
) -> tuple[Figure, list[Axes]]:
    """Make a figure with ``rows`` x ``columns`` panels, each ``panel`` inches high."""
    down, across = layout.grid(rows, columns)
    if across < columns and shared.get("sharey") is True:
        shared["sharey"] = False  # panels below each other need their own labels
    figure = new_figure(layout.width, 0.55 + panel * down, layout="constrained")
    figure.set_layout_engine("constrained", h_pad=0.06, w_pad=0.06)
    axes = figure.subplots(down, across, squeeze=False, **shared)
    flat = list(axes.ravel())
    for axis in flat:
        remove_frame(axis)
    return figure, flat


def heading(axis: Axes, text: str) -> None:
    """Write the title of a panel on the left, in as many lines as the width of the panel asks."""
    figure, spec = axis.get_figure(root=True), axis.get_subplotspec()
    across = spec.get_gridspec().ncols if spec else 1
    narrow = figure.get_figwidth() <= NARROW.width  # type: ignore[union-attr]
    line = 44 if narrow else max(_LINE // across, 20)
    axis.set_title(fill(text, line), loc="left", fontweight="bold", pad=6)


def is_cut(values: np.ndarray) -> bool:
    """Return True if `scaled` omits values at the lower end."""
    return is_log(values) and bool(values.min() < FLOOR * np.median(values))


def key(figure: Figure, handles: Sequence[Any], labels: Sequence[str], layout: Layout) -> None:
    """Draw the legend above the panels."""
    most = 6
    if layout.across == 1:
        most = 1 if max(map(len, labels), default=0) > _LONG else 2
    figure.legend(
        handles,
        labels,
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
