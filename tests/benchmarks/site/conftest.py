"""The pages of a toy release with two settings, a failure and a hostile name."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from benchmarks.experiment import run
from benchmarks.release.make import make_release
from benchmarks.site import all_pages
from benchmarks.suite.loading import load_suite
from estimators import registry

PLUGIN = """\
import estimators


@estimators.register("<b>Broken</b> & co", family="mine", estimand="ATE", summary="raises")
def broken(X, t, y):
    raise ValueError("no <i>good</i>")
"""
SUITE = {
    "name": "toy",
    "title": "Toys & <games>",
    "datasets": [{"simulation": "linear", "n": 60, "covariates": 3, "replicates": 3}],
    "estimators": ["DiffInMeans", "LinReg", "T-Only OLS", "<b>Broken</b> & co", "Oracle"],
    "settings": ["all"],
    "repetitions": 1,
    "holdout": 0,
    "board": {"resamples": 50},
}


@pytest.fixture(scope="session")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release of the toy suite, as a folder."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "mine.py").write_text(PLUGIN)
    (folder / "toy.yaml").write_text(yaml.safe_dump(SUITE))
    given = {"plugins": [folder / "mine.py"], "runs_dir": folder / "runs"}
    with registry.REGISTRY.without_plugins():
        run(load_suite(folder / "toy.yaml"), workers=0, results_dir=None, **given)
    return make_release("toy", folder / "toy-v1", version="1", runs_dir=folder / "runs").files.place


@pytest.fixture(scope="session")
def site(release: Path) -> dict[str, bytes]:
    """The pages of the release, by path below ``boards``."""
    return all_pages([release])
