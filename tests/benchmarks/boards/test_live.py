"""The board while a run goes on: with all cells it is the final one, before it says of what."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

import benchmarks
from benchmarks.boards.live import LiveBoard
from benchmarks.boards.scores import read_records
from benchmarks.interface import Outcome
from benchmarks.storage.manifest import Manifest
from benchmarks.storage.store import Store

METHODS = ["Oracle", "DiffInMeans", "LinReg", "LinearT", "Zero", "T-Only OLS"]


@pytest.fixture(scope="module")
def finished(tmp_path_factory, suite_in):
    """A run's manifest, its records in a mixed order, and its boards."""
    folder = tmp_path_factory.mktemp("live")
    suite = suite_in(folder, datasets=5, estimators=METHODS)
    result = benchmarks.run(suite, workers=0, runs_dir=folder / "runs", results_dir=None)
    manifest = Manifest.read(result.run_dir)
    with Store.of(result.run_dir) as store:
        records = list(read_records(store, manifest).records.values())
    random.Random(0).shuffle(records)
    return manifest, records, result.boards


def texts(board: LiveBoard, *names: str) -> list[tuple[str, ...]]:
    table = board.table()
    places = [[column.name for column in table.columns].index(name) for name in names]
    return [tuple(row.cells[place].text for place in places) for row in table.rows]


@pytest.mark.parametrize("setting", ["all", "hidden"])
def test_with_all_cells_it_is_the_final_board(finished, setting):
    manifest, records, boards = finished
    live = LiveBoard(manifest, setting)
    for record in records:
        live.add(record)
    (board,) = [each for each in boards if each.group["setting"] == setting]
    final = board.table[~board.table["oracle"]]
    name = manifest.suite.board.rank_by[0]
    ranked = final[final[f"rank_{name}"] != ""]
    assert len(ranked) > 2
    assert {(m, r) for m, r in texts(live, "method", "rank") if r != "–"} == set(
        zip(ranked["estimator"], ranked[f"rank_{name}"], strict=True)
    )
    means = dict(zip(ranked["estimator"], ranked[name].map(live.metric.form), strict=True))
    assert {m: s for m, s in texts(live, "method", "score") if s != "–"} == means
    assert "finished 5 datasets of 5" in live.table().caption


def test_pairs_are_compared_on_their_common_datasets(finished):
    manifest, records, _ = finished
    live = LiveBoard(manifest)
    assert {rank for (rank,) in texts(live, "rank")} == {"–"}
    by_place = {(r.cell.dataset, r.cell.setting, r.cell.estimator): r for r in records}
    one, other = (source.name for source in manifest.sources[:2])
    live.add(by_place[one, "all", "LinReg"])
    live.add(by_place[other, "all", "Zero"])
    live.add(by_place[one, "hidden", "Zero"])
    # They have no dataset in common.
    assert {rank for (rank,) in texts(live, "rank")} == {"–"}
    live.add(by_place[one, "all", "Zero"])
    shown = texts(live, "method", "rank", "win_rate", "cells")
    assert shown[:2] == [("LinReg", "1", "100%", "1 of 5"), ("Zero", "2", "0%", "2 of 5")]
    assert "finished 0 datasets of 5" in live.table().caption


def test_a_failed_cell_loses(finished):
    manifest, records, _ = finished
    live = LiveBoard(manifest)
    failed = 0
    for record in records:
        if record.cell.estimator == "LinReg" and record.cell.setting == "all" and failed < 4:
            record = replace(record, outcome=Outcome("failed", "no"), scores={})
            failed += 1
        live.add(record)
    shown = {
        method: (win, cells) for method, win, cells in texts(live, "method", "win_rate", "cells")
    }
    assert shown["LinReg"][1] == "5 of 5, 4 failed"
    # It loses against everybody on four datasets of five.
    assert 0 <= float(shown["LinReg"][0].removesuffix("%")) <= 20
