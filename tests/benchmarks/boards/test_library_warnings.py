"""Warnings of libraries: grouped by text, without those about code."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from benchmarks.boards.library_warnings import library_warnings, without_numbers
from benchmarks.report.lists import warning_table


def record(method: str, *warnings: str) -> SimpleNamespace:
    return SimpleNamespace(
        cell=SimpleNamespace(estimator=method), outcome=SimpleNamespace(warnings=warnings)
    )


def listed(*records: SimpleNamespace) -> list[tuple[str, tuple[str, ...], int]]:
    found = library_warnings(records)  # type: ignore[arg-type]
    return [(each.text, each.methods, each.cells) for each in found]


@pytest.mark.parametrize(
    ("text", "grouped"),
    [
        ("rcond=1.2e-17, n = 1,200.", "rcond=#, n = #."),
        ("tolerance: 3.4e+00, -5 of 10%", "tolerance: #, # of #%"),
        ("<object at 0x7f3aB1>", "<object at #>"),
        ("LinearDML_2 and nu2 on X12", "LinearDML_2 and nu2 on X12"),
        ("1 2", "# #"),
    ],
)
def test_numbers_do_not_tell_texts_apart(text: str, grouped: str) -> None:
    assert without_numbers(text) == grouped


def test_the_most_frequent_first_and_each_cell_once() -> None:
    assert listed(
        record("B", "UserWarning: rank 3", "UserWarning: rank 4"),
        record("A", "UserWarning: rank 5"),
        record("A", "ConvergenceWarning: no", "UserWarning: rank 5"),
    ) == [("UserWarning: rank #", ("A", "B"), 3), ("ConvergenceWarning: no", ("A",), 1)]


@pytest.mark.parametrize(
    "note",
    [
        "DeprecationWarning: old",
        "PendingDeprecationWarning: old",
        "NumpyDeprecatedWarning: old",
        "FutureWarning: new",
        "ResourceWarning: open",
        "printed: Iteration 3",
    ],
)
def test_what_concerns_code_is_left_out(note: str) -> None:
    assert listed(record("A", note)) == []


def test_a_flood_is_counted_in_one_row() -> None:
    found = library_warnings(
        [record(f"M{n}", *(f"UserWarning: {'x' * k}" for k in range(n + 1))) for n in range(13)]  # type: ignore[misc]
    )
    table = warning_table(found)
    assert table is not None
    assert len(table.rows) == 11
    texts = [[cell.text for cell in row.cells] for row in table.rows]
    assert texts[0] == ["UserWarning: ", "M0, M1, M10, M11, M12, M2 and 7 more", "13"]
    assert texts[-1] == ["3 other texts, each in at most 3 cells", "M10, M11, M12", "6"]
    assert warning_table(()) is None
