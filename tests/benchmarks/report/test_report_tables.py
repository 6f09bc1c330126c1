"""What is written of a toy board whose every number is known by hand."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from benchmarks import metrics
from benchmarks.boards.board import Board, boards
from benchmarks.boards.board_table import BoardTable, board_table
from benchmarks.boards.scores import columns
from benchmarks.report.csv_tables import board_csv, comparisons_csv
from benchmarks.report.json_board import board_json
from benchmarks.report.latex import escape, latex, maths
from benchmarks.storage.manifest import MethodInfo
from benchmarks.suite.model import BoardOptions
from sdscm.report_page.markdown import markdown
from sdscm.report_page.table import TableCell

NAN = float("nan")
# PEHE / SD(y) on each of six phrasings
TOY = {
    "A & B": [0.1] * 6,
    "twin_1": [0.1 + 1e-16] * 6,
    "worst": [0.9] * 6,
    "frail": [0.0, 0.0, 0.0, 0.0, 0.0, NAN],
    "average": [NAN] * 6,
    "Truth": [0.0] * 6,
}
METHODS = [MethodInfo(name, "toy", "CATE", oracle=name == "Truth") for name in TOY]


@pytest.fixture(scope="module")
def board() -> Board:
    rows = [
        {
            "dataset": f"d{i}",
            "entry": "toy",
            "cluster": f"p{i}",
            "lm": "lm",
            "setting": "all",
            "estimator": name,
            "target": "CATE",
            "status": "failed" if name == "frail" and i == 5 else "ok",
            "pehe_sd": score,
            "cate_width_sd": NAN if np.isnan(score) else 0.5,
            "calibration_slope": NAN if np.isnan(score) else 1.0,
            "r2": 1 - score,
            "ate_abs_error_sd": 0.0 if name == "Truth" else 0.5,
            "seconds": 12.345,
        }
        for name, scores in TOY.items()
        for i, score in enumerate(scores)
    ]
    options = BoardOptions(resamples=50)
    (made,) = boards(pd.DataFrame(rows, columns=columns()), METHODS, options, seed=0)
    return made


def tables(board: Board, chosen: list[str] | None = None) -> list[BoardTable]:
    return [board_table(board, each, chosen, alpha=0.05) for each in board.rankings.values()]


def column(table: BoardTable, name: str) -> dict[str, TableCell]:
    place = [column.name for column in table.columns].index(name)
    return {
        method: row.cells[place]
        for method, row in zip(table.ranking.methods, table.rows, strict=True)
    }


@pytest.mark.parametrize(
    ("name", "best"),
    [
        ("pehe_sd", {"A & B", "twin_1"}),
        ("r2", {"A & B", "twin_1"}),
        ("cate_width_sd", set()),  # a narrow interval is not a merit
        ("calibration_slope", set()),
        ("seconds", set()),
    ],
)
def test_the_best_are_whole_and_tied(board: Board, name: str, best: set[str]) -> None:
    """``frail`` has the lowest mean, but of five phrasings."""
    cells = column(tables(board)[0], name)
    assert {method for method, cell in cells.items() if cell.best} == best


def test_columns_by_choice_and_by_default(board: Board) -> None:
    def shown(table: BoardTable) -> list[str]:
        names = [column.name for column in table.only("latex")[0]]
        return names[2 : names.index("average_rank")]

    cate, ate = tables(board)
    assert shown(cate) == ["pehe_sd", "r2", "calibration_slope", "cate_width_sd", "seconds"]
    assert shown(ate) == ["ate_abs_error_sd", "seconds"]
    cate, ate = tables(board, ["seconds", "ate_r2", "qini", "pehe_sd"])
    assert shown(cate) == ["seconds", "qini", "pehe_sd"]
    assert shown(ate) == ["seconds", "ate_r2"]
    names = [column.name for column in cate.only("terminal")[0]]
    assert names == ["rank", "estimator", "seconds", "qini", "pehe_sd", "average_rank", "off", "ok"]


def test_markdown(board: Board) -> None:
    """The ranks are 1, 2.5, 2.5 and 4 on five phrasings; on the sixth ``frail`` is last.

    The ends of the average ranks are those of `test_intervals.py`.
    """
    table = tables(board, ["pehe_sd", "r2", "seconds"])[0]
    ranking = table.ranking
    average = ranking.average.loc[[*ranking.methods[:4]], ["average_rank_low", "average_rank_high"]]
    ends = [f"[{low:.2f}, {high:.2f}]" for low, high in average.to_numpy()]
    tied = "**0.100** | **0.900** | 12 | 0.100 | 2.33"
    assert markdown(table).splitlines()[2:] == [
        f"| 1 | frail | toy | 0 | 1.000 | 12 | 0 | 1.50 {ends[0]} | 0.83 | a | – | 0 "
        "| 5 of 6 (1 failed) |",
        f"| 2 | A & B | toy | {tied} {ends[1]} | 0.56 | a b | – | 0 | 6 |",
        f"| 2 | twin_1 | toy | {tied} {ends[2]} | 0.56 | a b | – | 0 | 6 |",
        f"| 4 | worst | toy | 0.900 | 0.100 | 12 | 0.900 | 3.83 {ends[3]} | 0.06 | b | – | 0 | 6 |",
        "| check | Truth | toy | 0 | 1.000 | 12 | 0 | – | – | – | – | 0 | 6 |",
    ]


def test_latex(board: Board) -> None:
    text = latex("toy", tables(board, ["pehe_sd", "seconds"]), "sdscm benchmark toy")
    assert text.count(r"\begin{table}") == text.count(r"\end{table}") == 2
    assert r"\label{tab:toy-lm-toy-all-pehe-sd}" in text
    body = text.split(r"\midrule")[1].strip().splitlines()
    assert [re.sub(r"\d\.\d\d \[\d\.\d\d, \d\.\d\d\]", "RANK", line) for line in body] == [
        r"1 & frail & 0 & 12 & RANK & a & 0 & 5 of 6 (1 failed) \\",
        r"2 & A \& B & \textbf{0.100} & 12 & RANK & a b & 0 & 6 \\",
        r"2 & twin\_1 & \textbf{0.100} & 12 & RANK & a b & 0 & 6 \\",
        r"4 & worst & 0.900 & 12 & RANK & b & 0 & 6 \\",
    ]
    assert (
        "Scored against the CATE. Means" in text.partition(r"\label{tab:toy-lm-toy-all-pehe-sd}")[0]
    )
    assert (
        "Scored against the SATE. Means" in text.partition(r"\label{tab:toy-lm-toy-all-pehe-sd}")[2]
    )
    assert r"\resizebox" not in latex("toy", tables(board, ["pehe_sd"]), "sdscm")
    assert r"\resizebox{\textwidth}{!}{%" in latex("toy", tables(board), "sdscm")
    for part in text.split(r"\begin{tabular}{")[1:]:
        shape, rest = part.split("}", 1)
        lines = [line for line in rest.split(r"\bottomrule")[0].splitlines() if "&" in line]
        assert {line.replace(r"\&", "").count("&") for line in lines} == {len(shape) - 1}


def test_a_mean_over_fewer_datasets_is_marked(board: Board) -> None:
    assert "over fewer datasets" not in latex("toy", tables(board, ["pehe_sd"]), "sdscm")
    marked = tables(replace(board, undefined={"pehe_sd": {"twin_1": 1}}), ["pehe_sd"])
    text = latex("toy", marked, "sdscm")
    assert r"2 & A \& B & \textbf{0.100} & 2.33" in text
    assert r"2 & twin\_1 & 0.100\textsuperscript{\dag} & 2.33" in text
    assert text.count("a mean over fewer datasets, since the score is not defined on all.") == 1
    assert "| 2 | twin_1 | toy | 0.100† |" in markdown(marked[0])


def test_latex_escapes() -> None:
    assert escape(r"a_b 5% #1 $x {y} ~ ^ \ <|> R²") == (
        r"a\_b 5\% \#1 \$x \{y\} \textasciitilde{} \textasciicircum{} \textbackslash{} "
        r"$<$$|$$>$ R$^2$"
    )


@pytest.mark.parametrize(
    ("shown", "written"),
    [
        ("-1,234", "$-$1,234"),
        ("-6.3e6", r"$-$6.3$\times10^{6}$"),
        ("-∞", r"$-$$\infty$"),
        ("0.058", "0.058"),
        ("< 0.01", "$<$ 0.01"),
        ("–", "--"),
    ],
)
def test_latex_numbers(shown: str, written: str) -> None:
    assert maths(shown) == written


def test_directions() -> None:
    found = [
        metrics.find(n).direction("95%") for n in ("pehe", "qini", "cate_coverage", "ate_error")
    ]
    assert found == ["lower is better", "higher is better", "best near 95%", "best near 0"]


def test_json(board: Board) -> None:
    content = json.loads(board_json("toy", "sdscm benchmark toy", [board], 0.95, 50))
    (made,) = content["boards"]
    rows = {row["estimator"]: row for row in made["methods"]}
    counts = ("cells", "ok", "failed", "timeout", "skipped", "missing")
    assert [rows["frail"][name] for name in counts] == [6, 5, 1, 0, 0, 0]
    assert rows["worst"]["pehe_sd"] == {"value": 0.9, "low": None, "high": None}
    assert rows["worst"]["pehe_sd_median"] == {"value": 0.9, "low": 0.9, "high": 0.9}
    assert rows["worst"]["qini"]["value"] is None
    assert (rows["worst"]["seconds"], rows["worst"]["peak_memory"]) == (12.0, None)
    cate = made["rankings"][0]
    ranks = [rows[name]["rank_pehe_sd"] for name in cate["methods"]]
    assert ranks == [1, 2, 2, 4, "check"]
    assert cate["competitors"] == ["frail", "A & B", "twin_1", "worst"]
    assert np.array(cate["wins"], dtype=float) == pytest.approx(
        np.array(
            [
                [NAN, 5 / 6, 5 / 6, 5 / 6],
                [1 / 6, NAN, 1 / 2, 1],
                [1 / 6, 1 / 2, NAN, 1],
                [1 / 6, 0, 0, NAN],
            ]
        ),
        nan_ok=True,
    )
    assert cate["groups"] == [["frail", "A & B", "twin_1"], ["A & B", "twin_1", "worst"]]
    known = [metric["name"] for metric in content["metrics"]]
    assert known == metrics.names()


def test_comparisons(board: Board) -> None:
    pairs = pd.read_csv(io.StringIO(comparisons_csv([board])))
    assert len(pairs) == 4 * 3 + 5 * 4
    found = pairs.set_index(["metric", "estimator", "other"]).loc["pehe_sd"]
    assert found.loc[("frail", "worst"), "win_rate"] == pytest.approx(5 / 6, abs=1e-6)
    assert (found["blocks"] == 6).all()
    tested = board.rankings["pehe_sd"].significance
    expected = tested.p_values.loc["frail", "worst"]
    assert found.loc[("frail", "worst"), "p_value"] == pytest.approx(expected, rel=1e-5)


def test_csv(board: Board) -> None:
    found = pd.read_csv(io.StringIO(board_csv([board]))).set_index("estimator")
    front = ["lm", "dataset", "setting", "rank_pehe_sd", "average_rank_pehe_sd"]
    front += [
        "average_rank_pehe_sd_low",
        "average_rank_pehe_sd_high",
        "win_rate_pehe_sd",
        "group_pehe_sd",
    ]
    assert [*found.columns][: len(front)] == front
    assert found.loc["worst", "win_rate_pehe_sd"] == pytest.approx(1 / 18, abs=1e-5)
    assert found.loc["worst", "pehe_sd_median"] == 0.9
