"""Write tables in Markdown."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from sdscm.report_page.table import ReportTable


def escape_cell(text: str) -> str:
    """Escape bars and HTML tags, which messages of errors can contain."""
    return re.sub(r"<(?=[A-Za-z/!?])", r"\\<", text.replace("|", "\\|"))


def markdown(table: ReportTable, escape: Callable[[str], str] = escape_cell) -> str:
    """Write a table in GitHub's Markdown; the best values are bold."""
    columns, rows = table.only("markdown")
    cells = [
        [f"**{text}**" if cell.best else text for cell in row for text in [escape(cell.full_text)]]
        for row in rows
    ]
    header = [escape(column.heading) for column in columns]
    return _grid(header, cells, [column.numeric for column in columns])


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]], left: int) -> str:
    """Write texts in GitHub's Markdown; columns after the first ``left`` are right-aligned."""
    cells = [[escape_cell(cell) for cell in row] for row in (header, *rows)]
    return _grid(cells[0], cells[1:], [place >= left for place in range(len(header))])


def _grid(header: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[bool]) -> str:
    lines = [header, ["---:" if each else "---" for each in right], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
