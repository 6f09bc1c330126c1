"""Test the measurement of memory."""

from __future__ import annotations

import gc
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.process import memory

linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux resets the peak")


@linux
def test_the_peak_is_measured_after_the_memory_is_freed() -> None:
    gc.collect()  # memory of other tests that is freed later would hide the array
    peak = memory.watch_peak()
    array = np.ones(64 * 2**20 // 8)
    del array
    assert 60 < peak() < 80
    assert memory.watch_peak()() < 10


def test_a_system_without_the_files_has_no_peak(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "Path", lambda _: tmp_path / "no" / "file")
    assert memory.watch_peak()() is None
