"""A small run of simulated data, and releases of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from benchmarks.archive.release import Release
from benchmarks.experiment import run
from benchmarks.release.make import make_release
from benchmarks.release.submit import make_submission
from benchmarks.suite.loading import load_suite
from benchmarks.suite.model import Suite
from estimators import plugins, registry

PLUGIN = """\
import numpy as np
import estimators


@estimators.register("Mine", summary="the difference in means for every row")
class Mine:
    def fit(self, X, t, y):
        self.effect_ = y[t == 1].mean() - y[t == 0].mean()
        return self

    def effect(self, X):
        return np.full(len(X), self.effect_ - 0.25)
"""


def write_suite(folder: Path, **changes: object) -> Suite:
    content: dict[str, object] = {
        "name": "toy",
        "datasets": [{"simulation": "linear", "n": 60, "covariates": 3, "replicates": 3}],
        "estimators": ["DiffInMeans", "LinReg", "RF", "Oracle"],
        "settings": ["all"],
        "repetitions": 2,
        "board": {"resamples": 50},
    }
    folder.mkdir(exist_ok=True, parents=True)
    path = folder / "toy.yaml"
    path.write_text(yaml.safe_dump(content | changes))
    return load_suite(path)


@pytest.fixture(name="write_suite")
def write_suite_fixture():
    """The function ``write_suite(folder, **changes)``."""
    return write_suite


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the runs, with a finished one: 3 datasets, and a seed more for RF."""
    folder = tmp_path_factory.mktemp("release")
    run(write_suite(folder), workers=0, results_dir=None, runs_dir=folder / "runs")
    return folder / "runs"


@pytest.fixture(scope="session")
def made(runs: Path) -> Path:
    """The release of the run, as a folder; tests do not change it."""
    return make_release("toy", runs.parent / "toy-v1", version="1", runs_dir=runs).files.place


@pytest.fixture
def release_of(runs: Path, tmp_path: Path) -> Callable[[str], Release]:
    """Make a release of the run with a name of its own: ``release_of("toy.zip")``."""
    return lambda name: make_release("toy", tmp_path / name, version="1", runs_dir=runs)


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file with the method ``Mine``; the registry is as before after the test."""
    monkeypatch.setattr(registry.REGISTRY, "_entries", dict(registry.REGISTRY._entries))
    monkeypatch.setattr(plugins, "_loaded", {})
    path = tmp_path / "mine.py"
    path.write_text(PLUGIN)
    return path


@pytest.fixture(scope="session")
def entered(made: Path) -> Path:
    """A submission of ``Mine`` to the release; tests do not change it."""
    folder = made.parent / "entered"
    folder.mkdir()
    path = folder / "mine.py"
    path.write_text(PLUGIN)
    suite = load_suite(made)
    given = {"plugins": [path], "runs_dir": folder / "runs"}
    with registry.REGISTRY.without_plugins():
        plugins.load_plugin(path)
        run(suite, estimators=["Mine"], workers=0, results_dir=None, **given)
        make_submission(suite, folder / "mine.zip", names=["Mine"], card={"author": "A"}, **given)
    return folder / "mine.zip"
