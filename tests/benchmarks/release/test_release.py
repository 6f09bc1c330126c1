"""Releases: equal bytes, every change is named, and nothing of them is fitted again."""

from __future__ import annotations

import http.server
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from hashlib import sha256
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks import metrics
from benchmarks.archive import release as releases
from benchmarks.archive.files import open_files, write_files
from benchmarks.archive.release import MANIFEST, manifest_bytes, open_release
from benchmarks.boards.scores import Scorer
from benchmarks.datasets.loaded import Datasets
from benchmarks.datasets.prepare import requests
from benchmarks.datasets.source import Source
from benchmarks.experiment import leaderboard, run
from benchmarks.release.make import _portable, make_release
from benchmarks.release.verify import verify_release
from benchmarks.storage.frozen import read_cells, read_records, tables, without_folders
from benchmarks.storage.manifest import folder_of
from benchmarks.storage.store import Record, Store
from benchmarks.suite.loading import load_suite
from sdscm.errors import InputError

MINE = {"estimators": ["Mine"], "workers": 0, "results_dir": None}


def without_costs(scores: pd.DataFrame) -> pd.DataFrame:
    cost = [each.name for each in metrics.registered() if each.group == "cost"]
    return scores.drop(columns=cost)


def forged(place: Path, out: Path, contents: dict[str, bytes], **changes: object) -> Path:
    """A release whose hashes are right, although files or the manifest were changed."""
    old = open_release(place)
    files = {name: old.files.read(name) for name in old.files.sizes} | contents
    content = {**old.content, **changes}
    content["files"] = {
        name: {"bytes": len(data), "sha256": sha256(data).hexdigest()}
        for name, data in files.items()
        if name != MANIFEST
    }
    return write_files(files | {MANIFEST: manifest_bytes(content)}, out)


# --- making


def test_two_runs_in_two_folders_give_equal_bytes(made: Path, tmp_path: Path, write_suite) -> None:
    suite = write_suite(tmp_path / "elsewhere")
    run(suite, workers=0, results_dir=None, runs_dir=tmp_path / "r")
    again = make_release(suite, tmp_path / "again", version="1", runs_dir=tmp_path / "r")
    first = open_files(made)
    assert again.files.sizes == first.sizes
    assert [n for n in first.sizes if again.files.read(n) != first.read(n)] == []
    here = str(tmp_path).encode()
    assert not any(here in again.files.read(name) for name in first.sizes)


def test_it_holds_the_datasets_of_the_suite_and_no_leftovers(runs: Path, tmp_path: Path) -> None:
    left = runs / "toy" / "datasets" / "left.parquet"
    left.write_bytes(b"of another suite")
    try:
        found = make_release("toy", tmp_path / "toy.zip", version="1", runs_dir=runs).files.sizes
    finally:
        left.unlink()
    assert [name for name in found if name.startswith("datasets/")] == [
        f"datasets/linear-r{number}.parquet" for number in range(3)
    ]
    assert {*found} - {f"datasets/linear-r{number}.parquet" for number in range(3)} == {
        *("README.md", "cells.parquet", "croissant.json"),
        *("predictions.parquet", "release.json", "scores.parquet"),
    }


def test_an_unfinished_run_is_refused_with_the_command(tmp_path: Path, write_suite) -> None:
    suite = write_suite(tmp_path, estimators=["LinReg"])
    run(suite, workers=0, results_dir=None, runs_dir=tmp_path / "r")
    with Store.of(tmp_path / "r" / "toy") as store, store._transaction():
        store._execute("DELETE FROM cells WHERE dataset = 'linear-r1'")
    with pytest.raises(
        InputError, match=r"1 of 3 cells have no record.*: sdscm benchmark .*toy.ya"
    ):
        make_release(suite, tmp_path / "out", version="1", runs_dir=tmp_path / "r")
    assert not (tmp_path / "out").exists()


def test_a_run_without_predictions_is_refused(tmp_path: Path, write_suite) -> None:
    suite = write_suite(tmp_path, estimators=["LinReg"], predictions="drop")
    run(suite, workers=0, results_dir=None, runs_dir=tmp_path / "r")
    with pytest.raises(InputError, match="has no predictions; write 'predictions: keep'"):
        make_release(suite, tmp_path / "out", version="1", runs_dir=tmp_path / "r")


