"""The leaderboard as LaTeX tables for a paper, by the rules of ``booktabs``."""

from __future__ import annotations

import re
from collections.abc import Sequence

from benchmarks.boards.board import CHECK, Board
from benchmarks.boards.ranking import Standing
from benchmarks.metrics import Metric, PooledMetric
from benchmarks.report.columns import best, columns_of, fewer, rows_of
from benchmarks.report.tables import score
from sdscm.number_format import NONE, number

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
    """A ``table`` for each standing of each board; it needs ``booktabs`` and ``graphicx``.

    Parameters
    ----------
    name
        Of the suite; labels are ``tab:<name>-<group>-<metric>``.
    chosen
        As for `columns_of`.
    command
        What makes the boards again.
    """
    head = "% Needs \\usepackage{booktabs,graphicx}. Made by: " + command.replace("\n", " ")
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
            shown = _maths(score(row[metric.name], metric))
            if metric is standing.metric and metric.group != "cost" and not row["oracle"]:
                shown += _interval(row[f"{metric.name}_low"], row[f"{metric.name}_high"])
            shown += _FEWER if fewer(board, str(estimator), metric) else ""
            cells.append(f"\\textbf{{{shown}}}" if estimator in bold[metric.name] else shown)
        average = standing.average["average_rank"].get(str(estimator), float("nan"))
        cells.append(_maths(number(average)))
        (checks if cells[0] == CHECK else lines).append(" & ".join(cells) + r" \\")
    heads = ["Rank", "Estimator", *(metric.title for metric in columns), "Average rank"]
    tabular = [
        f"\\begin{{tabular}}{{rl{'r' * (len(heads) - 2)}}}",
        r"\toprule",
        " & ".join(map(escape, heads)) + r" \\",
        r"\midrule",
        *lines,
        *([r"\midrule", *checks] if checks else []),
        r"\bottomrule",
        r"\end{tabular}",
    ]
    if len(heads) > _FITTING:
        tabular = [r"\resizebox{\textwidth}{!}{%", *tabular, "}"]
    return "\n".join(
        [
            r"\begin{table}",
            r"\centering",
            f"\\caption{{{_caption(board, standing, columns)}}}",
            f"\\label{{tab:{_slug(name, *board.group.values(), standing.metric.name)}}}",
            *tabular,
            r"\end{table}",
        ]
    )


#: Columns that a page has room for.
_FITTING = 7
_LOST = r"\textsuperscript{*}"
_FEWER = r"\textsuperscript{\dag}"


def _caption(board: Board, standing: Standing, columns: Sequence[Metric | PooledMetric]) -> str:
    group = standing.metric.group
    where = ", ".join(f"{key} {value}" for key, value in board.group.items() if value)
    said = f"{group} by {standing.metric.title}" + (f"; {where}" if where else "")
    if standing.metric.target != "none":
        said += (
            f". Scored against the {board.target if group == 'CATE' else standing.metric.target}"
        )
    said += ". Means over datasets" if group != "cost" else ". Medians over datasets"
    if board.clusters > 1 and group != "cost":
        said += (
            f", in brackets {standing.level:.0%} bootstrap intervals over {board.clusters} "
            "phrasings or files"
        )
    said += ". Bold: the best of the methods without lost cells."
    tested = standing.significance
    if tested is not None:
        said += (
            f" Average ranks differ if they are more than {tested.critical_difference:.2f} apart "
            f"(Nemenyi, {1 - tested.level:.0%})."
        )
    rows = rows_of(board, standing)
    lost = " An asterisk: some cells are lost." if (rows["ok"] < rows["cells"]).any() else ""
    fewer_there = any(fewer(board, str(name), metric) for name in rows.index for metric in columns)
    dagger = " A dagger: not defined on all datasets." if fewer_there else ""
    return escape(said + lost + dagger)


def _interval(low: float, high: float) -> str:
    """The ends of an interval in brackets; empty if there is none."""
    return "" if low != low else f" [{_maths(number(low))}, {_maths(number(high))}]"


def _maths(shown: str) -> str:
    """A number with a minus sign and not a hyphen, and with powers of ten as such."""
    found = re.fullmatch(r"(-?)([\d.,]+|∞)(?:e(\d+))?", shown)
    if found is None:
        return escape(shown)
    sign, digits, power = found.groups()
    tens = rf"$\times10^{{{power}}}$" if power else ""
    return ("$-$" if sign else "") + escape(digits) + tens


def _slug(*parts: str) -> str:
    return "-".join(re.sub(r"[^A-Za-z0-9]+", "-", part).strip("-") for part in parts if part)
