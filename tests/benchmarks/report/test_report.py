from __future__ import annotations

import io
import sqlite3
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

import benchmarks
from benchmarks.metrics import registry
from benchmarks.report.figure import draw
from benchmarks.storage.store import Store
from sdscm.errors import InputError
from sdscm.report_page.markdown import markdown_table


@pytest.fixture
def result(make_suite, tmp_path) -> benchmarks.Result:
    suite = make_suite(estimators=["DiffInMeans", "LinReg", "RF", "Oracle"])
    return benchmarks.run(
        suite, workers=0, runs_dir=tmp_path / "runs", results_dir=tmp_path / "results"
    )


def test_bars_and_tags_in_cells_do_not_break_a_table() -> None:
    table = markdown_table(["a", "|b|"], [["x|y", "1"], ["<class 'int'> </b>", "< 0.01"]], left=1)
    assert table.splitlines() == [
        "| a | \\|b\\| |",
        "| --- | ---: |",
        "| x\\|y | 1 |",
        "| \\<class 'int'> \\</b> | < 0.01 |",
    ]


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


def test_the_style_that_a_library_sets_is_not_the_figure_s(result) -> None:
    """CausalML sets one for the whole process where it is imported."""
    from matplotlib import style

    first = draw(result.boards)
    with style.context("fivethirtyeight"):
        assert draw(result.boards) == first


def test_the_page(result) -> None:
    page = result.files[0].read_text()
    lines = page.splitlines()
    naive = [line for line in lines if "| DiffInMeans | Baseline |" in line]
    assert len(naive) == 2  # it has no effects of rows, so it stands in the tables of the ATE
    assert sum("| check | Oracle |" in line for line in lines) == 4
    for estimand, title in (("CATE", "PEHE / SD(y)"), ("ATE", "|ATE error| / SD(y)")):
        assert page.count(f"### {estimand} by {title}\n\nScored against the ") == 2
    assert "### ITE by" not in page  # of these, the Oracle alone has intervals for individuals
    assert page.count("Friedman's test that all methods are alike: p ") == 2
    assert page.count("Too few methods or phrasings") == 2
    assert page.count("<summary>Win rate of each method") == 4
    assert "Scored against the ITE." in page
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
    with sqlite3.connect(result.run_dir / Store.FILE) as connection:
        connection.execute("DELETE FROM cells WHERE key IN (SELECT key FROM cells LIMIT 3)")
    connection.close()
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
            plugins=[Path(__file__).parents[1] / "hostile_plugin.py"],
            runs_dir=tmp_path / "runs",
            results_dir=None,
            progress=progress,
        )
    shown = console.file.getvalue()
    assert "2/2" in shown
    assert "1 failed" in shown


METRIC = """
import estimators
import numpy as np
from benchmarks import metrics


def largest_error(prediction, truth):
    return float(np.abs(prediction.effect - truth.effect).max())


metrics.register(
    metrics.Metric(
        "largest_error", "Largest error", "CATE", "CATE", "lower", ("effect",), largest_error, "own"
    )
)


@estimators.register(name="Nought", family="mine", estimand="CATE", summary="no effect")
def nought(X, t, y):
    return np.zeros(len(X))
"""


def test_a_plugins_metric_is_a_column_and_ranks(
    make_suite, confounded, tmp_path, monkeypatch
) -> None:
    """The suite names it before anything else knows it; effects are 0.5 + 0.5 a, Nought's 0."""
    known = registry._METRICS
    monkeypatch.setattr(registry, "_METRICS", dict(known))
    plugin = tmp_path / "plugin.py"
    plugin.write_text(METRIC)
    make_suite(settings=["all"], estimators=["Nought", "LinReg", "Oracle"])
    path = tmp_path / "toy.yaml"
    board = {"columns": ["largest_error"], "rank_by": ["largest_error"], "resamples": 50}
    path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | {"board": board}))
    made = benchmarks.run(
        path,
        plugins=[plugin],
        workers=0,
        runs_dir=tmp_path / "runs",
        results_dir=tmp_path / "results",
    )
    largest = made.scores.groupby("estimator")["largest_error"].mean()
    effects = [np.abs(0.5 + 0.5 * confounded(i).X["a"]).max() for i in range(3)]
    assert largest["Nought"] == pytest.approx(np.mean(effects))
    page = made.files[0].read_text()
    assert "| Rank | Method | Family | Largest error | Median |" in page
    assert f"| {largest['Nought']:.3f} [" in page or f"**{largest['Nought']:.3f} [" in page

    monkeypatch.setattr(registry, "_METRICS", known)
    with pytest.raises(InputError, match="unknown metric 'largest_error'; name the file"):
        benchmarks.leaderboard("toy", runs_dir=tmp_path / "runs", results_dir=None)


def test_columns_are_chosen_by_name(result, tmp_path) -> None:
    folders = {"runs_dir": tmp_path / "runs", "results_dir": tmp_path / "results"}
    chosen = benchmarks.leaderboard(
        result.suite, columns=["qini", "ate_r2", "peak_memory"], **folders
    )
    page = chosen.files[0].read_text()
    assert "| Rank | Method | Family | Qini | Memory, MiB | Median |" in page
    assert "| Rank | Method | Family | ATE R² | Memory, MiB | Median |" in page
    with pytest.raises(InputError, match="unknown metric 'quni': choose among ate_error"):
        benchmarks.leaderboard(result.suite, columns=["quni"], **folders)
