"""Draw the DAG of a spec."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from sdscm.display import html_picture
from sdscm.figure_style import (
    BLUE,
    INK,
    ORANGE,
    Format,
    figure_bytes,
    figure_style,
    has_matplotlib,
    in_figure_style,
    new_figure,
    require_matplotlib,
)
from sdscm.files import put_atomically

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    Place = tuple[float, float]


class Graph(Protocol):
    """What a picture shows of a `sdscm.Spec`, which stands above this module."""

    name: Any
    title: str

    @property
    def order(self) -> tuple[str, ...]: ...
    @property
    def treatment(self) -> Any: ...
    @property
    def outcome(self) -> Any: ...
    def parents(self, name: str, /) -> tuple[str, ...]: ...
    def variable(self, name: str, /) -> Any: ...


#: The formats of pictures, by suffix.
SUFFIXES: dict[str, Format] = {".svg": "svg", ".png": "png", ".pdf": "pdf"}

_PICTURE = "the picture of the graph"
_FAINT = "#8a8a8a"
# Marker, its area, and its face. Markers tell the roles apart without colour.
_MARKS = {
    "exogenous": ("o", 90, "white"),
    "covariate": ("s", 80, "#c9c9c9"),
    "instrument": ("v", 110, "#c9c9c9"),
    "mediator": ("p", 120, "#c9c9c9"),
    "proxy": ("h", 110, "#c9c9c9"),
    "treatment": ("^", 190, BLUE),
    "outcome": ("D", 130, ORANGE),
}
# All in inches.
_ROW = 0.72
_LETTER = 0.085
_MARGIN = 0.45
_REACH = 0.17  # half the width of a marker with the space around it
_BENDS = (0.0, -0.5, 0.5, -0.3, 0.3, -0.7, 0.7)


def save_graph(spec: Graph, path: Path) -> None:
    """Draw the DAG of a spec into a file, in the format of its suffix (see `SUFFIXES`).

    Equal specs give equal bytes. In an SVG the text stays text.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    """
    require_matplotlib(_PICTURE)
    with figure_style():
        put_atomically(path, figure_bytes(draw_graph(spec), SUFFIXES[path.suffix]))


def graph_html(spec: Graph) -> str:
    """The picture of the DAG for a notebook; empty if matplotlib is not installed."""
    if not has_matplotlib():
        return ""
    with figure_style():
        svg = figure_bytes(draw_graph(spec), "svg")
    return html_picture(svg, f"The graph of {spec.name}")


@in_figure_style()
def draw_graph(spec: Graph) -> Figure:
    """Draw the DAG of a spec: a row for each generation, in the order tau from left to right.

    A variable is one row below its last parent. Its shape and label show its role. The edge
    from the treatment to the outcome is thick, if it exists. Edges that would cross other variables
    are bent.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    """
    places = _places(spec)
    edges = {
        (parent, name): _bend(places, parent, name)
        for name in spec.order
        for parent in spec.parents(name)
    }
    left, right, bottom, top = _extent(places, edges)
    effect = (spec.treatment.name, spec.outcome.name)
    edge_note = "the thick edge" if effect in edges else "no edge from one to the other"
    note = f"Treatment {effect[0]}, outcome {effect[1]}: {edge_note}"
    longest = max(1.4 * len(spec.name), len(spec.title), len(note))
    right = max(right, left + _LETTER * longest)
    figure = new_figure(right - left + 2 * _MARGIN, top - bottom + 2.8 * _MARGIN)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_xlim(left - _MARGIN, right + _MARGIN)
    axes.set_ylim(bottom - 1.2 * _MARGIN, top + 1.6 * _MARGIN)
    for edge, bend in edges.items():
        _arrow(axes, places[edge[0]], places[edge[1]], bend, strong=edge == effect)
    for name, place in places.items():
        _variable(axes, name, spec.variable(name).role, place)
    for text, y, size, weight in (
        (spec.name, top + 0.9 * _MARGIN, 12, "bold"),
        (spec.title, top + 0.4 * _MARGIN, 10, "normal"),
        (note, bottom - 0.8 * _MARGIN, 9, "normal"),
    ):
        axes.text(left, y, text, size=size, weight=weight, color=INK, parse_math=False)
    return figure


def _places(spec: Graph) -> dict[str, Place]:
    """Place the marker of each variable, in inches; rows run downwards."""
    row: dict[str, int] = {}
    for name in spec.order:
        row[name] = 1 + max((row[parent] for parent in spec.parents(name)), default=-1)
    pitch = _REACH + max(map(_label_width, spec.order)) + 0.6
    places = {}
    # Between rows of several variables flat edges would run through labels.
    height = _ROW if len(set(row.values())) == len(row) else 1.6 * _ROW
    for number in range(max(row.values()) + 1):
        members = [name for name in spec.order if row[name] == number]
        for i, name in enumerate(members):
            places[name] = ((i - (len(members) - 1) / 2) * pitch, -number * height)
    return places


def _label_width(name: str) -> float:
    return _LETTER * max(len(name), len("exogenous"))


def _bend(places: dict[str, Place], parent: str, child: str) -> float:
    """Choose the first bend with which an edge meets the fewest markers and labels.

    Those of other variables count first, since an edge over them seems to join them.
    """

    def met(bend: float) -> tuple[int, int]:
        curve = _curve(places[parent], places[child], bend)
        ends = (parent, child)
        own = sum(_inside(curve, name, places[name], end=True) for name in ends)
        others = [name for name in places if name not in ends]
        return sum(_inside(curve, name, places[name], end=False) for name in others), own

    return min(_BENDS, key=met)


def _curve(begin: Place, end: Place, bend: float) -> np.ndarray:
    """Compute points of matplotlib's ``arc3``, of shape (points, 2)."""
    (x0, y0), (x1, y1) = begin, end
    control = ((x0 + x1) / 2 + bend * (y1 - y0), (y0 + y1) / 2 - bend * (x1 - x0))
    t = np.linspace(0, 1, 60)[:, None]
    return np.asarray(
        (1 - t) ** 2 * np.array(begin) + 2 * t * (1 - t) * np.array(control) + t**2 * np.array(end)
    )


