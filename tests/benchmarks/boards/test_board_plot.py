"""``board.plot()``: a figure of the errors, or of the average ranks over scenarios."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import get_args

import numpy as np
import pytest

import sdscm.figure_style
from benchmarks.boards.board import Board, boards
from benchmarks.boards.plot import draw_boards, methods_shown
from benchmarks.boards.summary import summaries
from benchmarks.suite.model import BoardOptions
from sdscm.errors import InputError, MissingExtraError
from sdscm.literals import Setting
from tests.benchmarks.boards.test_board import METHODS, table

SETTINGS = get_args(Setting)


def points(figure, panel: int) -> list[float]:
    """The drawn values of a panel, from the first method to the last."""
    return figure.axes[panel].containers[0][0].get_xdata().tolist()


def made(names: Sequence[str] = ("toy",)) -> list[Board]:
    scores = [table().assign(entry=name, cluster=name + table()["cluster"]) for name in names]
    options = BoardOptions(resamples=100, by=["dataset"])
    return [board for part in scores for board in boards(part, METHODS, options, seed=0)]


def test_the_medians_of_each_method() -> None:
    (board,) = made()
    figure = board.plot()
    names = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert names == ["twin", "good", "frail", "poor", "average"]
    np.testing.assert_equal(points(figure, 0), [0.2, 0.2, 0.0, 0.9, np.nan])
    np.testing.assert_equal(points(figure, 1), [0.1, 0.3, 0.0, 0.9, 0.2])
    assert "average effect only" in [text.get_text() for text in figure.axes[0].texts]


def test_average_ranks_over_scenarios() -> None:
    (summary,) = summaries(made(["one", "two"]))
    figure = summary.plot()
    assert figure.axes[0].get_title("left").startswith("Average rank by")
    expected = summary.rankings["pehe_sd"].average["average_rank"]
    assert points(figure, 0)[:2] == expected.tolist()[:2]


def test_a_board_without_scores_cannot_be_drawn() -> None:
    scores = table().assign(pehe_sd=np.nan, ate_abs_error_sd=np.nan, status="failed")
    (board,) = boards(scores, METHODS, BoardOptions(resamples=100), seed=0)
    with pytest.raises(InputError, match="no method has a score to draw"):
        board.plot()


def test_without_matplotlib_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sdscm.figure_style, "has_matplotlib", lambda: False)
    with pytest.raises(MissingExtraError, match=r"sdscm\[plot\]"):
        made()[0].plot()


def test_methods_that_only_a_later_board_scores_are_drawn() -> None:
    (first,) = made()
    second = replace(first, table=first.table.iloc[::-1])
    first = replace(first, table=first.table[first.table["estimator"] != "poor"])
    assert methods_shown([first, second]) == ["twin", "good", "frail", "average", "poor"]


@pytest.mark.parametrize("names", [("all", "hidden"), SETTINGS])
def test_the_legend_is_beside_the_title_and_inside_the_figure(names: Sequence[str]) -> None:
    (board,) = made()
    parts = [replace(board, group={"setting": name}) for name in names]
    figure = draw_boards("a title", parts, ["twin", "good"])
    figure.draw_without_rendering()
    (legend,) = figure.legends
    shown = legend.get_window_extent()
    assert shown.x0 >= 0
    assert shown.x1 <= figure.bbox.x1
    beside = figure.get_suptitle() == "a title"
    assert beside or legend.get_title().get_text() == "a title"
    if beside:
        assert figure._suptitle.get_window_extent().x1 < shown.x0
    assert shown.y0 > figure.axes[0].get_tightbbox().y1
