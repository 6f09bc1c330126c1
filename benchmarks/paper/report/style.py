"""What the paper's figures share: colours, bare axes, files of equal bytes for equal content."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from benchmarks.datasets.paper.release import LMS
from sdscm.figure_style import GREEN, MUTED, PINK, figure_bytes, remove_frame
from sdscm.files import put_atomically

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Of each language model where both are shown.
LM_COLOURS: dict[str, str] = dict(zip(LMS, (GREEN, PINK), strict=True))


def bare(axis: Axes, grid: Literal["x", "y"]) -> None:
    """Grid lines along ``grid`` below the content, and no frame."""
    axis.grid(axis=grid)
    remove_frame(axis)


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
    legend.get_title().set_color(MUTED)


def save(figure: Figure, path: Path) -> Path:
    """Write a PNG file, and give its path."""
    put_atomically(path, figure_bytes(figure, "png"))
    return path
