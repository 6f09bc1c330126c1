from __future__ import annotations

import gc
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.process import memory

linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux resets the peak")


@linux
def test_the_peak_is_seen_though_the_memory_is_given_back() -> None:
    gc.collect()  # or what other tests left is given back meanwhile, and hides the array
    peak = memory.watch_peak()
    array = np.ones(64 * 2**20 // 8)
    del array
    assert 60 < peak() < 80
    assert memory.watch_peak()() < 10


def test_a_system_that_does_not_tell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "Path", lambda _: tmp_path / "no" / "file")
    assert memory.watch_peak()() is None
