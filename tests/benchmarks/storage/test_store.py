from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier

import numpy as np
import pytest

from benchmarks.execution.cells import Cell
from benchmarks.interface import Outcome, Prediction
from benchmarks.storage.store import (
    DamagedRecordError,
    DamagedStoreError,
    NoRunError,
    OtherFormatError,
    Record,
    Store,
)
from sdscm.errors import InputError

CELL = Cell("data", "f" * 32, "all", "RF", "i" * 32, seed=1, alpha=0.05, threads=1)
PREDICTION = Prediction(
    effect=np.array([1.0, 2.0]),
    effect_interval=(np.array([0.0, 0.0]), np.array([2.0, np.inf])),
    ate=1.5,
    ate_interval=np.array([1.0, 2.0]),
    seconds=0.25,
)
SCORES = {"fitted": {"ate": 1.5, "pehe": 0.1, "r2": float("nan")}}
RECORD = Record(
    CELL, Outcome("ok", "", ("W: beware",), PREDICTION), {"numpy": "2"}, 60.0, SCORES, {"pehe": "a"}
)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "run.sqlite")


def numbered(count: int) -> list[Record]:
    """Records of several pages: each has a prediction that does not compress."""
    draw = np.random.Generator(np.random.Philox(1))
    return [
        replace(
            RECORD,
            cell=replace(CELL, dataset=f"d{number:03}"),
            outcome=replace(RECORD.outcome, prediction=Prediction(effect=draw.random(200))),
        )
        for number in range(count)
    ]


def test_round_trip(store: Store) -> None:
    store.write(RECORD)
    back = store.read(CELL.key)
    assert back is not None
    prediction = back.outcome.prediction
    assert prediction is not None
    assert (back.cell, back.versions, back.time_limit) == (CELL, {"numpy": "2"}, 60.0)
    assert back.outcome.warnings == ("W: beware",)
    assert {k: v.tolist() for k, v in prediction.arrays().items()} == {
        k: v.tolist() for k, v in PREDICTION.arrays().items()
    }
    assert prediction.ite_interval is None
    assert back.definitions == {"pehe": "a"}
    np.testing.assert_equal(dict(back.scores), SCORES)
    (bulk,) = store.records().values()
    assert bulk.outcome.prediction is None
    np.testing.assert_equal(dict(bulk.scores), SCORES)


def test_a_file_without_repetitions_is_read_and_continued(store: Store) -> None:
    """An older program wrote the file: its rows are whole, and its cells are first repetitions."""
    store.write(RECORD)
    store.write_plan({"name": "toy"}, [CELL])
    store.close()
    with sqlite3.connect(store.path) as connection:
        for table in ("plan", "cells"):
            connection.execute(f"ALTER TABLE {table} DROP COLUMN repetition")
    second = replace(RECORD, cell=replace(CELL, seed=2, repetition=1))
    store.write(second)
    assert store.damage() == []
    assert store.plan()[1] == [CELL]
    assert {each.cell.repetition for each in store.records().values()} == {0, 1}
    assert store.frame()["repetition"].tolist() in ([0, 1], [1, 0])


def test_a_traceback_is_read_back_kept_once_and_replaced(store: Store) -> None:
    failed = Outcome("failed", "E: no", traceback="Traceback:\n  line")
    cells = [replace(CELL, seed=seed) for seed in (1, 2)]
    store.write([replace(RECORD, cell=cell, outcome=failed, scores={}) for cell in cells])
    for cell in cells:
        back = store.read(cell.key)
        assert back is not None
        assert back.outcome == failed or back.outcome.traceback == failed.traceback
    assert {each.outcome.traceback for each in store.records().values()} == {""}
    store.close()
    with sqlite3.connect(store.path) as connection:
        query = "SELECT count(*) FROM texts WHERE content LIKE '%Traceback%'"
        assert connection.execute(query).fetchone() == (1,)
    store.write(replace(RECORD, cell=cells[0]))
    again = store.read(cells[0].key)
    assert again is not None
    assert again.outcome.traceback == ""


def test_a_file_without_tracebacks_is_read_and_continued(store: Store) -> None:
    """An older program wrote the file."""
    store.write(RECORD)
    store.close()
    with sqlite3.connect(store.path) as connection:
        connection.execute("DROP TABLE tracebacks")
    back = store.read(CELL.key)
    assert back is not None
    assert back.outcome.traceback == ""
    failed = Outcome("failed", "E: no", traceback="where")
    store.write(replace(RECORD, outcome=failed, scores={}))
    assert store.damage() == []
    back = store.read(CELL.key)
    assert back is not None
    assert back.outcome.traceback == "where"


