"""The README's snippets do what it says: they run in the order in which a reader meets them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from benchmarks.report.extract import extract, replaced

README = Path(__file__).parents[1] / "README.md"
FILES = {"spec": "sleep.yaml", "plugin": "mine.py", "suite": "mine.yaml"}
SNIPPET = re.compile(r"<!-- test: (\w+) -->\n```\w+\n(.*?)```", re.DOTALL)


@pytest.mark.xdist_group("embedded")
def test_every_snippet_runs(tmp_path: Path) -> None:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path}
    snippets = SNIPPET.findall(README.read_text(encoding="utf-8"))
    assert [kind for kind, _ in snippets].count("python") >= 2
    for kind, text in snippets:
        if kind in FILES:
            (tmp_path / FILES[kind]).write_text(text)
            continue
        command = ["bash", "-euo", "pipefail", "-c", text]
        if kind == "python":
            command = [sys.executable, "-c", text]
        ran = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert ran.returncode == 0, f"{text}\n{ran.stdout}\n{ran.stderr}"
    board = (tmp_path / "results" / "mine" / "leaderboard.md").read_text()
    assert "Ridge T" in board
    assert (tmp_path / "sleep.parquet").exists()


def test_its_table_is_that_of_the_committed_board() -> None:
    board = pd.read_csv(README.parent / "results" / "quick" / "leaderboard.csv")
    text = README.read_text(encoding="utf-8")
    assert replaced(text, extract(board)) == text
    assert "| Oracle | 0.000 | 0.000 | 0.000 | 0.000 |" in text
