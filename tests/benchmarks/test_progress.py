"""What a run says about its progress, and the time that it says is left."""

from __future__ import annotations

import io
import math
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.console import Console

from benchmarks.cli.progress import LogProgress, working
from benchmarks.datasets.sampling import RowsLeft
from benchmarks.execution.runtimes import Eta, Runtimes
from benchmarks.interface import Outcome
from benchmarks.progress import RichProgress, Silent, time_left
from sdscm.lm.score_cache import CachedLM, ScoreCache, reporting
from sdscm.report_page import make_table, number_column, text_column


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

    def __init__(self, live: bool = False) -> None:
        self.now = 0.0
        console = Console(file=io.StringIO(), force_terminal=True, width=160)
        self.progress = RichProgress(console, live=live)
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
    assert "about 3 min left" in clock.shown()  # 60 s for a quarter
    clock.now = 100.0
    assert "about 5 min left" in clock.shown()  # it does not promise less while nothing moves


def test_rows_that_are_left_cost_what_their_language_model_takes() -> None:
    now = 0.0
    one, two, other = Path("one"), Path("two"), Path("other")
    kinds = {one: ("small", 100), two: ("small", 100), other: ("large", 50)}
    left = RowsLeft(kinds, 1, clock=lambda: now)
    assert math.isnan(left.update(one, "loading small"))
    now = 30.0  # only once
    assert math.isnan(left.update(one, "small: 0 of 40 contexts scored"))
    now = 40.0
    assert math.isnan(left.update(one, 50))  # the large one is not known
    now = 50.0
    left.update(one, 100)
    left.update(other, "large: 0 of 40 contexts scored")
    now = 52.0
    assert math.isnan(left.update(other, 1))
    now = 70.0
    assert left.update(other, 10) == pytest.approx(40 * 2 + 100 * 0.2)
    now = 150.0
    assert left.update(other, 50) == pytest.approx(100 * 0.2)
    left.update(two, 0)
    now = 180.0
    assert left.update(two, 100) == 0


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
        one, _ = cells[number]
        eta.update(one, Outcome("ok", wall=seconds))  # type: ignore[arg-type]
        return said.left[-1]

    assert math.isnan(said.left[0])
    assert math.isnan(ends(0, 1.0))  # the slow ones are not known yet
    assert ends(8, 40.0) == 40.0  # more than half of 7 x 1 s + 40 s: one worker has it alone
    for number in range(1, 8):
        left = ends(number, 1.0)
    assert left == 40.0
    assert ends(9, 40.0) == 0.0


def test_the_time_left_follows_the_load_of_the_machine() -> None:
    said = Estimates()
    cells = [(cell(f"{name}{n}", name), 100) for n in range(30) for name in ("fast", "slow")]
    eta = Eta(said, 1, cells, Runtimes())  # type: ignore[arg-type]
    for one, _ in cells[:20]:
        eta.update(one, Outcome("ok", wall=10.0 if one.estimator == "slow" else 1.0))
    assert said.left[-1] == pytest.approx(20 * 11)
    # Another program takes half of the machine. Only fast cells run, but slow ones will, too.
    for one, _ in cells[20:50:2]:
        eta.update(one, Outcome("ok", wall=2.0))
    assert said.left[-1] == pytest.approx(2 * (20 * 10 + 5), rel=0.1)


def test_records_give_an_estimate_before_the_first_cell() -> None:
    runtimes, said = Runtimes(), Estimates()
    runtimes.learn(("fast", 100), 3.0)
    Eta(said, 1, [(cell(str(n), "fast"), 100) for n in range(4)], runtimes)  # type: ignore[arg-type,misc]
    assert said.left == [12.0]


class Log:
    """A log whose time a test sets, and its lines."""

    def __init__(self, capsys, **options: bool) -> None:
        self.now, self._capsys = 0.0, capsys
        self.log = LogProgress(clock=lambda: self.now, **options)

    def lines(self) -> list[str]:
        return self._capsys.readouterr().err.splitlines()

    def cells(self, count: int, seconds: float, total: int = 0) -> None:
        self.log.begin("cells", total or count)
        for number in range(count):
            self.log.advance("loading gpt2", 0)
            self.now += seconds
            self.log.advance(f"cell {number}")


def test_a_short_stage_has_one_line_or_none(capsys) -> None:
    log = Log(capsys)
    log.cells(16, 0.125)
    assert log.lines() == ["cells: 16 of 16 after 2 s"]
    log = Log(capsys, brief=True)
    log.cells(20, 0.4)
    assert log.lines() == []


