"""What the commands print: results to standard output, everything else to standard error."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

#: Columns of a table where there is no terminal to ask: a file or a pipe should get whole words.
_WIDE = 400


def _printer() -> Console:
    """A console on standard output that takes text as it is."""
    width = None if sys.stdout.isatty() else _WIDE
    return Console(width=width, markup=False, highlight=False, emoji=False)


def _print(shown: Table) -> None:
    console = _printer()
    if console.is_terminal:
        console.print(shown)
        return
    with console.capture() as captured:
        console.print(shown)
    say(*(line.rstrip() for line in captured.get().splitlines()))


def bystander() -> Console:
    """A console on standard error, for progress and notes."""
    return Console(stderr=True, markup=False, highlight=False, emoji=False, soft_wrap=True)


def say(*lines: str) -> None:
    """Print lines, never broken."""
    console = _printer()
    for line in lines:
        console.print(line, soft_wrap=True)


def heading(text: str) -> None:
    """Print a heading with an empty line before it."""
    _printer().print(f"\n{text}", style="bold", soft_wrap=True)


def pairs(rows: Iterable[tuple[str, str]]) -> None:
    """Print names with their values beside them."""
    table = Table.grid(padding=(0, 2))
    for name, value in rows:
        table.add_row(f"  {name}", value)
    _print(table)


def table(header: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[str] = ()) -> None:
    """Print a table; the columns named in ``right`` are aligned to the right."""
    shown = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for title in header:
        shown.add_column(title, justify="right" if title in right else "left", overflow="fold")
    for row in rows:
        shown.add_row(*row)
    _print(shown)


def one_line(text: str) -> str:
    """Text without line breaks."""
    return " ".join(text.split())


def number(value: float) -> str:
    """Three decimals; an en dash where there is none."""
    return "–" if math.isnan(value) else f"{value:.3f}"


def share(value: float) -> str:
    """A share in per cent."""
    return f"{100 * value:.0f} %"
