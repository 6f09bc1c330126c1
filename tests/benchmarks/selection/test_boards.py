"""Boards of a run and of a release: groups, means by hand, files, and bad input."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import benchmarks
from benchmarks import selection
from benchmarks.boards.columns import FEWER
from benchmarks.report.html.varied_dials import VariedDial
from benchmarks.selection import selectors
from benchmarks.selection.board import board_table, selection_boards
from benchmarks.selection.picks import NUMBERS
from benchmarks.suite.model import BoardOptions
from sdscm.errors import InputError

CHEAP = ["default", "random", "qini", "matching"]


def run(runs: Path, **options: object) -> benchmarks.Selection:
    given = {"selectors": CHEAP, "results_dir": None, "runs_dir": runs} | options
    return benchmarks.select("toy", **given)  # type: ignore[arg-type]


def test_the_boards_of_a_run(finished: Path, tmp_path: Path) -> None:
    found = run(finished, results_dir=tmp_path / "results")
    assert [board.group for board in found.boards] == [
        {"dataset": "toy", "setting": "all"},
        {"dataset": "toy", "setting": "hidden"},
    ]
    assert repr(found) == "<Selection: toy, 2 boards, 5 selectors, 6 datasets>"
    assert "Matching" in found._repr_html_()
    board = found.boards[0]
    assert (board.clusters, board.datasets) == (6, 6)
    table = board.table.set_index("selector")
    assert table.index[0] == "oracle"
    assert table.loc["oracle", ["capped_regret", "regret", "best"]].tolist() == [0, 0, 1]
    # Its methods are Zero, LinReg and LinearT: an Oracle and a method of the ATE are no choice.
    assert set(table["methods"]) == {3}
    # The errors are those of the held-out rows on the usual boards.
    usual = benchmarks.leaderboard("toy", results_dir=None, runs_dir=finished).scores
    usual = usual[(usual["rows"] == "held-out") & (usual["setting"] == "all")]
    linear = usual[usual["estimator"] == "LinReg"].set_index("dataset")["pehe_sd"]
    own = found.picks[(found.picks["setting"] == "all") & (found.picks["selector"] == "default")]
    pd.testing.assert_series_equal(
        own.set_index("dataset")["pehe"], linear, check_names=False, rtol=1e-9
    )
    competing = usual[usual["estimator"].isin(["LinReg", "LinearT", "Zero"])]
    best = competing.groupby("dataset")["pehe_sd"].min()
    mean = competing.groupby("dataset")["pehe_sd"].mean()
    assert table.loc["random", "regret"] == pytest.approx((mean - best).mean())
    assert table.loc["random", "against_random"] != table.loc["random", "against_random"]
    difference = table.loc["matching", "capped_regret"] - table.loc["random", "capped_regret"]
    assert table.loc["matching", "against_random"] == pytest.approx(difference)
    assert [path.name for path in found.files] == [
        "selectors.md",
        "selectors.csv",
        "selectors.json",
        "picks.csv",
        "selectors.png",
    ]
    content = json.loads(found.files[2].read_text())
    first = content["boards"][0]["selectors"]
    assert [each["title"] for each in first] == board.table["title"].tolist()
    assert first[0]["against_random"] == pytest.approx(
        table.loc["oracle", "against_random"], rel=1e-8
    )
    written = pd.read_csv(found.files[1])
    assert len(written) == 10
    page = found.files[0].read_text()
    assert "sdscm select toy --selectors default,random,qini,matching" in page
    assert "| Always LinReg |" in page
    again = run(finished, results_dir=tmp_path / "again")
    assert [p.read_bytes() for p in again.files] == [p.read_bytes() for p in found.files]


def test_a_missing_cell_cannot_be_picked_there(finished: Path) -> None:
    with closing(sqlite3.connect(finished / "toy" / "run.sqlite")) as store, store:
        keys = store.execute(
            "SELECT key FROM cells WHERE estimator = 'LinReg' AND setting = 'all'"
        ).fetchall()
        for table in ("cells", "scores", "predictions"):
            store.executemany(f"DELETE FROM {table} WHERE key = ?", keys[:2])
    picks = run(finished).picks
    own = picks[(picks["selector"] == "default") & (picks["setting"] == "all")]
    assert own["status"].value_counts().to_dict() == {"ok": 4, "failed": 2}
    assert own["reason"].str.contains("'LinReg' has no effects here").sum() == 2
    assert sorted(own["methods"]) == [2, 2, 3, 3, 3, 3]
    lost = own.loc[own["status"] == "failed", "dataset"].tolist()
    others = picks[picks["dataset"].isin(lost) & (picks["setting"] == "all")]
    assert not others["pick"].str.contains("LinReg").any()


def test_a_release_needs_no_run(tmp_path: Path) -> None:
    given = {"selectors": ["random"], "results_dir": None, "runs_dir": tmp_path}
    found = benchmarks.select("core-v1", **given)  # type: ignore[arg-type]
    assert [board.group for board in found.boards[:2]] == [
        {"dataset": "all entries", "setting": "all"},
        {"dataset": "all entries", "setting": "hidden"},
    ]
    assert len(found.boards) == 6
    assert set(found.picks["selector"]) == {"random", "oracle", "elsewhere"}
    assert set(found.picks["methods"]) == {19}
    assert not list(tmp_path.iterdir())


def picks_by_hand() -> pd.DataFrame:
    """Two selectors on six phrasings of two entries; the regret of ``bad`` is 0.1 to 0.6."""
    rows = []
    for number in range(6):
        for entry in ("one", "two"):
            for name, regret in (("bad", (number + 1) / 10), ("random", 0.2)):
                row = dict.fromkeys(NUMBERS, regret) | {"kendall": np.nan}
                row |= {"dataset": f"{entry}-{number}", "entry": entry, "cluster": f"p{number}"}
                row |= {"lm": "", "setting": "all", "selector": name, "status": "ok"}
                rows.append(row | {"reason": "", "pick": "A | B | C" if number else "A"})
    return pd.DataFrame(rows)


def test_a_mean_over_fewer_datasets_has_a_mark() -> None:
    picks = picks_by_hand()
    lost = (picks["selector"] == "bad") & (picks["dataset"] == "one-5")
    picks.loc[lost, [*NUMBERS]] = np.nan
    picks.loc[lost, ["status", "reason", "pick"]] = ["failed", "no rows", ""]
    titles = {"bad": "Bad", "random": "Random"}
    board = selection_boards(picks, titles, [], BoardOptions(resamples=50), seed=0)[1]
    shown = {row.cells[0].text: row.cells[1] for row in board_table(board).rows}
    assert shown["Bad"].value == pytest.approx(0.3)
    assert (shown["Bad"].mark, shown["Random"].mark) == (FEWER, "")
    assert board.table.set_index("selector").loc["bad", "failed"] == 1


def test_means_over_phrasings_by_hand() -> None:
    dial = VariedDial("overlap", "Overlap dial", {f"one-{i}": i // 3 for i in range(6)})
    titles = {"bad": "Bad", "random": "Random"}
    options = BoardOptions(resamples=200)
    boards = selection_boards(picks_by_hand(), titles, [dial], options, seed=0)
    assert [tuple(board.group.values()) for board in boards] == [
        ("all entries", "all"),
        ("one", "all"),
        ("two", "all"),
        ("overlap dial 0", "all"),
        ("overlap dial 1", "all"),
    ]
    assert [board.datasets for board in boards] == [12, 6, 6, 3, 3]
    bad = boards[0].table.set_index("selector").loc["bad"]
    assert bad["capped_regret"] == pytest.approx(0.35)
    assert 0 <= bad["capped_regret_low"] < 0.35 < bad["capped_regret_high"]
    assert bad["against_random"] == pytest.approx(0.15)
    assert bad["against_random_low"] < 0 < bad["against_random_high"]
    assert bad["usual_pick"] == "any of 3 (10 of 12)"
    assert boards[0].table["selector"].tolist() == ["random", "bad"]  # the least regret first
    few = boards[3].table.set_index("selector").loc["bad"]
    assert few["capped_regret"] == pytest.approx(0.2)
    assert np.isnan(few["capped_regret_low"])  # three phrasings


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"selectors": ["r_scor"]}, "unknown selector 'r_scor'"),
        (
            {"default": "LinRegg"},
            "default 'LinRegg': no such method; choose one of LinReg, LinearT",
        ),
        ({"runs_dir": "nowhere"}, "no run here; run the suite first"),
    ],
)
def test_bad_input(finished: Path, options: dict[str, object], words: str, one_line) -> None:
    with pytest.raises(InputError) as error:
        run(finished, **options)
    assert words in one_line(error.value)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"predictions": "drop"}, "the suite needs 'predictions: keep'"),
        ({"estimators": ["LinReg", "DiffInMeans", "Oracle"]}, "there is nothing to choose"),
    ],
)
def test_runs_without_a_choice(make_suite, tmp_path, changes, words, one_line) -> None:
    benchmarks.run(make_suite(**changes), workers=0, results_dir=None, runs_dir=tmp_path / "runs")
    with pytest.raises(InputError) as error:
        run(tmp_path / "runs")
    assert words in one_line(error.value)


# --- the registry


@pytest.mark.parametrize("name", ["r_score", "oracle"])
def test_a_name_is_taken_once(name: str, one_line) -> None:
    other = selection.Selector(name, "Mine", "lower", lambda shown: {}, "")
    with pytest.raises(InputError, match=f"'{name}' exists") as error:
        selection.register(other)
    one_line(error.value)


def test_a_word_for_better_that_is_unknown() -> None:
    with pytest.raises(InputError, match="'best': choose 'lower' or 'higher'"):
        selection.Selector("mine", "Mine", "best", lambda shown: {}, "")  # type: ignore[arg-type]


def test_a_selector_is_one_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A file in the folder of the selectors is found, without a change anywhere else."""
    (tmp_path / "zz_first.py").write_text(
        "from benchmarks.selection.registry import selector\n"
        "@selector('first', 'First', better='lower', source='own')\n"
        "def first(shown):\n"
        "    return {next(iter(shown.effects)): 0.0}\n"
    )
    monkeypatch.setattr(selectors, "__path__", [*selectors.__path__, str(tmp_path)])
    with selection.temporarily():
        selectors._import_modules()
        assert selection.names()[-1] == "first"
    assert "first" not in selection.names()


def test_each_selector_says_what_it_does() -> None:
    for name in selection.names():
        found = selection.get(name)
        assert found.definition.endswith("."), name
        assert found.source or name in ("default", "random")
