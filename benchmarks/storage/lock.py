"""Lock a folder, so that one run at a time uses it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from sdscm.errors import InputError


@contextmanager
def only_run(folder: Path) -> Iterator[None]:
    """Lock the folder of a run. The system releases the lock, even of a killed process.

    Raises
    ------
    InputError
        If another process has the lock; the message gives its number.
    """
    folder.mkdir(parents=True, exist_ok=True)
    # The number of the process is in a separate file, because Windows does not let other processes
    # read a locked file.
    lock, holder = FileLock(folder / "run.lock"), folder / "run.pid"
    try:
        lock.acquire(timeout=0)
    except Timeout:
        process = holder.read_text().strip() if holder.exists() else "unknown"
        raise InputError(
            f"{folder}: another run uses this folder (process {process}); wait for it, or name "
            "another folder with --runs"
        ) from None
    try:
        holder.write_text(f"{os.getpid()}\n")
        yield
    finally:
        with suppress(OSError):
            holder.unlink()
        lock.release()
