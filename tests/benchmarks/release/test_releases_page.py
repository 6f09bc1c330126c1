"""The commands of the page of releases run, and its tables name what a release holds."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from benchmarks.archive.release import open_release

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "release.md"


def test_every_snippet_runs(run_snippets, tmp_path: Path) -> None:
    assert run_snippets(PAGE).count("shell") == 2
    board = (tmp_path / "results" / "toy-v1" / "leaderboard.md").read_text()
    assert "| Mine |" in board
    assert open_release(tmp_path / "toy-v1.zip").content["licence"] == "CC-BY-4.0"


@pytest.mark.slow
def test_the_snippets_of_the_sealed_release_run(run_snippets, tmp_path: Path, monkeypatch) -> None:
    """Files that the snippets were saved to, in the order of the page; `mine.py` is among them."""
    text = PAGE.read_text(encoding="utf-8").partition("## Sealed truth")[2]
    page = tmp_path / "page.md"
    plugin = PAGE.read_text(encoding="utf-8").partition("<!-- test: mine.py -->")[2]
    page.write_text("<!-- test: mine.py -->" + plugin.partition("\nThen name it")[0] + text)
    saved = run_snippets(page)
    assert saved == [
        *("mine.py", "tables.py", "challenge.yaml", "seal.sh", "predict.sh", "score.sh"),
    ]
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    for command in ("python tables.py", "sh seal.sh", "sh predict.sh", "sh score.sh"):
        subprocess.run(command, shell=True, cwd=tmp_path, check=True)
    board = (tmp_path / "results" / "challenge-v1" / "leaderboard.md").read_text()
    assert "| Mine |" in board


def test_the_tables_name_every_file_key_and_column(made: Path) -> None:
    named = set(re.findall(r"`([\w.:/-]+)`", PAGE.read_text(encoding="utf-8")))
    release = open_release(made)
    files = {name for name in release.files.sizes if not name.startswith("datasets/")}
    assert files <= named
    assert {*release.content} <= named
    assert {*pq.read_schema(made / "predictions.parquet").names} - {"rows"} <= named