@pytest.mark.parametrize("older", [False, True], ids=["new file", "file of an older program"])
def test_processes_may_open_a_file_at_once(store: Store, older: bool) -> None:
    """All of them make the same tables and columns, and each does so once."""
    for number in range(10):
        path = store.path.with_name(f"{number}.sqlite")
        with Store(path) as first:
            first.write(RECORD) if older else path.parent.mkdir(parents=True, exist_ok=True)
        if older:
            with sqlite3.connect(path) as connection:
                connection.execute("ALTER TABLE cells DROP COLUMN repetition")
        start = Barrier(6)

        def write(seed: int, path: Path = path, start: Barrier = start) -> None:
            with Store(path) as mine:
                start.wait(timeout=60)
                mine.write(replace(RECORD, cell=replace(CELL, seed=seed, repetition=seed)))

        with ThreadPoolExecutor(6) as pool:
            list(pool.map(write, range(2, 8)))
        with Store(path) as whole:
            assert (len(whole), whole.damage()) == (6 + older, [])


def test_a_failure_has_no_prediction(store: Store) -> None:
    store.write(replace(RECORD, outcome=Outcome("failed", "ValueError: no"), scores={}))
    back = store.read(CELL.key)
    assert back is not None
    assert replace(back.outcome, wall=0.0) == Outcome("failed", "ValueError: no", wall=0.0)
    assert not back.scores


def test_held_out_rows_have_scores_and_predictions_of_their_own(store: Store) -> None:
    outcome = replace(RECORD.outcome, held_out=Prediction(ate=3.0))
    store.write(replace(RECORD, outcome=outcome, scores=SCORES | {"held-out": {"pehe": 2.0}}))
    back = store.read(CELL.key)
    assert back is not None
    assert back.outcome.held_out is not None
    assert back.outcome.held_out.ate == 3
    assert back.scores["held-out"]["pehe"] == 2
    assert store.frame()["pehe"].tolist() == [0.1]


def test_a_record_replaces_that_of_its_key(store: Store) -> None:
    store.write(RECORD)
    store.write(replace(RECORD, outcome=Outcome("failed", "no"), scores={}))
    assert store.keys() == [CELL.key]
    assert store.scores().empty
    assert store.read(CELL.key).outcome.prediction is None  # type: ignore[union-attr]


def test_an_empty_store(store: Store) -> None:
    assert store.read("0" * 32) is None
    assert (store.keys(), len(store), len(store.frame())) == ([], 0, 0)
    assert not store.path.exists()
    with pytest.raises(NoRunError):
        store.plan()


def test_a_transaction_is_written_whole_or_not_at_all(store: Store) -> None:
    def failing():
        yield RECORD
        raise RuntimeError("stop")

    store.write(numbered(1))
    with pytest.raises(RuntimeError):
        store.write(failing())
    assert len(store) == 1
    store.write(RECORD)
    assert len(store) == 2


def test_metrics_that_come_later_get_a_column(store: Store) -> None:
    store.write(RECORD)
    later = {"fitted": {"pehe": 0.2, "new one": 3.0}}
    store.write(replace(RECORD, cell=replace(CELL, dataset="e"), scores=later))
    frame = store.frame().set_index("dataset")
    assert frame["new one"].isna().tolist() == [True, False]
    assert store.damage() == []


def test_a_reader_beside_the_writer(store: Store) -> None:
    with Store(store.path) as reader:
        for count, record in enumerate(numbered(20), start=1):
            store.write(record)
            assert len(reader) == count
            assert reader.read(record.cell.key) is not None
    assert store.damage() == []


def flip(path: Path, text: bytes) -> None:
    data = bytearray(path.read_bytes())
    assert data.count(text) == 1
    data[data.index(text) + len(text) - 1] ^= 1
    path.write_bytes(data)


def test_a_reader_sees_metrics_that_a_run_adds_later(store: Store) -> None:
    store.write(RECORD)
    with Store(store.path) as reader:
        assert len(reader.records()) == 1
        later = replace(CELL, dataset="later")
        store.write(replace(RECORD, cell=later, scores={"fitted": {"pehe": 0.2, "new": 3.0}}))
        assert reader.records()[later.key].scores["fitted"]["new"] == 3
        assert not reader.damage()


