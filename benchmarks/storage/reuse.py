"""Which records stand for the cells of a run: those of one set of versions, unless told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from benchmarks.execution.cells import Cell
from benchmarks.storage.store import DamagedRecord, Record, Store
from sdscm.errors import InputError


class OtherVersions:
    """The records of a folder whose cells differ from others in code and versions only."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._keys: dict[str, list[str]] = defaultdict(list)
        for key in store.recorded():
            try:
                record = store.read(key)
            except DamagedRecord:
                continue
            if record is not None:
                self._keys[record.cell.version_free_cell_key].append(key)

    def of(self, cell: Cell) -> Record | None:
        """A record of the cell that other code or versions made; of several, one that is ok."""
        found = [
            self._store.read(key) for key in sorted(self._keys.get(cell.version_free_cell_key, ()))
        ]
        records = [record for record in found if record is not None]
        return max(records, key=lambda record: record.outcome.status == "ok", default=None)


def refuse_mixed(records: Iterable[Record]) -> None:
    """Refuse a board of records that different versions made.

    Raises
    ------
    InputError
        The line names a library and its versions.
    """
    seen: dict[str, set[str]] = defaultdict(set)
    for record in records:
        for library, version in record.versions.items():
            seen[library].add(version)
    for library, versions in sorted(seen.items()):
        if len(versions) > 1:
            raise InputError(
                f"the records are of different versions ({library} {' and '.join(sorted(versions))}"
                "); run the suite again, or show them together with --mixed"
            )
