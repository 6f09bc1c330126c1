"""Datasets made in several processes equal those made in one."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
import yaml

from benchmarks.datasets import prepare, sampling
from benchmarks.progress import Silent
from benchmarks.suite.loading import load_suite
from benchmarks.suite.model import Suite
from sdscm.errors import InputError


class Told(Silent):
    def __init__(self) -> None:
        self.rows: dict[str, float] = {}
        self.doing: list[str] = []

    def advance(self, step: str, amount: float = 1, failed: bool = False) -> None:
        if amount == 0:
            self.doing.append(step)
            return
        self.rows[step] = self.rows.get(step, 0) + amount


def suite(folder: Path, lm: Path, phrasings: int) -> Suite:
    data = {
        "scenario": "marathon_confounder",
        "lm": str(lm),
        "phrasings": phrasings,
        "n": 40,
    }
    content = {"name": "s", "datasets": [data], "estimators": ["LinReg"]}
    (folder / "s.yaml").write_text(yaml.safe_dump(content))
    return load_suite(folder / "s.yaml")


def test_the_number_of_processes_changes_no_bit(tmp_path, tiny_lm, monkeypatch) -> None:
    monkeypatch.setattr(sampling, "_free_memory", lambda: 2**40)
    requests = prepare.requests(suite(tmp_path, tiny_lm, phrasings=3))
    fingerprints = []
    for workers in (1, 2):
        # The second run may not take the first one's scores from the user's store.
        monkeypatch.setenv("SDSCM_CACHE", str(tmp_path / f"cache{workers}"))
        told = Told()
        folder = tmp_path / f"run{workers}"
        made = list(prepare.prepare(requests, folder, told, workers))
        fingerprints.append([source.fingerprint for source, _ in made])
        assert all(rows == pytest.approx(40) for rows in told.rows.values())
        assert len(told.rows) == 3
        assert any("loading tiny" in each for each in told.doing)
        assert any("contexts scored" in each for each in told.doing)
    assert fingerprints[0] == fingerprints[1]


def test_what_goes_wrong_in_a_process_is_told(tmp_path, tiny_lm) -> None:
    (request, *_) = prepare.requests(suite(tmp_path, tiny_lm, phrasings=1))
    recipe = request.content
    assert isinstance(recipe, prepare.Recipe)
    bad = prepare.Recipe(**{**vars(recipe), "n": 0})
    with pytest.raises(InputError, match="n = 0"):
        sampling.make_in_pool({tmp_path / "a.parquet": bad}, 1, lambda path, rows: None)
    assert list(tmp_path.glob("*.parquet")) == []


class Deadly:
    def make(self, rows):
        os.kill(os.getpid(), signal.SIGKILL)


def test_the_data_of_a_process_that_dies_are_named(tmp_path) -> None:
    path = tmp_path / "a.parquet"
    with pytest.raises(RuntimeError, match=r"not made, its process ended \(signal 9\)") as caught:
        sampling.make_in_pool({path: Deadly()}, 1, lambda path, rows: None)  # type: ignore[dict-item]
    assert str(caught.value).startswith(str(path))


@pytest.mark.parametrize(
    ("workers", "datasets", "gigabytes", "expected"),
    [(2, 6, 24, 2), (8, 3, 64, 3), (16, 6, 9, 2), (4, 4, 1, 1), (4, 0, 64, 1)],
)
def test_processes_fit_work_and_memory(
    monkeypatch, workers: int, datasets: int, gigabytes: int, expected: int
) -> None:
    monkeypatch.setattr(sampling, "_free_memory", lambda: gigabytes * 2**30)
    assert sampling.generators_for(workers, datasets) == expected
