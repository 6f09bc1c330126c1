"""Print results to standard output, and everything else to standard error."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from sdscm.report_page import Page, ReportTable

#: Longest line of a note or an error; what is longer repeats names and values of the user.
_LONGEST = 1200
#: Width of a table in a file or a pipe, so that words are not cut.
_WIDE = 400


def _console(*, error: bool = False) -> Console:
    """Make a console that prints text without markup."""
    width = None if error or sys.stdout.isatty() else _WIDE
    return Console(
        stderr=error, width=width, markup=False, highlight=False, emoji=False, soft_wrap=error
    )


def error_console() -> Console:
    """Make a console on standard error, for progress and notes."""
    return _console(error=True)


def warn(line: str) -> None:
    """Print one line on standard error: without line breaks, and other controls as escapes."""
    line = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in " ".join(line.split()))
    if len(line) > _LONGEST:
        line = f"{line[: _LONGEST // 2]} ... {line[-_LONGEST // 2 :]}"
    print(line, file=sys.stderr)


def say(*lines: str) -> None:
    """Print lines without wrapping them."""
    console = _console()
    for line in lines:
        console.print(line, soft_wrap=True)


def heading(text: str) -> None:
    """Print a heading after an empty line."""
    _console().print(f"\n{text}", style="bold", soft_wrap=True)


def written(files: Iterable[str | Path], *, after: Sequence[str] = ()) -> None:
    """Print the paths of written files, after other lines."""
    say(*after, "Written:", *(f"  {path}" for path in files))


def pairs(rows: Iterable[tuple[str, str]]) -> None:
    """Print names and values in two columns."""
    shown = Table.grid(padding=(0, 2))
    for name, value in rows:
        shown.add_row(f"  {name}", value)
    _print(shown)


def table(header: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[str] = ()) -> None:
    """Print a table; the columns named in ``right`` are aligned to the right."""
    shown = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for title in header:
        shown.add_column(title, justify="right" if title in right else "left", overflow="fold")
    for row in rows:
        shown.add_row(*row)
    _print(shown)


def report_table(shown: ReportTable, top: int | None = None) -> None:
    """Print the columns of a table that are for the terminal, and at most ``top`` rows."""
    columns, rows = shown.only("terminal")
    table(
        [column.heading for column in columns],
        [[cell.full_text for cell in row] for row in rows[:top]],
        right=[column.heading for column in columns if column.numeric],
    )
    if top is not None and len(rows) > top:
        say(f"... and {len(rows) - top} more")


def report_page(shown: Page) -> None:
    """Print a page without its figures."""
    from sdscm.report_page import Section

    say(shown.lead)
    if shown.warnings:
        heading("Warnings")
        say(*(f"- {line}" for line in shown.warnings))
    for part in shown.parts:
        if isinstance(part, Section):
            heading(part.title)
            say(*part.text, *(f"- {line}" for line in part.lines))
            for each in part.tables:
                report_table(each)


def write_page(shown: Page, folder: Path, stem: str, more: Mapping[str, str] | None = None) -> None:
    """Write a page as Markdown and HTML with its figures, and more files; print the paths."""
    from sdscm.audit.report.markdown import markdown
    from sdscm.files import put_atomically
    from sdscm.report_page import Picture, render

    files: dict[str, str | bytes] = {f"{stem}.md": markdown(shown), f"{stem}.html": render(shown)}
    for part in shown.parts:
        if isinstance(part, Picture):
            files |= part.files
    files.update(more or {})
    for name, content in files.items():
        put_atomically(folder / name, content)
    written(folder / name for name in files)


def _print(shown: Table) -> None:
    console = _console()
    if console.is_terminal:
        console.print(shown)
        return
    # rich pads each line with spaces to the width of the table.
    with console.capture() as captured:
        console.print(shown)
    say(*(line.rstrip() for line in captured.get().splitlines()))
