"""Scores and boards of a run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from benchmarks.boards.board import Board
from benchmarks.boards.scores import of_cells
from benchmarks.suite.model import Suite


@dataclass(frozen=True, eq=False)
class Result:
    """The scores and boards of a run.

    Attributes
    ----------
    suite
    scores
        A row a cell, two where the suite holds rows out; see `benchmarks.boards.scores.score`.
    boards
        See `Board`.
    facts
        A row a dataset; see `benchmarks.datasets.facts.fact_table`.
    run_dir
        Folder of the records.
    files
        What was written to the results folder.
    computed
        Number of cells that this call ran; the others were on record.
    """

    suite: Suite
    scores: pd.DataFrame
    boards: list[Board]
    facts: pd.DataFrame
    run_dir: Path
    files: tuple[Path, ...]
    computed: int

    @property
    def cells(self) -> pd.DataFrame:
        """The scores, of each cell only those of the rows that it was fitted on."""
        return of_cells(self.scores)
