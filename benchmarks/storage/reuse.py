"""Choose the records of a run: those of one set of versions, unless the user allows others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from benchmarks.execution.cells import Cell
from benchmarks.storage.store import Record
from sdscm.errors import InputError


class OtherVersions:
    """Records by their cells without code and versions."""

    def __init__(self, records: Mapping[str, Record]) -> None:
        self._records: dict[str, list[Record]] = defaultdict(list)
        for _, record in sorted(records.items()):
            self._records[record.cell.version_free_cell_key].append(record)

    def of(self, cell: Cell) -> Record | None:
        """Find a record of the cell from other code or versions; of several, one that is ok."""
        found = self._records.get(cell.version_free_cell_key, ())
        return max(found, key=lambda record: record.outcome.status == "ok", default=None)


def chosen(
    cells: Sequence[Cell],
    records: Mapping[str, Record],
    mixed: bool = False,
    reference: Collection[str] = (),
) -> dict[str, Record]:
    """Choose the record of each cell, by the cell's key; cells without a record are omitted.

    A record counts if it was made from the present content of the dataset.

    Parameters
    ----------
    cells
        The planned cells.
    records
        By their keys.
    mixed
        For a cell without a record, use one from other code or versions.
    reference
        Labels of methods of a release; their records may be of other versions.

    Raises
    ------
    InputError
        If the records are of different versions and ``mixed`` is not set.
    """
    found = {}
    others = OtherVersions(records) if mixed else None
    for cell in cells:
        record = records.get(cell.key)
        if record is not None and record.cell.fingerprint != cell.fingerprint:
            record = None
        if record is None and others is not None:
            record = others.of(cell)
        if record is not None:
            found[cell.key] = record
    if not mixed:
        _refuse_mixed(each for each in found.values() if each.cell.estimator not in reference)
    return found


def _refuse_mixed(records: Iterable[Record]) -> None:
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
