"""Start worker processes, end them with the run, and describe how they ended."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Sequence
from multiprocessing import connection, resource_tracker
from multiprocessing.context import SpawnContext, SpawnProcess
from pathlib import Path

import estimators
from benchmarks.interface import Outcome

#: Exit codes after a failed allocation: killed by the kernel, or aborted by a C++ library.
_MEMORY_SIGNALS = (-9, -6)

#: Replaces exit code 0 of a worker. Pebble takes 0 for the planned end of a process, and would wait
#: forever for a cell that called ``os._exit(0)``.
_EXIT_ZERO = 256


class _Worker(SpawnProcess):
    """A process whose exit code is never 0, and that Ctrl-C in a terminal does not interrupt."""

    def start(self) -> None:
        # The process inherits the mask. Its own code could ignore the signal only after its
        # imports, and until then it would print a traceback.
        if not hasattr(signal, "pthread_sigmask"):
            super().start()
            return
        # Python starts this process with the first one, and then unblocks the signal.
        resource_tracker.ensure_running()
        before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
        try:
            super().start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    @property
    def exitcode(self) -> int | None:
        code = super().exitcode
        return _EXIT_ZERO if code == 0 else code


class WorkerContext(SpawnContext):
    """Context that spawns processes. A fork may deadlock, because libraries have threads."""

    Process = _Worker


def start_worker(plugins: Sequence[Path]) -> None:
    """Prepare a fresh worker process."""
    exit_with_parent()
    # Linux ends this worker, not the run, when memory is short. Other systems lack the file.
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")
    for plugin in plugins:
        estimators.load_plugin(plugin)


def exit_with_parent() -> None:
    """End this process as soon as its parent has ended, even in the middle of a cell."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        connection.wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def timed_out(time_limit: float) -> Outcome:
    """Return the outcome of a cell that reached its time limit."""
    return Outcome("timeout", f"stopped after {time_limit:g} s", wall=time_limit)


def process_ended(exit_code: int) -> Outcome:
    """Return the outcome of a cell whose process ended; the exit code is -N after signal N."""
    code = 0 if exit_code == _EXIT_ZERO else exit_code
    how = f"signal {-code}" if code < 0 else f"exit code {code}"
    hint = "; it may have run out of memory" if exit_code in _MEMORY_SIGNALS else ""
    return Outcome("failed", f"its process ended ({how}){hint}")
