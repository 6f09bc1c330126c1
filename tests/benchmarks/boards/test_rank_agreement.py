"""The study of rankings of two boards: Kendall's tau by hand."""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd
import pytest

sys.path.append(str(Path(__file__).parents[3] / "examples" / "board_studies"))
import rank_agreement


def results(folder: Path, ranks: dict[str, list[float]]) -> Path:
    """Write a leaderboard with one entry for each list of average ranks, and an Oracle."""
    folder.mkdir()
    rows = [
        {
            "lm": "toy",
            "dataset": entry,
            "setting": "all",
            "estimator": name,
            "average_rank_pehe_sd": rank,
            "average_rank_ate_abs_error_sd": 1 / (1 + rank),
        }
        for entry, listed in ranks.items()
        for name, rank in zip(["Oracle", "A", "B", "C", "D"], [0, *listed], strict=True)
    ]
    pd.DataFrame(rows).to_csv(folder / "leaderboard.csv", index=False)
    return folder


def test_boards_of_two_folders_are_compared_by_name(tmp_path: Path) -> None:
    """One of six pairs is turned: tau = (5 - 1) / 6; the Oracle does not count."""
    one = results(tmp_path / "one", {"x": [1, 2, 3, 4], "only here": [1, 2, 3, 4]})
    other = results(tmp_path / "other", {"x": [2, 1, 3, 4]})
    (row,) = rank_agreement.compare([one, other]).to_dict("records")
    assert (row["entry"], row["setting"], row["rows"], row["methods"]) == ("x", "all", "fitted", 4)
    assert row["effects (PEHE)"] == row["average effect"] == pytest.approx(4 / 6)


def test_entries_of_one_folder_are_compared_with_the_first(tmp_path: Path) -> None:
    folder = results(tmp_path / "one", {"cold": [1, 2, 3, 4], "hot": [4, 3, 2, 1]})
    found = rank_agreement.compare([folder]).set_index("entry")["effects (PEHE)"]
    assert found.to_dict() == {"cold": 1, "hot": -1}


def test_a_folder_without_a_board_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="no such file; run the suite first"):
        rank_agreement.compare([tmp_path])
