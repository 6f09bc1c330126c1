"""Removes what a killed run left behind."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from benchmarks.process.sandbox import remove_stale_folders

#: As `sdscm.files.write_atomically` calls a dataset until it is whole: its name, and random
#: letters.
_HALF = re.compile(r"\..+\.parquet\.[a-z0-9_]{8}")


def leftovers(folder: Path) -> Iterator[Path]:
    """The half-written files of a run folder."""
    for path in (folder / "datasets").glob(".*.*"):
        if _HALF.fullmatch(path.name):
            yield path
    yield from folder.glob("run.sqlite.rescued*")


def sweep(folder: Path) -> None:
    """Remove them, and working folders of killed workers; call it with the folder locked."""
    remove_stale_folders()
    for path in list(leftovers(folder)):
        path.unlink(missing_ok=True)
