"""Test the measurement of memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.process import memory

linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux resets the peak")


@linux
def test_the_peak_is_measured_after_the_memory_is_freed() -> None:
    # In a process of its own: memory of other tests that is freed meanwhile would hide the array.
    code = """
import numpy as np
from benchmarks.process import memory
peak = memory.watch_peak()
array = np.ones(64 * 2**20 // 8)
del array
print(peak(), memory.watch_peak()())
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    first, second = map(float, ran.stdout.split())
    assert 60 < first < 80
    assert second < 10


def test_a_system_without_the_files_has_no_peak(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "Path", lambda _: tmp_path / "no" / "file")
    assert memory.watch_peak()() is None
