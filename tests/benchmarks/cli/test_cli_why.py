"""What a run says about cells that went wrong, and about the warnings of libraries."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

PLUGIN = """\
import os
import time
import warnings

import numpy as np

import estimators


class Base:
    def fit(self, X, t, y):
        return self

    def effect(self, X):
        return np.zeros(len(X))


@estimators.register("Divides")
class Divides(Base):
    def fit(self, X, t, y):
        self.deep(len(X))

    def deep(self, n):
        raise ZeroDivisionError(f"{n} rows and {np.random.rand():.6f}")


@estimators.register("Recurses")
class Recurses(Base):
    def effect(self, X):
        try:
            return self.effect(X)
        except RecursionError as error:
            raise ValueError("half a letter \\ud800 " + 9000 * "long ") from error


@estimators.register("Dies")
class Dies(Base):
    def fit(self, X, t, y):
        os._exit(3)


@estimators.register("Sleeps")
class Sleeps(Base):
    def fit(self, X, t, y):
        time.sleep(60)


@estimators.register("Warns")
class Warns(Base):
    def fit(self, X, t, y):
        said = f"Co-variance matrix is underdetermined ({y.sum():.3f}). Inference | invalid!"
        warnings.warn(said)
        warnings.warn("as_matrix is old", FutureWarning)
        return self


@estimators.register("Warns too")
class WarnsToo(Base):
    def effect(self, X):
        warnings.warn("Co-variance matrix is underdetermined (1e-17). Inference | invalid!")
        for number in range(15):
            warnings.warn(f"number {'x' * number}", RuntimeWarning)
        return np.zeros(len(X))
"""


@pytest.fixture
def ran(cli, make_suite, workspace):
    (workspace / "bad.py").write_text(PLUGIN)

    def run(*names: str, workers: int = 0, **changes: object):
        make_suite(datasets=2, estimators=[*names, "DiffInMeans"], settings=["all"], **changes)
        return cli("benchmark", "toy.yaml", "--workers", workers, "--plugin", "bad.py")

    return run


def test_a_traceback_is_kept_and_printed_once_for_a_reason(cli, ran):
    told = ran("Divides", "Recurses")
    assert told.code == 0
    assert "Cells without a score: 4 failed; see: sdscm results why toy" in told.out
    why = cli("results", "why", "toy", "--plugin", "bad.py").out
    assert "Divides on toy-toy0 (all): failed, and 1 more cell with this reason" in why
    assert why.count("in deep\n    raise ZeroDivisionError") == 1
    long = why[why.index("Recurses on") :]
    assert "[...]" in long
    assert "effect(X)" in long
    assert len(long) < 7500  # reason and a traceback of 6,000 letters
    only = cli("results", "why", "toy", "toy1", "--plugin", "bad.py").out
    assert "Divides on toy-toy1 (all): failed\n" in only
    assert "toy0" not in only
    assert "Recurses" not in cli("results", "why", "toy", "Divides").out
    wrong = cli("results", "why", "toy", "nobody")
    assert wrong.code == 2
    assert "no cell without a score matches 'nobody'; their methods: Divides, Recurses" in wrong.err


@pytest.mark.slow
def test_what_is_known_of_dead_and_slow_processes(cli, ran):
    assert ran("Dies", "Sleeps", workers=2, time_limit=3).code == 0
    why = cli("results", "why", "toy").out
    assert "Dies on toy-toy0 (all): failed, and 1 more cell with this reason" in why
    assert "its process ended (exit code 3)" in why
    assert "no traceback: its process ended before it could answer" in why
    assert "Sleeps on toy-toy0 (all): timeout, and 1 more cell with this reason" in why
    assert "after 3 s, time limit 3 s, seed " in why
    assert "no traceback: its process was stopped at the limit" in why
    assert "Traceback" not in why


def test_a_run_without_lost_cells(cli, ran):
    ran()
    answer = cli("results", "why", "toy")
    assert answer.code == 0
    assert "no cell on record failed, timed out or was skipped" in answer.out


def test_warnings_of_libraries_are_on_every_board(cli, ran):
    told = ran("Warns", "Warns too")
    text = "UserWarning: Co-variance matrix is underdetermined (#). Inference | invalid!"
    folder = Path("results/toy")
    (first, *others) = json.loads((folder / "leaderboard.json").read_text())["warnings"]
    assert first == {"text": text, "methods": ["Warns", "Warns too"], "cells": 4}
    assert [each["cells"] for each in others] == [2] * 9  # a record has 10 warnings at most
    board = (folder / "leaderboard.md").read_text()
    section = board[board.index("## Warnings of libraries") :].partition("## The datasets")[0]
    assert text.replace("|", "\\|") in section
    assert "| Warns, Warns too | 4 |" in section
    assert "FutureWarning" not in section
    assert section.count("RuntimeWarning") == 9
    assert "Warnings of libraries" in told.out
    assert text in told.out
    assert cli("report", "toy", "--plugin", "bad.py").code == 0
    page = (folder / "report" / "report.html").read_text()
    assert "Co-variance matrix is underdetermined (#)" in page


def test_a_board_without_warnings_has_no_such_section(ran):
    assert "Warnings of libraries" not in ran().out
    assert "Warnings of libraries" not in Path("results/toy/leaderboard.md").read_text()
