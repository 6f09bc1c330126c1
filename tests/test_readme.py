"""The snippets of the README run, in the order of the page."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from benchmarks.boards.summary import ALL
from benchmarks.paper.analysis.verdict import VERDICTS
from benchmarks.report.docs.extract import extract, fitted, replaced

README = Path(__file__).parents[1] / "README.md"
FILES = {"spec": "sleep.yaml", "plugin": "mine.py", "suite": "mine.yaml"}


@pytest.mark.usefixtures("converted_model")
def test_every_snippet_runs(run_snippets, tmp_path: Path) -> None:
    assert run_snippets(README, FILES).count("python") >= 2
    board = (tmp_path / "results" / "mine" / "leaderboard.md").read_text()
    assert "Ridge T" in board
    assert "Ridge T" in (tmp_path / "results" / "core-v1" / "leaderboard.md").read_text()
    assert (tmp_path / "sleep.parquet").exists()


def test_its_table_is_that_of_the_committed_board() -> None:
    board = pd.read_csv(README.parent / "results" / "published" / "quick" / "leaderboard.csv")
    text = README.read_text(encoding="utf-8")
    assert replaced(text, extract(board)) == text
    assert "| Oracle | – | 0.000 | 0.000 | 0.000 | 0.000 |" in text


def test_its_claims_are_those_of_the_committed_board() -> None:
    board = pd.read_csv(README.parent / "results" / "published" / "quick" / "leaderboard.csv")
    board = fitted(board)
    noisy = board[board["dataset"] == "tea_or_coffee-noise"].set_index("estimator")
    seen, hidden = (noisy[noisy["setting"] == setting] for setting in ("all", "hidden"))
    nearest = seen["pehe_sd_median"].drop("Oracle").nsmallest(4).index
    assert set(nearest) == {"BART", "CausalForest", "ForestDR", "CausalML S-LGBM"}
    errors = hidden["ate_abs_error_sd_median"].drop("Oracle")
    assert errors.idxmin() == "Zero"
    assert (errors - errors["DiffInMeans"]).abs().median() < 0.03
    assert seen.loc[seen["off"] > 0, "off"].to_dict() == {"ForestDR": 1, "LinearDR": 1}
    assert (seen.loc[["ForestDR", "LinearDR"], "cells"] == 18).all()


def test_its_claims_of_the_standard_suite_are_those_of_the_committed_boards() -> None:
    board = fitted(
        pd.read_csv(README.parent / "results" / "published" / "standard" / "leaderboard.csv")
    )

    def of(dataset: str, setting: str) -> pd.DataFrame:
        part = board[(board["dataset"] == dataset) & (board["setting"] == setting)]
        return part.set_index("estimator")

    seen, hidden = (of(ALL, setting) for setting in ("all", "hidden"))
    assert len(seen) == 31
    for part in (seen, hidden):
        assert part["average_rank_pehe_sd"].idxmin() == "BART"
    ratios = {}
    for name in ("headache-noise", "revision", "soil", "training", "coupon-noise"):
        centred = of(name, "hidden")["pehe_centred_sd_median"]
        ratios[name] = centred["CausalForest"] / centred["Zero"]
    assert max(ratios.pop("headache-noise"), ratios.pop("revision")) < 0.6
    assert min(ratios.values()) > 0.75
    names = ["CQR", "CQR-nested", "CausalML DR-LGBM", "LinearDR", "LinearDR-trimmed"]
    counts = [[17, 116], [9, 58], [7, 116], [4, 116], [0, 116]]
    assert seen.loc[names, ["off", "cells"]].to_numpy().tolist() == counts


def test_its_counts_of_the_paper_are_those_of_the_committed_tables() -> None:
    made = pd.read_csv(README.parent / "results" / "paper" / "tables.csv")
    pages = [README, README.parent / "docs" / "explanation" / "paper.md"]
    texts = [" ".join(page.read_text(encoding="utf-8").split()) for page in pages]
    for table, part in made[made["published"].notna()].groupby("table"):
        counts = part["verdict"].value_counts()
        said = ", ".join(f"{each} {counts[each]}" for each in VERDICTS if each in counts)
        said = f"Table {table}, {len(part)} numbers: {said}"
        assert all(f"{said}." in text for text in texts), said
