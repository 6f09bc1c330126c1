"""What a run says about its progress, and the time that it says is left."""

from __future__ import annotations

import io
import math
from types import SimpleNamespace

import pytest
from rich.console import Console

from benchmarks.cli.progress import LogProgress
from benchmarks.execution.runtimes import Eta, Runtimes
from benchmarks.interface import Outcome
from benchmarks.progress import RichProgress, Silent, time_left
from sdscm.lm.score_cache import CachedLM, ScoreCache, reporting


@pytest.mark.parametrize(
    ("left", "arguments"),
    [
        (None, (0.0, 43.0)),  # nothing is finished: 43 s say nothing
        (None, (0.05, 2.0)),  # too little to judge by
        (None, (0.5, 30.0, None, True)),  # a model is loaded
        (30.0, (0.5, 30.0)),
        (90.0, (0.25, 30.0)),
        (12.0, (0.0, 5.0, (12.0, 5.0))),  # the run has an estimate
        (9.0, (0.0, 8.0, (12.0, 5.0))),  # three seconds later
        (None, (0.9, 18.0, (12.0, 5.0))),  # it took longer than was expected
        (None, (0.9, 18.0, (math.nan, 5.0))),
    ],
)
def test_the_time_that_is_left(left: float | None, arguments: tuple[float, ...]) -> None:
    found = time_left(*arguments)  # type: ignore[arg-type]
    assert math.isnan(found) if left is None else found == pytest.approx(left)


class Clock:
    """Progress in a terminal whose time a test sets."""

    def __init__(self) -> None:
        self.now = 0.0
        console = Console(file=io.StringIO(), force_terminal=True, width=160)
        self.progress = RichProgress(console)
        self.progress._bars.get_time = lambda: self.now  # type: ignore[method-assign]
        for task in self.progress._bars.tasks:
            task._get_time = lambda: self.now

    def shown(self) -> str:
        console = Console(file=io.StringIO(), width=160)
        console.print(self.progress._bars.get_renderable())
        return console.file.getvalue()  # type: ignore[attr-defined]


def test_a_model_that_is_loaded_is_named_and_no_time_is_made_up() -> None:
    clock = Clock()
    clock.progress.begin("rows of data", 7200)
    clock.progress.advance("headache-p0-r0, loading gpt2", 0)
    clock.now = 43.0
    assert "loading gpt2" in clock.shown()
    assert "left" not in clock.shown()
    assert "0:00:43" in clock.shown()
    clock.progress.advance("headache-p0-r0, gpt2: 512 of 4,096 contexts scored", 0)
    assert "512 of 4,096 contexts scored" in clock.shown()
    clock.progress.advance("headache-p0-r0", 1800)
    clock.now = 60.0
    assert "3 min left" in clock.shown()  # 60 s for a quarter
    clock.now = 100.0
    assert "5 min left" in clock.shown()  # it does not promise less while nothing moves


def cell(name: str, method: str) -> SimpleNamespace:
    return SimpleNamespace(key=name, estimator=method)


class Estimates(Silent):
    def __init__(self) -> None:
        self.left: list[float] = []

    def eta(self, left: float, slowest: str) -> None:
        self.left.append(left)


def test_a_run_has_an_estimate_when_each_method_has_one() -> None:
    runtimes, said = Runtimes(), Estimates()
    cells = [(cell(f"fast{n}", "fast"), 100) for n in range(8)]
    cells += [(cell(f"slow{n}", "slow"), 100) for n in range(2)]
    eta = Eta(said, 2, cells, runtimes)  # type: ignore[arg-type]

    def ends(number: int, seconds: float) -> float:
        one, rows = cells[number]
        runtimes.learn((one.estimator, rows), seconds)
        eta.update(one, Outcome("ok", wall=seconds))  # type: ignore[arg-type]
        return said.left[-1]

    assert math.isnan(said.left[0])
    assert math.isnan(ends(0, 1.0))  # the slow ones are not known yet
    assert ends(8, 40.0) == 40.0  # more than half of 7 x 1 s + 40 s: one worker has it alone
    for number in range(1, 8):
        left = ends(number, 1.0)
    assert left == 40.0
    assert ends(9, 40.0) == 0.0


def test_records_give_an_estimate_before_the_first_cell() -> None:
    runtimes, said = Runtimes(), Estimates()
    runtimes.learn(("fast", 100), 3.0)
    Eta(said, 1, [(cell(str(n), "fast"), 100) for n in range(4)], runtimes)  # type: ignore[arg-type,misc]
    assert said.left == [12.0]


def test_a_log_stays_short(capsys) -> None:
    log = LogProgress()
    log.begin("cells", 20)
    for number in range(20):
        log.advance("loading gpt2", 0)
        log.eta(math.nan if number < 10 else 20.0 - number, "")
        log.advance(f"cell {number}")
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 10
    assert lines[0] == "cells: 2 of 20"
    assert lines[-2] == "cells: 18 of 20, 3 s left"
    assert not any("?" in line or "gpt2" in line for line in lines)


def test_loading_and_scoring_are_reported(tmp_path) -> None:
    from sdscm.lm import Choice

    def choices(count: int) -> list[Choice]:
        return [Choice((f"It is {n}.",), "Yes or no:", ("yes", "no"), ".") for n in range(count)]

    lm = CachedLM(_Uniform, id="even", revision="1", cache=ScoreCache(tmp_path / "scores.sqlite"))
    said: list[str] = []
    with reporting(said.append):
        lm.score(choices(1100))
        lm.score(choices(1100))  # nothing to do
    lm.score(choices(1101))  # nobody listens
    assert said == [
        "loading even",
        "even: 0 of 1,100 contexts scored",
        "even: 512 of 1,100 contexts scored",
        "even: 1,024 of 1,100 contexts scored",
    ]


class _Uniform:
    id, revision = "even", "1"

    def score(self, choices):
        import numpy as np

        from sdscm.lm import ChoiceScores

        ones = np.ones(2, dtype=int)
        return [ChoiceScores(np.log([0.5, 0.5]), np.log([0.5, 0.5]), ones, ones) for _ in choices]
