"""One run at a time in a folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sdscm.errors import InputError

try:
    import fcntl
except ModuleNotFoundError:  # not on Windows, where two runs may do the same cells twice
    fcntl = None  # type: ignore[assignment]


@contextmanager
def only_run(folder: Path) -> Iterator[None]:
    """Hold the folder of a run. The system lets go of it however the process ends.

    Raises
    ------
    InputError
        If another process holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "run.lock", "a+") as file:
        if fcntl is not None:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.seek(0)
                raise InputError(
                    f"{folder}: another run is at work here (process {file.read().strip()}); wait "
                    "for it, or name another folder with --runs"
                ) from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield
