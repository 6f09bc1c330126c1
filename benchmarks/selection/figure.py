"""Draw the regrets of selectors: one figure, with the boards over all datasets of a setting."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.boards.board import Board
from benchmarks.boards.plot import Panel, draw_boards
from benchmarks.selection.board import SelectionBoard
from sdscm.figure_style import figure_bytes, in_figure_style

_PANELS = (
    Panel("Regret / SD(y), lower is better", "capped_regret", "no pick"),
    Panel("Policy regret / SD(y), lower is better", "policy_regret", "no pick"),
)
_NOTE = (
    "Means over datasets, with their intervals. Regret counts an error above 1 SD(y) as 1. The "
    "Oracle's regret is 0."
)


@in_figure_style(size=10, text_parse_math=False)
def draw(title: str, boards: Sequence[SelectionBoard]) -> bytes:
    """Draw boards that differ in the setting only, as PNG. Equal boards give equal bytes.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    """
    made = [
        Board(
            group=dict(board.group),
            target="",
            clusters=board.clusters,
            table=board.table.assign(estimator=board.table["title"]),
            rankings={},
            undefined={},
        )
        for board in boards
    ]
    names = made[0].table["estimator"].tolist()
    return figure_bytes(draw_boards(title, made, names, _PANELS, _NOTE), "png")
