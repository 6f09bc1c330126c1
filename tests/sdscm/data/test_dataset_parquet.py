"""Datasets on disk: reading gives what was written, and writing is atomic."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sdscm import SDSCM, CausalDataset, InputError, Spec
from sdscm.lm import TabularLM
from sdscm.lm.backends.tabular import random_table

Line = Callable[[BaseException], str]


@pytest.fixture
def data(clinic: Spec) -> CausalDataset:
    lm = TabularLM(random_table(1), id="table", revision="r1")
    return SDSCM(clinic, lm, phrasing=2, temperature=3.0).dataset(60, seed=4)


def test_round_trip(data: CausalDataset, tmp_path: Path) -> None:
    path = data.to_parquet(tmp_path / "new" / "data.parquet")
    back = CausalDataset.read_parquet(path)
    assert back.fingerprint == data.fingerprint
    assert back.meta == data.meta
    assert back.exogenous == data.exogenous
    assert back.covariates == "all"
    pd.testing.assert_frame_equal(back.X, data.X)
    pd.testing.assert_frame_equal(back.labels, data.labels)
    pd.testing.assert_series_equal(back.text, data.text)
    for name in ("t", "y0", "y1", "y", "ite", "propensity"):
        np.testing.assert_array_equal(getattr(back, name), getattr(data, name))
    assert back.cates.keys() == data.cates.keys()
    for setting, cate in data.cates.items():
        np.testing.assert_array_equal(back.cates[setting], cate)
    hidden = back.setting("hidden")
    assert hidden.fingerprint == data.setting("hidden").fingerprint


def test_post_treatment_covariates_are_read_back_and_unknown_to_older_files(
    clinic: Spec, tmp_path: Path
) -> None:
    data = SDSCM(clinic, TabularLM(random_table(1))).dataset(9, post_treatment="show")
    path = data.to_parquet(tmp_path / "data.parquet")
    assert CausalDataset.read_parquet(path).post_treatment == ("pressure", "ward")
    table = pq.read_table(path)
    meta = json.loads(table.schema.metadata[b"sdscm"])
    del meta["post_treatment"]
    pq.write_table(table.replace_schema_metadata({b"sdscm": json.dumps(meta)}), path)
    older = CausalDataset.read_parquet(path)
    assert older.post_treatment == ()
    assert older.fingerprint == data.fingerprint


def test_round_trip_of_a_frame_without_propensity_and_text(tmp_path: Path) -> None:
    """Columns of a file without a header have numbers for names."""
    frame = pd.DataFrame(np.random.Generator(np.random.Philox(key=1)).normal(size=(20, 3)))
    frame["t"], frame["mu0"], frame["mu1"] = np.arange(20) % 2, 0.0, 1.0
    data = CausalDataset.from_frame(frame, treatment="t", y0="mu0", y1="mu1", exogenous=[0])
    back = CausalDataset.read_parquet(data.to_parquet(tmp_path / "frame.parquet"))
    assert back.fingerprint == data.fingerprint
    assert back.propensity is back.labels is back.text is None
    assert back.setting("hidden").fingerprint == data.setting("hidden").fingerprint
    assert len(back.setting("hidden").X.columns) == 2


def test_the_file_can_be_read_with_pandas_alone(data: CausalDataset, tmp_path: Path) -> None:
    frame = pd.read_parquet(data.to_parquet(tmp_path / "data.parquet"))
    assert len(frame) == 60
    np.testing.assert_array_equal(frame.y1 - frame.y0, data.ite)
    assert frame["label:town"].isin(["Rome", "Oslo", "Bonn"]).all()


def test_writing_twice_gives_the_same_bytes(data: CausalDataset, tmp_path: Path) -> None:
    one, other = (data.to_parquet(tmp_path / name) for name in ("a.parquet", "b.parquet"))
    assert one.read_bytes() == other.read_bytes()


def test_a_numpy_seed_is_a_seed(clinic: Spec, tmp_path: Path) -> None:
    scm = SDSCM(clinic, TabularLM(random_table(1)))
    data = scm.dataset(10, seed=np.int64(4))
    back = CausalDataset.read_parquet(data.to_parquet(tmp_path / "data.parquet"))
    assert back.fingerprint == scm.dataset(10, seed=4).fingerprint
    assert back.meta.seed == 4


def test_a_setting_is_not_written(data: CausalDataset, tmp_path: Path, one_line: Line) -> None:
    with pytest.raises(InputError) as caught:
        data.setting("hidden").to_parquet(tmp_path / "hidden.parquet")
    one_line(caught.value)
    assert list(tmp_path.iterdir()) == []


def truncated(path: Path, data: CausalDataset) -> None:
    content = data.to_parquet(path).read_bytes()
    path.write_bytes(content[: len(content) // 2])


def damaged(path: Path, data: CausalDataset) -> None:
    content = bytearray(data.to_parquet(path).read_bytes())
    content[4:400] = b"\xff" * 396
    path.write_bytes(content)


def empty(path: Path, data: CausalDataset) -> None:
    path.write_bytes(b"")


def text(path: Path, data: CausalDataset) -> None:
    path.write_text("y0,y1\n1,2\n")


def foreign(path: Path, data: CausalDataset) -> None:
    data.to_frame().to_parquet(path)


def folder(path: Path, data: CausalDataset) -> None:
    path.mkdir()


def _with_meta(path: Path, data: CausalDataset, raw: bytes) -> None:
    table = pq.read_table(data.to_parquet(path))
    pq.write_table(table.replace_schema_metadata({b"sdscm": raw}), path)


def later_format(path: Path, data: CausalDataset) -> None:
    _with_meta(path, data, json.dumps({"format": 99}).encode())


def damaged_meta(path: Path, data: CausalDataset) -> None:
    _with_meta(path, data, b"{")


def lacking_meta(path: Path, data: CausalDataset) -> None:
    _with_meta(path, data, json.dumps({"format": 1}).encode())


def _with_origin(path: Path, data: CausalDataset, **changes: object) -> None:
    meta = json.loads(pq.read_schema(data.to_parquet(path)).metadata[b"sdscm"])
    meta["provenance"] |= changes
    _with_meta(path, data, json.dumps(meta).encode())


def versions_in_a_list(path: Path, data: CausalDataset) -> None:
    _with_origin(path, data, versions=["2.4.6"])


def model_in_a_list(path: Path, data: CausalDataset) -> None:
    _with_origin(path, data, lm=["gpt2"])


def temperature_of_text(path: Path, data: CausalDataset) -> None:
    _with_origin(path, data, options={"temperature": "2.4.6"})


def covariates_of_text(path: Path, data: CausalDataset) -> None:
    table = pq.read_table(data.to_parquet(path))
    place = table.schema.get_field_index(next(c for c in table.column_names if c[:2] == "X:"))
    words = pa.array(["a"] * len(table))
    pq.write_table(table.set_column(place, table.column_names[place], words), path)


def lacking_columns(path: Path, data: CausalDataset) -> None:
    table = pq.read_table(data.to_parquet(path))
    pq.write_table(table.drop_columns(["y1"]), path)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (truncated, ["generate it again"]),
        (damaged, ["generate it again"]),
        (empty, ["generate it again"]),
        (text, ["generate it again"]),
        (foreign, ["from_frame"]),
        (folder, []),
        (later_format, ["99"]),
        (damaged_meta, []),
        (lacking_meta, ["it lacks 'provenance'"]),
        (lacking_columns, ["it lacks 'y1'"]),
        (versions_in_a_list, ["is damaged"]),
        (model_in_a_list, ["is damaged"]),
        (temperature_of_text, ["is damaged"]),
        (covariates_of_text, ["is damaged"]),
        (None, ["no such file"]),
    ],
)
def test_files_that_are_no_dataset(
    data: CausalDataset, tmp_path: Path, one_line: Line, spoil: Callable | None, words: list[str]
) -> None:
    path = tmp_path / "spoilt.parquet"
    if spoil is not None:
        spoil(path, data)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(InputError) as caught:
        CausalDataset.read_parquet(path)
    message = one_line(caught.value)
    assert str(path) in message
    assert all(word in message for word in words)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_file_of_the_same_name_survives_a_failed_write(
    data: CausalDataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = data.to_parquet(tmp_path / "data.parquet")
    before = path.read_bytes()

    def full(*args: object, **options: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(pq.ParquetWriter, "write_table", full)
    with pytest.raises(OSError, match="no space"):
        data.to_parquet(path)
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["data.parquet"]


def test_pyarrow_reads_the_provenance(data: CausalDataset, tmp_path: Path) -> None:
    schema: pa.Schema = pq.read_schema(data.to_parquet(tmp_path / "data.parquet"))
    meta = json.loads(schema.metadata[b"sdscm"])
    assert meta["provenance"]["lm"] == "table"
    assert meta["provenance"]["phrasing"] == 2


def test_a_covariate_without_values_is_damaged(data: CausalDataset, tmp_path: Path) -> None:
    path = data.to_parquet(tmp_path / "empty.parquet")
    table = pq.read_table(path)
    place = next(i for i, name in enumerate(table.column_names) if name.startswith("X:"))
    table = table.set_column(place, table.column_names[place], [[None] * len(table)])
    pq.write_table(table, path)
    with pytest.raises(InputError, match="a covariate has an empty or infinite value"):
        CausalDataset.read_parquet(path)
