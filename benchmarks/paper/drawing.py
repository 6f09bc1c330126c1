"""What the paper's figures share: colours, bare axes, files of equal bytes for equal content."""

from __future__ import annotations

import io
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Literal

from sdscm.files import write_atomically

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito's colours are told apart by people with any colour vision.
BLUE, ORANGE, GREEN, PINK = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
INK, GRID = "#333333", "#e3e3e3"


def bare(axis: Axes, grid: Literal["x", "y"]) -> None:
    """Grid lines along ``grid`` below the content, and no frame."""
    axis.grid(axis=grid, color=GRID)
    axis.set_axisbelow(True)
    axis.tick_params(colors=INK, length=0)
    for side in axis.spines.values():
        side.set_visible(False)


def save(figure: Figure, path: Path) -> Path:
    """Write a PNG file, and give its path."""
    buffer = io.BytesIO()
    # Without the version of matplotlib, equal content gives equal bytes.
    figure.savefig(buffer, format="png", dpi=150, metadata={"Software": None})
    write_atomically(path, partial(_put, buffer.getvalue()))
    return path


def _put(content: bytes, file: IO[bytes]) -> None:
    file.write(content)
