"""What changed between two runs, on tables known by hand, and on real runs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import benchmarks
from benchmarks import metrics
from benchmarks.boards.comparison import compared, mean_interval
from benchmarks.boards.saved_scores import Scored, scored
from benchmarks.boards.scores import IDENTITY
from benchmarks.cli import main
from sdscm.errors import InputError

NAN, INF = float("nan"), float("inf")
PEHE, COVERAGE, R2 = (metrics.get(name) for name in ("pehe_sd", "cate_coverage", "r2"))


def run(name: str, scores: dict[str, list[float]], metric: str = "pehe_sd", **more) -> Scored:
    """A run of two replicates of each phrasing; every score of a method in their order."""
    rows = [
        {
            "dataset": f"tea-p{i // 2}-r{i % 2}",
            "cluster": f"tea, phrasing {i // 2}",
            "entry": "tea",
            "lm": more.get("lm", "tiny"),
            "setting": "all",
            "rows": "fitted",
            "estimator": method,
            "status": "failed" if np.isnan(value) else "ok",
            "sate": more.get("sate", 1.0) + i,
            "y_sd": 2.0,
            metric: value,
        }
        for method, values in scores.items()
        for i, value in enumerate(values)
    ]
    oracles = frozenset({"Oracle"})
    return Scored(name, pd.DataFrame(rows), more.get("suite"), more.get("versions", {}), oracles)


def rows(first: Scored, second: Scored, metric=PEHE, level: float = 0.95) -> dict[str, dict]:
    table = compared((first, second), [metric], level).table
    return {row["estimator"]: row for row in table.to_dict("records")}


# Means of the phrasings change by +1, +2 and +3 in A, by +1, -1 and 0 in B.
BEFORE = {"A": [0, 0, 0, 0, 0, 0], "B": [5, 5, 5, 5, 5, 5], "C": [1.1, 2, 3, 4, 5, 6]}
AFTER = {"A": [0, 2, 2, 2, 1, 5], "B": [6, 6, 4, 4, 5, 5], "C": [1.1, 2, 3, 4, 5, 6]}


def test_by_hand() -> None:
    found = rows(run("x", BEFORE), run("y", AFTER))
    assert list(found) == ["A", "C", "B"], "the best of the second run first"
    a = found["A"]
    assert (a["before"], a["after"], a["change"]) == (0, 2, 2)
    assert (a["blocks"], a["pairs"]) == (3, 6)
    # Mean 2, standard error 1 / sqrt(3); Student's t of 2 degrees of freedom: 4.3027 at 97.5%.
    assert (a["low"], a["high"]) == pytest.approx((2 - 4.302653 / 3**0.5, 2 + 4.302653 / 3**0.5))
    # P(|T| > t) = 1 - t / sqrt(2 + t^2) with 2 degrees of freedom; t = 2 sqrt(3)
    assert a["p_value"] == pytest.approx(1 - 12**0.5 / 14**0.5)
    # Two of three methods changed, so Holm doubles the smaller p value.
    assert a["adjusted"] == pytest.approx(2 * a["p_value"])
    assert found["B"]["adjusted"] == pytest.approx(1)
    assert {name: row["verdict"] for name, row in found.items()} == {
        "A": "noise",
        "B": "noise",
        "C": "same",
    }
    assert np.isnan(found["C"]["p_value"])


def test_the_phrasings_count_and_not_the_datasets() -> None:
    """Two replicates that agree are one piece of evidence."""
    before = {"A": [0.0] * 6}
    after = {"A": [1.0, 1, 2, 2, 3, 3]}
    # Student's t of 1, 2 and 3 is 2 sqrt(3), with 2 degrees of freedom.
    p_value = rows(run("x", before), run("y", after))["A"]["p_value"]
    assert p_value == pytest.approx(0.0741799, rel=1e-5)


def test_better_worse_or_changed() -> None:
    low, high = [1.0, 1.1, 1.0, 0.9, 1.0, 1.05], [3.0, 3.0, 3.1, 3.0, 2.9, 3.1]
    assert rows(run("x", {"A": high}), run("y", {"A": low}))["A"]["verdict"] == "better"
    assert rows(run("x", {"A": low}), run("y", {"A": high}))["A"]["verdict"] == "worse"
    up = run("x", {"A": low}, "r2"), run("y", {"A": high}, "r2")
    assert rows(*up, R2)["A"]["verdict"] == "better"
    up = run("x", {"A": low}, "cate_coverage"), run("y", {"A": high}, "cate_coverage")
    assert rows(*up, COVERAGE)["A"]["verdict"] == "changed"


def test_lost_cells_leave_their_pair_out() -> None:
    before = {"A": [1, 1, 1, 1, 1, 1], "B": [1] * 6, "D": [NAN] * 6, "Oracle": [0] * 6}
    after = {"A": [2, NAN, 2, 2, NAN, NAN], "B": [NAN] * 6, "D": [1.0] * 6, "Oracle": [1] * 6}
    found = rows(run("x", before), run("y", after))
    assert (found["A"]["blocks"], found["A"]["pairs"], found["A"]["change"]) == (2, 3, 1)
    assert (found["A"]["lost_before"], found["A"]["lost_after"]) == (0, 3)
    assert (found["B"]["verdict"], found["B"]["lost_after"]) == ("unpaired", 6)
    assert (found["D"]["verdict"], found["D"]["lost_before"]) == ("unpaired", 6)
    assert "Oracle" not in found


def test_what_cannot_be_tested_is_not() -> None:
    one = run("x", {"A": [1.0, 2.0]}), run("y", {"A": [2.0, 2.0]})
    assert rows(*one)["A"]["verdict"] == "untested"
    endless = run("x", {"A": [INF, 1, 1, 1]}), run("y", {"A": [INF, 2, 2, 2]})
    assert rows(*endless)["A"]["verdict"] == "untested"
    assert rows(endless[0], endless[0])["A"]["verdict"] == "same"


def test_the_last_digits_are_no_change() -> None:
    first, second = run("x", {"A": [0.3, 0.3]}), run("y", {"A": [0.1 + 0.2, 0.3]})
    assert rows(first, second)["A"]["verdict"] == "same"


def test_it_says_whether_the_data_are_the_same() -> None:
    first = run("x", BEFORE)
    found = compared((first, run("y", AFTER)), [PEHE], 0.95)
    assert (found.pairs, found.same_data, found.alone) == (6, 6, 0)
    found = compared((first, run("y", {"A": [1.0] * 8}, sate=7.0)), [PEHE], 0.95)
    assert (found.pairs, found.same_data, found.alone) == (6, 0, 2)
    with pytest.raises(InputError, match="x and y: no dataset in common"):
        compared((first, run("y", AFTER, lm="huge")), [PEHE], 0.95)


def test_it_says_what_else_differs() -> None:
    entries = [{"name": "RF", "label": None, "params": {"n": 1}}, {"name": "Old", "params": {}}]
    suite = {"name": "a", "seed": 0, "estimators": entries, "settings": ["all"]}
    changed = [{"name": "RF", "label": None, "params": {"n": 2}}]
    other = suite | {"name": "b", "seed": 1, "estimators": changed}
    first = run("x", BEFORE, suite=suite, versions={"numpy": "1", "scipy": "1"})
    second = run("y", AFTER, suite=other, versions={"numpy": "2", "scipy": "1", "econml": "3"})
    assert compared((first, second), [PEHE], 0.95).differences == (
        "suite, seed: 0 -> 1",
        "suite, estimators[RF].params.n: 1 -> 2",
        "econml not used -> 3",
        "numpy 1 -> 2",
    )


@pytest.mark.parametrize(
    ("spread", "least", "most"),
    [([1.0] * 6, 0.025, 0.08), ([0.2, 0.5, 1, 1, 2, 4], 0, 0.08)],
    ids=["equal", "unequal"],
)
def test_the_level_of_the_test_is_kept_under_noise(spread, least, most) -> None:
    """About 5% of 400 pairs of runs are called different, fewer if phrasings vary unequally."""
    draw = np.random.Generator(np.random.Philox(5))
    found = [mean_interval(np.array(spread) * draw.normal(size=6), 0.95) for _ in range(400)]
    assert least <= np.mean([p_value < 0.05 for *_, p_value in found]) <= most
    for low, high, p_value in found:
        assert (low <= 0 <= high) == (p_value >= 0.05)
    assert mean_interval(np.array([2.0, 2.0]), 0.95) == (2, 2, 0)


@pytest.fixture
def runs(make_suite, tmp_path):
    """Two runs of a suite, the second with another forest and without a method."""
    forest = {"name": "RF", "params": {"n_estimators": 5}}
    options = {"workers": 0, "runs_dir": tmp_path / "runs", "results_dir": tmp_path / "results"}
    benchmarks.run(
        make_suite(name="old", settings=["all"], estimators=["DiffInMeans", "LinReg", forest]),
        **options,
    )
    forest["params"]["n_estimators"] = 6
    benchmarks.run(
        make_suite(name="new", settings=["all"], estimators=["DiffInMeans", forest, "Oracle"]),
        **options,
    )
    return tmp_path


def test_runs_folders_and_tables_say_the_same(runs: Path) -> None:
    found = benchmarks.compare("old", "new", runs_dir=runs / "runs")
    verdicts = found.table.set_index(["metric", "estimator"])["verdict"]
    assert verdicts["ate_abs_error_sd", "DiffInMeans"] == "same"
    assert verdicts["pehe_sd", "LinReg"] == "before only"
    assert (found.pairs, found.same_data) == (3, 3)
    assert any("n_estimators: 5 -> 6" in line for line in found.differences)
    folders = benchmarks.compare(runs / "runs" / "old", runs / "runs" / "new")
    pd.testing.assert_frame_equal(folders.table, found.table)
    tables = benchmarks.compare(runs / "results" / "old", runs / "results" / "new" / "scores.csv")
    kept = found.table[found.table["metric"] != "ite_interval_score_sd"].reset_index(drop=True)
    pd.testing.assert_frame_equal(tables.table, kept, rtol=1e-5, check_dtype=False)
    assert tables.differences == ()


def test_on_the_command_line(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = ["--runs", str(runs / "runs")]
    before = {path: path.read_bytes() for path in runs.rglob("*") if path.is_file()}
    assert main(["leaderboard", "--compare", "old", "new", *where]) == 0
    shown = capsys.readouterr().out
    assert {path: path.read_bytes() for path in runs.rglob("*") if path.is_file()} == before
    assert shown.startswith("old -> new\nThe 3 datasets are the same in both.\n")
    assert "setting all: |ATE error| / SD(y), lower is better" in shown
    assert "1 the same" in shown
    assert not any(line.startswith("DiffInMeans") for line in shown.splitlines())  # unchanged
    assert "\nOnly in the first: LinReg\n" in shown
    assert not any(line.startswith("LinReg") for line in shown.splitlines())
    assert "Ibragimov and Mueller 2010" in shown

    assert main(["leaderboard", "--compare", str(runs / "results" / "new"), "new", *where]) == 0
    shown = capsys.readouterr().out
    assert shown.splitlines()[1:] == [
        "The 3 datasets are the same in both.",
        "No score changed in any of the 2 tables.",
    ]

    for wrong, said in (
        (["--compare", "gone", "new"], "gone: no run here; run the suite first (or name"),
        (["--compare", "old", "new", "--columns", "ate_r2"], "one number for all datasets"),
        (["--compare", str(runs / "results" / "old"), "new", "--columns", "seconds"], "'seconds'"),
    ):
        assert main(["leaderboard", *wrong, *where]) == 2
        captured = capsys.readouterr()
        assert said in captured.err
        assert len(captured.err.splitlines()) == 1


def test_oracles_of_a_table_are_known_by_name(tmp_path: Path) -> None:
    names = ["Oracle", "Oracle (one-hot)", "Oracle2", "LinReg"]
    table = pd.DataFrame({column: ["x"] * 4 for column in IDENTITY}).assign(estimator=names)
    table.to_csv(tmp_path / "scores.csv", index=False)
    assert scored(tmp_path).oracles == {"Oracle", "Oracle (one-hot)"}
