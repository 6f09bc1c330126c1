"""Draw all figures in one style, and convert them to bytes; equal figures give equal bytes."""

from __future__ import annotations

import importlib.util
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, wraps
from typing import TYPE_CHECKING, Any, Literal, ParamSpec, TypeVar

import numpy as np

from sdscm.errors import MissingExtraError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

_P = ParamSpec("_P")
_R = TypeVar("_R")

Format = Literal["png", "svg", "pdf"]

#: Colours of text, secondary text, grid lines, shaded bands, and points in the background.
INK, MUTED, GRID, BAND, REST = "#22262b", "#5a616b", "#d9d9d6", "#f3f2ee", "#a9adb3"

# After Okabe and Ito, darkened until each has a contrast of 3 with white paper. The markers tell
# the series apart without colour.
BLUE, ORANGE, GREEN, PINK = "#0072b2", "#c43d00", "#00795c", "#a6478a"
PALETTE = (BLUE, ORANGE, GREEN, PINK, "#8a6d00", INK, "#5b4bb2", "#00798f")
MARKERS = ("o", "D", "s", "^", "v", "P", "X", "p", "h")
#: A colour and a marker for each of a few series.
SERIES = tuple(zip(PALETTE, MARKERS, strict=False))

#: Share of the median below which a logarithmic axis is cut off.
FLOOR = 3e-3
_RATIO_FOR_LOG = 30.0

#: With the name of the software and the date, equal figures would have different bytes.
_METADATA: dict[Format, dict[str, None]] = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None},
    "pdf": {"Creator": None, "Producer": None, "CreationDate": None},
}


def has_matplotlib() -> bool:
    """Return whether matplotlib is installed, without importing it."""
    return importlib.util.find_spec("matplotlib") is not None


def require_matplotlib(wanted: str = "the figure of the results") -> None:
    """Raise MissingExtraError if matplotlib is not installed; call it before hours of work."""
    if not has_matplotlib():
        raise MissingExtraError(wanted, "plot")


@contextmanager
def figure_style(size: float = 9.0, **settings: Any) -> Iterator[None]:
    """Set matplotlib to the style of the project, independent of earlier settings.

    Libraries and users set other styles: CausalML sets one for the whole process on import.

    Parameters
    ----------
    size
        Font size in points.
    settings
        Further ``rcParams``, with ``_`` in the place of ``.`` (``text_parse_math=False``).

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    """
    require_matplotlib()
    import matplotlib

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(
            {
                "font.size": size,
                "axes.titlesize": size,
                "axes.labelsize": size,
                "xtick.labelsize": size - 0.5,
                "ytick.labelsize": size - 0.5,
                "legend.fontsize": size,
                "text.color": INK,
                "axes.titlecolor": INK,
                "axes.labelcolor": MUTED,
                "axes.edgecolor": GRID,
                "xtick.color": MUTED,
                "ytick.color": MUTED,
                "xtick.labelcolor": INK,
                "ytick.labelcolor": INK,
                "grid.color": GRID,
                "grid.linewidth": 0.7,
                "axes.axisbelow": True,
                "svg.fonttype": "none",
                "svg.hashsalt": "sdscm",
                "pdf.fonttype": 42,
            }
        )
        more: dict[Any, Any] = {key.replace("_", ".", 1): value for key, value in settings.items()}
        matplotlib.rcParams.update(more)
        yield


def in_figure_style(
    size: float = 9.0, **settings: Any
) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]:
    """Decorate a function that draws, so that it draws within `figure_style`."""

    def decorate(draw: Callable[_P, _R]) -> Callable[_P, _R]:
        @wraps(draw)
        def drawn(*args: _P.args, **kwargs: _P.kwargs) -> _R:
            with figure_style(size, **settings):
                return draw(*args, **kwargs)

        return drawn

    return decorate


@cache
def _shown_figure() -> type[Figure]:
    """A figure that a notebook shows, even if nothing has imported pyplot there."""
    from matplotlib.figure import Figure

    class ShownFigure(Figure):
        def _repr_png_(self) -> bytes:
            with figure_style():
                return figure_bytes(self, "png")

    return ShownFigure


def new_figure(width: float, height: float, **options: Any) -> Figure:
    """Make an empty figure, in inches, without a window and without pyplot's global state."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure = _shown_figure()(figsize=(width, height), **options)
    FigureCanvasAgg(figure)
    return figure


def remove_frame(axes: Axes) -> None:
    """Remove the frame and the tick marks."""
    axes.tick_params(length=0)
    for side in axes.spines.values():
        side.set_visible(False)


def scaled(axis: Axis, values: np.ndarray, *, floor: float | None = FLOOR) -> None:
    """Scale an axis: logarithmic if values span more than a factor of 30, else linear from 0.

    A logarithmic axis omits zeros and values below ``floor`` times the median, so that one very
    small value does not use half of the panel.
    """
    from matplotlib.axis import XAxis
    from matplotlib.ticker import LogLocator, NullLocator

    horizontal = isinstance(axis, XAxis)
    set_limits = axis.axes.set_xlim if horizontal else axis.axes.set_ylim
    set_scale = axis.axes.set_xscale if horizontal else axis.axes.set_yscale
    if is_log(values):
        low, high = float(values[values > 0].min()), float(values.max())
        if floor is not None:
            low = max(low, floor * float(np.median(values)))
        set_scale("log")
        set_limits(low / 1.25, high * 1.25)
        tight = np.log10(high / low) < 1.5
        axis.set_major_locator(LogLocator(subs=(1, 3) if tight else (1,)))
        axis.set_minor_locator(NullLocator())
        axis.set_major_formatter(lambda value, _: f"{value:g}")
    elif len(values):
        set_limits(min(0.0, float(values.min()) * 1.08), max(float(values.max()) * 1.08, 1e-9))


def is_log(values: np.ndarray) -> bool:
    """Return True if `scaled` makes the axis logarithmic."""
    positive = values[values > 0]
    if not len(positive) or values.min() < 0 or 2 * len(positive) < len(values):
        return False
    return bool(positive.max() / positive.min() > _RATIO_FOR_LOG)


def figure_bytes(
    figure: Figure,
    kind: Format,
    dpi: float = 150,
    part: tuple[tuple[float, float], tuple[float, float]] | None = None,
) -> bytes:
    """Save a figure; equal figures give equal bytes. Call it within `figure_style`.

    The first call fixes the layout: matplotlib draws a figure twice if it has a layout engine.
    ``part`` has the lower left and the upper right corner of what is saved, in inches.
    """
    from matplotlib.transforms import Bbox

    if (engine := figure.get_layout_engine()) is not None:
        engine.execute(figure)
        figure.set_layout_engine(None)
    buffer = io.BytesIO()
    box = None if part is None else Bbox(part)
    figure.savefig(buffer, format=kind, dpi=dpi, metadata=_METADATA[kind], bbox_inches=box)
    return buffer.getvalue()
