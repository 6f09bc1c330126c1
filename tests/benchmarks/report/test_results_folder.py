"""What is kept of runs: found when damaged, swept, locked, asked, never mixed unasked."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import benchmarks
from benchmarks import metrics
from benchmarks.boards.query import query
from benchmarks.cli import main
from benchmarks.execution import methods
from benchmarks.metrics.registry import temporarily
from benchmarks.provenance import versions
from benchmarks.storage.cleanup import leftovers
from benchmarks.storage.lock import only_run
from benchmarks.storage.manifest import Manifest
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


def change(folder: Path, sql: str, *values: object) -> None:
    """Change the store as a fault of the disk would: behind its back."""
    connection = sqlite3.connect(folder / Store.FILE)
    with connection:
        connection.execute(sql, values)
    connection.close()


def test_verify_names_every_damaged_row_and_file(ran, tmp_path, capsys) -> None:
    folder = ran[0].run_dir
    assert list(damage(folder)) == []
    arguments = ["results", "verify", "toy", "--runs", str(tmp_path / "runs")]
    assert main(arguments) == 0
    with Store.of(folder) as store:
        keys = store.keys()
    change(folder, "UPDATE cells SET status = 'good' WHERE key = ?", keys[0])
    change(folder, "UPDATE scores SET pehe = 9 WHERE key = ?", keys[1])
    change(folder, "UPDATE predictions SET arrays = x'00' WHERE key = ?", keys[2])
    bad = [*keys[:3], str(cut(next((folder / "datasets").glob("*.parquet"))))]
    found = list(damage(folder))
    assert len(found) == 4
    for name in bad:
        assert sum(name in line for line in found) == 1
    assert main(arguments) == 1
    assert "has changed" in capsys.readouterr().out


def test_damaged_cells_are_computed_again(ran) -> None:
    first, suite, options = ran
    folder = first.run_dir
    with Store.of(folder) as store:
        keys = store.keys()
    change(folder, "UPDATE predictions SET arrays = x'00' WHERE key = ?", keys[0])
    change(folder, "UPDATE scores SET pehe = 9 WHERE key = ?", keys[1])
    again = benchmarks.run(suite, **options)
    assert again.computed == 2
    costs = ["seconds", "peak_memory"]
    pd.testing.assert_frame_equal(
        first.scores.drop(columns=costs), again.scores.drop(columns=costs)
    )
    assert list(damage(folder)) == []


def test_leftovers_of_a_kill_are_swept_by_the_next_run(ran) -> None:
    first, suite, options = ran
    whole = {path for path in first.run_dir.rglob("*") if path.is_file()}
    left = [
        first.run_dir / "datasets" / ".toy.parquet.x1y2z3a4",
        first.run_dir / "run.sqlite.rescued",
    ]
    theirs = first.run_dir / "datasets" / ".toy.parquet.swp"  # an editor's
    whole.add(theirs)
    for path in [*left, theirs]:
        path.write_bytes(b"half")
    assert set(leftovers(first.run_dir)) == set(left)
    assert benchmarks.run(suite, **options).computed == 0
    assert {path for path in first.run_dir.rglob("*") if path.is_file()} == whole


def test_two_runs_do_not_share_a_folder(ran) -> None:
    first, suite, options = ran
    with only_run(first.run_dir), pytest.raises(InputError, match="another run uses this folder"):
        benchmarks.run(suite, **options)
    assert benchmarks.run(suite, **options).computed == 0


def test_a_run_without_records_can_be_asked(ran) -> None:
    pytest.importorskip("duckdb")
    folder = ran[0].run_dir
    whole = list(Store.of(folder).frame())
    change(folder, "DELETE FROM cells")
    sql = "select count(*) n, count(distinct estimator) e from records"
    assert query(folder, sql).to_numpy().tolist() == [[0, 0]]
    assert list(Store.of(folder).frame()) == whole


def test_records_can_be_asked_in_sql(ran, tmp_path, capsys) -> None:
    pytest.importorskip("duckdb")
    folder = ran[0].run_dir
    answer = query(folder, "select estimator, count(*) n from records group by all order by all")
    assert answer.to_numpy().tolist() == [["DiffInMeans", 2], ["LinReg", 2]]
    joined = query(folder, "select avg(n) from scores join datasets using (dataset)")
    assert joined.iloc[0, 0] == 120
    with pytest.raises(InputError, match="the tables are records, scores and datasets"):
        query(folder, "select * from nothing")
    with pytest.raises(InputError, match="has no result"):
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

    store = Store.of(first.run_dir)
    planned = Manifest.read(first.run_dir).cells[0]
    record = store.read(planned.key)
    assert record is not None
    store.write(replace(record, versions={**record.versions, "scipy": "0"}))
    store.close()
    with pytest.raises(InputError, match=r"different versions \(scipy 0 and .*--mixed"):
        benchmarks.leaderboard(suite, **board)
    assert (benchmarks.leaderboard(suite, mixed=True, **board).scores["status"] == "ok").all()


def test_facts_of_an_older_version_are_refused_until_the_suite_runs_again(ran) -> None:
    first, suite, options = ran
    manifest = Manifest.read(first.run_dir)
    with Store.of(first.run_dir) as store:
        replace(manifest, facts=manifest.facts.drop(columns="confounding")).write(store)
    with pytest.raises(InputError, match=r"another version .* run the suite again"):
        benchmarks.leaderboard(suite, runs_dir=options["runs_dir"], results_dir=None)
    assert benchmarks.run(suite, **options).computed == 0
    assert "confounding" in Manifest.read(first.run_dir).facts


def test_data_of_other_content_are_not_mixed(make_suite, tmp_path, confounded) -> None:
    suite = make_suite(datasets=2, settings=["all"], estimators=["LinReg"])
    options = {"workers": 0, "runs_dir": tmp_path / "runs", "results_dir": None}
    first = benchmarks.run(suite, **options)
    confounded(9).to_parquet(tmp_path / "data" / "toy1.parquet")
    second = benchmarks.run(suite, **options)
    assert second.computed == 1
    assert second.scores["dataset"].tolist() == first.scores["dataset"].tolist()
    assert second.scores["seed"].tolist() == first.scores["seed"].tolist()
    changed = second.scores["pehe"] != first.scores["pehe"]
    assert changed.tolist() == [False, True]


def metric(function) -> metrics.Metric:
    return metrics.Metric("tripled", "tripled", "ATE", "SATE", "lower", ("ate",), function, "here")


def tripled(prediction, truth) -> float:
    return 3 * prediction.ate


def quadrupled(prediction, truth) -> float:
    return 4 * prediction.ate


def test_stale_scores_are_made_again_from_kept_predictions(ran, tmp_path) -> None:
    _, suite, options = ran
    board = {"runs_dir": tmp_path / "runs", "results_dir": None}
    for times, function in [(3, tripled), (4, quadrupled)]:
        with temporarily(metric(function)):
            result = benchmarks.leaderboard(suite, **board)
            np.testing.assert_array_equal(result.scores["tripled"], times * result.scores["ate"])
            assert result.notes == ()
    with temporarily(metric(tripled)):
        assert benchmarks.run(suite, **options).computed == 0
    with Store.of(result.run_dir) as store:
        assert store.frame()["tripled"].notna().all(), "a run keeps what it made again"


def test_a_suite_may_drop_predictions(make_suite, tmp_path) -> None:
    suite = make_suite(datasets=2, settings=["all"], estimators=["LinReg"], predictions="drop")
    options = {"workers": 0, "runs_dir": tmp_path / "runs", "results_dir": None}
    first = benchmarks.run(suite, **options)
    with Store.of(first.run_dir) as store:
        assert store.read(store.keys()[0]).outcome.prediction is None
    again = benchmarks.run(suite, **options)
    assert again.computed == 0
    pd.testing.assert_frame_equal(first.scores, again.scores)
    with temporarily(metric(tripled)):
        later = benchmarks.leaderboard(suite, runs_dir=tmp_path / "runs", results_dir=None)
    assert later.scores["tripled"].isna().all()
    assert later.scores["pehe"].notna().all()
    (note,) = later.notes
    assert note.startswith("2 cells have no score of tripled")


def test_records_of_files_are_refused_in_one_line(make_suite, tmp_path) -> None:
    (tmp_path / "runs" / "toy").mkdir(parents=True)
    (tmp_path / "runs" / "toy" / "run.json").write_text("{}")
    with pytest.raises(InputError, match="an older version of sdscm wrote these records"):
        benchmarks.run(make_suite(), workers=0, runs_dir=tmp_path / "runs", results_dir=None)
