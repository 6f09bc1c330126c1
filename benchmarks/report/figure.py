"""Draw the figures of the results folder: one for each group of boards, and ranks by model."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.boards.board import Board
from benchmarks.boards.by_model import compare_models, headlines
from benchmarks.boards.explain import place
from benchmarks.boards.plot import draw_boards, methods_shown
from benchmarks.datasets.truth import FITTED
from benchmarks.report.html.figures import by_model
from sdscm.figure_style import figure_bytes, in_figure_style
from sdscm.number_format import slug
from sdscm.report_page.figure import WIDE


@in_figure_style(size=10)
def draw(boards: Sequence[Board]) -> dict[str, bytes]:
    """Draw a PNG for each group of boards that differ only in the setting and have scores.

    The figures are of the fitted rows; the tables have the others.

    Returns
    -------
    Contents by file name. Equal boards give equal bytes.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    """
    groups: dict[tuple[tuple[str, str], ...], list[Board]] = {}
    for board in boards:
        if board.group.get("rows", FITTED) != FITTED:
            continue
        shared = tuple((k, v) for k, v in board.group.items() if k not in ("setting", "rows"))
        groups.setdefault(shared, []).append(board)
    files = {}
    for shared, members in groups.items():
        title = place(dict(shared)) if shared else ""
        names = methods_shown(members)
        if names:
            stem = (
                slug("leaderboard", *(value for _, value in shared if value))
                if len(groups) > 1
                else "leaderboard"
            )
            files[f"{stem}.png"] = _png(title, members, names)
    return files


@in_figure_style(text_parse_math=False)
def draw_ranks_by_model(boards: Sequence[Board]) -> dict[str, bytes]:
    """Draw the ranks by language model as a PNG; empty if all boards are of one model.

    With several scenarios the ranks are those over all of them; else those of the first entry.
    """
    found = headlines(compare_models(boards))
    if not found:
        return {}
    first = found[0].group.get("dataset")
    drawing = by_model.draw([each for each in found if each.group.get("dataset") == first])
    return {f"{by_model.NAME}.png": figure_bytes(drawing.make(WIDE), "png")}


def _png(title: str, boards: Sequence[Board], names: Sequence[str]) -> bytes:
    return figure_bytes(draw_boards(title, boards, names), "png")
