"""Parts that several figures of an audit have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sdscm.audit.finding import Finding
from sdscm.audit.report import words
from sdscm.figure_style import BAND, GRID, INK, new_figure, remove_frame
from sdscm.report_page import Layout

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def blank(height: float, layout: Layout) -> Figure:
    """Make an empty figure of the usual width, or of a phone's width."""
    return new_figure(layout.width if layout.across == 1 else 9.0, height)


def plain(axes: Axes, found: Finding) -> None:
    """Remove the frame, draw a line at 0, and shade the effects that are too small to matter."""
    remove_frame(axes)
    axes.grid(axis="x", color=GRID, linewidth=0.6)
    axes.axvline(0, color=INK, linewidth=0.9, zorder=1.5)
    smallest = found.tests.smallest if found.tests else None
    if smallest is not None:
        axes.axvspan(-smallest, smallest, color=BAND, zorder=0)


def mean_with_interval(found: Finding, without: str = "") -> str:
    """Format the mean with its interval, or with the text ``without`` if it has none."""
    mean, interval = words.effect(found.mean), found.interval
    if interval is None:
        return mean + without
    return f"{mean} [{words.effect(interval.low)}, {words.effect(interval.high)}]"
