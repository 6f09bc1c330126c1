"""Test that a cell does not see the changes that earlier cells made to the process."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import ThreadpoolController, threadpool_info

from benchmarks.process import sandbox as module
from benchmarks.process.sandbox import remove_stale_folders, sandbox


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch) -> Path:
    """A folder for temporary files that no other process uses."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_every_cell_starts_in_an_empty_folder(temporary) -> None:
    before = os.getcwd()
    for mess in (lambda: None, lambda: Path("file").touch(), lambda: os.rmdir(os.getcwd())):
        with sandbox(0, 1, []):
            assert os.getcwd() != before
            assert os.listdir() == []
            mess()
        assert os.getcwd() == before
    with sandbox(0, 1, []):
        assert os.listdir() == []
    assert not list(temporary.rglob("file"))


def test_the_state_of_the_process_is_restored() -> None:
    random.seed(3)
    np.random.seed(3)  # noqa: NPY002
    before = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    environment, path, errors = dict(os.environ), list(sys.path), np.geterr()
    with suppress(ZeroDivisionError), sandbox(0, 1, []):
        os.environ["SDSCM_TEST"] = "1"
        sys.path.append("nowhere")
        np.seterr(all="raise")
        random.random()
        np.random.random()  # noqa: NPY002
        raise ZeroDivisionError
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before  # noqa: NPY002
    assert (dict(os.environ), list(sys.path), np.geterr()) == (environment, path, errors)


def test_the_global_generators_depend_on_the_seed_only() -> None:
    for draw in (random.random, np.random.random):
        drawn = []
        for seed in (1, 2, 1):
            with sandbox(seed, 1, []):
                drawn.append(draw())
        assert drawn[0] == drawn[2]
        assert drawn[0] != drawn[1]


def test_thread_pools_are_searched_again_after_imports(monkeypatch) -> None:
    looked: list[int] = []

    class Controller(ThreadpoolController):
        def __init__(self) -> None:
            looked.append(1)
            super().__init__()

    monkeypatch.setattr(module, "ThreadpoolController", Controller)
    for number, name in enumerate(("one", "one", "two", "two"), start=1):
        monkeypatch.setitem(sys.modules, f"brings threads {name}", sys)
        with sandbox(0, 1, []):
            assert {library["num_threads"] for library in threadpool_info()} == {1}
        assert len(looked) == (number + 1) // 2


def test_only_folders_of_ended_processes_are_removed(temporary) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    dead = temporary / f"sdscm-cell-{ended.pid}-abc"
    alive = temporary / f"sdscm-cell-{os.getpid()}-abc"
    theirs = temporary / "sdscm-cell-notes"
    for folder in (dead, alive, theirs):
        folder.mkdir()
    (dead / "file").touch()
    remove_stale_folders()
    assert sorted(temporary.iterdir()) == sorted([alive, theirs])
