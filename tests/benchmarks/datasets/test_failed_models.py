"""A suite goes on if one of its several language models fails: its cells are rows with a reason."""

from __future__ import annotations

import os
import pickle
import signal
from pathlib import Path

import pytest

import benchmarks
from benchmarks.boards.query import lost_cells
from benchmarks.datasets import sampling
from benchmarks.datasets.sampling import make_all, portable
from benchmarks.release.make import finished_records
from benchmarks.storage.manifest import Manifest
from benchmarks.suite.entries import LMEntry
from sdscm import InputError, TabularLM
from sdscm.errors import MissingExtraError
from sdscm.lm import Choice, random_table, registry
from sdscm.lm.interface import ChoiceScores
from sdscm.lm.registry import LMOptions, ModelHandle, register_lm

STATE = {"works": False}


class Unreachable(TabularLM):
    def score(self, choices: list[Choice]) -> list[ChoiceScores]:
        if STATE["works"]:
            return super().score(choices)
        raise ConnectionError("the server\ndoes not answer")


@pytest.fixture(autouse=True)
def planted(monkeypatch: pytest.MonkeyPatch) -> None:
    """``bad:author``, whose factory raises, and ``bad:server``, which fails when it scores."""
    monkeypatch.setattr(registry, "_BACKENDS", dict(registry._BACKENDS))
    monkeypatch.setitem(STATE, "works", False)
    sampling.language_model.cache_clear()

    def open_bad(name: str, options: LMOptions) -> ModelHandle:
        if name == "author":
            raise KeyError("weights")
        lm = Unreachable(random_table(3), id="bad:server")
        return ModelHandle(lm.id, lm.revision, lambda: lm, cacheable=False)

    register_lm("bad", open_bad)


def suite(*lms: str) -> benchmarks.Suite:
    entry = {"scenario": "headache", "lm": list(lms), "n": 60, "phrasings": 2}
    return benchmarks.Suite.model_validate(
        {
            "name": "several",
            "datasets": [entry],
            "settings": ["all"],
            "holdout": 0,
            "estimators": ["DiffInMeans", "LinReg", "Oracle"],
            "board": {"resamples": 20},
        }
    )


@pytest.fixture
def run(tmp_path: Path):
    def run(*lms: str) -> benchmarks.Result:
        folders = {"runs_dir": tmp_path / "runs", "results_dir": tmp_path / "results"}
        return benchmarks.run(suite(*lms), workers=0, **folders)

    return run


def test_the_others_go_on_and_a_failed_model_has_rows_with_its_reason(run, tmp_path) -> None:
    result = run("tabular:0", "bad:author", "bad:server")
    cells = result.cells.groupby("lm", sort=False)
    assert {str(lm): len(part) for lm, part in cells} == {
        "tabular:0": 6,
        "bad:author": 6,
        "bad:server": 6,
    }
    found = {str(lm): set(zip(part["status"], part["reason"], strict=True)) for lm, part in cells}
    server = "no data of bad:server: ConnectionError: the server does not answer"
    assert found == {
        "tabular:0": {("ok", "")},
        "bad:author": {("skipped", "no data of bad:author: KeyError: 'weights'")},
        "bad:server": {("skipped", server)},
    }
    assert result.lost == ("no data of bad:author: KeyError: 'weights'", server)
    boards = {board.group["lm"]: board.table for board in result.boards}
    assert boards["bad:server"]["skipped"].tolist() == [2, 2, 2]
    assert boards["tabular:0"]["ok"].tolist() == [2, 2, 2]
    assert "bad:server" in (tmp_path / "results" / "several" / "leaderboard.md").read_text()
    assert [record.outcome.reason for record, _ in lost_cells(result.run_dir, "LinReg")] == [
        *result.lost
    ]
    with pytest.raises(InputError, match="run the suite again, or leave the language model out"):
        finished_records(Manifest.read(result.run_dir), result.run_dir, mixed=False)


def test_a_model_that_works_again_has_its_cells_run(run) -> None:
    run("tabular:0", "bad:server")
    STATE["works"] = True
    result = run("tabular:0", "bad:server")
    assert result.computed == 6
    assert result.lost == ()
    assert set(result.cells["status"]) == {"ok"}
    assert run("tabular:0", "bad:server").computed == 0


def test_if_all_models_fail_there_is_one_line_with_each_reason(run) -> None:
    with pytest.raises(InputError) as caught:
        run("bad:author", "bad:server")
    assert str(caught.value) == (
        "no language model can make its data: bad:author: KeyError: 'weights'; "
        "bad:server: ConnectionError: the server does not answer"
    )


def test_a_single_model_raises_its_own_error(run) -> None:
    with pytest.raises(KeyError, match="weights"):
        run("bad:author")
    with pytest.raises(ConnectionError):
        run("bad:server")


class Recipe:
    """The part of a recipe that a pool needs: its model, and a way to fail."""

    def __init__(self, lm: str, fails: str = "") -> None:
        self.lm, self._fails = LMEntry(name=lm), fails

    def make(self, rows: object) -> Recipe:
        if self._fails == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        if self._fails:
            raise MissingExtraError("it", "server")
        return self

    def to_parquet(self, path: Path) -> Path:
        path.write_text("data")
        return path


@pytest.mark.parametrize("processes", [1, 2])
def test_after_one_failure_a_model_is_not_tried_again(tmp_path, processes: int) -> None:
    recipes = {
        tmp_path / "a": Recipe("good"),
        tmp_path / "b": Recipe("bad", "extra"),
        tmp_path / "c": Recipe("good"),
        # A second process may begin with it before the first one fails.
        tmp_path / "d": Recipe("bad", "extra" if processes == 2 else ""),
    }
    if processes == 2:
        recipes[tmp_path / "e"] = Recipe("large", "killed")
        recipes[tmp_path / "f"] = Recipe("good")
    made, failed = [], {}
    make_all(
        recipes,  # type: ignore[arg-type]
        processes,
        lambda path, rows: None,
        lambda path: made.append(path.name),
        lambda path, error: failed.update({path.name: str(error)}),
    )
    missing = "it needs the extra 'server': pip install 'sdscm[server]'"
    assert failed.pop("b") == failed.pop("d") == missing
    assert sorted(made) == (["a", "c"] if processes == 1 else ["a", "c", "f"])
    if processes == 2:
        assert "not made, its process ended (signal 9)" in failed.pop("e")
    assert failed == {}


class Unsendable(Exception):
    def __init__(self, status: int, body: str) -> None:
        super().__init__(f"{status} {body}")


def test_errors_that_no_other_process_can_read_become_one_line() -> None:
    error = portable(Unsendable(503, "busy"))
    assert (type(error), str(error)) == (RuntimeError, "Unsendable: 503 busy")
    known = KeyError("x")
    assert portable(known) is known
    copy = pickle.loads(pickle.dumps(MissingExtraError("it", "plot")))
    assert (str(copy), copy.extra) == (str(MissingExtraError("it", "plot")), "plot")
