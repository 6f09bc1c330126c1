"""Write tables in Markdown."""

from __future__ import annotations

import re
from collections.abc import Sequence

from benchmarks.boards.table import ReportTable, TableCell


def markdown(table: ReportTable) -> str:
    """Write a table in GitHub's Markdown; the best values are bold."""
    columns, rows = table.only("markdown")
    header = [column.heading for column in columns]
    return _grid(header, [list(map(_cell, row)) for row in rows], [c.numeric for c in columns])


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]], left: int) -> str:
    """Write texts in GitHub's Markdown; columns after the first ``left`` are right-aligned."""
    return _grid(header, rows, [place >= left for place in range(len(header))])


def _cell(cell: TableCell) -> str:
    return f"**{cell.full_text}**" if cell.best else cell.full_text


def _grid(header: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[bool]) -> str:
    cells = [[_escaped(cell) for cell in row] for row in (header, *rows)]
    lines = [cells[0], ["---:" if each else "---" for each in right], *cells[1:]]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _escaped(cell: str) -> str:
    """Escape bars and HTML tags, which messages of errors can contain."""
    return re.sub(r"<(?=[A-Za-z/!?])", r"\\<", cell.replace("|", "\\|"))
