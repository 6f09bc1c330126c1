"""Wrong types of suites, runs, methods and metrics are refused at once; one stands for a list."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import benchmarks
import estimators
from sdscm import InputError

WRONG = [None, 2.5, b"x", {"a": 1}, [], object(), np.zeros(3), pd.DataFrame({"a": [1, 2]})]
CALLS: dict[str, Callable[[Any], Any]] = {
    "load_suite": benchmarks.load_suite,
    "run": lambda wrong: benchmarks.run(wrong, results_dir=None),
    "leaderboard": lambda wrong: benchmarks.leaderboard(wrong, results_dir=None),
    "folder_of": benchmarks.folder_of,
    "compare": lambda wrong: benchmarks.compare(wrong, "other"),
    "metric": benchmarks.metrics.get,
    "get": estimators.get,
    "info": estimators.info,
    "parameters": estimators.parameters,
    "where": estimators.where,
    "register": lambda wrong: estimators.register(wrong)(lambda X, t, y: y),
    "load_plugin": estimators.load_plugin,
    "check_estimator": estimators.check_estimator,
}


@pytest.mark.parametrize("call", CALLS)
def test_a_wrong_type_is_refused_at_once_in_one_line(
    call: str, one_line: Callable[[BaseException], str], tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    for wrong in WRONG:
        with pytest.raises((InputError, estimators.EstimatorError)) as refused:
            CALLS[call](wrong)
        one_line(refused.value)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"plugins": 3}, "plugins: it is an int; give the path of a file"),
        ({"plugins": "none.py"}, "none.py: cannot be read"),
        ({"estimators": "LinRegg"}, "no estimator 'LinRegg'; did you mean 'LinReg'"),
    ],
)
def test_wrong_options_of_a_run(make_suite: Any, options: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        benchmarks.run(make_suite(), results_dir=None, **options)


def test_one_estimator_is_a_list_of_one(make_suite: Any, tmp_path: Path) -> None:
    suite = make_suite(settings=["all"])
    found = benchmarks.run(
        suite, estimators="LinReg", workers=0, runs_dir=tmp_path / "runs", results_dir=None
    )
    assert found.boards[0].table["estimator"].tolist() == ["LinReg"]
    again = benchmarks.leaderboard(
        suite, runs_dir=tmp_path / "runs", results_dir=None, columns="pehe_sd"
    )
    assert again.suite.board.columns == ["pehe_sd"]
    assert benchmarks.load_suite(suite) is suite
