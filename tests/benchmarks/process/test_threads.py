"""Test the thread budget."""

from __future__ import annotations

import os

import pytest

from benchmarks.process import threads
from sdscm.errors import InputError


def test_the_budget_is_kept(monkeypatch) -> None:
    monkeypatch.setattr(threads, "cores", lambda: 8)
    assert threads.workers_for(None, threads=1) == 8
    assert threads.workers_for(None, threads=3) == 2
    assert threads.workers_for(3, threads=1) == 3
    assert threads.workers_for(100, threads=2) == 4
    assert threads.workers_for(2, threads=16) == 1
    with pytest.raises(InputError, match="workers is -1"):
        threads.workers_for(-1, threads=1)


def test_the_environment_is_restored(monkeypatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("NUMBA_NUM_THREADS", raising=False)
    with threads.children_inherit(2):
        assert os.environ["OMP_NUM_THREADS"] == os.environ["NUMBA_NUM_THREADS"] == "2"
    assert os.environ["OMP_NUM_THREADS"] == "7"
    assert "NUMBA_NUM_THREADS" not in os.environ
