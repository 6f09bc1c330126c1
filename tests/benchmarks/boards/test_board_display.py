"""Boards, results and comparisons show the top of their tables, with every text escaped."""

from __future__ import annotations

import pytest

import benchmarks
from benchmarks.boards.board import boards
from benchmarks.suite.model import BoardOptions
from tests.benchmarks.boards.test_board import METHODS, table
from tests.sdscm.test_display import HOSTILE, read


def test_the_first_methods_of_each_ranking() -> None:
    (board,) = boards(table(), METHODS, BoardOptions(resamples=100), seed=0)
    assert repr(board) == "<Board: lm, toy, all covariates seen; 7 methods, best twin>"
    text = read(board._repr_html_()).text
    assert text.count("twin") == len(board.rankings) == 2
    assert text.index("good") < text.index("twin") < text.index("frail")
    assert any("0.200" in each for each in text)  # the mean of 0.1, 0.2 and 0.3


def test_a_hostile_method_is_text() -> None:
    names = {each.label: f"{HOSTILE}{each.label}" for each in METHODS}
    methods = [type(each)(names[each.label], "toy", "CATE", oracle=each.oracle) for each in METHODS]
    scores = table().assign(estimator=table()["estimator"].map(names), entry=HOSTILE)
    (board,) = boards(scores, methods, BoardOptions(resamples=100), seed=0)
    page = board._repr_html_()
    assert "<script>" not in page
    assert f"{HOSTILE}twin" in read(page).text


@pytest.fixture
def result(make_suite, tmp_path) -> benchmarks.Result:
    suite = make_suite(estimators=["DiffInMeans", "LinReg", "Oracle"])
    return benchmarks.run(suite, workers=0, runs_dir=tmp_path / "runs", results_dir=None)


def test_a_result_and_a_comparison(result, make_suite, tmp_path) -> None:
    assert repr(result) == "<Result: toy, 2 boards, 18 cells (18 ok), 18 computed now>"
    text = read(result._repr_html_()).text
    assert text.count("LinReg") > 2
    assert str(result.suite) == "<Suite: toy, 3 estimators on toy (all, hidden)>"
    # The second run lacks a method, and is otherwise the same.
    other = make_suite(name="other", estimators=["LinReg", "Oracle"])
    benchmarks.run(other, workers=0, runs_dir=tmp_path / "runs", results_dir=None)
    found = benchmarks.compare("toy", "other", runs_dir=tmp_path / "runs")
    assert repr(found).startswith("<Comparison: toy and other, 3 pairs of datasets; scores: ")
    text = read(found._repr_html_()).text
    assert text.index("before only") < text.index("same")
    assert len(repr(found)) < 140
