"""How worker processes start and end."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import benchmarks

#: The first process of a program also starts Python's tracker of resources.
FIRST = """
import signal
from benchmarks.process.lifetime import WorkerContext

def blocked():
    return signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, [])

def show():
    print(blocked(), flush=True)

if __name__ == "__main__":
    for _ in range(2):
        process = WorkerContext().Process(target=show)
        process.start()
        process.join()
    print(blocked())
"""


def test_ctrl_c_does_not_reach_a_process_before_it_can_ignore_it(tmp_path) -> None:
    (tmp_path / "script.py").write_text(FIRST)
    ran = subprocess.run(
        [sys.executable, str(tmp_path / "script.py")],
        env=os.environ | {"PYTHONPATH": str(Path(benchmarks.__file__).parents[1])},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ran.stdout.splitlines() == ["True", "True", "False"], ran.stderr
