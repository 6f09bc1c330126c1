"""Intervals may be infinite, as conformal ones are at times; the page stands it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import benchmarks
from benchmarks.boards.board import Board
from benchmarks.boards.board_table import board_table
from benchmarks.boards.ranking import block_ranks
from benchmarks.metrics import get
from benchmarks.report.html import write_page

PLUGIN = """\
import estimators
import numpy as np


class Wide:
    def fit(self, X, t, y):
        return self

    def effect(self, X):
        return np.ones(len(X))

    def ite_interval(self, X, t, y, alpha):
        upper = np.where(np.arange(len(X)) < {endless}, np.inf, 3.0)
        return -upper, upper


estimators.register("{name}", family="mine", estimand="ITE", summary="wide")(Wide)
"""


@pytest.fixture
def result(make_suite, tmp_path) -> benchmarks.Result:
    """`Endless` has infinite intervals for 5 units of each dataset, `Wide` has none."""
    for name, endless in (("Endless", 5), ("Wide", 0)):
        (tmp_path / f"{name}.py").write_text(PLUGIN.format(name=name, endless=endless))
    return benchmarks.run(
        make_suite(settings=["all"], estimators=["Endless", "Wide", "LinReg"]),
        plugins=[tmp_path / "Endless.py", tmp_path / "Wide.py"],
        workers=0,
        runs_dir=tmp_path / "runs",
        results_dir=None,
    )


def best(board: Board, name: str) -> set[str]:
    table = board_table(board, board.rankings[name], None, alpha=0.1)
    place = [column.name for column in table.columns].index(name)
    return {
        method
        for method, row in zip(table.ranking.methods, table.rows, strict=True)
        if row.cells[place].best
    }


def test_the_page_of_infinite_intervals(result, tmp_path) -> None:
    row = result.boards[0].table.set_index("estimator").loc["Endless"]
    name = "ite_interval_score_sd"
    assert row[name] == np.inf
    assert np.isnan([row[f"{name}_low"], row[f"{name}_high"]]).all()
    board = result.boards[0]
    assert best(board, name) == {"Wide"}
    scores = board.table["ite_width_sd"].where(board.table["estimator"] != "Wide", np.inf)
    endless = replace(board, table=board.table.assign(**{name: scores}))
    assert best(endless, name) == set()
    page = write_page(result, tmp_path / "page")[0].read_text()
    assert "Infinite scores are in the table only." in page
    assert "Infinite widths are in the table only." in page
    assert "∞" in page


def test_an_infinite_score_ranks_before_none() -> None:
    import pandas as pd

    name = "ite_interval_score_sd"
    rows = [("A", 2.0), ("B", np.inf), ("C", np.nan), ("D", np.inf)]
    scores = pd.DataFrame(
        [
            {"cluster": "p", "dataset": "d", "setting": "all", "estimator": e, name: x}
            for e, x in rows
        ]
    )
    assert block_ranks(scores, get(name)).loc["p"].to_dict() == {"A": 1, "B": 2.5, "C": 4, "D": 2.5}
