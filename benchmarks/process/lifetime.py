"""Begin and end of a worker process."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import threading
from collections.abc import Sequence
from multiprocessing import connection
from pathlib import Path

import estimators
from benchmarks.interface import Outcome

_MEMORY_SIGNALS = (-9, -6)  # the kernel's, and that of a C++ library whose allocation failed


def start_worker(plugins: Sequence[Path]) -> None:
    """Prepare a fresh worker process."""
    leave_with_parent()
    _go_first_when_memory_is_short()
    for plugin in plugins:
        estimators.load_plugin(plugin)


def leave_with_parent() -> None:
    """End this process when its parent is killed, even in the middle of a cell."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        connection.wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _go_first_when_memory_is_short() -> None:
    """Have Linux end this worker, not the run, when memory is short.

    Other systems lack the file.
    """
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def stopped(time_limit: float) -> Outcome:
    """The outcome of a cell that took too long."""
    return Outcome("timeout", f"stopped after {time_limit:g} s", wall=time_limit)


def died(exit_code: int) -> Outcome:
    """The outcome of a cell whose process ended."""
    how = f"signal {-exit_code}" if exit_code < 0 else f"exit code {exit_code}"
    hint = "; it may have run out of memory" if exit_code in _MEMORY_SIGNALS else ""
    return Outcome("failed", f"its process died ({how}){hint}")
