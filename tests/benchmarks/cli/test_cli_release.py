"""``sdscm release``, ``sdscm export``, and ``sdscm benchmark`` with a release."""

from __future__ import annotations

from pathlib import Path

import pytest

CLASS = """\
import numpy as np
import estimators


@estimators.register("Mine", summary="the mean difference, and a bit")
def mine(X, t, y):
    return np.full(len(X), y[t == 1].mean() - y[t == 0].mean() + 0.5)
"""


@pytest.fixture
def made(cli, workspace: Path) -> Path:
    """A release of a small suite of simulated data."""
    (workspace / "sim.yaml").write_text(
        "name: sim\n"
        "datasets: [{simulation: linear, n: 60, covariates: 3, replicates: 4}]\n"
        "estimators: [DiffInMeans, LinReg, T-Only OLS, Oracle]\n"
        "settings: [all]\nholdout: 0\nboard: {resamples: 50}\n"
    )
    assert cli("benchmark", "sim.yaml", "--workers", 0).code == 0
    ran = cli("release", "make", "sim", "--version", "1.0", "--out", "sim.zip")
    assert (ran.code, ran.out.splitlines()[0].split(":")[0]) == (0, "sim-v1.0")
    return workspace / "sim.zip"


def test_a_new_method_is_told_where_it_stands(cli, workspace: Path, made: Path) -> None:
    (workspace / "mine.py").write_text(CLASS)
    given = ["--plugin", "mine.py", "--estimators", "Mine", "--workers", 0]
    ran = cli("benchmark", "sim.zip", *given)
    assert ran.code == 0
    assert "Cells run now: 4 of 20." in ran.out
    assert "they were not fitted here" in ran.out
    _, _, standing = ran.out.partition("Where Mine stands")
    (line,) = [line for line in standing.splitlines() if "PEHE" in line]
    assert "3 of 3" in line
    assert "2: T-Only OLS" in line
    assert "worse, more than noise" in line
    assert "Student's t over phrasings" in standing
    board = Path("results/sim-v1.0/leaderboard.md").read_text()
    assert "sdscm benchmark sim.zip --plugin mine.py --estimators Mine`" in board
    assert "they were not fitted here" in board


def test_a_method_that_is_not_run_is_told(cli, workspace: Path, made: Path) -> None:
    (workspace / "mine.py").write_text(CLASS)
    forgotten = cli("benchmark", "sim.zip", "--plugin", "mine.py", "--workers", 0)
    assert forgotten.code == 0
    assert "not in this run: Mine; name them with --estimators" in forgotten.err
    named = cli(
        "benchmark", "sim.zip", "--plugin", "mine.py", "--estimators", "Mine", "--workers", 0
    )
    assert "not in this run" not in named.err


def test_a_reference_method_is_named(cli, made: Path) -> None:
    ran = cli("benchmark", "sim.zip", "--estimators", "LinReg", "--workers", 0)
    assert ran.code == 2
    assert "'LinReg' is a reference method of sim-v1.0" in ran.err
    assert "--refit" in ran.err


def test_estimators_of_a_suite_can_be_chosen(cli, made: Path) -> None:
    ran = cli("benchmark", "sim.yaml", "--estimators", "LinReg,Zero", "--workers", 0)
    assert "Cells run now: 4 of 8." in ran.out


def test_verify_names_the_file_and_ends_with_one(cli, made: Path) -> None:
    assert cli("release", "verify", "sim.zip").code == 0
    data = made.read_bytes()
    place = data.index(b"# sim-v1.0")
    made.write_bytes(data[:place] + b"!" + data[place + 1 :])
    ran = cli("release", "verify", "sim.zip")
    assert ran.code == 1
    assert "README.md is damaged" in ran.out
    assert cli("release", "verify", "none.zip").code == 2
    assert "not a release" in cli("release", "verify", "quick").err


def test_export_is_a_release(cli, made: Path) -> None:
    assert cli("export", "sim", "shared.zip").code == 0
    assert cli("release", "verify", "shared.zip", "--refit", 1, "--workers", 0).code == 0
    assert "exists already" in cli("export", "sim", "shared.zip").err


def test_a_run_that_is_not_there(cli) -> None:
    ran = cli("release", "make", "none", "--version", "1", "--out", "x")
    assert (ran.code, Path("x").exists()) == (2, False)
    assert "no run here" in ran.err


def test_a_submission_from_the_run_to_the_board(cli, workspace: Path, made: Path) -> None:
    (workspace / "mine.py").write_text(CLASS)
    method = ["--plugin", "mine.py", "--estimators", "Mine", "--workers", 0]
    card = ["--author", "A. Body", "--card", "tuning=none"]
    assert cli("submit", "sim.zip", *method, *card, "--out", "mine.zip").code == 0
    assert "exists already" in cli("submit", "sim.zip", *method, "--out", "mine.zip").err
    ran = cli("submission", "check", "mine.zip", "--release", "sim.zip")
    assert (ran.code, ran.out.splitlines()[-1]) == (0, "Not verified: its code was not run.")
    shown = ["--submissions", "mine.zip", "--runs", "others", "--workers", 0]
    ran = cli("benchmark", "sim.zip", *shown, "--verify", 1)
    assert "Mine (verified: 1 of 1 cell fitted again with equal predictions)" in ran.out
    assert "Where Mine stands" in ran.out
    assert "Cells run now: 0 of 20." in ran.out
    (workspace / "mine.zip").write_bytes((workspace / "mine.zip").read_bytes()[:-1])
    ran = cli("submission", "check", "mine.zip", "--release", "sim.zip")
    assert (ran.code, ran.out.splitlines()[-1]) == (1, "mine.zip: 1 problem")
    ran = cli("benchmark", "sim.zip", *shown)
    assert ran.code == 2
    assert ran.err.splitlines()[-1].startswith("error: mine.zip: refused: ")
    assert (
        "--card taste: no field"
        in cli("submit", "sim.zip", *method, "--card", "taste=sweet", "--out", "x.zip").err
    )
    # A suite that is not a release is refused before it is run.
    ran = cli("submit", "quick", *method, "--runs", "none", "--out", "x.zip")
    assert "quick: not a release; submissions are for the board of one" in ran.err
    # So is a reference method, which no option of the command would let in.
    known = ["--estimators", "LinReg", "--runs", "none", "--out", "x.zip"]
    assert "'LinReg' is a method of sim-v1.0; give" in cli("submit", "sim.zip", *known).err
    assert not Path("none").exists()
