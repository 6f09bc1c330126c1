"""A run that is killed and started again ends in the same bytes as an uninterrupted run."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

SCRIPT = textwrap.dedent(
    """
    import sys
    import sdscm
    import sdscm.lm.score_cache

    sdscm.lm.score_cache._BATCH = 8  # what a kill can lose
    scm = sdscm.SDSCM(sdscm.load_spec("tea_or_coffee"), sdscm.load_lm(), temperature=2.5)
    scm.dataset(12, seed=3, cate_contexts=0).to_parquet(sys.argv[1])
    """
)

TABLE_SCRIPT = textwrap.dedent(
    """
    import os, signal, sys
    import sdscm
    import sdscm.lm.score_cache
    from sdscm.cache import cache_folder
    from sdscm.lm import CachedLM, ScoreCache, TabularLM
    from sdscm.lm.backends.tabular import random_table

    sdscm.lm.score_cache._BATCH = 8

    class Deadly(ScoreCache):
        "Ends its process at once when as many parts are on disk as it is told."

        left = int(sys.argv[2])

        def put(self, scores):
            super().put(scores)
            self.left -= 1
            if self.left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    cache = Deadly(cache_folder() / "scores.sqlite")
    lm = CachedLM(lambda: TabularLM(random_table(1)), id="table", revision="0", cache=cache)
    scm = sdscm.SDSCM(sdscm.load_spec("tea_or_coffee"), lm)
    scm.dataset(40, seed=3, cate_contexts=0).to_parquet(sys.argv[1])
    print(lm.scored)
    """
)


def start(cache: Path, models: Path, out: Path) -> subprocess.Popen[str]:
    cache.mkdir(exist_ok=True)
    if not (cache / "models").exists():
        (cache / "models").symlink_to(models)
    environment = {**os.environ, "SDSCM_CACHE": str(cache), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(out)],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )


def stored(cache: Path) -> int:
    """Scores that are on disk by now."""
    try:
        with sqlite3.connect(f"file:{cache / 'scores.sqlite'}?mode=ro", uri=True) as connection:
            return int(connection.execute("SELECT COUNT(*) FROM scores").fetchone()[0])
    except sqlite3.OperationalError:  # not made yet
        return 0


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="the system has no SIGKILL")
@pytest.mark.usefixtures("fixed_row_bits")
@pytest.mark.slow
def test_killed_and_resumed_gives_the_same_bytes(tmp_path: Path, embedded_folder: Path) -> None:
    models = embedded_folder.parent
    alone = start(tmp_path / "one", models, tmp_path / "one.parquet")
    assert alone.wait() == 0, alone.stderr and alone.stderr.read()
    whole = stored(tmp_path / "one")

    killed = start(tmp_path / "two", models, tmp_path / "two.parquet")
    while killed.poll() is None and stored(tmp_path / "two") < whole // 3:
        time.sleep(0.05)
    killed.send_signal(signal.SIGKILL)
    assert killed.wait() == -signal.SIGKILL
    kept = stored(tmp_path / "two")
    assert whole // 3 <= kept < whole
    assert not (tmp_path / "two.parquet").exists()

    again = start(tmp_path / "two", models, tmp_path / "two.parquet")
    assert again.wait() == 0, again.stderr and again.stderr.read()
    assert stored(tmp_path / "two") == whole
    assert (tmp_path / "two.parquet").read_bytes() == (tmp_path / "one.parquet").read_bytes()


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="the system has no SIGKILL")
def test_killed_and_resumed_with_a_table(tmp_path: Path) -> None:
    """The same with a table of probabilities in place of a language model."""

    def run(name: str, left: int) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "SDSCM_CACHE": str(tmp_path / name)}
        command = [sys.executable, "-c", TABLE_SCRIPT, str(tmp_path / f"{name}.parquet"), str(left)]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    alone = run("one", left=-1)
    assert alone.returncode == 0, alone.stderr
    whole = stored(tmp_path / "one")
    assert int(alone.stdout) == whole
    assert run("two", left=3).returncode == -signal.SIGKILL
    kept = stored(tmp_path / "two")
    assert 3 <= kept <= 3 * 8 < whole
    assert not (tmp_path / "two.parquet").exists()
    again = run("two", left=-1)
    assert int(again.stdout) == whole - kept
    assert (tmp_path / "two.parquet").read_bytes() == (tmp_path / "one.parquet").read_bytes()
