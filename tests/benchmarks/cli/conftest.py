"""The command line in this process, and a small study."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from benchmarks.cli import main
from estimators import plugins, registry

STUDY = """\
name: statin_study
title: Does the statin help?
variables:
  - name: age
    role: exogenous
    values: [young, older]
    phrasings: ["The patient is {value}.", "A patient who is {value} arrives."]
  - name: smoker
    role: covariate
    values: ["no!", "yes"]
    parents: [age]
    phrasings: ["Does she smoke? Her answer is {value}."]
  - name: drug
    role: treatment
    values: [placebo, statins]
    parents: [age, smoker]
    phrasings: ["She takes the {value}.", "Her doctor gives her the {value}."]
  - name: state
    role: outcome
    values: [recovers, worsens]
    parents: [age, smoker, drug]
    phrasings: ["In the end she {value}."]
"""

SUITE = """\
name: toy
datasets:
  - {name: statin, files: "data*.parquet"}
estimators: [DiffInMeans, LinReg, Oracle]
holdout: 0
board: {resamples: 50}
"""

PLUGIN = """\
import numpy as np
import estimators


@estimators.register("Mine", summary="difference in means for every row")
def mine(X, t, y):
    return np.full(len(X), y[t == 1].mean() - y[t == 0].mean())
"""


@dataclass(frozen=True)
class Ran:
    """What a command left: exit code, standard output, standard error."""

    code: int
    out: str
    err: str


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Runs ``sdscm`` with these arguments."""

    def run(*arguments: object) -> Ran:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return run


@pytest.fixture(autouse=True)
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder: a study, a suite over the Parquet files here, and a plugin."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    # A second for each board; others draw it.
    monkeypatch.setattr("benchmarks.report.figure._png", lambda *_: b"")
    # On a busy machine a short command takes long, and would say so.
    monkeypatch.setattr("benchmarks.cli.progress._INTERVAL", 600.0)
    monkeypatch.setattr("benchmarks.cli.progress._LONG_INTERVAL", 600.0)
    (tmp_path / "study.yaml").write_text(STUDY)
    (tmp_path / "suite.yaml").write_text(SUITE)
    (tmp_path / "mine.py").write_text(PLUGIN)
    return tmp_path


@pytest.fixture(autouse=True)
def _own_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """What plugins of a test register is gone after it."""
    monkeypatch.setattr(registry.REGISTRY, "_entries", dict(registry.REGISTRY._entries))
    monkeypatch.setattr(plugins, "_loaded", {})


@pytest.fixture(scope="session")
def dataset_file(tiny_lm: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset of the study, 60 units, as ``sdscm generate`` writes it."""
    folder = tmp_path_factory.mktemp("dataset")
    (folder / "study.yaml").write_text(STUDY)
    before = os.environ.get("SDSCM_CACHE")
    os.environ["SDSCM_CACHE"] = str(folder / "cache")
    try:
        options = [
            "--lm",
            tiny_lm,
            "--units",
            60,
            "--temperature",
            5,
            "--out",
            folder / "data.parquet",
        ]
        assert main(["generate", str(folder / "study.yaml"), *map(str, options)]) == 0
    finally:
        if before is None:
            del os.environ["SDSCM_CACHE"]
        else:
            os.environ["SDSCM_CACHE"] = before
    return folder / "data.parquet"


@pytest.fixture
def data(dataset_file: Path, workspace: Path) -> Path:
    """The dataset, in the working folder."""
    path = workspace / "data.parquet"
    path.write_bytes(dataset_file.read_bytes())
    return path


@pytest.fixture
def untouched(workspace: Path) -> Iterator[None]:
    """Fails a test that leaves, changes or takes a file in the working folder."""

    def contents() -> dict[Path, bytes]:
        return {p: p.read_bytes() if p.is_file() else b"" for p in workspace.rglob("*")}

    before = contents()
    yield
    assert contents() == before
