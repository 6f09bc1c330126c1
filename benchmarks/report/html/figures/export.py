"""Convert figures to SVG for the page, and to PNG and PDF. Equal figures give equal bytes."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, replace

from benchmarks.report.html.figures.drawing import WIDE, Drawing, Layout
from sdscm.figure_style import Format, figure_bytes, figure_style

_DPI = 200
_FONTS = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"


@dataclass(frozen=True)
class Svg:
    """Hold a figure for a page: a data URI, and its size in pixels."""

    uri: str
    width: int
    height: int


def svg(drawing: Drawing, layout: Layout) -> Svg:
    """Draw a figure as SVG, without its title, which the page shows, in the browser's font."""
    with figure_style():
        figure = drawing.make(layout)
        figure.patch.set_alpha(0)
        for axis in figure.axes:
            axis.patch.set_alpha(0)
        text = figure_bytes(figure, "svg").decode()
        width, height = (round(96 * side) for side in figure.get_size_inches())
    encoded = base64.b64encode(_slimmed(text).encode()).decode()
    return Svg(f"data:image/svg+xml;base64,{encoded}", width, height)


def _slimmed(text: str) -> str:
    """Round coordinates to two decimals of a point, and remove the fonts."""
    text = re.sub(r"<[^>]*>", lambda tag: re.sub(r"(\d\.\d\d)\d+", r"\1", tag[0]), text)
    text = re.sub(r"font-family: [^;\"]*|(?<=px )'DejaVu Sans'[^;\"]*", "", text)
    text = re.sub(r"\n\s*", "\n", text)
    return text.replace("<svg ", f'<svg font-family="{_FONTS}" ', 1)


def files(drawing: Drawing) -> dict[str, bytes]:
    """Draw ``<name>.png`` and ``<name>.pdf``, with the title."""
    titled = replace(WIDE, title=drawing.title)
    kinds: tuple[Format, ...] = ("png", "pdf")
    with figure_style():
        return {
            f"{drawing.name}.{kind}": figure_bytes(drawing.make(titled), kind, _DPI)
            for kind in kinds
        }
