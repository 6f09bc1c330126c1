"""The leaderboard as LaTeX tables for a paper, by the rules of ``booktabs``."""

from __future__ import annotations

import re
from collections.abc import Sequence

from benchmarks.leaderboard import CHECK, Board
from benchmarks.metrics import Metric, PooledMetric
from benchmarks.report.columns import best, columns_of, rows_of
from benchmarks.report.tables import NONE, number, score
from benchmarks.standing import Standing

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
    **{character: f"\\{character}" for character in "&%$#_{}"},
}


def latex(name: str, boards: Sequence[Board], chosen: Sequence[str] | None, command: str) -> str:
    """A ``table`` for each standing of each board; the preamble needs ``\\usepackage{booktabs}``.

    Parameters
    ----------
    name
        Of the suite; labels are ``tab:<name>-<group>-<metric>``.
    chosen
        As for `columns_of`.
    command
        What makes the boards again.
    """
    head = "% Needs \\usepackage{booktabs}. Made by: " + command.replace("\n", " ")
    tables = [
        _table(name, board, standing, columns_of(board, standing, chosen))
        for board in boards
        for standing in board.standings.values()
    ]
    return "\n\n".join([head, *tables]) + "\n"


def escape(text: str) -> str:
    """Text that LaTeX shows as it is."""
    return "".join(_SPECIAL.get(character, character) for character in text)


def _table(
    name: str, board: Board, standing: Standing, columns: Sequence[Metric | PooledMetric]
) -> str:
    bold = {metric.name: best(board, standing, metric) for metric in columns}
    lines: list[str] = []
    checks: list[str] = []
    for estimator, row in rows_of(board, standing).iterrows():
        label = escape(str(estimator)) + ("" if row["ok"] == row["cells"] else _LOST)
        cells = [escape(row[f"rank_{standing.metric.name}"] or NONE), label]
        for metric in columns:
            shown = _minus(escape(score(row[metric.name], metric)))
            cells.append(f"\\textbf{{{shown}}}" if estimator in bold[metric.name] else shown)
        average = standing.average["average_rank"].get(str(estimator), float("nan"))
        cells.append(escape(number(average)))
        (checks if cells[0] == CHECK else lines).append(" & ".join(cells) + r" \\")
    heads = ["Rank", "Estimator", *(metric.title for metric in columns), "Average rank"]
    return "\n".join(
        [
            r"\begin{table}",
            r"\centering",
            f"\\caption{{{_caption(board, standing)}}}",
            f"\\label{{tab:{_slug(name, *board.group.values(), standing.metric.name)}}}",
            f"\\begin{{tabular}}{{rl{'r' * (len(heads) - 2)}}}",
            r"\toprule",
            " & ".join(map(escape, heads)) + r" \\",
            r"\midrule",
            *lines,
            *([r"\midrule", *checks] if checks else []),
            r"\bottomrule",
            r"\end{tabular}",
            r"\end{table}",
        ]
    )


_LOST = r"\textsuperscript{*}"


def _caption(board: Board, standing: Standing) -> str:
    where = ", ".join(f"{key} {value}" for key, value in board.group.items() if value)
    said = (
        f"{standing.metric.group} by {standing.metric.title}"
        + (f"; {where}" if where else "")
        + f". Effects of rows are scored against the {board.target}; means over datasets of "
        f"{board.clusters} phrasings or files. Bold: the best of the methods without lost cells."
    )
    tested = standing.significance
    if tested is not None:
        said += (
            f" Average ranks differ if they are {tested.critical_difference:.2f} apart (Nemenyi, "
            f"{1 - tested.level:.0%})."
        )
    rows = rows_of(board, standing)
    lost = r" An asterisk: some cells are lost." if (rows["ok"] < rows["cells"]).any() else ""
    return escape(said + lost)


def _minus(shown: str) -> str:
    """A minus sign and not a hyphen."""
    return f"$-${shown[1:]}" if re.match(r"-[\d$]", shown) else shown


def _slug(*parts: str) -> str:
    return "-".join(re.sub(r"[^A-Za-z0-9]+", "-", part).strip("-") for part in parts if part)
