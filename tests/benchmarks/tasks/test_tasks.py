"""Cells, records and averages that tasks share. The worker processes are tested with discovery."""

import json
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from benchmarks.tasks.board import averages, board_table, json_text, overall_table
from benchmarks.tasks.cells import Cell, run_cells
from benchmarks.tasks.records import AnswerFormat, RecordFile
from benchmarks.tasks.score import Score

NUMBERS = AnswerFormat(lambda answer: {"value": answer}, lambda stored: stored["value"])
GAIN = Score("gain", "Gain", "higher", (0.0, 1.0), "")
LOSS = Score("loss", "Loss", "lower", (0.0, 9.0), "")


@dataclass(frozen=True)
class Half:
    whole: float
    seed: int = 0

    def run(self):
        if self.whole < 0:
            raise ValueError("below\n0")
        return self.whole / 2, 0.5


def test_cells_are_stored_skipped_or_failed(tmp_path) -> None:
    def cell(number, whole, deciding):
        record = RecordFile.of(tmp_path / f"{number}.json", deciding, NUMBERS)
        return Cell(Half(whole), "", record, {"place": number})

    def outcomes(cells):
        found = {}
        run_cells(cells, found.__setitem__, workers=0, time_limit=1)
        return [(found[k].status, found[k].answer, found[k].reason) for k in sorted(found)]

    none = Cell(None, "no table")
    first = outcomes([cell(0, 4, [1]), none, cell(2, -1, [1])])
    assert first == [
        ("ok", 2, ""),
        ("skipped", None, "no table"),
        ("failed", None, "ValueError: below 0"),
    ]
    assert json.loads((tmp_path / "0.json").read_text())["place"] == 0
    # The stored answer counts while what decides it is the same; a failure is run again.
    again = outcomes([cell(0, 6, [1]), none, cell(2, 8, [1])])
    assert [answer for _, answer, _ in again] == [2, None, 4]
    assert outcomes([cell(0, 6, [2])]) == [("ok", 3, "")]


def frame(**gains):
    rows = [
        {"method": method, "phrasing": place, "status": status, "seconds": 1.0}
        | {"gain": gain, "loss": 1 - gain}
        for method, values in gains.items()
        for place, (gain, status) in enumerate(values)
    ]
    return pd.DataFrame(rows)


@pytest.mark.parametrize("by", ["gain", "loss"])
def test_the_best_method_has_rank_1(by) -> None:
    cells = frame(
        truth=[(1.0, "ok"), (1.0, "ok")],
        low=[(0.1, "ok"), (0.3, "ok")],
        lost=[(0.9, "ok"), (np.nan, "timeout")],
        high=[(0.5, "ok"), (0.7, "ok")],
    )
    records = averages(cells, [GAIN, LOSS], by=by, oracles=["truth"])
    assert [r["method"] for r in records] == ["high", "low", "lost", "truth"]
    renamed = [*records, {**records[-1], "method": "Oracle"}]
    marked = board_table("one", "", renamed, [GAIN], terminal=["gain"], intervals=[])
    assert [row.cells[1].mark for row in marked.rows] == ["", "", "", " (oracle)", ""]
    np.testing.assert_array_equal([r["rank"] for r in records], [1, 2, np.nan, np.nan])
    assert (records[2]["ok"], records[2]["cells"]) == (1, 2)
    assert records[0]["gain"] == pytest.approx(0.6)
    boards = {"one": records, "two": averages(cells, [GAIN], by="gain")}
    table = overall_table(boards, ["low", "high"], GAIN)
    # Without oracles: truth, high, low.
    assert [row.cells[0].value for row in table.rows] == [1.5, 2.5]


def test_a_missing_number_is_null() -> None:
    content = {"a": np.float64("nan"), "b": (np.int64(2), [float("inf")])}
    assert json.loads(json_text(content)) == {"a": None, "b": [2, [None]]}
