"""A table that grows a line at a time and survives a kill."""

from __future__ import annotations

import csv
import io
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

try:
    import fcntl
except ModuleNotFoundError:  # not on Windows, where two processes may measure the same twice
    fcntl = None  # type: ignore[assignment]


class Log:
    """An append-only CSV file, one line a measurement.

    Parameters
    ----------
    path
        Where it is; folders are made.
    columns
        Names of the columns.
    """

    def __init__(self, path: Path, columns: tuple[str, ...]) -> None:
        self.path = path
        self.columns = columns

    def rows(self) -> pd.DataFrame:
        """What is there; a line that a kill cut short is not."""
        if not self.path.exists():
            return pd.DataFrame(columns=list(self.columns))
        whole, _, _ = self.path.read_text(encoding="utf-8").rpartition("\n")
        if not whole:
            return pd.DataFrame(columns=list(self.columns))
        return pd.read_csv(io.StringIO(whole), dtype={"reason": str})

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep other processes from the file; wait until the one that holds it lets go.

        The system lets go of it however a process ends.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.with_suffix(".lock").open("a") as lock:
            if fcntl is not None:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    print(f"{self.path}: waiting for another process", file=sys.stderr, flush=True)
                    fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def append(self, row: Mapping[str, object]) -> None:
        """Add a line; once this returns, a kill of the process does not lose it."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._drop_half_line()
        text = io.StringIO()
        writer = csv.DictWriter(text, self.columns, lineterminator="\n")
        if not self.path.exists() or self.path.stat().st_size == 0:
            writer.writeheader()
        writer.writerow(row)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(text.getvalue())

    def _drop_half_line(self) -> None:
        if not self.path.exists():
            return
        content = self.path.read_bytes()
        if content and not content.endswith(b"\n"):
            os.truncate(self.path, content.rfind(b"\n") + 1)
