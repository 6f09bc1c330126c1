"""Hold the result of a run: scores and boards."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from benchmarks.boards.board import Board
from benchmarks.boards.board_table import board_html
from benchmarks.boards.by_model import ModelComparison, compare_models, headlines
from benchmarks.boards.explain import place
from benchmarks.boards.library_warnings import LibraryWarning
from benchmarks.boards.scores import of_cells
from benchmarks.suite.model import Suite
from sdscm.display import html_card, html_note, html_table
from sdscm.number_format import counted


@dataclass(frozen=True, eq=False)
class Result:
    """Hold the scores and boards of a run.

    Attributes
    ----------
    suite
        The suite.
    scores
        One row for each cell, or up to three if the suite holds out rows; see
        `benchmarks.boards.scores.score`.
    boards
        The boards.
    facts
        A row for each dataset; see `benchmarks.datasets.facts.fact_table`.
    run_dir
        Folder of the records.
    files
        Paths of the files in the results folder.
    computed
        Number of cells that this call ran; the other cells had records.
    notes
        Lines about scores that are missing.
    warnings
        Warnings of libraries in the cells.
    own
        For a release: the methods beside its own, that were fitted here or submitted.
    lost
        Reasons why language models could not make their data; their cells are skipped.

    Examples
    --------
    >>> result = benchmarks.run(suite, workers=0, results_dir=None)
    >>> len(result.boards), result.cells["status"].unique().tolist()
    (1, ['ok'])
    """

    suite: Suite
    scores: pd.DataFrame
    boards: list[Board]
    facts: pd.DataFrame
    run_dir: Path
    files: tuple[Path, ...]
    computed: int
    notes: tuple[str, ...] = ()
    warnings: tuple[LibraryWarning, ...] = ()
    own: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"<Result: {self.suite.name}, {self._about}>"

    @property
    def _about(self) -> str:
        ok = int((self.cells["status"] == "ok").sum())
        cells = f"{len(self.cells):,} cells ({ok:,} ok)"
        return f"{counted(len(self.boards), 'board')}, {cells}, {self.computed:,} computed now"

    def _repr_html_(self) -> str:
        rows = [
            (i, place(board.group), f"{len(board.table)}", board.table["estimator"].iloc[0])
            for i, board in enumerate(self.boards)
        ]
        return html_card(
            f"Result: {self.suite.name}",
            self._about,
            html_table(["boards[i]", "of", "methods", "best"], rows),
            board_html(self.boards[0]) if self.boards else "",
            html_note(*(each.finding for each in headlines(self.by_model))),
            html_note(*self.notes),
        )

    @property
    def by_model(self) -> tuple[ModelComparison, ...]:
        """Comparisons of the boards that differ in the language model only."""
        return compare_models(self.boards)

    @property
    def cells(self) -> pd.DataFrame:
        """The scores on the rows that methods were fitted on."""
        return of_cells(self.scores)
