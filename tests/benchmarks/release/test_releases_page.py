"""The commands of the page of releases run, and its tables name what a release holds."""

from __future__ import annotations

import re
from pathlib import Path

import pyarrow.parquet as pq

from benchmarks.archive.release import open_release

PAGE = Path(__file__).parents[3] / "docs" / "releases.md"


def test_every_snippet_runs(run_snippets, tmp_path: Path) -> None:
    assert run_snippets(PAGE, {}).count("shell") == 2
    board = (tmp_path / "results" / "toy-v1" / "leaderboard.md").read_text()
    assert "| Mine |" in board
    assert open_release(tmp_path / "toy-v1.zip").content["licence"] == "CC-BY-4.0"


def test_the_tables_name_every_file_key_and_column(made: Path) -> None:
    named = set(re.findall(r"`([\w.:/-]+)`", PAGE.read_text(encoding="utf-8")))
    release = open_release(made)
    files = {name for name in release.files.sizes if not name.startswith("datasets/")}
    assert files <= named
    assert {*release.content} <= named
    assert {*pq.read_schema(made / "predictions.parquet").names} - {"rows"} <= named
