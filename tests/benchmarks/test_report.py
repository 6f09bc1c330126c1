from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import benchmarks
from benchmarks.report.tables import markdown_table, number, seconds


@pytest.fixture
def result(make_suite, tmp_path) -> benchmarks.Result:
    suite = make_suite(estimators=["DiffInMeans", "LinReg", "RF", "Oracle"])
    return benchmarks.run(
        suite, workers=0, runs_dir=tmp_path / "runs", results_dir=tmp_path / "results"
    )


def test_numbers() -> None:
    values = [0, 0.12345, -1.5, 123.4, 41234.0, np.nan, np.inf, -1e-9]
    shown = ["0", "0.123", "-1.500", "123", "4.1e+04", "–", "∞", "0.000"]
    assert [number(value) for value in values] == shown
    assert [seconds(v) for v in (0.001, 0.456, 3.21, 45.6, np.nan)] == [
        "< 0.01",
        "0.46",
        "3.2",
        "46",
        "–",
    ]


def test_bars_in_cells_do_not_break_a_table() -> None:
    table = markdown_table(["a", "|b|"], [["x|y", "1"]], left=1)
    assert table == "| a | \\|b\\| |\n| --- | ---: |\n| x\\|y | 1 |"


def test_files(result, tmp_path) -> None:
    names = [path.relative_to(tmp_path).as_posix() for path in result.files]
    assert names == [
        f"results/toy/{name}"
        for name in (
            "leaderboard.md",
            "leaderboard.csv",
            "leaderboard.json",
            "leaderboard.tex",
            "comparisons.csv",
            "scores.csv",
            "leaderboard.png",
        )
    ]
    assert result.files[-1].read_bytes().startswith(b"\x89PNG")


def test_the_page(result) -> None:
    page = result.files[0].read_text()
    lines = page.splitlines()
    naive = [line for line in lines if "| DiffInMeans | Baseline |" in line]
    assert len(naive) == 2  # it has no effects of rows, so it stands in the tables of the ATE
    assert sum("| check | Oracle |" in line for line in lines) == 4
    for estimand, title in (("CATE", "PEHE / SD(y)"), ("ATE", "|ATE error| / SD(y)")):
        assert page.count(f"### {estimand}, by {title}\n\n| Rank | Estimator |") == 2
    assert "### ITE" not in page  # of these, the Oracle alone has intervals for individuals
    assert page.count("Friedman's test that all methods are alike: p ") == 2
    assert page.count("Too few methods or phrasings") == 2
    assert page.count("<summary>Win rate of each method") == 2
    assert "scored against the ITE" in page
    assert "![Errors by estimator" in page
    assert "](leaderboard.png)" in page
    assert "sdscm benchmark" in page
    for fact in ("Treated", "Bias / SD(y)", "SD(ITE) / SD(y)", "True propensity", "Distinct"):
        assert fact in page
    for version in ("numpy", "scikit-learn", "python"):
        assert f"{version} " in page
    assert "Cells without a score" not in page


def test_the_csv_holds_the_boards(result) -> None:
    table = pd.read_csv(result.files[1], keep_default_na=True)
    assert table["setting"].value_counts().to_dict() == {"all": 4, "hidden": 4}
    assert list(table.columns[-2:]) == ["seconds", "peak_memory"]
    means = result.scores.groupby(["setting", "estimator"])["pehe_sd"].mean()
    for _, row in table.iterrows():
        assert row["pehe_sd"] == pytest.approx(
            means[row["setting"], row["estimator"]], rel=1e-5, nan_ok=True
        )


def test_the_same_records_give_the_same_bytes(result, tmp_path) -> None:
    again = benchmarks.leaderboard(
        result.suite, runs_dir=tmp_path / "runs", results_dir=tmp_path / "again"
    )
    for first, second in zip(result.files, again.files, strict=True):
        assert first.read_bytes() == second.read_bytes(), first.name


def test_an_unfinished_run_has_a_board_that_says_so(result, tmp_path) -> None:
    for path in list((result.run_dir / "cells").iterdir())[:3]:
        path.unlink()
    partial = benchmarks.leaderboard(
        result.suite, runs_dir=tmp_path / "runs", results_dir=tmp_path / "results"
    )
    assert (partial.scores["status"] == "missing").sum() == 3
    page = partial.files[0].read_text()
    assert "21 of 24 cells scored" in page
    assert "not run yet" in page


def test_the_progress_bar_counts(make_suite, tmp_path) -> None:
    from rich.console import Console

    suite = make_suite(datasets=1, settings=["all"], estimators=["LinReg", "raises"])
    console = Console(file=io.StringIO(), force_terminal=True, width=120)
    with benchmarks.RichProgress(console) as progress:
        benchmarks.run(
            suite,
            workers=0,
            plugins=[Path(__file__).with_name("hostile_plugin.py")],
            runs_dir=tmp_path / "runs",
            results_dir=None,
            progress=progress,
        )
    shown = console.file.getvalue()
    assert "2/2" in shown
    assert "1 failed" in shown
