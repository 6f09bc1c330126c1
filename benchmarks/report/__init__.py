"""Write the report of a run: tables, a figure, and their provenance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from benchmarks.boards.board import Board
from benchmarks.boards.board_table import board_tables
from benchmarks.boards.library_warnings import LibraryWarning
from benchmarks.report.csv_tables import board_csv, comparisons_csv, models_csv, scores_csv
from benchmarks.report.figure import draw, draw_ranks_by_model
from benchmarks.report.json_board import board_json
from benchmarks.report.latex import latex
from benchmarks.report.markdown import model_section, render
from benchmarks.storage.manifest import Manifest
from benchmarks.storage.store import Record
from sdscm.figure_style import has_matplotlib
from sdscm.files import put_atomically


def write_report(
    folder: Path,
    manifest: Manifest,
    scores: pd.DataFrame,
    boards: Sequence[Board],
    records: Mapping[str, Record],
    warnings: Sequence[LibraryWarning] = (),
) -> tuple[Path, ...]:
    """Write ``leaderboard.md``, ``.csv``, ``.json`` and ``.tex``, more tables, and the figures.

    There are no figures if matplotlib is not installed. Equal records give equal bytes.

    Returns
    -------
    The paths of the files, in the order in which they are written.
    """
    figures, by_model = {}, {}
    if has_matplotlib():
        figures, by_model = draw(boards), draw_ranks_by_model(boards)
    suite, command = manifest.suite, manifest.command
    tables = board_tables(boards, suite)
    texts = {
        "leaderboard.md": render(
            manifest, tables, scores, records, warnings, figures, model_section(boards, by_model)
        ),
        "leaderboard.csv": board_csv(boards),
        "leaderboard.json": board_json(
            suite.name, command, boards, suite.board.level, suite.board.resamples, warnings
        ),
        "leaderboard.tex": latex(suite.name, tables, command),
        "comparisons.csv": comparisons_csv(boards),
        "scores.csv": scores_csv(scores),
    }
    if by_model_rows := models_csv(boards):
        texts["models.csv"] = by_model_rows
    contents = {name: text.encode() for name, text in texts.items()} | figures | by_model
    for name, content in contents.items():
        put_atomically(folder / name, content)
    return tuple(folder / name for name in contents)
