"""Write names next to points, without overlaps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.transforms import Bbox

# Offsets of a name from its point, in points, best first.
_OFFSETS = (
    *((6, 0), (-6, 0), (0, 6), (0, -6)),
    *((5, 5), (5, -5), (-5, 5), (-5, -5)),
    *((14, 11), (14, -11), (-14, 11), (-14, -11), (0, 20), (0, -20)),
    *((24, 22), (24, -22), (-24, 22), (-24, -22), (0, 34), (0, -34)),
)
_FAR = 10
_SAME = 3.0
_CLEAR = 4.0


@dataclass(frozen=True)
class Point:
    """Hold a point in data units, its name and its colour."""

    x: float
    y: float
    name: str
    colour: str


def label(
    axis: Axes, points: Sequence[Point], lines: Sequence[tuple[float, float]] = ()
) -> list[str]:
    """Write names next to points, in this order, if there is space inside the panel.

    Parameters
    ----------
    lines
        Corners, in data units, of a line of horizontal and vertical steps. Names do not cross it.

    Returns
    -------
    The names that were written; there was no space for the others.
    """
    from matplotlib.text import Text
    from matplotlib.transforms import Bbox

    figure = axis.get_figure(root=True)
    assert figure is not None
    if figure.get_layout_engine() is not None:  # the layout of another panel is that of all panels
        figure.draw_without_rendering()
        figure.set_layout_engine(None)
    unit = figure.dpi / 72
    frame = axis.get_window_extent()
    spots = axis.transData.transform([(point.x, point.y) for point in points])
    reach = _CLEAR * unit
    taken = [Bbox([[x - reach, y - reach], [x + reach, y + reach]]) for x, y in spots]
    corners = axis.transData.transform(np.reshape(lines, (-1, 2)))
    steps = [
        Bbox([(a + b) / 2 - abs(a - b) / 2 - unit, (a + b) / 2 + abs(a - b) / 2 + unit])
        for a, b in pairwise(corners)
    ]
    written = []
    for number, point in enumerate(points):
        others = [*(box for i, box in enumerate(taken) if i != number), *steps]
        leader = {"arrowstyle": "-", "color": point.colour, "linewidth": 0.6, "shrinkB": 3}
        for x, y in _OFFSETS:
            far = max(abs(x), abs(y)) > _FAR
            text = axis.annotate(
                point.name,
                (point.x, point.y),
                xytext=(x, y),
                textcoords="offset points",
                ha="left" if x > 0 else "right" if x < 0 else "center",
                va="bottom" if y > 0 else "top" if y < 0 else "center",
                fontsize=8,
                color=point.colour,
                arrowprops=leader if far else None,
            )
            # Sets the position of the text; the box that it returns contains the line as well.
            text.get_window_extent()
            box = Text.get_window_extent(text)
            needed = [box, *(_line(spots[number], box, unit) if far else ())]
            inside = frame.contains(*box.p0) and frame.contains(*box.p1)
            free = not any(mine.overlaps(other) for mine in needed for other in others)
            if free and inside and (far or _nearest(number, spots, box, unit)):
                taken += needed
                written.append(point.name)
                break
            text.remove()
    return written


def _nearest(number: int, spots: np.ndarray, box: Bbox, unit: float) -> bool:
    """Return True if a name is clearly nearer to its point than to other points."""
    gaps = np.maximum(np.maximum(box.p0 - spots, spots - box.p1), 0)
    distances = np.hypot(*gaps.T)
    elsewhere = np.hypot(*(spots - spots[number]).T) > _SAME * unit
    return bool((distances[elsewhere] >= 1.5 * distances[number]).all())


def _line(spot: np.ndarray, box: Bbox, unit: float) -> list[Bbox]:
    """Make small boxes along the line from a point to the middle of a name."""
    from matplotlib.transforms import Bbox

    middle = (box.p0 + box.p1) / 2
    along = np.linspace(0, 1, 25)[:, None]
    places = spot + along * (middle - spot)
    return [Bbox([place - unit, place + unit]) for place in places if not box.contains(*place)]
