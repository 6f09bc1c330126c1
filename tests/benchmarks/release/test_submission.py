"""Submissions: equal bytes, boards with them, and forged ones, each refused in one line."""

from __future__ import annotations

import io
import json
import pickle
import re
import shutil
import stat
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.archive.files import zip_of
from benchmarks.archive.release import SUBMISSION, listed, manifest_bytes, open_submission
from benchmarks.boards.scores import Scorer
from benchmarks.experiment import leaderboard, run
from benchmarks.interface import Outcome
from benchmarks.process import parquet
from benchmarks.process.memory import watch_peak
from benchmarks.release.check import check_submission
from benchmarks.release.submit import make_submission
from benchmarks.release.verify import datasets_of
from benchmarks.storage.frozen import CELLS, PREDICTIONS, SCORES, read_records, tables
from benchmarks.storage.store import Record
from benchmarks.suite.loading import load_suite
from estimators import load_plugin, registry
from sdscm.errors import InputError

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "submit.md"
Contents = dict[str, bytes]


def repacked(good: Path, contents: Contents, **changes: Any) -> bytes:
    """A zip with other files or another manifest, whose hashes are right."""
    old = open_submission(good)
    files = {name: old.files.read(name) for name in old.files.sizes if name != SUBMISSION}
    files |= contents
    content = {**old.content, "files": listed(files), **changes}
    return zip_of(files | {SUBMISSION: manifest_bytes(content)})


def with_records(good: Path, change: Callable[[list[Record]], list[Record]]) -> bytes:
    return repacked(good, tables(change(list(read_records(open_submission(good))))))


def with_first(good: Path, change: Callable[[Record], Record]) -> bytes:
    return with_records(good, lambda records: [change(records[0]), *records[1:]])


def with_cell(good: Path, **changes: Any) -> bytes:
    return with_first(good, lambda record: replace(record, cell=replace(record.cell, **changes)))


def with_score(good: Path, value: float) -> bytes:
    def change(record: Record) -> Record:
        fitted = {**record.scores["fitted"], "pehe_sd": value}
        return replace(record, scores={**record.scores, "fitted": fitted})

    return with_first(good, change)


def with_table(good: Path, name: str, change: Callable[[pa.Table], pa.Table]) -> bytes:
    table = pq.read_table(pa.BufferReader(open_submission(good).read(name)))
    sink = pa.BufferOutputStream()
    pq.write_table(change(table), sink)
    return repacked(good, {name: sink.getvalue().to_pybytes()})


def with_column(good: Path, name: str, column: str) -> bytes:
    return with_table(good, name, lambda t: t.append_column(column, pa.array([0.5] * len(t))))


def with_texts(good: Path, column: str, value: Any) -> bytes:
    """The first cell has another value in a column of its table."""

    def change(table: pa.Table) -> pa.Table:
        place = table.schema.get_field_index(column)
        values = [value, *table.column(column).to_pylist()[1:]]
        kind = table.schema.field(place).type
        return table.set_column(place, column, pa.array(values, kind))

    return with_table(good, CELLS, change)


def swapped(good: Path) -> bytes:
    def change(records: list[Record]) -> list[Record]:
        one, other, *rest = records
        first, second = one.outcome, other.outcome
        return [replace(one, outcome=second), replace(other, outcome=first), *rest]

    return with_records(good, change)


def without_held_out(good: Path) -> bytes:
    def change(record: Record) -> Record:
        outcome = replace(record.outcome, held_out=None)
        return replace(record, outcome=outcome, scores={"fitted": record.scores["fitted"]})

    return with_first(good, change)


def with_nan(good: Path) -> bytes:
    def change(record: Record) -> Record:
        prediction = record.outcome.prediction
        assert prediction is not None
        assert prediction.effect is not None
        effect = np.where(np.arange(len(prediction.effect)) == 3, np.nan, prediction.effect)
        return replace(
            record,
            outcome=replace(record.outcome, prediction=replace(prediction, effect=effect)),
            scores={rows: dict.fromkeys(each, np.nan) for rows, each in record.scores.items()},
        )

    return with_first(good, change)


def with_entry(good: Path, name: str, kind: int = stat.S_IFREG, size: int | None = None) -> bytes:
    buffer = io.BytesIO(good.read_bytes())
    with zipfile.ZipFile(buffer, "a") as archive:
        info = zipfile.ZipInfo(name)
        info.external_attr = (kind | 0o644) << 16
        archive.writestr(info, b"x")
        if size is not None:
            info.file_size = info.compress_size = size
    return buffer.getvalue()


