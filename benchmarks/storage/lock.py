"""Lock a folder, so that one run at a time uses it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from sdscm.errors import InputError

_LOCK, _HOLDER = "run.lock", "run.pid"
#: Seconds to wait for the lock, which `running` takes for a moment.
_SHORT = 0.5


@contextmanager
def only_run(folder: Path, workers: int = 0) -> Iterator[None]:
    """Lock the folder of a run. The system releases the lock, even of a killed process.

    ``workers`` is the number of cells that run at a time, for `running`; 0 if it is not known.

    Raises
    ------
    InputError
        If another process has the lock; the message gives its number.
    """
    folder.mkdir(parents=True, exist_ok=True)
    # The number of the process is in a separate file, because Windows does not let other processes
    # read a locked file.
    lock, holder = FileLock(folder / _LOCK), folder / _HOLDER
    try:
        lock.acquire(timeout=_SHORT)
    except Timeout:
        process = (_holder(folder) or ["unknown"])[0]
        raise InputError(
            f"{folder}: another run uses this folder (process {process}); wait for it, or name "
            "another folder with --runs"
        ) from None
    try:
        holder.write_text(f"{os.getpid()} {workers}\n")
        yield
    finally:
        with suppress(OSError):
            holder.unlink()
        lock.release()


def running(folder: Path) -> int | None:
    """Return the ``workers`` of the run that uses a folder; None if none does."""
    if not folder.is_dir():
        return None
    try:
        with FileLock(folder / _LOCK).acquire(timeout=0):
            return None
    except Timeout:
        return int((_holder(folder)[1:] or ["0"])[0])


def _holder(folder: Path) -> list[str]:
    """Read the number of the process that has the lock, and its workers."""
    path = folder / _HOLDER
    return path.read_text().split() if path.exists() else []
