"""A standing as Markdown: its table, what the tests say, and all win rates."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.boards.board import Board, averaged
from benchmarks.boards.ranking import Standing
from benchmarks.report.columns import best, columns_of, fewer, rows_of
from benchmarks.report.tables import markdown_table, score
from sdscm.number_format import NONE, number, p_equals, with_interval


def table(board: Board, standing: Standing, chosen: Sequence[str] | None) -> str:
    """The table of a standing; ``chosen`` as for `columns_of`."""
    ranked = standing.metric.name
    columns = columns_of(board, standing, chosen)
    bold = {metric.name: best(board, standing, metric) for metric in columns}
    header = ["Rank", "Estimator", "Family", *(m.title for m in columns)]
    header += ["Median", "Average rank", "Win rate", "Group", "Cells"]
    tested = standing.significance
    rows = []
    for name, row in rows_of(board, standing).iterrows():
        cells = [row[f"rank_{ranked}"] or NONE, str(name), row["family"]]
        for metric in columns:
            shown = score(row[metric.name], metric)
            if metric.name == ranked and metric.group != "cost" and not row["oracle"]:
                shown = with_interval(*(row[f"{ranked}{end}"] for end in ("", "_low", "_high")))
            shown += fewer(board, str(name), metric)
            cells.append(f"**{shown}**" if name in bold[metric.name] else shown)
        cells += [
            number(row.get(f"{ranked}_median", row[ranked])),
            *(number(row[averaged(kind, ranked)]) for kind in ("average_rank", "win_rate")),
            (tested.letters(str(name)) if tested else "") or NONE,
            str(row["ok"]) if row["ok"] == row["cells"] else f"{row['ok']} of {row['cells']}",
        ]
        rows.append(cells)
    return markdown_table(header, rows, left=3)


def comparison(standing: Standing) -> str:
    """What the tests say, and the win rates of all pairs, folded away."""
    tested = standing.significance
    names = [str(name) for name in standing.ranks.columns]
    if tested is None:
        return "Too few methods or phrasings to test which methods differ." if names else ""
    said = (
        f"Friedman's test that all methods are alike: {p_equals(tested.friedman)}. Average ranks "
        f"differ at {1 - tested.level:.0%} if they are more than {tested.critical_difference:.2f} "
        f"apart (Nemenyi, {len(standing.ranks)} phrasings or files)."
    )
    rows = [
        [
            name,
            *("" if name == other else number(standing.wins.at[name, other]) for other in names),
        ]
        for name in names
    ]
    return (
        f"{said}\n\n<details><summary>Win rate of each method (row) against each other (column)"
        f"</summary>\n\n{markdown_table(['', *names], rows, left=1)}\n\n</details>"
    )
