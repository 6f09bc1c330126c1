"""Style of the figures, and their conversion to SVG and PNG."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sdscm.audit.report.view import Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text

INK, MUTED, GRID, BAND = "#22262b", "#5a616b", "#d9d9d6", "#efece3"
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


@contextmanager
def house_style() -> Iterator[None]:
    """Set the style of the report, independent of the user's matplotlib settings."""
    import matplotlib

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(
            {
                "font.size": 9,
                "axes.labelsize": 9,
                "xtick.labelsize": 8.5,
                "ytick.labelsize": 8.5,
                "legend.fontsize": 9,
                "text.color": INK,
                "axes.labelcolor": MUTED,
                "axes.edgecolor": GRID,
                "xtick.color": MUTED,
                "ytick.color": INK,
                "axes.axisbelow": True,
                "axes.unicode_minus": True,
                "text.parse_math": False,
                "svg.fonttype": "none",
                "svg.hashsalt": "sdscm",
            }
        )
        yield


def blank(height: float) -> Figure:
    """Make an empty figure of the usual width."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, height))
    FigureCanvasAgg(figure)
    return figure


def plain(axes: Axes) -> None:
    """Remove frame and tick marks, and draw a vertical line at 0."""
    axes.tick_params(length=0)
    for side in ("top", "right", "left", "bottom"):
        axes.spines[side].set_visible(False)
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
    with io.BytesIO() as vector, io.BytesIO() as raster:
        figure.savefig(vector, format="svg", metadata={"Date": None, "Creator": None})
        figure.savefig(raster, format="png", dpi=_DPI, metadata={"Software": None})
        svg, png = vector.getvalue(), _small(raster)
    # A data URI must not contain the XML declaration and the document type.
    svg = re.sub(rb"^.*?(?=<svg)", b"", svg, flags=re.DOTALL)
    width, height = (round(96 * float(side)) for side in figure.get_size_inches())
    return Picture(name, title, reading, alt, svg, png, width, height)


def _small(raster: io.BytesIO) -> bytes:
    """Reduce a PNG to 64 colours, which is a third of its size."""
    from PIL import Image

    with io.BytesIO() as small:
        Image.open(raster).convert("RGB").quantize(64).save(small, format="png", optimize=True)
        return small.getvalue()
