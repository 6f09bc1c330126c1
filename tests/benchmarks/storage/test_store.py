from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.execution.cells import Cell
from benchmarks.interface import Outcome, Prediction
from benchmarks.storage.store import DamagedRecord, Record, Store

CELL = Cell("data", "f" * 32, "all", "RF", "i" * 32, seed=1, alpha=0.05, threads=1)
PREDICTION = Prediction(
    effect=np.array([1.0, 2.0]),
    effect_interval=(np.array([0.0, 0.0]), np.array([2.0, np.inf])),
    ate=1.5,
    ate_interval=np.array([1.0, 2.0]),
    seconds=0.25,
)
RECORD = Record(CELL, Outcome("ok", "", ("W: beware",), PREDICTION), {"numpy": "2"}, 60.0)


def test_round_trip(tmp_path: Path) -> None:
    store = Store(tmp_path)
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


def test_a_failure_has_no_prediction(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write(replace(RECORD, outcome=Outcome("failed", "ValueError: no")))
    back = store.read(CELL.key)
    assert back is not None
    assert replace(back.outcome, wall=0.0) == Outcome("failed", "ValueError: no", wall=0.0)


def test_no_record(tmp_path: Path) -> None:
    assert Store(tmp_path).read("0" * 32) is None


@pytest.mark.parametrize("file", ["cells/{}.json", "predictions/{}.npz"])
@pytest.mark.parametrize("damage", ["truncate", "flip", "empty"])
def test_damage_is_found_and_named(tmp_path: Path, file: str, damage: str) -> None:
    store = Store(tmp_path)
    store.write(RECORD)
    path = tmp_path / file.format(CELL.key)
    data = bytearray(path.read_bytes())
    if damage == "flip":
        data[len(data) // 2] ^= 1
    path.write_bytes(
        data[: len(data) // 2] if damage == "truncate" else data[: len(data) * (damage == "flip")]
    )
    with pytest.raises(DamagedRecord) as caught:
        store.read(CELL.key)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["[1]", "{}", '{"digest": "0", "wall": NaN}', '"text"', "3"])
def test_what_is_no_record_is_damaged(tmp_path: Path, text: str) -> None:
    (tmp_path / "cells").mkdir()
    (tmp_path / "cells" / f"{CELL.key}.json").write_text(text)
    with pytest.raises(DamagedRecord, match="truncated or changed"):
        Store(tmp_path).read(CELL.key)


def test_a_record_without_its_predictions_is_damaged(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write(RECORD)
    (tmp_path / "predictions" / f"{CELL.key}.npz").unlink()
    with pytest.raises(DamagedRecord, match=r"predictions.*missing"):
        store.read(CELL.key)


def test_a_record_under_another_key_is_damaged(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write(RECORD)
    other = tmp_path / "cells" / f"{'0' * 32}.json"
    other.write_bytes((tmp_path / "cells" / f"{CELL.key}.json").read_bytes())
    with pytest.raises(DamagedRecord):
        store.read("0" * 32)


@pytest.mark.parametrize(
    "change",
    [{"fingerprint": "g"}, {"setting": "hidden"}, {"identity": "j"}, {"seed": 2}, {"alpha": 0.1}],
)
def test_the_key_depends_on_what_decides_the_numbers(change: dict[str, object]) -> None:
    assert replace(CELL, **change).key != CELL.key  # type: ignore[arg-type]


def test_the_key_does_not_depend_on_names() -> None:
    assert replace(CELL, dataset="other", estimator="other").key == CELL.key