@pytest.mark.parametrize(
    ("count", "seconds", "lines"),
    [
        (20, 5, 10),  # 100 s: each tenth
        (60, 1, 5),  # a minute: one in ten seconds at most
        (3, 300, 3),  # a quarter of an hour: each cell
        (10_000, 14, 115),  # 39 hours: less and less often
    ],
)
def test_a_log_stays_short(capsys, count: int, seconds: float, lines: int) -> None:
    log = Log(capsys)
    log.cells(count, seconds)
    found = log.lines()
    assert len(found) == pytest.approx(lines, abs=5 if lines > 100 else 1)
    assert found[-1].startswith(f"cells: {count:,} of {count:,} after ")
    assert "left" not in found[-1]


def test_a_log_has_the_time_left_when_there_is_evidence(capsys) -> None:
    log = Log(capsys)
    log.cells(3, 70, total=100)  # less than a tenth
    assert log.lines() == [
        "cells: 1 of 100 after 2 min",
        "cells: 2 of 100 after 3 min",
        "cells: 3 of 100 after 4 min",
    ]
    log.cells(20, 70, total=100)
    assert "cells: 11 of 100 after 13 min, about 1 h 44 min left" in log.lines()
    log.log.eta(120.0, "one, 70 s")  # the run knows better
    log.now += 90
    log.log.advance("cell")
    assert log.lines() == ["cells: 21 of 100 after 25 min, about 30 s left, slowest: one, 70 s"]
    log.now += 90
    log.log.advance("cell")
    assert "left" not in log.lines()[0]  # it took longer


def test_long_loading_shows_in_a_log(capsys) -> None:
    log = Log(capsys)
    log.log.begin("rows of data", 7200)
    log.log.advance("headache-p0-r0, loading gpt2", 0)
    log.now = 61.0
    log.log.advance("headache-p0-r0, gpt2: 512 of 4,096 contexts scored", 0)
    assert log.lines() == [
        "rows of data: 0 of 7,200 after 2 min; headache-p0-r0, gpt2: 512 of 4,096 contexts scored"
    ]


def toy_board(*methods: str):
    columns = [
        number_column("rank", "Rank", form=str),
        text_column("method"),
        number_column("score", "PEHE"),
        text_column("cells"),
    ]
    rows = [
        {"rank": n, "method": method, "score": n / 10, "cells": "2 of 3"}
        for n, method in enumerate(methods, start=1)
    ]
    return make_table("live", "Best so far", columns, rows)


def test_a_log_has_the_best_methods_on_request(capsys) -> None:
    for live in (False, True):
        log = Log(capsys, live=live)
        log.log.board(lambda: toy_board(*"ABCDEFG"))
        log.cells(2, 70)
        assert log.lines() == [
            "cells: 1 of 2 after 2 min, about 2 min left",
            *[
                "  Best so far: 1. A 0.100 (2 of 3); 2. B 0.200 (2 of 3); 3. C 0.300 (2 of 3); "
                "4. D 0.400 (2 of 3); 5. E 0.500 (2 of 3)"
            ]
            * live,
            "cells: 2 of 2 after 3 min",
        ]


def test_a_terminal_has_the_best_methods_on_request() -> None:
    made = []

    def make():
        made.append(1)
        return toy_board(*"ABCDEFG")

    for live in (False, True):
        clock = Clock(live=live)
        clock.progress.begin("cells", 3)
        for _ in range(100):
            clock.progress.advance("a cell", 0.01)
            clock.progress.board(make)
            text = clock.shown()
        assert ("Best so far" in text, "E" in text, "F" in text) == (live, live, False)
        assert "cells" in text
    assert len(made) < 5  # one a second at most
    with clock.progress:
        pass
    assert "Best" not in clock.shown()


def test_a_wait_shows_in_a_log_if_it_is_long(capsys, monkeypatch) -> None:
    monkeypatch.setattr("benchmarks.cli.progress._INTERVAL", 0.02)
    with working("reading"):
        pass
    assert capsys.readouterr().err == ""
    with working("reading"):
        time.sleep(0.3)
    assert capsys.readouterr().err == "reading: 1 s so far\n"


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
    assert [line.partition(" (")[0] for line in said] == [
        "loading even",
        "even: 0 of 1,100 contexts scored",
        "even: 512 of 1,100 contexts scored",
        "even: 1,024 of 1,100 contexts scored",
    ]
    assert said[1].endswith("(0 of 2,200 texts, 0 of 13,470 tokens)")
    assert "(1,024 of 2,200 texts, " in said[2]


class _Uniform:
    id, revision = "even", "1"

    def score(self, choices):
        import numpy as np

        from sdscm.lm import ChoiceScores

        ones = np.ones(2, dtype=int)
        return [ChoiceScores(np.log([0.5, 0.5]), np.log([0.5, 0.5]), ones, ones) for _ in choices]