def test_data_without_a_licence_is_never_copied() -> None:
    with pytest.raises(InputError, match="no licence, and are never copied"):
        _portable([Source("gpt2-p0-1", "gpt2", "gpt2, phrasing 0", released={"lm": "gpt2"})])


def test_clusters_that_are_files_become_names() -> None:
    given = [
        Source("a-x", "a", "/tables/x.csv"),
        Source("b-x", "b", "/tables/x.csv"),
        Source("b-y", "b", "y.parquet"),
        Source("tea", "tea", "tea, phrasing 3"),
    ]
    assert [source.cluster for source in _portable(given)] == [
        "a-x",
        "a-x",
        "b-y",
        "tea, phrasing 3",
    ]


def test_other_files_are_not_overwritten(runs: Path, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "diary.txt").write_text("mine")
    make = partial(make_release, "toy", version="1", runs_dir=runs)
    with pytest.raises(InputError, match="exists already"):
        make(tmp_path / "full")
    with pytest.raises(InputError, match="is not a release, and is kept"):
        make(tmp_path / "full", force=True)
    assert (tmp_path / "full" / "diary.txt").read_text() == "mine"
    make(tmp_path / "toy")
    (tmp_path / "toy" / "old.txt").write_text("of an earlier release")
    assert "old.txt" not in make(tmp_path / "toy", force=True).files.sizes


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("no file /some/folder/x.py: gone", "no file x.py: gone"),
        ("see https://scikit-learn.org/stable/modules/linear.html", None),
        ("C:\\Users\\me\\x.py failed", "x.py failed"),
        ("a ratio of 1/2, or y/x", None),
    ],
)
def test_messages_lose_folders(text: str, bare: str | None) -> None:
    assert without_folders(text) == (text if bare is None else bare)


def test_it_is_described_in_croissant(made: Path) -> None:
    croissant = pytest.importorskip("mlcroissant")
    found = croissant.Dataset(jsonld=made / "croissant.json")
    assert found.metadata.ctx.issues.errors == set()
    hashes = {each.id: each.sha256 for each in found.metadata.file_objects}
    assert hashes["scores.parquet"] == sha256((made / "scores.parquet").read_bytes()).hexdigest()
    first = next(iter(found.records("datasets/linear-r0")))
    assert first["datasets/linear-r0/t"] in (0, 1)


# --- verifying


@pytest.mark.parametrize("name", ["toy", "toy.zip"])
def test_a_new_release_is_verified(release_of, name: str, told) -> None:
    found = verify_release(release_of(name).files.place, refit=4, workers=0, progress=told)
    assert told.stages == [("scores computed again", 15), ("cells fitted again", 4)]
    assert (told.done, told.left[-1]) == (4, 0.0)
    assert (found.problems, found.notes) == ([], [])
    assert (found.files, found.cells, found.refitted) == (9, 15, 4)


