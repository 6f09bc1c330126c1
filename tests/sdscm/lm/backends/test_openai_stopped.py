"""``sdscm generate`` with a server, stopped in the middle and started again."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow  # seven runs of the command

#: Requests at a time.
FLYING = 4


class Runs:
    """Runs of one command, each with a cache and an output of its own."""

    def __init__(self, server: Any, folder: Path) -> None:
        self.server, self.folder = server, folder

    def start(self, cache: str, out: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "benchmarks", "generate", "tea_or_coffee", "--units", "30"]
        command += ["--lm", f"openai+{self.server.url}#tiny", "--cate-contexts", "0"]
        command += ["--lm-option", "start=<s>", "--lm-option", f"concurrency={FLYING}"]
        return subprocess.Popen(
            [*command, "--out", str(self.folder / out)],
            env=os.environ | {"SDSCM_CACHE": str(self.folder / cache)},
            stderr=subprocess.PIPE,
            text=True,
        )

    def finish(self, run: subprocess.Popen[str]) -> None:
        _, errors = run.communicate(timeout=300)
        assert run.returncode == 0, errors

    def asked(self) -> Counter[str]:
        """The requests so far, without those of the probe; forgotten."""
        found = Counter(json.dumps(each["prompt"]) for each in list(self.server.asked))
        self.server.asked.clear()
        return Counter({k: n for k, n in found.items() if "The answer is no" not in k})


@pytest.fixture(scope="module")
def runs(completions_server: Any, tmp_path_factory: pytest.TempPathFactory) -> Runs:
    return Runs(completions_server, tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="module")
def whole(runs: Runs) -> tuple[Counter[str], bytes]:
    """Requests and output of a run that nothing stops."""
    runs.server.asked.clear()
    runs.finish(runs.start("whole", "whole.parquet"))
    return runs.asked(), (runs.folder / "whole.parquet").read_bytes()


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="the system has no SIGKILL")
@pytest.mark.parametrize("name", ["SIGKILL", "SIGINT"])
def test_what_was_answered_is_not_asked_again(
    runs: Runs, whole: tuple[Counter[str], bytes], name: str
) -> None:
    """Except what was in flight, or had come in the milliseconds before a SIGKILL."""
    asked, output = whole
    assert set(asked.values()) == {1}
    runs.server.latency = 0.05
    run = runs.start(name, f"{name}.parquet")
    while run.poll() is None and len(runs.server.asked) < len(asked) // 2:
        time.sleep(0.005)
    run.send_signal(getattr(signal, name))
    run.communicate(timeout=60)
    assert run.returncode == {"SIGKILL": -signal.SIGKILL, "SIGINT": 130}[name]
    assert not (runs.folder / f"{name}.parquet").exists()
    time.sleep(0.2)  # until the server has read what was in flight
    before = runs.asked()
    assert len(asked) // 2 - FLYING <= len(before) < len(asked)
    runs.finish(runs.start(name, f"{name}.parquet"))
    after = runs.asked()
    assert set(before) | set(after) == set(asked)
    print(f"{len(asked)} contexts, {len(before)} asked before {name}, {len(after)} after")
    assert len(set(before) & set(after)) <= FLYING * (2 if name == "SIGKILL" else 1)
    assert (runs.folder / f"{name}.parquet").read_bytes() == output


def test_two_processes_share_the_store(runs: Runs, whole: tuple[Counter[str], bytes]) -> None:
    asked, output = whole
    runs.server.latency = 0.02
    for run in [runs.start("shared", f"{n}.parquet") for n in range(2)]:
        runs.finish(run)
    both = runs.asked()
    assert set(both) == set(asked)
    assert all((runs.folder / f"{n}.parquet").read_bytes() == output for n in range(2))
    runs.finish(runs.start("shared", "third.parquet"))
    assert not runs.asked()
    with sqlite3.connect(runs.folder / "shared" / "scores.sqlite") as store:
        assert store.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert store.execute("SELECT COUNT(*) FROM scores").fetchone() == (len(asked),)
