"""Kendall's tau between the rankings of boards: do methods keep their order?

Give the folders of two results to compare boards of the same name, for example of two suite seeds.
Give one folder to compare the boards of its entries with the first entry, for example of several
temperatures.

    python examples/board_studies/rank_agreement.py results/published/quick other/quick
    python examples/board_studies/rank_agreement.py results/temperature

Prints a Markdown table. Both boards rank by the average rank of each dataset. The Oracle, which is
best by definition, does not count.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from scipy.stats import kendalltau

from benchmarks.boards.summary import ALL

METRICS = {"pehe_sd": "effects (PEHE)", "ate_abs_error_sd": "average effect"}
_BOARD = ["lm", "dataset", "setting", "rows"]


def rankings(folder: Path) -> dict[tuple[str, ...], pd.DataFrame]:
    """Read the average ranks of the boards of one scenario in a results folder.

    Returns
    -------
    For each board (language model, entry, setting, rows): a row for each method and a column for
    each metric of `METRICS`.

    Raises
    ------
    SystemExit
        If the folder has no leaderboard.
    """
    file = folder / "leaderboard.csv"
    if not file.exists():
        raise SystemExit(f"{file}: no such file; run the suite first, or name its results folder")
    frame = pd.read_csv(file, keep_default_na=False, na_values=[""])
    ranks = {name: frame[f"average_rank_{name}"] for name in METRICS}
    places = {name: frame[name].fillna("") if name in frame else "" for name in _BOARD}
    table = pd.DataFrame({"estimator": frame["estimator"], **places, **ranks})
    table = table[(table["estimator"] != "Oracle") & ~table["dataset"].isin(["", ALL])]
    boards = table.set_index("estimator").groupby(_BOARD, sort=False)
    return {key: board[list(METRICS)] for key, board in boards}


def agreement(one: pd.DataFrame, other: pd.DataFrame, metric: str) -> tuple[float, int]:
    """Compute Kendall's tau-b of two boards, and the number of methods that both rank."""
    both = pd.concat({"one": one[metric], "other": other[metric]}, axis=1, join="inner").dropna()
    return float(kendalltau(both["one"], both["other"]).statistic), len(both)


def compare(folders: Sequence[Path]) -> pd.DataFrame:
    """Compare boards: those of two folders by name, or the entries of one folder with its first.

    Returns
    -------
    A row for each pair of boards: ``entry``, ``setting``, ``rows``, ``methods``, and Kendall's tau
    of each metric.
    """
    first = rankings(folders[0])
    if len(folders) == 2:
        second = rankings(folders[1])
        pairs = [(key, first[key], second[key]) for key in first if key in second]
    else:
        starts: dict[tuple[str, ...], pd.DataFrame] = {}
        for key, board in first.items():
            starts.setdefault((key[0], *key[2:]), board)
        pairs = [(key, starts[key[0], *key[2:]], board) for key, board in first.items()]
    found = []
    for (_, entry, setting, rows), one, other in pairs:
        row: dict[str, object] = {"entry": entry, "setting": setting, "rows": rows or "fitted"}
        for metric, title in METRICS.items():
            row[title], row["methods"] = agreement(one, other, metric)
        found.append(row)
    return pd.DataFrame(found, columns=["entry", "setting", "rows", "methods", *METRICS.values()])


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", nargs="+", type=Path, help="one results folder, or two")
    folders = parser.parse_args(arguments).folders
    if len(folders) > 2:
        parser.error("give one folder or two")
    table = compare(folders)
    print("| " + " | ".join(table.columns) + " |")
    print("| --- | --- | --- |" + " ---: |" * (len(table.columns) - 3))
    for row in table.itertuples(index=False):
        cells = [f"{cell:.2f}" if isinstance(cell, float) else str(cell) for cell in row]
        print("| " + " | ".join(cells) + " |")


if __name__ == "__main__":
    sys.exit(main())
