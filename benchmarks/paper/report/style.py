"""What the paper's figures share: colours, bare axes, files of equal bytes for equal content."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from benchmarks.datasets.paper.release import LMS
from sdscm.files import put_atomically

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito's colours are told apart by people with any colour vision.
BLUE, ORANGE, GREEN, PINK = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
INK, GREY, GRID = "#333333", "#666666", "#e3e3e3"
#: Of each language model where both are shown.
LM_COLOURS: dict[str, str] = dict(zip(LMS, (GREEN, PINK), strict=True))


def bare(axis: Axes, grid: Literal["x", "y"]) -> None:
    """Grid lines along ``grid`` below the content, and no frame."""
    axis.grid(axis=grid, color=GRID)
    axis.set_axisbelow(True)
    axis.tick_params(colors=INK, length=0)
    for side in axis.spines.values():
        side.set_visible(False)


def explain(figure: Figure, handles: Sequence[Artist], caption: str = "") -> None:
    """The legend at the bottom, below small lines that say how the figure is to be read."""
    legend = figure.legend(
        handles=handles,
        # A title of the legend, as the layout would draw a text of its own across it.
        title=caption or None,
        title_fontsize=9,
        loc="outside lower center",
        ncols=len(handles),
        frameon=False,
    )
    legend.get_title().set_color(GREY)


def save(figure: Figure, path: Path) -> Path:
    """Write a PNG file, and give its path."""
    buffer = io.BytesIO()
    # Without the version of matplotlib, equal content gives equal bytes.
    figure.savefig(buffer, format="png", dpi=150, metadata={"Software": None})
    put_atomically(path, buffer.getvalue())
    return path
