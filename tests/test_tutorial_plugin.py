"""The tutorial's plugin, installed and used by the steps of its README."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

EXAMPLE = Path(__file__).parents[1] / "examples" / "sdscm-plugin-ridge"
SNIPPET = re.compile(r"<!-- test: (\w+) -->\n```\w+\n(.*?)```", re.DOTALL)


def succeed(command: list[str], folder: Path, environment: Mapping[str, str]) -> str:
    ran = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, f"{command}\n{ran.stdout}\n{ran.stderr}"
    return ran.stdout


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a user's data, and with the plugin installed in ``site``, all offline."""
    folder = tmp_path_factory.mktemp("outside")
    # A build writes into the folder of the sources.
    sources = shutil.copytree(EXAMPLE, folder / "sources")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    offline = ["--no-index", "--no-deps", "--no-build-isolation", "--target", str(folder / "site")]
    succeed([*pip, *offline, str(sources)], folder, os.environ)
    rng = np.random.default_rng(0)
    age = rng.normal(size=120)
    treated = (age + rng.normal(size=120) > 0).astype(int)
    without = age + rng.normal(scale=0.1, size=120)
    table = {"age": age, "treated": treated, "without": without, "with": without + 1 + age}
    pd.DataFrame(table).to_csv(folder / "mine.csv", index=False)
    return folder


@pytest.fixture
def environment(outside: Path) -> dict[str, str]:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return {**os.environ, "PATH": path, "PYTHONPATH": str(outside / "site")}


def test_every_step_of_the_tutorial_works(outside: Path, environment: dict[str, str]) -> None:
    printed = []
    for kind, text in SNIPPET.findall((EXAMPLE / "README.md").read_text(encoding="utf-8")):
        if kind == "suite":
            (outside / "my_suite.yaml").write_text(text)
            continue
        command = [sys.executable, "-c", text]
        if kind == "shell":
            command = ["bash", "-euo", "pipefail", "-c", text]
        printed.append(succeed(command, outside, environment))
    registry, _, table = printed
    listed = next(line for line in registry.splitlines() if line.startswith("RidgeT "))
    assert "plugin 'ridge' of sdscm-plugin-ridge" in listed
    assert "parameters      penalty = 1.0" in registry
    assert re.search(r"RidgeT keeps all \d+ rules\.", registry)
    assert "my object" in table
    board = pd.read_csv(outside / "results" / "my_suite" / "leaderboard.csv")
    fitted = board[(board["setting"] == "all") & (board["rows"] == "fitted")]
    errors = fitted.set_index("estimator")["ate_abs_error_sd"]
    assert errors["Oracle"] == 0
    assert errors["RidgeT"] < 0.05 < errors["RidgeT 100"] < errors["DiffInMeans"]


def test_it_is_ten_lines() -> None:
    lines = (EXAMPLE / "sdscm_plugin_ridge.py").read_text(encoding="utf-8").split("@estimators")[1]
    body = [line for line in lines.splitlines() if line.strip()]
    assert len(body) <= 10
