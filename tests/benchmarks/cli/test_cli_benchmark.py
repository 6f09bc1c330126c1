"""``sdscm benchmark`` and ``sdscm leaderboard``: from a spec to a board by commands alone."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

PAUSING = """\
from pathlib import Path

import estimators


@estimators.register("Pausing", estimand="ATE")
def pausing(X, t, y):
    if not Path({go!r}).exists():
        raise KeyboardInterrupt
    return 0.0
"""


def test_from_a_spec_to_a_board(cli, tiny_lm):
    sampled = ["--lm", tiny_lm, "--temperature", 5]
    for seed in (0, 1):
        out = ["--units", 60, "--seed", seed, "--out", f"data{seed}.parquet"]
        assert cli("generate", "study.yaml", *sampled, *out).code == 0
    assert cli("inspect", "data0.parquet").code == 0
    ran = cli("benchmark", "suite.yaml", "--workers", 0)
    assert ran.code == 0
    assert "Cells run now: 12 of 12." in ran.out
    for setting in ("statin, all covariates seen", "statin, exogenous covariates hidden"):
        assert f"CATE by PEHE / SD(y); tiny, {setting}" in ran.out
    oracle = next(line for line in ran.out.splitlines() if "Oracle" in line)
    assert oracle.split()[:3] == ["check", "Oracle", "0"]
    board = Path("results/toy/leaderboard.csv")
    assert f"  {board}" in ran.out
    truth = pd.read_csv(board).query("estimator == 'Oracle' and setting == 'all'")
    assert list(truth["pehe"]) == [0]

    before = board.read_bytes()
    board.unlink()
    again = cli("leaderboard", "toy")
    assert (again.code, again.err) == (0, "")
    assert board.read_bytes() == before
    assert oracle in again.out


def test_a_second_run_computes_nothing(cli, data):
    assert "Cells run now: 6 of 6." in cli("benchmark", "suite.yaml", "--workers", 0).out
    assert "Cells run now: 0 of 6." in cli("benchmark", "suite.yaml", "--workers", 0).out


def test_a_cell_with_rows_held_out_counts_once(cli, workspace, data):
    suite = (workspace / "suite.yaml").read_text().replace("holdout: 0", "holdout: 0.25")
    (workspace / "suite.yaml").write_text(suite)
    assert "Cells run now: 6 of 6." in cli("benchmark", "suite.yaml", "--workers", 0).out


def test_folders_plugin_and_top(cli, workspace, data):
    suite = (workspace / "suite.yaml").read_text().replace("LinReg", "LinReg, Mine")
    (workspace / "suite.yaml").write_text(suite)
    folders = ["--results", "a/boards", "--runs", "b"]
    options = ["--workers", 0, "--plugin", "mine.py", "--top", 1]
    ran = cli("benchmark", "suite.yaml", *folders, *options)
    assert ran.code == 0
    assert "... and 3 more" in ran.out
    assert Path("a/boards/toy/leaderboard.md").exists()
    assert Path("b/toy/run.sqlite").exists()
    assert not Path("results").exists()
    assert not Path("runs").exists()
    assert "Mine" in cli("leaderboard", "toy", *folders, "--top", 4).out


def test_failed_cells_are_told_and_are_no_failure_of_the_command(cli, workspace, data):
    code = (workspace / "mine.py").read_text().partition("    return")[0]
    (workspace / "mine.py").write_text(code + "    raise OSError('no disk')\n")
    suite = (workspace / "suite.yaml").read_text().replace("LinReg", "LinReg, Mine")
    (workspace / "suite.yaml").write_text(suite)
    ran = cli("benchmark", "suite.yaml", "--workers", 0, "--plugin", "mine.py")
    assert ran.code == 0
    assert "Cells without a score: 2 failed" in ran.out
    assert "no disk" in Path("results/toy/leaderboard.md").read_text()


def test_a_log_is_told_of_each_stage(cli, data):
    ran = cli("benchmark", "suite.yaml", "--workers", 0)
    lines = ran.err.splitlines()
    assert lines[0].partition(" after")[0] == "rows of data: 60 of 60"
    assert "cells: 6 of 6" in [line.partition(" after")[0] for line in lines]
    assert lines[-1].partition(" after")[0] == "boards: 2 of 2"
    assert "\x1b" not in ran.err


def test_a_stopped_run_goes_on(cli, workspace, data):
    # An absolute path: a cell runs in an empty folder of its own.
    (workspace / "pausing.py").write_text(PAUSING.format(go=str(workspace / "go")))
    suite = (workspace / "suite.yaml").read_text().replace("LinReg", "LinReg, Pausing")
    (workspace / "suite.yaml").write_text(suite)
    command = ["benchmark", "suite.yaml", "--workers", 0, "--plugin", "pausing.py"]
    ran = cli(*command)
    assert ran.code == 130
    last = ran.err.splitlines()[-1]
    assert last.startswith("stopped; ")
    assert "sdscm benchmark suite.yaml" in last
    assert not Path("results").exists()
    unfinished = cli("leaderboard", "toy")
    assert unfinished.code == 0
    assert "missing" in unfinished.out
    Path("go").touch()
    assert cli(*command).code == 0
    assert "Cells without a score" not in cli("leaderboard", "toy").out


def test_one_of_two_models_that_fails_ends_with_one(cli, workspace, no_figures):
    entry = "[{scenario: headache, lm: [tabular:0, tabular:x], n: 60}]"
    suite = f"name: two\ndatasets: {entry}\nestimators: [LinReg]\nholdout: 0\n"
    (workspace / "two.yaml").write_text(suite)
    ran = cli("benchmark", "two.yaml", "--workers", 0)
    assert ran.code == 1
    reason = "no data of tabular:x: tabular:x: give the seed of the random table, as in tabular:0"
    assert ran.err.splitlines()[-1] == f"error: {reason}"
    assert "Cells without a score: 2 skipped; see: sdscm results why two" in ran.out
    assert reason in cli("results", "why", "two").out
    assert cli("report", "two", "--out", "page").code == 0
    (workspace / "two.yaml").write_text(suite.replace("tabular:0", "tabular:y"))
    ran = cli("benchmark", "two.yaml", "--workers", 0)
    assert ran.code == 2
    assert len(ran.err.splitlines()) == 1
    assert "tabular:y: give the seed" in ran.err
