"""The commands of the page of submissions run, and it names what a submission holds."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from benchmarks.archive.release import open_submission
from benchmarks.release.submit import FIELDS

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "submit.md"


@pytest.mark.slow
def test_every_snippet_runs(run_snippets, tmp_path: Path) -> None:
    assert run_snippets(PAGE).count("shell") == 3
    board = (tmp_path / "results" / "toy-v1" / "leaderboard.md").read_text()
    assert "Mine (verified: 2 of 2 cells fitted again with equal predictions)" in board


def test_the_page_names_every_file_key_and_field(entered: Path) -> None:
    named = set(re.findall(r"`([\w.]+)`", PAGE.read_text(encoding="utf-8")))
    found = open_submission(entered)
    assert {*found.files.sizes, *found.content} <= named
    assert {*FIELDS} - {"author", "description", "link"} <= named
