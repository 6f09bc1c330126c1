"""One run at a time in a folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from sdscm.errors import InputError


@contextmanager
def only_run(folder: Path) -> Iterator[None]:
    """Hold the folder of a run. The system releases it however the process ends.

    Raises
    ------
    InputError
        If another process holds it; the message says which.
    """
    folder.mkdir(parents=True, exist_ok=True)
    # The number of the process stands in a file of its own: Windows lets no other process read the
    # file that is locked.
    lock, holder = FileLock(folder / "run.lock"), folder / "run.pid"
    try:
        lock.acquire(timeout=0)
    except Timeout:
        process = holder.read_text().strip() if holder.exists() else "unknown"
        raise InputError(
            f"{folder}: another run is at work here (process {process}); wait for it, or name "
            "another folder with --runs"
        ) from None
    try:
        holder.write_text(f"{os.getpid()}\n")
        yield
    finally:
        with suppress(OSError):
            holder.unlink()
        lock.release()
