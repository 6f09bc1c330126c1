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
