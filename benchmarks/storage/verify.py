"""Finds what is damaged in the folder of a run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks.storage.cleanup import leftovers
from benchmarks.storage.manifest import Manifest
from benchmarks.storage.store import DamagedRecord, Store
from sdscm.errors import InputError


def damage(folder: Path) -> Iterator[str]:
    """What is wrong, a line for each file, which names it.

    Looked at are the manifest, the datasets that it names, and every record with its predictions.
    A run may go on meanwhile.

    Raises
    ------
    InputError
        If there is no run.
    """
    try:
        manifest = Manifest.read(folder)
    except InputError as error:
        if not (folder / "run.json").exists():
            raise
        yield str(error)
    else:
        for source in manifest.sources:
            try:
                source.load(folder)
            except InputError as error:
                yield str(error)
    store = Store(folder)
    for key in store.recorded():
        try:
            store.read(key)
        except DamagedRecord as error:
            yield str(error)


def unused(folder: Path) -> list[Path]:
    """Files that killed runs left, which the next run sweeps away, or writes at this moment."""
    return list(leftovers(folder))
