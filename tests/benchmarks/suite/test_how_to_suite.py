"""The page how-to/suite.md says what is so."""

from __future__ import annotations

from math import prod
from pathlib import Path

import pandas as pd
import pytest

from benchmarks.suite.loading import load_suite

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "suite.md"


@pytest.mark.slow
def test_its_snippets_run(run_snippets, tmp_path: Path) -> None:
    kinds = run_snippets(PAGE)
    assert kinds == [
        "mine.yaml",
        "python",
        "mine.py",
        "trials.yaml",
        "shell",
        "shell",
        "models.yaml",
        "shell",
    ]
    board = (tmp_path / "results" / "trials" / "leaderboard.md").read_text()
    assert "Worst error / SD(y)" in board
    scores = pd.read_csv(tmp_path / "results" / "changed" / "scores.csv")
    assert (scores["status"] == "ok").all()
    (entry,) = load_suite(tmp_path / "mine.yaml").datasets
    parts = entry.phrasings, entry.replicates, len(entry.n), len(entry.dials["confounding"])
    factors = f"{parts[0]} phrasings x {parts[1]} replicates x {parts[2]} sizes x {parts[3]} "
    text = " ".join(PAGE.read_text(encoding="utf-8").split())
    assert f"{factors}strengths of confounding = {prod(parts)} datasets" in text
