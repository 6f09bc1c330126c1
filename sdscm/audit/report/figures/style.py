"""Style of the figures, and their conversion to SVG and PNG."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from sdscm.audit.report.view import Picture
from sdscm.figure_style import GRID, INK, figure_bytes, figure_style, new_figure, remove_frame

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text

BAND = "#efece3"
UP, DOWN = "#0b5a73", "#b4441c"
# After Okabe and Ito, darkened for white paper; the markers tell models apart without colour.
MODELS = (
    ("#0b5a73", "o"),
    ("#b4441c", "D"),
    ("#00795c", "s"),
    ("#a6478a", "^"),
    ("#8a6d00", "v"),
    ("#22262b", "P"),
)
WIDTH = 9.0  # inches
_DPI = 110


audit_style = partial(figure_style, ytick_color=INK, text_parse_math=False)


def blank(height: float) -> Figure:
    """Make an empty figure of the usual width."""
    return new_figure(WIDTH, height)


def plain(axes: Axes) -> None:
    """Remove frame and tick marks, and draw a vertical line at 0."""
    remove_frame(axes)
    axes.grid(axis="x", color=GRID, linewidth=0.6)
    axes.axvline(0, color=INK, linewidth=0.9, zorder=1.5)


def fit(text: Text, most: float, sizes: Sequence[float]) -> None:
    """Fit a text into ``most`` inches: choose the first size that fits, else shorten the text."""
    figure = text.get_figure(root=True)
    assert figure is not None

    def fits() -> bool:
        return float(text.get_window_extent().width) <= most * figure.dpi

    for size in sizes:
        text.set_fontsize(size)
        if fits():
            return
    while not fits():
        text.set_text(f"{text.get_text()[:-2]}…")


def band(axes: Axes, smallest: float | None) -> None:
    """Shade the effects that are too small to matter."""
    if smallest is not None:
        axes.axvspan(-smallest, smallest, color=BAND, zorder=0)


def picture(figure: Figure, name: str, title: str, reading: str, alt: str) -> Picture:
    """Convert a figure to SVG and PNG; equal figures give equal bytes."""
    svg, png = figure_bytes(figure, "svg"), _small(figure_bytes(figure, "png", _DPI))
    # A data URI must not contain the XML declaration and the document type.
    svg = re.sub(rb"^.*?(?=<svg)", b"", svg, flags=re.DOTALL)
    width, height = (round(96 * float(side)) for side in figure.get_size_inches())
    return Picture(name, title, reading, alt, svg, png, width, height)


def _small(raster: bytes) -> bytes:
    """Reduce a PNG to 64 colours, which is a third of its size."""
    from PIL import Image

    with io.BytesIO() as small:
        Image.open(io.BytesIO(raster)).convert("RGB").quantize(64).save(
            small, format="png", optimize=True
        )
        return small.getvalue()
