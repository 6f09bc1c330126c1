"""Removes what a killed run left behind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks.surroundings import sweep_scratch

_FOLDERS = ("", "cells", "predictions", "datasets")


def leftovers(folder: Path) -> Iterator[Path]:
    """Half-written files of a run folder, and predictions that no record names."""
    for name in _FOLDERS:
        # As `sdscm.files.write_atomically` calls them: the name, and letters of their own.
        yield from (path for path in (folder / name).glob(".*.*") if path.is_file())
    recorded = {path.stem for path in (folder / "cells").glob("*.json")}
    yield from (
        path for path in (folder / "predictions").glob("*.npz") if path.stem not in recorded
    )


def sweep(folder: Path) -> int:
    """Remove them, and working folders of killed workers; call it with the folder locked.

    Returns
    -------
    How many were removed.
    """
    swept = sweep_scratch()
    for path in list(leftovers(folder)):
        path.unlink(missing_ok=True)
        swept += 1
    return swept
