"""Find damage in the folder of a run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks.storage.cleanup import leftovers
from benchmarks.storage.manifest import Manifest
from benchmarks.storage.store import NoRunError, OtherFormatError, Store
from sdscm.errors import InputError


def damage(folder: Path) -> Iterator[str]:
    """Find damage: one line each, with the file, and with the row and cell in the store.

    The store of the records and the datasets of its manifest are checked. A run may be in progress.

    Raises
    ------
    InputError
        If there is no run, or another version of the program wrote it.
    """
    with Store.of(folder) as store:
        yield from store.damage()
    try:
        manifest = Manifest.read(folder)
    except (NoRunError, OtherFormatError):
        raise
    except InputError as error:
        yield str(error)
        return
    for source in manifest.sources:
        try:
            source.load(folder)
        except InputError as error:
            yield str(error)


def unused(folder: Path) -> list[Path]:
    """List files that killed runs left, or that a run is writing. The next run removes them."""
    return list(leftovers(folder))
