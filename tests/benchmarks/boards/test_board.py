"""A toy table whose every rank and mean is known by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from benchmarks.boards.board import Board, boards
from benchmarks.boards.board_table import board_table
from benchmarks.boards.explain import ranking_rule
from benchmarks.boards.scores import columns
from benchmarks.storage.manifest import MethodInfo
from benchmarks.suite.model import BoardOptions

NAN = float("nan")
# estimator -> (status, PEHE/SD, |ATE error|/SD) on each of three datasets
TOY = {
    "good": [("ok", 0.1, 0.3), ("ok", 0.2, 0.3), ("ok", 0.3, 0.3)],
    "twin": [("ok", 0.3, 0.1), ("ok", 0.2, 0.1), ("ok", 0.1, 0.1)],
    "poor": [("ok", 0.9, 0.9), ("ok", 0.9, 0.9), ("ok", 0.9, 0.9)],
    "frail": [("ok", 0.0, 0.0), ("failed", NAN, NAN), ("timeout", NAN, NAN)],
    "average": [("ok", NAN, 0.2), ("ok", NAN, 0.2), ("ok", NAN, 0.2)],
    "absent": [("skipped", NAN, NAN)] * 3,
    "Truth": [("ok", 0.0, 0.0)] * 3,
}
METHODS = [MethodInfo(name, "toy", "CATE", oracle=name == "Truth") for name in reversed(TOY)]


def table(settings: tuple[str, ...] = ("all",)) -> pd.DataFrame:
    rows = [
        {
            "dataset": f"d{i}",
            "entry": "toy",
            "cluster": f"p{i}",
            "lm": "lm",
            "setting": setting,
            "rows": "fitted",
            "estimator": name,
            "target": "ITE",
            "status": status,
            "pehe_sd": pehe,
            "ate_abs_error_sd": ate,
            "seconds": float(i**2),
        }
        for setting in settings
        for name, cells in TOY.items()
        for i, (status, pehe, ate) in enumerate(cells)
    ]
    return pd.DataFrame(rows, columns=columns())


@pytest.fixture
def board() -> Board:
    (made,) = boards(table(), METHODS, BoardOptions(resamples=2000), seed=0)
    return made


def test_order(board: Board) -> None:
    """Both ranks decide: the twins tie on PEHE, so the better ATE is first."""
    order = ["twin", "good", "frail", "poor", "average", "absent", "Truth"]
    assert board.table["estimator"].tolist() == order


def test_ranks(board: Board) -> None:
    rows = board.table.set_index("estimator")
    assert rows["rank_pehe_sd"].to_dict() == {
        "twin": "1",
        "good": "1",
        "frail": "3",
        "poor": "4",
        "average": "",
        "absent": "",
        "Truth": "check",
    }
    assert rows["rank_ate_abs_error_sd"].to_dict() == {
        "twin": "1",
        "average": "2",
        "good": "3",
        "frail": "4",
        "poor": "5",
        "absent": "",
        "Truth": "check",
    }


def test_means_and_intervals(board: Board) -> None:
    rows = board.table.set_index("estimator")
    assert rows.loc["good", "pehe_sd"] == pytest.approx(0.2)
    assert np.isnan(rows.loc["good", ["pehe_sd_low", "pehe_sd_high"]].astype(float)).all()
    assert rows.loc["frail", "pehe_sd"] == 0
    assert np.isnan(rows.loc["average", "pehe_sd"])
    assert board.clusters == 3


def test_seconds_are_a_median(board: Board) -> None:
    assert (board.table["seconds"] == 1).all()
    assert "seconds_low" not in board.table


def test_every_cell_is_counted(board: Board) -> None:
    rows = board.table.set_index("estimator")[["cells", "ok", "failed", "skipped", "missing"]]
    assert rows.loc["frail"].tolist() == [3, 1, 2, 0, 0]
    assert rows.loc["absent"].tolist() == [3, 0, 0, 3, 0]
    assert rows.loc["good"].tolist() == [3, 3, 0, 0, 0]


def test_one_board_for_each_setting() -> None:
    made = boards(table(("all", "hidden")), METHODS, BoardOptions(resamples=10), seed=0)
    assert [b.group for b in made] == [
        {"lm": "lm", "dataset": "toy", "setting": "all"},
        {"lm": "lm", "dataset": "toy", "setting": "hidden"},
    ]
    (whole,) = boards(table(("all", "hidden")), METHODS, BoardOptions(by=[], resamples=10), seed=0)
    assert whole.group == {}
    assert (whole.table["cells"] == 6).all()


def test_a_higher_is_better_metric_ranks_the_other_way() -> None:
    scores = table().assign(r2=lambda frame: 1 - frame["pehe_sd"])
    options = BoardOptions(rank_by=["r2"], resamples=10)
    (made,) = boards(scores, METHODS, options, seed=0)
    ranks = made.table.set_index("estimator")["rank_r2"]
    assert ranks[["good", "twin", "frail", "poor"]].tolist() == ["1", "1", "3", "4"]
    assert "R² (higher is better)" in ranking_rule(options)


def test_a_method_is_last_on_datasets_that_it_lacks() -> None:
    """As on the board of a run that still goes on: a mean over one easy cell is not a mean."""
    toy = table()
    best = toy["estimator"] == "good"
    lost = best & (toy["dataset"] != "d0")
    toy.loc[lost, ["status", "pehe_sd", "ate_abs_error_sd"]] = ["missing", NAN, NAN]
    (made,) = boards(toy, METHODS, BoardOptions(resamples=100), seed=0)
    rows = made.table.set_index("estimator")
    assert rows.loc["good", "average_rank_pehe_sd"] == pytest.approx((2 + 3.5 + 3.5) / 3)
    assert rows.loc["good", "pehe_sd"] == 0.1
    order = made.table["estimator"].tolist()
    assert order.index("good") > order.index("twin")


def test_a_board_has_one_target() -> None:
    toy = table().assign(target=lambda frame: np.where(frame["dataset"] == "d0", "CATE", "ITE"))
    made = boards(toy, METHODS, BoardOptions(by=[], resamples=10), seed=0)
    assert [(board.target, board.clusters) for board in made] == [("CATE", 1), ("ITE", 2)]
    assert [board.group for board in made] == [{"target": "CATE"}, {"target": "ITE"}]


def test_a_method_with_a_failed_seed_on_each_dataset_stays_on_the_board() -> None:
    """It has fits that are ok and no score, since a mean over good seeds would favour it."""
    toy = table()
    again = toy[toy["estimator"] == "good"].assign(
        repetition=1, status="failed", pehe_sd=NAN, ate_abs_error_sd=NAN
    )
    (made,) = boards(pd.concat([toy, again]), METHODS, BoardOptions(resamples=10), seed=0)
    row = made.table.set_index("estimator").loc["good"]
    assert (row["ok"], row["failed"], row["rank_pehe_sd"]) == (3, 3, "")
    assert "good" in made.rankings["pehe_sd"].methods
    assert "average" not in made.rankings["pehe_sd"].methods


def test_ends_of_intervals_stay_within_the_limits_of_a_metric() -> None:
    rows = [
        {**row, "cluster": f"p{i}", "dataset": f"d{i}", "pehe_sd": score, "r2": 1 - score**2}
        for i, score in enumerate([0.0, 0.0, 0.0, 0.0, 0.1, 3.0])
        for row in table().query("estimator == 'good' and dataset == 'd0'").to_dict("records")
    ]
    methods = [MethodInfo("good", "toy", "CATE", oracle=False)]
    (made,) = boards(pd.DataFrame(rows), methods, BoardOptions(resamples=200), seed=0)
    (row,) = made.table.to_dict("records")
    assert row["pehe_sd_low"] == 0 < row["pehe_sd"] < row["pehe_sd_high"]
    assert row["r2_low"] < row["r2"] < row["r2_high"] == 1


def test_estimates_that_are_off_by_more_than_an_sd_are_counted() -> None:
    """By hand: two of ``poor``, of which one in both errors, and one of ``good``."""
    toy = table()
    toy.loc[toy["estimator"] == "poor", "pehe_sd"] = [1.5, 1755.0, 1.0]
    toy.loc[toy["estimator"] == "poor", "ate_abs_error_sd"] = [0.9, 3.0, 0.9]
    toy.loc[toy["estimator"] == "good", "ate_abs_error_sd"] = [0.3, 1.01, 0.3]
    (made,) = boards(toy, METHODS, BoardOptions(resamples=10), seed=0)
    off = made.table.set_index("estimator")["off"]
    assert off.to_dict() == dict.fromkeys(TOY, 0) | {"poor": 2, "good": 1}


def test_few_phrasings_are_shown_one_by_one(board: Board) -> None:
    ranking = board.rankings["pehe_sd"]
    shown = board_table(board, ranking, None, alpha=0.05)
    place = [column.name for column in shown.columns].index("pehe_sd")
    cells = {name: row.cells[place] for name, row in zip(ranking.methods, shown.rows, strict=True)}
    assert cells["good"].full_text == "0.200 [0.100, 0.200, 0.300]"
    assert cells["frail"].full_text == "0 [0]"
    assert cells["Truth"].full_text == "0"
    assert any("no intervals" in note for note in shown.notes)


def test_medians_and_pooled_metrics() -> None:
    """Errors of 1, 1 and 4 on effects of 0, 3 and 6: their median is 1, their mean square 6."""
    toy = table()
    rows = toy["estimator"] == "poor"
    toy.loc[rows, "pehe_sd"] = [0.1, 0.2, 0.9]
    toy.loc[rows, "ate"] = [1.0, 4.0, 2.0]
    toy.loc[rows, "sate"] = [0.0, 3.0, 6.0]
    toy.loc[rows, "y_sd"] = [1.0, 1.0, 2.0]
    (made,) = boards(toy, METHODS, BoardOptions(resamples=2000), seed=0)
    poor = made.table.set_index("estimator").loc["poor"]
    assert poor["pehe_sd_median"] == 0.2
    assert poor["ate_rmse"] == pytest.approx(np.sqrt((1 + 1 + 16) / 3))
    assert poor["ate_rmse_sd"] == pytest.approx(np.sqrt((1 + 1 + 4) / 3))
    assert poor["ate_r2"] == pytest.approx(1 - 18 / 18)
    assert not {"ate_rmse_low", "ate_r2_low"} & set(poor.index), "scores of all datasets together"
    good = made.table.set_index("estimator").loc["good"]
    assert np.isnan([good["ate_rmse"], good["ate_r2"]]).all()


def test_losses_are_counted_by_kind(board: Board) -> None:
    rows = board.table.set_index("estimator")
    assert rows.loc["frail", ["failed", "timeout"]].tolist() == [2, 1]
    assert rows["lost"].round(3).to_dict() == {
        "good": 0,
        "twin": 0,
        "poor": 0,
        "frail": 0.667,
        "average": 0,
        "absent": 1,
        "Truth": 0,
    }


def test_each_ranking_shows_those_that_answer_or_should(board: Board) -> None:
    """``absent`` has no cell that ended well, and is said to be for the CATE."""
    assert list(board.rankings) == ["pehe_sd", "ate_abs_error_sd"]
    shown = {name: found.methods for name, found in board.rankings.items()}
    assert shown["pehe_sd"] == ("good", "twin", "frail", "poor", "absent", "Truth")
    assert shown["ate_abs_error_sd"] == (
        "twin",
        "average",
        "good",
        "frail",
        "poor",
        "absent",
        "Truth",
    )


def test_average_ranks_are_on_the_table(board: Board) -> None:
    """By PEHE the ranks are 2 3 4 1, 1.5 1.5 3 4 and 2 1 3 4 of good, twin, poor and frail."""
    rows = board.table.set_index("estimator")
    assert rows["average_rank_pehe_sd"].dropna().to_dict() == pytest.approx(
        {"good": 5.5 / 3, "twin": 5.5 / 3, "poor": 10 / 3, "frail": 3}
    )
    assert rows["win_rate_pehe_sd"].dropna().to_dict() == pytest.approx(
        {"good": 6.5 / 9, "twin": 6.5 / 9, "poor": 2 / 9, "frail": 3 / 9}
    )


def test_who_has_no_score_of_a_dataset_is_last_there_and_is_marked() -> None:
    """A rank correlation of equal effects is not defined: its mean is over easier datasets."""
    scores = {
        "steady": [0.5, 0.5, 0.5],
        "odd": [0.9, NAN, 0.9],
        "never": [NAN, NAN, NAN],
        "Truth": [1.0, 1.0, 1.0],
    }
    rows = table()[table()["estimator"].isin(["good", "twin", "average", "Truth"])]
    rows = rows.assign(
        estimator=rows["estimator"].map(
            dict(zip(["good", "twin", "average", "Truth"], scores, strict=True))
        )
    )
    rows["rank_correlation"] = [value for values in scores.values() for value in values]
    methods = [MethodInfo(name, "toy", "CATE", oracle=name == "Truth") for name in scores]
    options = BoardOptions(rank_by=["rank_correlation"], resamples=10)
    (made,) = boards(rows, methods, options, seed=0)
    assert made.undefined["rank_correlation"] == {"odd": 1}
    ranks = made.table.set_index("estimator")["rank_rank_correlation"].to_dict()
    assert ranks == {"odd": "1", "steady": "2", "never": "", "Truth": "check"}
    average = made.table.set_index("estimator")["average_rank_rank_correlation"]
    assert average["odd"] == pytest.approx((1 + 2 + 1) / 3)
    (ranking,) = made.rankings.values()
    shown = board_table(made, ranking, ["rank_correlation"], alpha=0.1)
    place = [column.name for column in shown.columns].index("rank_correlation")
    cells = {name: row.cells[place] for name, row in zip(ranking.methods, shown.rows, strict=True)}
    assert [name for name in cells if cells[name].best] == ["steady"]
    assert [name for name in cells if cells[name].mark == "†"] == ["odd"]


def test_a_score_that_nobody_has_of_a_dataset_sets_nobody_back() -> None:
    rows = table()
    rows.loc[rows["dataset"] == "d1", "pehe_sd"] = NAN
    (made,) = boards(rows, METHODS, BoardOptions(resamples=10), seed=0)
    assert "pehe_sd" not in made.undefined
