"""Scores on disk: no score is computed twice, mixed up, or lost."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from sdscm.errors import InputError
from sdscm.lm import CachedLM, Choice, ChoiceScores, LanguageModel, ScoreCache, TabularLM
from sdscm.lm.backends.tabular import random_table

Bits = Callable[[Any], list[bytes]]

CHOICES = [
    Choice(context=(f"Context {i}.",) * depth, prefix="Value ", values=("a", "b", "c"), suffix=".")
    for i in range(40)
    for depth in (1, 2)
]


def stored(path: Path, model: LanguageModel | None = None, **names: str) -> CachedLM:
    model = model or TabularLM(random_table(1))
    names = {"id": "tabular", "revision": "0"} | names
    return CachedLM(lambda: model, cache=ScoreCache(path), **names)


def never() -> LanguageModel:
    raise AssertionError("the model was loaded, though the cache holds every score")


class Counting:
    """Counts how often each choice is scored; breaks after ``limit`` calls."""

    id, revision = "tabular", "0"

    def __init__(self, limit: int | None = None) -> None:
        self.model = TabularLM(random_table(1))
        self.seen: list[Choice] = []
        self.limit = limit

    def score(self, choices: Sequence[Choice]) -> list[ChoiceScores]:
        if self.limit == 0:
            raise KeyboardInterrupt
        if self.limit is not None:
            self.limit -= 1
        self.seen += choices
        return self.model.score(choices)


def test_scores_are_those_of_the_model_in_the_order_asked(tmp_path: Path, bits: Bits) -> None:
    asked = [*CHOICES[::-1], *CHOICES[::3]]
    expected = bits(TabularLM(random_table(1)).score(asked))
    lm = stored(tmp_path / "scores.sqlite")
    assert bits(lm.score(asked)) == expected
    assert bits(lm.score(asked)) == expected


def test_each_distinct_choice_is_scored_once(tmp_path: Path) -> None:
    model = Counting()
    lm = stored(tmp_path / "scores.sqlite", model)
    lm.score(CHOICES[:30] * 3)
    lm.score(CHOICES)
    assert sorted(map(hash, model.seen)) == sorted(map(hash, CHOICES))
    assert lm.scored == len(CHOICES)
    assert len(ScoreCache(tmp_path / "scores.sqlite")) == len(CHOICES)


def test_a_second_model_on_the_file_scores_nothing(tmp_path: Path, bits: Bits) -> None:
    path = tmp_path / "deep" / "folder" / "scores.sqlite"
    expected = bits(stored(path).score(CHOICES))
    again = CachedLM(never, id="tabular", revision="0", cache=ScoreCache(path))
    assert bits(again.score(CHOICES)) == expected
    assert again.scored == 0


@pytest.mark.parametrize("other", [{"id": "other"}, {"revision": "1"}])
def test_another_model_or_revision_shares_nothing(
    tmp_path: Path, bits: Bits, other: dict[str, str]
) -> None:
    path = tmp_path / "scores.sqlite"
    stored(path).score(CHOICES)
    lm = stored(path, TabularLM(random_table(2)), **other)
    assert bits(lm.score(CHOICES)) == bits(TabularLM(random_table(2)).score(CHOICES))
    assert lm.scored == len(CHOICES)


@pytest.mark.parametrize(
    "other",
    [
        Choice(("Context 0.",), "Value ", ("b", "a", "c"), "."),
        Choice(("Context 0.",), "Value ", ("a", "b"), "."),
        Choice(("Context 0.",), "Value", ("a", "b", "c"), "."),
        Choice(("Context 0.",), "Value ", ("a", "b", "c"), ""),
        Choice(("Context 0. Value",), "", ("a", "b", "c"), "."),
        Choice(("Context", "0."), "Value ", ("a", "b", "c"), "."),
        Choice((), "Value ", ("a", "b", "c"), "."),
    ],
)
def test_choices_that_differ_anywhere_share_nothing(tmp_path: Path, other: Choice) -> None:
    path = tmp_path / "scores.sqlite"
    stored(path).score([Choice(("Context 0.",), "Value ", ("a", "b", "c"), ".")])
    lm = stored(path)
    lm.score([other])
    assert lm.scored == 1


def test_what_was_finished_before_a_break_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sdscm.lm.score_cache._BATCH", 16)
    path = tmp_path / "scores.sqlite"
    with pytest.raises(KeyboardInterrupt):
        stored(path, Counting(limit=3)).score(CHOICES)
    assert len(ScoreCache(path)) == 3 * 16
    rest = Counting()
    stored(path, rest).score(CHOICES)
    assert len(rest.seen) == len(CHOICES) - 3 * 16


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="the system has no SIGKILL")
def test_a_killed_process_leaves_a_readable_store(tmp_path: Path, bits: Bits) -> None:
    path = tmp_path / "scores.sqlite"
    script = textwrap.dedent(
        f"""
        import os, signal
        from pathlib import Path
        import sdscm.lm.score_cache
        from sdscm.lm import Choice, ScoreCache, CachedLM, TabularLM
        from sdscm.lm.backends.tabular import random_table

        sdscm.lm.score_cache._BATCH = 16
        lm = TabularLM(random_table(1))
        score, calls = lm.score, []

        def killed(choices):
            calls.append(1)
            if len(calls) == 4:
                os.kill(os.getpid(), signal.SIGKILL)
            return score(choices)

        lm.score = killed
        choices = [
            Choice((f"Context {{i}}.",) * depth, "Value ", ("a", "b", "c"), ".")
            for i in range(40) for depth in (1, 2)
        ]
        cache = ScoreCache(Path({str(path)!r}))
        CachedLM(lambda: lm, id="tabular", revision="0", cache=cache).score(choices)
        """
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert len(ScoreCache(path)) == 3 * 16
    lm = stored(path)
    assert bits(lm.score(CHOICES)) == bits(TabularLM(random_table(1)).score(CHOICES))
    assert lm.scored == len(CHOICES) - 3 * 16


def test_two_open_stores_see_each_other(tmp_path: Path) -> None:
    path = tmp_path / "scores.sqlite"
    one, other = stored(path), stored(path)
    one.score(CHOICES[:10])
    other.score(CHOICES[:20])
    assert other.scored == 10
    one.score(CHOICES[:20])
    assert one.scored == 10


def test_threads_share_a_store_and_load_the_model_once(tmp_path: Path, bits: Bits) -> None:
    """Opened here, used there, by both at once."""
    expected = bits(TabularLM(random_table(1)).score(CHOICES))
    loaded, together = [], threading.Barrier(2)

    def load() -> LanguageModel:
        loaded.append(TabularLM(random_table(1)))
        return loaded[-1]

    cache = ScoreCache(tmp_path / "scores.sqlite")
    lm = CachedLM(load, id="tabular", revision="0", cache=cache)

    def work(order: int) -> list[bytes]:
        together.wait(30)
        return bits([lm.score([choice])[0] for choice in CHOICES[::order]])[::order]

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(work, (1, -1))) == [expected, expected]
    assert len(loaded) == 1
    assert len(cache) == len(CHOICES)


def test_names_are_known_before_the_model_is_loaded(tmp_path: Path) -> None:
    lm = CachedLM(never, id="big", revision="9", cache=ScoreCache(tmp_path / "s.sqlite"))
    assert (lm.id, lm.revision) == ("big", "9")
    assert isinstance(lm, LanguageModel)


@pytest.mark.parametrize("content", [b"garbage" * 500, b"SQLite format 3\x00" + b"\xff" * 4096])
def test_a_file_that_is_no_store(
    tmp_path: Path, one_line: Callable[[BaseException], str], content: bytes
) -> None:
    path = tmp_path / "scores.sqlite"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        ScoreCache(path)
    assert str(path) in one_line(caught.value)
    assert path.read_bytes() == content


def test_a_damaged_store(tmp_path: Path, one_line: Callable[[BaseException], str]) -> None:
    """The damage is found when the scores are read, not when the file is opened."""
    path, damaged = tmp_path / "scores.sqlite", tmp_path / "damaged.sqlite"
    choices = [Choice((f"{i}",), "", tuple("abcdefgh"), "") for i in range(600)]
    stored(path).score(choices)
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = path.read_bytes()
    damaged.write_bytes(content[:8192] + b"\xff" * (len(content) - 8192))
    with pytest.raises(InputError) as caught:
        stored(damaged).score(choices)
    assert str(damaged) in one_line(caught.value)


def test_a_folder_is_no_store(tmp_path: Path, one_line: Callable[[BaseException], str]) -> None:
    with pytest.raises(InputError) as caught:
        ScoreCache(tmp_path)
    assert str(tmp_path) in one_line(caught.value)


def test_a_store_that_cannot_be_made(tmp_path: Path, one_line: Any) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot be used") as caught:
        ScoreCache(tmp_path / "file" / "scores.sqlite")
    assert "SDSCM_CACHE" in one_line(caught.value)