def _inside(curve: np.ndarray, name: str, place: Place, end: bool) -> int:
    """Count points of a curve on the label of a variable, or on its marker unless it ends there."""
    x, y = (curve - place).T
    on = (x > -_REACH - _label_width(name)) & (x < (-_REACH if end else _REACH)) & (abs(y) < _REACH)
    return int(on.sum())


def _extent(
    places: dict[str, Place], edges: dict[tuple[str, str], float]
) -> tuple[float, float, float, float]:
    """Give left, right, bottom and top of everything drawn."""
    points = list(_boxes(places))
    for (parent, child), bend in edges.items():
        points.append(_curve(places[parent], places[child], bend))
    x, y = np.concatenate(points).T
    return float(x.min()), float(x.max()), float(y.min()), float(y.max())


def _boxes(places: dict[str, Place]) -> Iterator[np.ndarray]:
    for name, (x, y) in places.items():
        yield np.array(
            [(x - _REACH - _label_width(name), y - 2 * _REACH), (x + _REACH, y + 2 * _REACH)]
        )


def _arrow(axes: Axes, begin: Place, end: Place, bend: float, strong: bool) -> None:
    from matplotlib.patches import FancyArrowPatch

    axes.add_patch(
        FancyArrowPatch(
            begin,
            end,
            connectionstyle=f"arc3,rad={bend}",
            arrowstyle="-|>",
            mutation_scale=16 if strong else 8,
            linewidth=3 if strong else 0.8,
            color=ORANGE if strong else _FAINT,
            alpha=1 if strong else 0.75,
            shrinkA=7,
            shrinkB=math.sqrt(_MARKS["treatment"][1]) / 2 + 2,
            zorder=2 if strong else 1,
        )
    )


def _variable(axes: Axes, name: str, role: str, place: Place) -> None:
    marker, area, face = _MARKS[role]
    axes.scatter(
        *place, s=area, marker=marker, facecolor=face, edgecolor=INK, linewidth=1.2, zorder=3
    )
    x, y = place
    ground = {"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 0.5}
    for text, size, above, style in ((name, 10, 0.02, "normal"), (role, 7.5, -0.12, "italic")):
        axes.text(
            x - _REACH,
            y + above,
            text,
            fontsize=size,
            style=style,
            color=INK,
            ha="right",
            va="center",
            bbox=ground,
            zorder=4,
            parse_math=False,
        )
