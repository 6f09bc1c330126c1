"""A column that is registered from outside is in every output."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

import benchmarks
import estimators
from benchmarks.boards import columns
from benchmarks.boards.board_table import best_of
from benchmarks.boards.columns import BoardColumn, register_column
from benchmarks.cli import main
from benchmarks.report.html import write_page
from sdscm.errors import InputError
from sdscm.report_page.table import TableCell, TableColumn, make_table

PLUGIN = """
from benchmarks.boards.columns import BoardColumn, register_column

register_column(
    BoardColumn(
        name="letters",
        heading="Letters of label",
        value=lambda entry: len(entry.method),
        form=lambda value: f"{value} letters",
        best=True,
        definition="How long the label is.",
    )
)
"""


@pytest.fixture
def letters(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A plugin whose column has 6 for LinReg, 11 for DiffInMeans: the letters of the label."""
    monkeypatch.setattr(columns, "_COLUMNS", dict(columns._COLUMNS))
    path = tmp_path / "letters.py"
    path.write_text(PLUGIN)
    return path


def test_a_new_column_is_one_registry_entry(
    letters, make_suite, tmp_path, capsys, no_figures
) -> None:
    suite = make_suite(settings=["all"], estimators=["DiffInMeans", "LinReg"])
    folders = {"runs_dir": tmp_path / "runs", "results_dir": tmp_path / "results"}
    result = benchmarks.run(suite, workers=0, plugins=[letters], **folders)
    markdown, table, content, latex = (path.read_text() for path in result.files[:4])

    assert "| Letters of label |" in markdown
    assert "| **6 letters** |" in markdown
    assert "| 11 letters |" in markdown

    rows = {row["estimator"]: row for row in csv.DictReader(io.StringIO(table))}
    assert {name: row["letters"] for name, row in rows.items()} == {
        "LinReg": "6",
        "DiffInMeans": "11",
    }

    methods = json.loads(content)["boards"][0]["methods"]
    assert {row["estimator"]: row["letters"] for row in methods} == {"LinReg": 6, "DiffInMeans": 11}

    assert "& Letters of label" in latex
    assert r"& \textbf{6 letters}" in latex

    page = write_page(result, tmp_path / "page")[0].read_text()
    assert 'title="How long the label is."><span class="name">Letters of label</span>' in page
    assert "<strong>6 letters</strong>" in page

    options = [
        "--plugin",
        str(letters),
        "--runs",
        str(tmp_path / "runs"),
        "--results",
        str(tmp_path / "results"),
    ]
    assert main(["leaderboard", suite.name, *options]) == 0
    printed = capsys.readouterr().out
    assert "Letters of label" in printed
    assert "11 letters" in printed


def test_a_name_is_taken_once(letters) -> None:
    estimators.load_plugin(letters)
    for name in ("letters", "pehe"):
        with pytest.raises(InputError, match=f"the board column '{name}' exists"):
            register_column(BoardColumn(name=name, heading="", value=str))


def test_best() -> None:
    values = [0.1, 0.1 + 1e-16, 0.5, None, float("inf")]
    assert best_of(values, "lower") == [True, True, False, False, False]
    assert best_of(values, "higher") == [False, False, True, False, False]
    assert best_of([None, "check"], "lower") == [False, False]


def test_cells_hold_values_for_programs_and_texts_for_people() -> None:
    column = TableColumn[float](
        name="x", heading="X", value=lambda x: x, interval=lambda x: (x - 1, x + 1), digits=2
    )
    (one,), (two,) = (
        row.cells for row in make_table("t", "T", [column], [12.34, float("nan")]).rows
    )
    assert (one.value, one.text, one.ends) == (12.0, "12.340", (11.34, 13.34))
    assert (two.value, two.text) == (None, "–")
    assert [column.sort_value(cell) for cell in (one, two, TableCell("check", ""))] == [
        "12",
        "",
        "",
    ]
