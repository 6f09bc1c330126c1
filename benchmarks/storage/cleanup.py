"""Removes what a killed run left behind."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from benchmarks.process.sandbox import remove_stale_folders

_FOLDERS = ("", "cells", "predictions", "datasets")

#: As `sdscm.files.write_atomically` calls a file until it is whole: its name, and random letters.
_HALF = re.compile(r"\..+\.(json|npz|parquet)\.[a-z0-9_]{8}")


def leftovers(folder: Path) -> Iterator[Path]:
    """Half-written files of a run folder, and predictions that no record names."""
    for name in _FOLDERS:
        yield from (path for path in (folder / name).glob(".*.*") if _HALF.fullmatch(path.name))
    recorded = {path.stem for path in (folder / "cells").glob("*.json")}
    yield from (
        path for path in (folder / "predictions").glob("*.npz") if path.stem not in recorded
    )


def sweep(folder: Path) -> None:
    """Remove them, and working folders of killed workers; call it with the folder locked."""
    remove_stale_folders()
    for path in list(leftovers(folder)):
        path.unlink(missing_ok=True)