def with_zeros(good: Path) -> bytes:
    buffer = io.BytesIO(good.read_bytes())
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("predictions.bin", bytes(2**28))
    return buffer.getvalue()


def long_lists(table: pa.Table) -> pa.Table:
    zeros = pa.array([np.zeros(2**24)] + [[0.0]] * (len(table) - 1), pa.list_(pa.float64()))
    return table.set_column(table.schema.get_field_index("effect"), "effect", zeros)


def with_other_levels(good: Path) -> bytes:
    """Arrow calls abort on it (seen with 26), which no code of Python can catch."""
    table = open_submission(good).read(PREDICTIONS)
    known = b"\x25\x02\x18\x07element"  # optional; then the name, in the schema of the footer
    assert known in table
    table = table.replace(known, b"\x25\x7e\x18\x07element", 1)
    return repacked(good, {PREDICTIONS: table})


def with_bit(good: Path) -> bytes:
    data = good.read_bytes()
    place = data.index(b"PAR1") + 40
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


class Explode:
    """Leaves a file where it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.write_text, (self.path, "unpickled")


def payload(good: Path) -> bytes:
    return pickle.dumps(Explode(good.parent / "unpickled"))


def with_extension(good: Path) -> bytes:
    def change(table: pa.Table) -> pa.Table:
        note = {b"ARROW:extension:name": b"arrow.py_extension_type"}
        note[b"ARROW:extension:metadata"] = payload(good)
        fields = [
            each.with_metadata(note) if each.name == "effect" else each for each in table.schema
        ]
        return table.cast(pa.schema(fields))

    return with_table(good, PREDICTIONS, change)


def with_pandas(good: Path) -> bytes:
    note = json.dumps({"columns": [], "pickle": payload(good).hex()})
    return with_table(good, CELLS, lambda table: table.replace_schema_metadata({"pandas": note}))


MINE = {"estimand": "CATE", "family": "plugin", "label": "Mine", "oracle": False}
#: Forgeries: how each is made from a good submission, and what the line of its refusal says.
FORGERIES: dict[str, tuple[Callable[[Path], bytes], str]] = {
    "an edited score": (lambda good: with_score(good, 0.001), "linear-r0 (all): pehe_sd"),
    "a score of NaN": (lambda good: with_score(good, np.nan), "pehe_sd (fitted rows) is nan"),
    "a score left out": (
        lambda good: with_table(good, SCORES, lambda t: t.drop_columns(["ate_error"])),
        "ate_error (fitted rows) is nan",
    ),
    "predictions of NaN": (with_nan, "effect gave 1 values that are NaN"),
    "predictions of another dataset": (swapped, "Mine on linear-r0 (all): ate"),
    "no predictions of the held-out rows": (
        without_held_out,
        "linear-r0 (all): predictions of held-out rows are missing",
    ),
    "a column with the truth": (
        lambda good: with_column(good, PREDICTIONS, "y1"),
        "predictions.parquet has a column 'y1'",
    ),
    "a column that is not a score": (
        lambda good: with_column(good, SCORES, "true_effect"),
        "scores.parquet has a column 'true_effect'",
    ),
    "a key with the truth": (
        lambda good: repacked(good, {}, truth=[1.0, 2.0]),
        "submission.json: truth",
    ),
    "a cell twice": (
        lambda good: with_records(good, lambda records: [*records, records[0]]),
        "cells.parquet has Mine on linear-r0 (all) twice",
    ),
    "a missing cell": (
        lambda good: with_records(good, lambda records: records[1:]),
        "Mine on linear-r0 (all): it is missing",
    ),
    "another seed": (lambda good: with_cell(good, seed=1), "its seed is 1, but"),
    "another level of the intervals": (
        lambda good: with_cell(good, alpha=0.5),
        "other options than the suite's",
    ),
    "cells of other data": (
        lambda good: with_cell(good, fingerprint="0" * 32),
        "made from another dataset of this name",
    ),
    "the name of a reference method": (
        lambda good: repacked(good, {}, methods=[MINE | {"label": "LinReg"}]),
        "'LinReg' is a reference method",
    ),
    "a method that is shown the truth": (
        lambda good: repacked(good, {}, methods=[MINE | {"oracle": True}]),
        "methods.0.oracle",
    ),
    "another release": (
        lambda good: repacked(good, {}, release={"id": "toy-v1", "sha256": "0" * 64}),
        "made for another release",
    ),
    "an extra file": (
        lambda good: repacked(good, {"truth.csv": b"1"}),
        "truth.csv is not a file of a submission",
    ),
    "a pickle as a file": (
        lambda good: repacked(good, {"model.pkl": payload(good)}),
        "model.pkl is not a file of a submission",
    ),
    "a pickle in a type of Arrow": (with_extension, "predictions.parquet has metadata"),
    "a pickle in the metadata of pandas": (with_pandas, "cells.parquet has metadata"),
    "versions that are not texts": (
        lambda good: with_first(good, lambda record: replace(record, versions={"numpy": [2]})),
        "its versions are not names of libraries with their versions",
    ),
    "versions of a hundred thousand levels": (
        lambda good: with_texts(good, "versions", "[" * 100_000),
        "its tables are not those of a submission (RecursionError",
    ),
    "a text left out": (
        lambda good: with_texts(good, "warnings", [None]),
        "a text of it is missing",
    ),
    "a control character of a terminal": (
        lambda good: with_texts(good, "warnings", ["two\nlines \x1b[2J"]),
        "a text of it has a control character",
    ),
    "a changed bit": (with_bit, "is damaged"),
    "a path that leaves the folder": (
        lambda good: with_entry(good, "../plugin.py"),
        "'../plugin.py' is a path that leaves the folder",
    ),
    "a link": (lambda good: with_entry(good, "link", stat.S_IFLNK), "'link' is a link"),
    "a zip bomb: 10 GB are declared": (
        lambda good: with_entry(good, "big.bin", size=10 * 10**9),
        "'big.bin' has 10000000000 bytes, more than its zip",
    ),
    "a zip bomb: 256 MiB in 1 MiB": (with_zeros, "'predictions.bin' is compressed"),
    "a bomb in a table": (
        lambda good: with_table(good, PREDICTIONS, long_lists),
        "predictions.parquet takes",
    ),
    "a table that ends its reader": (
        with_other_levels,
        "predictions.parquet is not a readable Parquet file",
    ),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forgery_is_refused_in_one_line(name: str, entered: Path, made: Path, tmp_path) -> None:
    make, says = FORGERIES[name]
    good = shutil.copy(entered, tmp_path / "good.zip")
    path = tmp_path / "forged.zip"
    path.write_bytes(make(good))
    assert path.read_bytes() != good.read_bytes()
    found = check_submission(path, release=made)
    assert found.submission is None
    assert says in found.problems[0]
    assert all("\n" not in line for line in found.problems)
    if name not in ("predictions of another dataset", "a score left out"):
        assert len(found.problems) == 1
    assert not (tmp_path / "unpickled").exists()


def test_a_board_refuses_it_in_one_line(entered: Path, made: Path, tmp_path: Path) -> None:
    path = tmp_path / "forged.zip"
    path.write_bytes(FORGERIES["predictions of another dataset"][0](entered))
    given = {"workers": 0, "results_dir": None, "runs_dir": tmp_path / "r"}
    with pytest.raises(InputError, match=r"forged\.zip: refused: Mine on .* \(and 1 more\)$"):
        run(str(made), submissions=path, **given)


def test_the_page_lists_the_forgeries() -> None:
    rows = re.findall(r"^\| ([^|]+?) \| `", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert set(rows) == set(FORGERIES)


# --- bombs


@pytest.mark.parametrize("name", [name for name in FORGERIES if "bomb" in name])
def test_a_bomb_takes_no_memory(name: str, entered: Path, made: Path, tmp_path: Path) -> None:
    path = tmp_path / "forged.zip"
    path.write_bytes(FORGERIES[name][0](entered))
    check_submission(entered, release=made)  # imports count no more
    peak = watch_peak()
    assert check_submission(path, release=made).submission is None
    assert (peak() or 0) < 64


def zigzag(number: int, width: int = 0) -> bytes:
    """A number as Thrift writes it in Parquet's footer, at least ``width`` bytes long."""
    number, found = number << 1, []
    while number or len(found) < width or not found:
        found.append(number & 127 | 128)
        number >>= 7
    found[-1] &= 127
    return bytes(found)


