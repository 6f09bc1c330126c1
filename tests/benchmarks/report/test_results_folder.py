"""What is kept of runs: found when damaged, swept, locked, asked, never mixed unasked."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import benchmarks
from benchmarks.boards.query import query
from benchmarks.cli import main
from benchmarks.execution import methods
from benchmarks.provenance import versions
from benchmarks.storage.cleanup import leftovers
from benchmarks.storage.lock import only_run
from benchmarks.storage.store import Store
from benchmarks.storage.verify import damage
from sdscm.errors import InputError


@pytest.fixture
def ran(make_suite, tmp_path):
    suite = make_suite(datasets=2, settings=["all"], estimators=["DiffInMeans", "LinReg"])
    options = {"workers": 0, "runs_dir": tmp_path / "runs", "results_dir": None}
    return benchmarks.run(suite, **options), suite, options


def cut(path: Path) -> Path:
    path.write_bytes(path.read_bytes()[:-9])
    return path


def test_verify_names_every_damaged_file(ran, tmp_path, capsys) -> None:
    folder = ran[0].run_dir
    assert list(damage(folder)) == []
    arguments = ["results", "verify", "toy", "--runs", str(tmp_path / "runs")]
    assert main(arguments) == 0
    records = sorted((folder / "cells").glob("*.json"))
    bad = [
        cut(records[0]),
        cut(folder / "predictions" / f"{records[1].stem}.npz"),
        cut(next((folder / "datasets").glob("*.parquet"))),
    ]
    found = list(damage(folder))
    assert len(found) == 3
    for path in bad:
        assert sum(str(path) in line for line in found) == 1
    assert main(arguments) == 1
    assert str(bad[0]) in capsys.readouterr().out
    cut(folder / "run.json")
    assert any("run.json" in line for line in damage(folder))


def test_leftovers_of_a_kill_are_swept_by_the_next_run(ran) -> None:
    first, suite, options = ran
    whole = {path for path in first.run_dir.rglob("*") if path.is_file()}
    left = [
        first.run_dir / "cells" / f".{'0' * 32}.json.ab_c1234",
        first.run_dir / "predictions" / f"{'0' * 32}.npz",
        first.run_dir / "datasets" / ".toy.parquet.x1y2z3a4",
        first.run_dir / ".run.json.zzzzzzzz",
    ]
    theirs = first.run_dir / ".run.json.swp"  # an editor's
    whole.add(theirs)
    for path in [*left, theirs]:
        path.write_bytes(b"half")
    assert set(leftovers(first.run_dir)) == set(left)
    assert benchmarks.run(suite, **options).computed == 0
    assert {path for path in first.run_dir.rglob("*") if path.is_file()} == whole


def test_two_runs_do_not_share_a_folder(ran) -> None:
    first, suite, options = ran
    with only_run(first.run_dir), pytest.raises(InputError, match="another run is at work here"):
        benchmarks.run(suite, **options)
    assert benchmarks.run(suite, **options).computed == 0


def test_a_run_without_records_can_be_asked(ran) -> None:
    pytest.importorskip("duckdb")
    folder = ran[0].run_dir
    whole = list(Store(folder).frame())
    for path in (folder / "cells").iterdir():
        path.unlink()
    sql = "select count(*) n, count(distinct estimator) e from records"
    assert query(folder, sql).to_numpy().tolist() == [[0, 0]]
    assert list(Store(folder).frame()) == whole


def test_records_can_be_asked_in_sql(ran, tmp_path, capsys) -> None:
    pytest.importorskip("duckdb")
    folder = ran[0].run_dir
    answer = query(folder, "select estimator, count(*) n from records group by all order by all")
    assert answer.to_numpy().tolist() == [["DiffInMeans", 2], ["LinReg", 2]]
    joined = query(folder, "select avg(n) from scores join datasets using (dataset)")
    assert joined.iloc[0, 0] == 120
    with pytest.raises(InputError, match="the tables are records, scores and datasets"):
        query(folder, "select * from nothing")
    with pytest.raises(InputError, match="it asks for nothing"):
        query(folder, " ")
    sql = "select max(ate_abs_error) as worst from scores"
    assert main(["results", "query", "toy", sql, "--runs", str(tmp_path / "runs")]) == 0
    told = capsys.readouterr().out.split()
    assert told[0] == "worst"
    assert float(told[1]) == pytest.approx(ran[0].scores["ate_abs_error"].max())


class Ill:
    def fit(self, X, t, y):
        raise ValueError("too ill to fit")


def test_what_has_failed_is_tried_again_among_mixed_records_too(ran) -> None:
    _, suite, options = ran
    field = options | {"estimators": [("ill", Ill()), "LinReg"], "mixed": True}
    assert benchmarks.run(suite, **field).computed == 2
    assert benchmarks.run(suite, **field).computed == 0
    assert benchmarks.run(suite, **field, retry=True).computed == 2


def test_versions_are_not_mixed_unless_told(ran, monkeypatch, tmp_path) -> None:
    first, suite, options = ran
    monkeypatch.setattr(methods, "versions", lambda extra="": versions.versions() | {"numpy": "9"})
    assert benchmarks.run(suite, mixed=True, **options).computed == 0
    board = {"runs_dir": tmp_path / "runs", "results_dir": None}
    assert (benchmarks.leaderboard(suite, **board).scores["status"] == "missing").all()
    mixed = benchmarks.leaderboard(suite, mixed=True, **board).scores
    np.testing.assert_array_equal(mixed["pehe"], first.scores["pehe"])
    assert benchmarks.run(suite, **options).computed == 4

    store = Store(first.run_dir)
    key = json.loads((first.run_dir / "run.json").read_text())["cells"][0]
    record = next(
        r for r in map(store.read, store.recorded()) if r.cell.identity == key["identity"]
    )
    store.write(replace(record, versions=record.versions | {"scipy": "0"}))
    with pytest.raises(InputError, match=r"different versions \(scipy 0 and .*--mixed"):
        benchmarks.leaderboard(suite, **board)
    assert (benchmarks.leaderboard(suite, mixed=True, **board).scores["status"] == "ok").all()
