"""Names beside points, none over another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.transforms import Bbox

# Places around a point, the preferred first: offset in points, and alignment.
_PLACES = (
    ((6, 0), "left", "center"),
    ((-6, 0), "right", "center"),
    ((0, 6), "center", "bottom"),
    ((0, -6), "center", "top"),
    ((5, 5), "left", "bottom"),
    ((5, -5), "left", "top"),
    ((-5, 5), "right", "bottom"),
    ((-5, -5), "right", "top"),
    ((14, 11), "left", "bottom"),
    ((14, -11), "left", "top"),
    ((-14, 11), "right", "bottom"),
    ((-14, -11), "right", "top"),
)
_CLEAR = 4.0


@dataclass(frozen=True)
class Point:
    """A point in data units, its name and its colour."""

    x: float
    y: float
    name: str
    colour: str


def label(axis: Axes, points: Sequence[Point]) -> list[str]:
    """Write names beside points, in this order, wherever there is room inside the panel.

    Returns
    -------
    The names that are written; the others found no free place.
    """
    from matplotlib.transforms import Bbox

    figure = axis.get_figure(root=True)
    assert figure is not None
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    unit = figure.dpi / 72
    frame = axis.get_window_extent()
    spots = axis.transData.transform([(point.x, point.y) for point in points])
    reach = _CLEAR * unit
    taken = [Bbox([[x - reach, y - reach], [x + reach, y + reach]]) for x, y in spots]
    written = []
    for number, point in enumerate(points):
        others = [box for i, box in enumerate(taken) if i != number]
        for offset, horizontal, vertical in _PLACES:
            text = axis.annotate(
                point.name,
                (point.x, point.y),
                xytext=offset,
                textcoords="offset points",
                ha=horizontal,
                va=vertical,
                fontsize=8,
                color=point.colour,
            )
            box = text.get_window_extent()
            if _inside(box, frame) and not any(box.overlaps(other) for other in others):
                taken.append(box)
                written.append(point.name)
                break
            text.remove()
    return written


def _inside(box: Bbox, frame: Bbox) -> bool:
    return bool(
        frame.x0 <= box.x0 and box.x1 <= frame.x1 and frame.y0 <= box.y0 and box.y1 <= frame.y1
    )
