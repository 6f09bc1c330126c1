"""Define figures of pages, and draw them as SVG and as files. Equal figures give equal bytes."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sdscm.figure_style import Format, figure_bytes, figure_style
from sdscm.report_page.table import ReportTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Folder of the files, beside the page.
FOLDER = "figures"

#: Height of the title above a figure in a file, in inches.
_STRIP = 0.36
_FONTS = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"


@dataclass(frozen=True)
class Layout:
    """Hold the space that a figure has.

    Attributes
    ----------
    width
        Width in inches. A browser shows 96 pixels per inch, so that letters keep their size.
    across
        Largest number of panels side by side.
    """

    width: float
    across: int

    def grid(self, rows: int, columns: int) -> tuple[int, int]:
        """Compute the numbers of rows and columns of panels; one column if the figure is narrow."""
        return (rows, columns) if columns <= self.across else (rows * columns, 1)


#: For screens, paper and files; and for phones.
WIDE = Layout(width=10.4, across=3)
NARROW = Layout(width=3.75, across=1)


@dataclass(frozen=True)
class Drawing:
    """Hold a figure.

    Attributes
    ----------
    name
        Name of its files, without the suffix, and its anchor on the page.
    title
        Heading above the figure.
    reading
        Explanation of the figure.
    alt
        Alternative text for readers who cannot see the figure.
    make
        Function that draws the figure.
    table
        The numbers of the figure; None if the page has them elsewhere.
    """

    name: str
    title: str
    reading: str
    alt: str
    make: Callable[[Layout], Figure]
    table: ReportTable | None = None


@dataclass(frozen=True)
class Svg:
    """Hold an SVG, its size in pixels, and its path if it is a file beside the page."""

    text: str
    width: int
    height: int
    path: str = ""

    @property
    def uri(self) -> str:
        """The path, or else the SVG as a data URI."""
        return self.path or f"data:image/svg+xml;base64,{b64encode(self.text.encode()).decode()}"


@dataclass(frozen=True)
class Picture:
    """Hold a drawing for a page: as SVG for screens, and for phones if it has a narrow layout.

    ``files`` holds the contents of the files beside the page, by path.
    """

    drawing: Drawing
    wide: Svg
    narrow: Svg | None
    files: Mapping[str, bytes]

    @property
    def name(self) -> str:
        """Anchor of the figure on the page."""
        return self.drawing.name

    @property
    def title(self) -> str:
        """Heading above the figure."""
        return self.drawing.title

    def beside(self, folder: str = FOLDER) -> tuple[Picture, dict[str, bytes]]:
        """Return the picture with its SVGs as files in a folder, and their contents by path."""
        wide = replace(self.wide, path=f"{folder}/{self.name}.svg")
        narrow = self.narrow and replace(self.narrow, path=f"{folder}/{self.name}-narrow.svg")
        files = {each.path: each.text.encode() for each in (wide, narrow) if each}
        return replace(self, wide=wide, narrow=narrow), files


def exported(
    drawing: Drawing,
    *,
    narrow: bool = True,
    kinds: Sequence[Format] = ("png", "pdf"),
    dpi: int = 0,
    titled: bool = True,
) -> Picture:
    """Draw a figure for the page, where the title is text, and for files.

    Parameters
    ----------
    drawing
        The figure.
    narrow
        Draw it for phones as well.
    kinds, dpi, titled
        Formats of the files, resolution of PNG files, and whether files have the title.
    """
    # A name of a user may contain dollar signs.
    with figure_style(text_parse_math=False):
        wide = drawing.make(WIDE)
        title = drawing.title if titled else ""
        files = {
            f"{FOLDER}/{drawing.name}.{kind}": _with_title(wide, title, kind, dpi) for kind in kinds
        }
        # After the files: a figure for a page has no ground.
        return Picture(drawing, _svg(wide), _svg(drawing.make(NARROW)) if narrow else None, files)


def _with_title(figure: Figure, title: str, kind: Format, dpi: int) -> bytes:
    """Save a figure with a title on a strip above it."""
    if not title:
        return figure_bytes(figure, kind, dpi)
    width, height = figure.get_size_inches()
    text = figure.text(0.006, 1 + 0.08 / height, title, size=12, weight="bold", va="bottom")
    content = figure_bytes(figure, kind, dpi, ((0, 0), (width, height + _STRIP)))
    text.remove()
    return content


def _svg(figure: Figure) -> Svg:
    """Convert a figure to a transparent SVG in the browser's font, without useless digits."""
    for patch in (figure.patch, *(axes.patch for axes in figure.axes)):
        patch.set_alpha(0)
    text = figure_bytes(figure, "svg").decode()
    text = re.sub(r"<[^>]*>", lambda tag: re.sub(r"(\d\.\d\d)\d+", r"\1", tag[0]), text)
    text = re.sub(r"font-family: [^;\"]*|(?<=px )'DejaVu Sans'[^;\"]*", "", text)
    text = re.sub(r"\n\s*", "\n", text[text.index("<svg") :])
    text = text.replace("<svg ", f'<svg font-family="{_FONTS}" ', 1)
    width, height = (round(96 * float(side)) for side in figure.get_size_inches())
    return Svg(text, width, height)
