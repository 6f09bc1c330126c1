"""Remove files that a killed run left."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from benchmarks.process.sandbox import remove_stale_folders

#: Temporary name of a dataset in `sdscm.files.write_atomically`: its name, and random letters.
_HALF = re.compile(r"\..+\.parquet\.[a-z0-9_]{8}")


def leftovers(folder: Path) -> Iterator[Path]:
    """Find the half-written files of a run folder."""
    for path in (folder / "datasets").glob(".*.*"):
        if _HALF.fullmatch(path.name):
            yield path
    yield from folder.glob("run.sqlite.rescued*")


def sweep(folder: Path) -> None:
    """Remove half-written files, and working folders of killed workers.

    The caller holds the lock of the folder.
    """
    remove_stale_folders()
    for path in list(leftovers(folder)):
        path.unlink(missing_ok=True)
