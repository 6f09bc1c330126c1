"""Define tables as records of columns, rows and formatted cells; renderers only write them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar, get_args

from sdscm.number_format import NONE, number

#: Media of a table. ``html-more``: columns that the HTML page shows on demand.
Medium = Literal["terminal", "latex", "markdown", "html", "html-more"]
EVERYWHERE: frozenset[Medium] = frozenset(get_args(Medium))
#: Pages have more room than the terminal and printed tables.
PAGES: frozenset[Medium] = frozenset({"markdown", "html-more"})

Value = float | int | str | None
Ends = tuple[float, float]
_Item = TypeVar("_Item")


@dataclass(frozen=True, kw_only=True)
class TableColumn(Generic[_Item]):
    """Define a column: the values of its cells, and their format.

    Attributes
    ----------
    name, heading
        Name in files for programs, and heading in tables for people.
    value
        Function from an item, such as a method or a dataset, to the value of its cell.
    form
        Function that formats a value; a missing value is always a dash.
    text
        Function from an item to its text, if the value alone is not enough; None to use ``form``.
    interval
        Function from an item to the ends of the interval of its value; NaN for a missing interval.
    interval_shown
        Show the interval after the value in tables for people; files for programs always have it.
    mark
        Function from an item to a mark after its value, such as a dagger.
    numeric
        Align the cells to the right and sort them as numbers.
    better
        ``higher`` puts high values first when a reader sorts by the column.
    nominal
        The best value of a column that is neither better high nor low; it sorts by distance.
    best
        Mark the best values of the column.
    note, definition
        A short line below the heading, and the sentence that explains the column.
    media
        Media that show the column. CSV and JSON files of a board have every column.
    digits
        Significant digits in files for programs; None for the default of the file format.
    """

    name: str
    heading: str
    value: Callable[[_Item], Any]
    form: Callable[[Any], str] | None = None
    text: Callable[[_Item], str] | None = None
    interval: Callable[[_Item], Ends] | None = None
    interval_shown: bool = False
    mark: Callable[[_Item], str] | None = None
    numeric: bool = True
    better: Literal["lower", "higher"] = "lower"
    nominal: float | None = None
    best: bool = False
    note: str = ""
    definition: str = ""
    media: frozenset[Medium] = EVERYWHERE
    digits: int | None = None

    @property
    def first(self) -> Literal["ascending", "descending"]:
        """The sort direction that puts the best values first."""
        return "descending" if self.better == "higher" else "ascending"

    def sort_value(self, cell: TableCell) -> str:
        """Return the text that a browser sorts by; empty, which sorts last, without a value."""
        value = cell.value
        if value is None or (self.numeric and isinstance(value, str)):
            return ""
        return f"{value:.9g}" if isinstance(value, float) else str(value).casefold()

    def cell(self, item: _Item) -> TableCell:
        """Make the cell of an item."""
        value = self.value(item)
        if hasattr(value, "item"):  # a number of NumPy
            value = value.item()
        if isinstance(value, float) and math.isnan(value):
            value = None
        if self.text is not None:
            text = self.text(item)
        elif value is None or value == "":
            text = NONE
        else:
            text = (self.form or (number if self.numeric else str))(value)
        ends = None if self.interval is None else self.interval(item)
        shown = None
        if ends is not None and self.interval_shown and not math.isnan(ends[0]):
            form = self.form or number
            shown = f"[{form(ends[0])}, {form(ends[1])}]"
        if self.digits is not None and isinstance(value, float):
            value = float(f"{value:.{self.digits}g}")
        return TableCell(
            value=value,
            text=text,
            ends=ends,
            interval=shown or "",
            mark=self.mark(item) if self.mark is not None else "",
        )


@dataclass(frozen=True)
class TableCell:
    """Hold a value for programs and its text for people.

    Attributes
    ----------
    value
        The value; None if it is missing.
    text
        The formatted value.
    ends
        Ends of the interval of the value; None if the column has no intervals.
    interval
        The formatted interval, in brackets; empty if it is not shown.
    mark
        A mark after the value; empty for none.
    best
        True if no other value of the column is better.
    """

    value: Value
    text: str
    ends: Ends | None = None
    interval: str = ""
    mark: str = ""
    best: bool = False

    @property
    def full_text(self) -> str:
        """Text, interval and mark."""
        return " ".join(filter(None, (self.text, self.interval))) + self.mark


@dataclass(frozen=True)
class TableRow:
    """Hold the cells of an item, one for each column.

    Attributes
    ----------
    cells
        In the order of the columns.
    family
        Family of the row's method, for filters; may be empty.
    apart
        True for the row of an Oracle, which has no rank.
    """

    cells: tuple[TableCell, ...]
    family: str = ""
    apart: bool = False


@dataclass(frozen=True)
class ReportTable:
    """Hold a table.

    Attributes
    ----------
    name
        Identifier: letters, digits and dashes.
    caption
        Title of the table.
    columns, rows
        The columns, and the rows in their order.
    head
        Name of the column that names the rows; empty for the first.
    """

    name: str
    caption: str
    columns: tuple[TableColumn[Any], ...]
    rows: tuple[TableRow, ...]
    head: str = ""

    def only(self, *media: Medium) -> tuple[list[TableColumn[Any]], list[tuple[TableCell, ...]]]:
        """Return the columns that these media show, and the cells of each row."""
        kept = [i for i, c in enumerate(self.columns) if c.media.intersection(media)]
        return (
            [self.columns[i] for i in kept],
            [tuple(row.cells[i] for i in kept) for row in self.rows],
        )


def make_table(
    name: str, caption: str, columns: Sequence[TableColumn[_Item]], items: Iterable[_Item]
) -> ReportTable:
    """Make a table with a row for each item."""
    rows = tuple(TableRow(tuple(column.cell(item) for column in columns)) for item in items)
    return ReportTable(name, caption, tuple(columns), rows)


def text_column(name: str, heading: str = "", **options: Any) -> TableColumn[Any]:
    """Define a column of texts: the entry ``name`` of each item, unless ``value`` is given."""
    value = options.pop("value", lambda item: item[name])
    return TableColumn(
        name=name, heading=heading or name.capitalize(), value=value, numeric=False, **options
    )


def number_column(name: str, heading: str, **options: Any) -> TableColumn[Any]:
    """Define a column of numbers: the entry ``name`` of each item, unless ``value`` is given."""
    value = options.pop("value", lambda item: item[name])
    return TableColumn(name=name, heading=heading, value=value, **options)