def test_a_cell_that_is_written_during_a_read_is_there_whole_or_not_at_all(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.write(RECORD)
    with Store(store.path) as reader:
        shared = reader._shared

        def write_between() -> dict[str, str]:
            store.write(replace(RECORD, cell=replace(CELL, dataset="later")))
            return shared()

        monkeypatch.setattr(reader, "_shared", write_between)
        assert list(reader.records()) == [CELL.key]
        assert all(record.scores for record in reader.records().values())


def test_a_locked_file_is_not_called_damaged(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.write(RECORD)
    store.close()
    other = sqlite3.connect(store.path, isolation_level=None)
    other.execute("PRAGMA locking_mode=EXCLUSIVE")
    other.execute("DELETE FROM scores WHERE key = 'none'")
    monkeypatch.setattr("benchmarks.storage.store._PATIENCE", 0.0)
    with pytest.raises(InputError, match="cannot be opened") as error:
        store.repair()
    assert not isinstance(error.value, DamagedStoreError)
    other.close()
    assert store.keys() == [CELL.key]


def test_a_changed_row_is_named_and_computed_again(store: Store) -> None:
    records = numbered(20)
    records[4] = replace(records[4], outcome=Outcome("failed", "told so"), scores={})
    store.write(records)
    store.close()
    flip(store.path, b"told so")
    (line,) = store.damage()
    key = records[4].cell.key
    assert str(store.path) in line
    assert f"table cells: row {key} has changed" in line
    with pytest.raises(DamagedRecordError, match="has changed"):
        store.read(key)
    assert len(store.records()) == 19
    told = store.repair()
    assert "it is computed again now" in told[0]
    assert store.read(key) is None
    assert len(store) == 19
    assert store.damage() == []
    assert store.path.with_name("run.sqlite.damaged").exists()


def test_changed_predictions_are_named_with_their_cell(store: Store) -> None:
    records = numbered(20)
    store.write(records)
    store.close()
    effect = records[7].outcome.prediction.effect  # type: ignore[union-attr]
    store_bytes = store.path.read_bytes()
    with sqlite3.connect(store.path) as connection:
        (blob,) = connection.execute(
            "SELECT arrays FROM predictions WHERE key = ?", (records[7].cell.key,)
        ).fetchone()
        broken = blob[:-1] + bytes([blob[-1] ^ 1])
        connection.execute(
            "UPDATE predictions SET arrays = ? WHERE key = ?", (broken, records[7].cell.key)
        )
    connection.close()
    assert effect is not None
    assert store_bytes != store.path.read_bytes()
    (line,) = store.damage()
    assert "table predictions" in line
    assert line.endswith("RF on d007 (all)")
    store.repair()
    assert len(store) == 19


def test_a_damaged_page_is_named_and_the_rest_is_kept(store: Store) -> None:
    records = numbered(200)
    store.write(records)
    store.write_plan({"suite": {}}, [record.cell for record in records])
    store.close()
    with sqlite3.connect(store.path) as connection:
        pages = connection.execute(
            "SELECT pageno FROM dbstat WHERE name = 'cells' AND pagetype = 'leaf'"
        ).fetchall()
    connection.close()
    data = bytearray(store.path.read_bytes())
    number = pages[len(pages) // 2][0]
    data[(number - 1) * 4096 : number * 4096] = b"\xff" * 4096
    store.path.write_bytes(data)
    told = store.damage()
    named = [line for line in told if line.endswith("(all)")]
    assert named
    assert all("table cells" in line for line in named)
    kept = len(store.records())
    assert 0 < kept < 200
    store.repair()
    assert store.damage() == []
    assert kept - 1 <= len(store) <= kept
    store.write(records)
    assert len(store) == 200


@pytest.mark.parametrize("content", [b"no database" * 1000, b"SQLite format 3\0" + b"\0" * 5000])
def test_a_file_that_is_not_a_store(store: Store, content: bytes) -> None:
    store.path.write_bytes(content)
    assert len(store.damage()) == 1
    with pytest.raises(DamagedStoreError):
        store.read(CELL.key)
    store.repair()
    store.write(RECORD)
    assert len(store) == 1


def test_another_format_is_refused(store: Store) -> None:
    store.write(RECORD)
    store.close()
    connection = sqlite3.connect(store.path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(OtherFormatError, match="another version of sdscm wrote it"):
        store.read(CELL.key)


def test_records_of_the_older_layout_are_refused(store: Store) -> None:
    (store.path.parent / "run.json").write_text("{}")
    with pytest.raises(OtherFormatError, match="a file for each cell"):
        store.plan()


@pytest.mark.parametrize(
    "change",
    [{"dataset": "g"}, {"setting": "hidden"}, {"identity": "j"}, {"seed": 2}, {"alpha": 0.1}],
)
def test_the_key_depends_on_the_place_and_what_decides_the_numbers(
    change: dict[str, object],
) -> None:
    assert replace(CELL, **change).key != CELL.key  # type: ignore[arg-type]


def test_the_key_does_not_depend_on_the_bits_of_the_data_or_the_label() -> None:
    assert replace(CELL, fingerprint="other", estimator="other").key == CELL.key