def test_a_table_that_lies_about_its_size_is_stopped(
    entered: Path, made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its footer declares 99 bytes, but 128 MiB come out: more than the check may take."""
    data = with_table(entered, PREDICTIONS, long_lists)
    (tmp_path / "honest.zip").write_bytes(data)
    table = open_submission(tmp_path / "honest.zip").read(PREDICTIONS)
    group = pq.ParquetFile(pa.BufferReader(table)).metadata.row_group(0)
    effect = group.column(5)
    length = int.from_bytes(table[-8:-4], "little") + 8
    footer = table[-length:]
    for size in (group.total_byte_size, effect.total_uncompressed_size, effect.num_values):
        known = zigzag(size)
        assert known in footer
        footer = footer.replace(known, zigzag(99, len(known)))
    table = table[:-length] + footer
    path = tmp_path / "forged.zip"
    path.write_bytes(repacked(entered, {PREDICTIONS: table}))
    assert "not a readable Parquet file" in str(check_submission(path, release=made).problems)
    monkeypatch.setattr(parquet, "MOST_MEMORY", 0.03)
    problems = check_submission(path, release=made).problems
    assert problems == ["predictions.parquet needs more memory than its cells"]
    monkeypatch.setattr(parquet, "MOST_SECONDS", 0.01)
    assert "s to read" in check_submission(path, release=made).problems[0]


# --- making


def test_equal_runs_give_equal_bytes(entered: Path, made: Path, plugin: Path, tmp_path) -> None:
    suite = load_suite(made)
    load_plugin(plugin)
    given = {"plugins": [plugin], "runs_dir": tmp_path / "r"}
    run(suite, estimators=["Mine"], workers=0, results_dir=None, **given)
    out = tmp_path / "again.zip"
    make_submission(suite, out, names=["Mine"], card={"author": "A"}, **given)
    assert out.read_bytes() == entered.read_bytes()
    found = open_submission(out)
    assert str(tmp_path).encode() not in out.read_bytes()
    assert {*found.files.sizes} == {
        *("README.md", "cells.parquet", "plugin.py"),
        *("predictions.parquet", "scores.parquet", "submission.json"),
    }
    assert {each.cell.estimator for each in read_records(found)} == {"Mine"}
    assert b"| Authors | A |\n| Paper, or another source | not stated |" in found.read("README.md")
    with pytest.raises(InputError, match="exists already"):
        make_submission(suite, out, names=["Mine"], **given)


def test_the_code_of_a_package_needs_a_link(entered: Path, made: Path) -> None:
    suite, runs = load_suite(made), entered.parent / "runs"
    registry.REGISTRY.register("Mine", summary="elsewhere")(lambda X, t, y: X)
    out = entered.parent / "package.zip"
    with pytest.raises(InputError, match=r"'Mine' is of module .* with --link URL"):
        make_submission(suite, out, names=["Mine"], runs_dir=runs)
    link = {"link": "https://example.org/mine"}
    found = make_submission(suite, out, names=["Mine"], runs_dir=runs, card=link)
    assert found.content["plugin"] == link
    assert "plugin.py" not in found.files.sizes
    assert check_submission(out, release=made).submission is not None


# --- checking


def test_a_good_one_is_checked_and_verified(entered: Path, made: Path, plugin: Path, told) -> None:
    load_plugin(plugin)  # another file with a method of this name does not matter
    found = check_submission(entered, release=made)
    assert (found.problems, found.notes, found.cells, found.files) == ([], [], 3, 6)
    assert found.submission is not None
    assert found.submission.mark == "not verified: its code was not run"
    found = check_submission(entered, release=made, refit=5, workers=0, progress=told)
    assert told.stages == [("scores computed again", 3), ("cells fitted again", 3)]
    assert told.done == 3
    assert found.submission is not None
    assert found.submission.mark == ("verified: 3 of 3 cells fitted again with equal predictions")
    assert registry.REGISTRY.info("Mine").origin == f"plugin {plugin}"


def test_a_mark_names_the_cells_without_predictions(
    entered: Path, made: Path, tmp_path: Path
) -> None:
    def fail(record: Record) -> Record:
        return replace(record, outcome=Outcome(status="failed", reason="no"), scores={})

    path = tmp_path / "mine.zip"
    path.write_bytes(with_first(entered, fail))
    found = check_submission(path, release=made, refit=5, workers=0)
    assert found.submission is not None
    assert found.submission.mark == (
        "verified: 2 of 2 cells fitted again with equal predictions; "
        "1 of 3 cells have no predictions"
    )


def moved(good: Path, made: Path) -> bytes:
    """Predictions that no method made, with their true scores."""
    suite = load_suite(made)
    data = datasets_of(suite)
    scorer = Scorer(suite, data.sources, lambda source: data[source.name])

    def change(record: Record) -> Record:
        prediction = record.outcome.prediction
        assert prediction is not None
        assert prediction.effect is not None
        better = replace(prediction, effect=prediction.effect + 0.1)
        outcome = replace(record.outcome, prediction=better)
        return replace(record, outcome=outcome, scores=scorer(record.cell, outcome))

    return with_records(good, lambda records: list(map(change, records)))


def test_only_a_refit_finds_predictions_that_the_code_did_not_make(
    entered: Path, made: Path, tmp_path: Path
) -> None:
    path = tmp_path / "moved.zip"
    path.write_bytes(moved(entered, made))
    assert check_submission(path, release=made).problems == []
    found = check_submission(path, release=made, refit=1, workers=0)
    assert found.submission is None
    assert "fitted again, predictions differ by" in found.problems[0]


def test_code_that_registers_another_method_is_told(entered: Path, made: Path, tmp_path) -> None:
    path = tmp_path / "other.zip"
    source = open_submission(entered).read("plugin.py").replace(b'"Mine"', b'"Yours"')
    path.write_bytes(repacked(entered, {"plugin.py": source}))
    found = check_submission(path, release=made, refit=1, workers=0)
    assert found.problems == ["its code cannot be run (it registers no method 'Mine')"]


def test_code_of_another_kind_than_the_manifest_says_is_told(
    entered: Path, made: Path, tmp_path: Path
) -> None:
    """A method that is shown the truth could be handed in as one that is not."""
    path = tmp_path / "other.zip"
    path.write_bytes(repacked(entered, {}, methods=[MINE | {"family": "EconML"}]))
    found = check_submission(path, release=made, refit=1, workers=0)
    assert found.problems == [
        "its code cannot be run ('Mine' has another family or estimand, or sees the truth)"
    ]


def test_the_release_is_found_by_its_name(
    entered: Path, made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="its release toy-v1 is neither in the package nor here"):
        check_submission(entered)
    monkeypatch.chdir(made.parent)
    assert check_submission(entered).problems == []


# --- boards


def test_a_board_shows_submissions_beside_the_reference(
    entered: Path, made: Path, plugin: Path, tmp_path: Path
) -> None:
    given = {"workers": 0, "results_dir": tmp_path, "runs_dir": tmp_path / "r"}
    (tmp_path / "entries").mkdir()
    shutil.copy(entered, tmp_path / "entries")
    other = repacked(entered, {}, release={"id": "other-v1", "sha256": "0" * 64})
    (tmp_path / "entries" / "other.zip").write_bytes(other)
    found = run(str(made), submissions=tmp_path / "entries", **given)
    assert (found.computed, found.own) == (0, ("Mine",))
    assert "Mine (not verified: its code was not run)" in found.notes[-1]
    board = (tmp_path / "toy-v1" / "leaderboard.md").read_text()
    assert "Submissions of others" in board
    assert f"--submissions {tmp_path / 'entries'}" in board
    again = leaderboard("toy-v1", results_dir=None, runs_dir=tmp_path / "r")
    assert again.notes == found.notes
    mine = run(
        str(made),
        workers=0,
        results_dir=None,
        runs_dir=tmp_path / "own",
        estimators=["Mine"],
        plugins=[plugin],
    )
    compared = [
        each.scores.drop(columns=["seconds", "peak_memory"]).reset_index(drop=True)
        for each in (found, mine)
    ]
    pd.testing.assert_frame_equal(*compared, check_exact=True)
    with pytest.raises(InputError, match="'Mine' is in --estimators and in"):
        run(str(made), submissions=entered, estimators=["Mine"], plugins=[plugin], **given)


def test_other_predictions_of_the_same_name_replace_the_records(
    entered: Path, made: Path, tmp_path: Path
) -> None:
    given = {"workers": 0, "results_dir": None, "runs_dir": tmp_path / "r"}
    first = run(str(made), submissions=entered, **given).scores
    (tmp_path / "moved.zip").write_bytes(moved(entered, made))
    second = run(str(made), submissions=tmp_path / "moved.zip", **given).scores
    differ = (first["pehe"] - second["pehe"]).abs() > 0.001
    assert set(first.loc[differ, "estimator"]) == {"Mine"}


def test_submissions_need_a_release(tmp_path: Path, entered: Path, write_suite) -> None:
    given = {"workers": 0, "results_dir": None, "runs_dir": tmp_path / "r"}
    with pytest.raises(InputError, match="not a release; submissions are for the board of one"):
        run(write_suite(tmp_path), submissions=entered, **given)
