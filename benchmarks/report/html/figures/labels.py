"""Write names next to points, without overlaps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

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
    figure = axis.get_figure(root=True)
    assert figure is not None
    if figure.get_layout_engine() is not None:  # the layout of another panel is that of all panels
        figure.draw_without_rendering()
        figure.set_layout_engine(None)
    unit = figure.dpi / 72
    frame = axis.get_window_extent().extents
    spots = axis.transData.transform([(point.x, point.y) for point in points])
    reach = _CLEAR * unit
    taken = [np.array([x - reach, y - reach, x + reach, y + reach]) for x, y in spots]
    corners = axis.transData.transform(np.reshape(lines, (-1, 2)))
    steps = [
        np.array([*(np.minimum(a, b) - unit), *(np.maximum(a, b) + unit)])
        for a, b in pairwise(corners)
    ]
    written = []
    for number, (point, spot) in enumerate(zip(points, spots, strict=True)):
        others = np.array([*taken[:number], *taken[number + 1 :], *steps]).reshape(-1, 4)
        # Only the size of a text takes time, and it is the same at each offset.
        text = axis.annotate(point.name, (point.x, point.y), fontsize=8)
        size = np.array(text.get_window_extent().size)
        text.remove()
        for x, y in _OFFSETS:
            far = max(abs(x), abs(y)) > _FAR
            corner = spot + unit * np.array((x, y)) - size * (1 - np.sign((x, y))) / 2
            box = np.array([*corner, *np.add(corner, size)])
            needed = [box, *(_line(spot, box, unit) if far else ())]
            inside = (box[:2] > frame[:2]).all() and (box[2:] < frame[2:]).all()
            if (
                inside
                and (far or _nearest(number, spots, box, unit))
                and not any(_overlaps(mine, others) for mine in needed)
            ):
                _write(axis, point, (x, y), far)
                taken += needed
                written.append(point.name)
                break
    return written


def _write(axis: Axes, point: Point, offset: tuple[int, int], far: bool) -> None:
    """Write a name at an offset from its point, with a line from one to the other if it is far."""
    x, y = offset
    leader = {"arrowstyle": "-", "color": point.colour, "linewidth": 0.6, "shrinkB": 3}
    axis.annotate(
        point.name,
        (point.x, point.y),
        xytext=offset,
        textcoords="offset points",
        ha="left" if x > 0 else "right" if x < 0 else "center",
        va="bottom" if y > 0 else "top" if y < 0 else "center",
        fontsize=8,
        color=point.colour,
        arrowprops=leader if far else None,
    )


def _overlaps(box: np.ndarray, others: np.ndarray) -> bool:
    """Return True if a box (left, bottom, right, top) meets one of others, an array (k, 4)."""
    return bool(((box[:2] <= others[:, 2:]) & (others[:, :2] <= box[2:])).all(axis=1).any())


def _nearest(number: int, spots: np.ndarray, box: np.ndarray, unit: float) -> bool:
    """Return True if a name is clearly nearer to its point than to other points."""
    gaps = np.maximum(np.maximum(box[:2] - spots, spots - box[2:]), 0)
    distances = np.hypot(*gaps.T)
    elsewhere = np.hypot(*(spots - spots[number]).T) > _SAME * unit
    return bool((distances[elsewhere] >= 1.5 * distances[number]).all())


def _line(spot: np.ndarray, box: np.ndarray, unit: float) -> list[np.ndarray]:
    """Make small boxes along the line from a point to the middle of a name."""
    middle = (box[:2] + box[2:]) / 2
    places = spot + np.linspace(0, 1, 25)[:, None] * (middle - spot)
    outside = (places < box[:2]) | (places > box[2:])
    return [np.array([*(p - unit), *(p + unit)]) for p in places[outside.any(axis=1)]]
