"""What the paper's figures share: colours, bare axes, files of equal bytes for equal content."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import partial, wraps
from pathlib import Path
from typing import IO, TYPE_CHECKING, Literal, ParamSpec, TypeVar

from benchmarks.report.figure import require_matplotlib
from sdscm.files import write_atomically

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_P = ParamSpec("_P")
_R = TypeVar("_R")

# Okabe and Ito's colours are told apart by people with any colour vision.
BLUE, ORANGE, GREEN, PINK = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
INK, GRID = "#333333", "#e3e3e3"


def in_default_style(draw: Callable[_P, _R]) -> Callable[_P, _R]:
    """Draw in matplotlib's own style, whatever has been set before.

    CausalML sets another one, with grey paper and large letters, where it is imported: for the
    identity of its records, for instance.

    Raises
    ------
    MissingExtraError
        When it is called, if matplotlib is not installed.
    """

    @wraps(draw)
    def drawn(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        require_matplotlib()
        from matplotlib import style

        with style.context("default"):
            return draw(*args, **kwargs)

    return drawn


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
