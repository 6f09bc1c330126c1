"""A folder or file of the user with the name of a package: one line that names it and the fix."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import sdscm

SCRIPT = "import sdscm, benchmarks; benchmarks.run"
OURS = Path(sdscm.__file__).parents[1]


def python(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python in a folder, as from an environment that has the packages."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(OURS)},
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("package", ["estimators", "benchmarks"])
@pytest.mark.parametrize("kind", ["folder", "file"])
@pytest.mark.parametrize("way", ["script", "-c"])
def test_the_line_names_what_hides_the_package(
    tmp_path: Path, package: str, kind: str, way: str
) -> None:
    hiding = tmp_path / (package if kind == "folder" else f"{package}.py")
    if kind == "folder":
        hiding.mkdir()
    (hiding / "__init__.py" if kind == "folder" else hiding).touch()
    (tmp_path / "script.py").write_text(SCRIPT)
    shown = python(tmp_path, *(["script.py"] if way == "script" else ["-c", SCRIPT]))
    assert f"{hiding} hides the package '{package}' of sdscm: rename it" in shown.stderr
    assert shown.returncode == 1


def test_the_command_prints_one_line(tmp_path: Path) -> None:
    (tmp_path / "estimators.py").touch()
    shown = python(tmp_path, "-m", "benchmarks", "estimators")
    hiding = tmp_path / "estimators.py"
    assert shown.stderr == f"error: {hiding} hides the package 'estimators' of sdscm: rename it\n"
    assert shown.returncode == 2


def test_a_folder_of_data_hides_nothing(tmp_path: Path) -> None:
    for package in ("sdscm", "estimators", "benchmarks"):
        (tmp_path / package).mkdir()
    shown = python(tmp_path, "-c", SCRIPT)
    assert (shown.returncode, shown.stderr) == (0, "")