def test_one_bit_of_any_file_is_named(made: Path, tmp_path: Path) -> None:
    shutil.copytree(made, tmp_path / "toy")
    for name, size in open_files(made).sizes.items():
        path = tmp_path / "toy" / name
        kept = path.read_bytes()
        for place in (0, size // 2, size - 1):
            path.write_bytes(kept[:place] + bytes([kept[place] ^ 1]) + kept[place + 1 :])
            (problem,) = verify_release(tmp_path / "toy").problems
            assert name in problem
        path.write_bytes(kept)
    assert verify_release(tmp_path / "toy").problems == []


def test_one_bit_of_a_zip_is_found(release_of) -> None:
    path = release_of("toy.zip").files.place
    kept = path.read_bytes()
    draw = np.random.Generator(np.random.Philox(0))
    for place in [0, len(kept) - 1, *draw.integers(len(kept), size=40)]:
        path.write_bytes(kept[:place] + bytes([kept[place] ^ 4]) + kept[place + 1 :])
        problems = verify_release(path).problems
        assert problems, place
        assert "toy.zip" in problems[0] or any(n in problems[0] for n in open_files(path).sizes)


def test_a_file_more_or_less_is_named(made: Path, tmp_path: Path) -> None:
    shutil.copytree(made, tmp_path / "toy")
    (tmp_path / "toy" / "more.txt").write_text("more")
    assert verify_release(tmp_path / "toy").problems == ["more.txt is not a file of the release"]
    (tmp_path / "toy" / "more.txt").unlink()
    (tmp_path / "toy" / "scores.parquet").unlink()
    assert verify_release(tmp_path / "toy").problems == ["scores.parquet is missing"]


def changed(place: Path, change: Callable[[Record], Record]) -> dict[str, bytes]:
    release = open_release(place)
    order = [cell.key for cell in read_cells(release)]
    records = sorted(read_records(release), key=lambda record: order.index(record.cell.key))
    return tables([change(record) for record in records])


def test_an_edited_score_is_found(made: Path, tmp_path: Path) -> None:
    def better(record: Record) -> Record:
        if str(record.cell) != "LinReg on linear-r1 (all)":
            return record
        held_out = {**record.scores["held-out"], "pehe_sd": 0.001}
        return replace(record, scores={**record.scores, "held-out": held_out})

    place = forged(made, tmp_path / "toy.zip", changed(made, better))
    (problem,) = verify_release(place).problems
    assert problem.startswith("LinReg on linear-r1 (all): pehe_sd (held-out rows) is 0.001, but")


def moved(made: Path, label: str, by: float) -> dict[str, bytes]:
    """The tables with effects of a method moved, and its scores computed again."""
    suite = load_suite(made)
    datasets = Datasets((each.source, each.content) for each in requests(suite))
    scorer = Scorer(suite, datasets.sources, lambda source: datasets[source.name])

    def move(record: Record) -> Record:
        prediction = record.outcome.prediction
        if record.cell.estimator != label or prediction is None or prediction.effect is None:
            return record
        better = replace(prediction, effect=prediction.effect + by)
        outcome = replace(record.outcome, prediction=better)
        return replace(record, outcome=outcome, scores=scorer(record.cell, outcome))

    return changed(made, move)


def test_only_a_refit_finds_predictions_that_no_method_made(made: Path, tmp_path: Path) -> None:
    place = forged(made, tmp_path / "toy", moved(made, "LinReg", 1e-6))
    assert verify_release(place).problems == []
    found = verify_release(place, refit=15, workers=0)
    assert len(found.problems) == 3
    assert all(each.startswith("LinReg on linear-r") for each in found.problems)
    assert "predictions differ by" in found.problems[0]


@pytest.mark.parametrize(("share", "problems"), [(0.04, 0), (0.08, 6)])
def test_the_rounding_of_another_processor_is_a_note(
    made: Path, tmp_path: Path, share: float, problems: int
) -> None:
    """It can decide a tie of a forest: at most 0.05 SD(y) of a stochastic method."""
    spreads = [float(each.content.y.std()) for each in requests(load_suite(made))]
    assert 0.08 * min(spreads) > 0.05 * max(spreads)
    place = forged(made, tmp_path / "toy", moved(made, "RF", share * min(spreads)))
    found = verify_release(place, refit=15, workers=0)
    # Three datasets, two seeds.
    assert [len(found.problems), len(found.notes)] == [problems, 6 - problems]


def test_which_cell_came_first_in_a_process_changes_no_byte(made: Path) -> None:
    """The first cell gets the deprecations of imports."""
    known = list(read_records(open_release(made)))

    def warned(*warnings: str) -> bytes:
        outcomes = [replace(record.outcome, warnings=warnings) for record in known]
        return tables(
            [replace(record, outcome=o) for record, o in zip(known, outcomes, strict=True)]
        )["cells.parquet"]

    fit = "ConvergenceWarning: not converged"
    assert warned("PendingDeprecationWarning: set_bad is old", fit) == warned(fit) != warned()


def test_other_versions_are_said(made: Path, tmp_path: Path) -> None:
    contents = changed(made, lambda r: replace(r, versions={**r.versions, "numpy": "1.0"}))
    found = verify_release(forged(made, tmp_path / "old", contents), refit=2, workers=0)
    assert found.problems == []
    assert found.notes == [f"other version here: numpy 1.0 -> {np.__version__}"]


def test_versions_of_many_levels_are_one_line(made: Path, tmp_path: Path) -> None:
    table = pq.read_table(pa.BufferReader(open_release(made).read("cells.parquet")))
    place = table.schema.get_field_index("versions")
    table = table.set_column(place, "versions", pa.array(["[" * 100_000] * len(table)))
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    contents = {"cells.parquet": sink.getvalue().to_pybytes()}
    found = verify_release(forged(made, tmp_path / "deep", contents))
    assert len(found.problems) == 1
    assert "RecursionError" in found.problems[0]


def test_a_manifest_of_another_shape_is_found(made: Path, tmp_path: Path) -> None:
    place = forged(made, tmp_path / "toy", {}, sources=[{"nam": "linear-r0"}])
    (problem,) = verify_release(place).problems
    assert problem.startswith("release.json is not that of a release (KeyError")


def test_a_cell_twice_and_a_column_less_are_found(made: Path, tmp_path: Path) -> None:
    records = list(read_records(open_release(made)))
    place = forged(made, tmp_path / "twice", tables([*records, records[0]]))
    assert "cells.parquet has DiffInMeans on linear-r0 (all) twice" in str(verify_release(place))
    place = forged(
        made, tmp_path / "swapped", {"cells.parquet": (made / "scores.parquet").read_bytes()}
    )
    assert "cells.parquet has no column" in verify_release(place).problems[0]


# --- using


def test_only_the_new_method_is_fitted(
    made: Path, runs: Path, tmp_path: Path, plugin: Path
) -> None:
    given = {**MINE, "plugins": [plugin], "runs_dir": tmp_path / "r"}
    found = run(str(made), **given)
    assert (found.suite.name, found.computed, found.own) == ("toy-v1", 3, ("Mine",))
    before = leaderboard("toy", results_dir=None, runs_dir=runs).scores
    reference = found.scores[found.scores["estimator"] != "Mine"].reset_index(drop=True)
    pd.testing.assert_frame_equal(without_costs(reference), without_costs(before), check_exact=True)
    assert reference["seconds"].isna().all()
    assert found.scores.loc[found.scores["estimator"] == "Mine", "seconds"].notna().any()
    assert "they were not fitted here" in found.notes[0]
    assert run(str(made), **given).computed == 0
    # The board is made from the records, by the id or the place of the release.
    for name in ("toy-v1", made):
        assert folder_of(name, tmp_path / "r") == tmp_path / "r" / "toy-v1"
    shown = leaderboard("toy-v1", results_dir=None, runs_dir=tmp_path / "r")
    pd.testing.assert_frame_equal(shown.scores, found.scores)
    assert shown.notes == found.notes


def test_without_new_methods_it_is_the_board_of_the_run(made: Path, runs, tmp_path: Path) -> None:
    found = run(str(made), workers=0, results_dir=tmp_path, runs_dir=tmp_path / "r")
    assert found.computed == 0
    before = leaderboard("toy", results_dir=None, runs_dir=runs).boards
    for board, other in zip(found.boards, before, strict=True):
        assert board.group == other.group
        pd.testing.assert_frame_equal(
            without_costs(board.table), without_costs(other.table), check_exact=True
        )
    assert "they were not fitted here" in (tmp_path / "toy-v1" / "leaderboard.md").read_text()


def test_a_reference_method_is_fitted_with_the_option_only(
    made: Path, tmp_path: Path, write_suite
) -> None:
    given = {"workers": 0, "results_dir": None, "runs_dir": tmp_path / "r"}
    with pytest.raises(InputError, match="'RF' is a reference method of toy-v1"):
        run(str(made), estimators=["RF"], **given)
    found = run(str(made), estimators=["RF"], refit=True, **given)
    assert (found.computed, found.own) == (6, ("RF",))
    stored = run(str(made), **given).scores
    pd.testing.assert_frame_equal(
        *(
            without_costs(scores)
            .sort_values(["dataset", "rows", "estimator", "repetition"])
            .reset_index(drop=True)
            for scores in (found.scores, stored)
        ),
        rtol=1e-9,
    )
    with pytest.raises(InputError, match="not a release"):
        run(write_suite(tmp_path), refit=True, **given)


def test_another_release_of_the_same_name_replaces_the_records(made: Path, tmp_path: Path) -> None:
    given = {"workers": 0, "results_dir": None, "runs_dir": tmp_path / "r"}
    first = run(str(made), **given).scores
    second = run(
        str(forged(made, tmp_path / "toy.zip", moved(made, "LinReg", 1.0))), **given
    ).scores
    differ = (first["pehe"] - second["pehe"]).abs() > 0.01
    assert set(first.loc[differ, "estimator"]) == {"LinReg"}


def test_no_language_model_and_no_torch_is_loaded(made: Path, tmp_path: Path) -> None:
    code = (
        "import sys, benchmarks; benchmarks.run(sys.argv[1], estimators=['Zero'], workers=0, "
        "results_dir=None, runs_dir=sys.argv[2]); "
        "print({'torch', 'transformers', 'econml'} & {*sys.modules})"
    )
    command = [sys.executable, "-c", code, str(made), str(tmp_path / "r")]
    assert subprocess.run(command, capture_output=True, text=True).stdout == "set()\n"


def test_a_board_needs_no_matplotlib(made: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("benchmarks.experiment.has_matplotlib", lambda: False)
    monkeypatch.setattr("benchmarks.report.has_matplotlib", lambda: False)
    found = run(str(made), workers=0, results_dir=tmp_path, runs_dir=tmp_path / "r")
    assert {path.suffix for path in found.files} == {".md", ".csv", ".json", ".tex"}
    assert "No figure: it needs the extra 'plot'" in found.notes[-1]


def test_a_release_of_the_package_has_a_name(made: Path, tmp_path: Path, monkeypatch) -> None:
    shutil.copytree(made, tmp_path / "releases" / "tiny-v1")
    monkeypatch.setattr(releases, "shipped_folder", lambda: tmp_path / "releases")
    assert load_suite("tiny-v1").name == "toy-v1"
    with pytest.raises(InputError, match=r"choose one of .*quick.*, tiny-v1"):
        load_suite("tiny-v2")


def test_a_damaged_release_is_refused(made: Path, tmp_path: Path) -> None:
    shutil.copytree(made, tmp_path / "toy")
    path = tmp_path / "toy" / "datasets" / "linear-r2.parquet"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(InputError, match=r"datasets/linear-r2.parquet has changed"):
        run(str(tmp_path / "toy"), workers=0, results_dir=None, runs_dir=tmp_path / "r")


def test_a_later_format_is_refused(made: Path, tmp_path: Path) -> None:
    place = forged(made, tmp_path / "toy", {}, format=99)
    with pytest.raises(InputError, match="its format is 99"):
        load_suite(place)


# --- addresses


def test_a_file_address_needs_the_right_hash(release_of) -> None:
    path: Path = release_of("toy.zip").files.place
    right = sha256(path.read_bytes()).hexdigest()
    assert load_suite(f"{path.as_uri()}#sha256={right}").name == "toy-v1"
    with pytest.raises(InputError, match="its SHA-256 is not"):
        load_suite(f"{path.as_uri()}#sha256={'0' * 64}")
    with pytest.raises(InputError, match="write the address as"):
        load_suite(path.as_uri())


def test_a_release_is_downloaded_once(release_of, tmp_path: Path, monkeypatch) -> None:
    pytest.importorskip("pooch")
    monkeypatch.setenv("SDSCM_CACHE", str(tmp_path / "cache"))
    path: Path = release_of("toy.zip").files.place
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/toy.zip#sha256="
        with pytest.raises(InputError, match="cannot be had"):
            load_suite(url + "0" * 64)
        url += sha256(path.read_bytes()).hexdigest()
        assert load_suite(url).name == "toy-v1"
        server.shutdown()
    assert load_suite(url).name == "toy-v1"  # from the cache
    shutil.rmtree(tmp_path / "cache")
    with pytest.raises(InputError, match="cannot be had"):
        load_suite(url)
