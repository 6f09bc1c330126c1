"""Write the leaderboard as LaTeX tables for a paper, in the style of ``booktabs``."""

from __future__ import annotations

import re
from collections.abc import Sequence

from benchmarks.boards.board_table import BoardTable
from sdscm.number_format import slug
from sdscm.report_page.table import TableCell

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": "$<$",
    ">": "$>$",
    "|": "$|$",
    "²": "$^2$",
    "∞": r"$\infty$",
    "–": "--",
    "†": r"\textsuperscript{\dag}",
    **{character: f"\\{character}" for character in "&%$#_{}"},
}
#: Largest number of columns that fit a page.
_FITTING = 7


def latex(name: str, tables: Sequence[BoardTable], command: str) -> str:
    """Write a ``table`` for each ranking of each board, with ``booktabs`` and ``graphicx``.

    Parameters
    ----------
    name
        Name of the suite; labels are ``tab:<name>-<group>-<metric>``.
    tables
        The tables.
    command
        Command that makes the boards again.
    """
    head = "% Needs \\usepackage{booktabs,graphicx}. Made by: " + command.replace("\n", " ")
    return "\n\n".join([head, *(_table(name, table) for table in tables)]) + "\n"


def escape(text: str) -> str:
    """Escape a text, so that LaTeX prints it unchanged."""
    return "".join(_SPECIAL.get(character, character) for character in text)


def maths(text: str) -> str:
    """Escape a text with numbers: write minus signs and powers of ten in maths mode."""
    parts = re.split(r"(?<![\w.-])(-?)([\d.,]*\d|∞)(?:e(\d+))?(?![\w.-])", text)
    shown = [escape(parts[0])]
    for sign, digits, power, rest in zip(*(parts[i::4] for i in (1, 2, 3, 4)), strict=True):
        tens = rf"$\times10^{{{power}}}$" if power else ""
        shown += ["$-$" if sign else "", escape(digits), tens, escape(rest)]
    return "".join(shown)


def _table(name: str, table: BoardTable) -> str:
    columns, rows = table.only("latex")
    lines = [
        " & ".join(_cell(cell, column.numeric) for cell, column in zip(row, columns, strict=True))
        + r" \\"
        for row in rows
    ]
    ranked = [line for line, row in zip(lines, table.rows, strict=True) if not row.apart]
    apart = [line for line, row in zip(lines, table.rows, strict=True) if row.apart]
    tabular = [
        f"\\begin{{tabular}}{{{''.join('r' if c.numeric else 'l' for c in columns)}}}",
        r"\toprule",
        " & ".join(escape(column.heading) for column in columns) + r" \\",
        r"\midrule",
        *ranked,
        *([r"\midrule", *apart] if apart else []),
        r"\bottomrule",
        r"\end{tabular}",
    ]
    if len(columns) > _FITTING:
        tabular = [r"\resizebox{\textwidth}{!}{%", *tabular, "}"]
    caption = " ".join(filter(None, (f"{table.title}; {table.place}.", *table.notes, table.test)))
    label = slug(name, *table.board.group.values(), table.ranking.metric.name)
    return "\n".join(
        [
            r"\begin{table}",
            r"\centering",
            f"\\caption{{{escape(caption)}}}",
            f"\\label{{tab:{label}}}",
            *tabular,
            r"\end{table}",
        ]
    )


def _cell(cell: TableCell, numeric: bool) -> str:
    shown = maths(cell.full_text) if numeric else escape(cell.full_text)
    return rf"\textbf{{{shown}}}" if cell.best else shown
