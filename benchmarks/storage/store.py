"""The store of a run: one SQLite file, and one transaction for each cell."""

from __future__ import annotations

import json
import math
import os
import sqlite3
import struct
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, fields
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple, Self

import pandas as pd

from benchmarks.execution.cells import Cell
from benchmarks.interface import Outcome, Prediction
from benchmarks.provenance.hashing import digest_bytes
from benchmarks.storage.packing import pack, unpack
from sdscm.errors import InputError

#: Increase this number when the tables change, so that files of other versions are refused.
_FORMAT = 3
_HELD_OUT = "held_out:"
_NAN = float("nan")
#: Seconds to wait while another process writes.
_PATIENCE = 60.0

#: Errors of SQLite for a file that cannot be opened at this moment or by this user.
_NOT_DAMAGED = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_READONLY,
}

_SQL_TYPES = {"int": "INTEGER", "float": "REAL"}
_CELL = {each.name: _SQL_TYPES.get(str(each.type), "TEXT") for each in fields(Cell)}
#: Numbers of cells that files of the format may lack. A 0 is stored as NULL, and counts in no
#: digest, so that the rows of older files stay valid.
_LATER = {"repetition": _CELL.pop("repetition")}
_GROWN = ("plan", "cells")
_OUTCOME = {
    "status": "TEXT",
    "reason": "TEXT",
    "warnings": "TEXT",
    "wall": "REAL",
    "time_limit": "REAL",
    "versions": "TEXT",
}
#: The columns of each table before its digest; the first ones are its primary key.
_TABLES: dict[str, dict[str, str]] = {
    "manifest": {"name": "TEXT", "content": "TEXT"},
    "plan": {"position": "INTEGER", **_CELL},
    "texts": {"id": "TEXT", "content": "TEXT"},
    "cells": {"key": "TEXT", **_CELL, **_OUTCOME},
    "scores": {"key": "TEXT", "rows": "TEXT", "definitions": "TEXT"},
    "predictions": {"key": "TEXT", "arrays": "BLOB"},
    "tracebacks": {"key": "TEXT", "text": "TEXT"},
}
_KEYS = {name: 2 if name == "scores" else 1 for name in _TABLES}


#: Scores by name, for ``fitted`` and for ``held-out`` rows; NaN if a score is not defined.
Scores = Mapping[str, Mapping[str, float]]


class NoRunError(InputError):
    """There is no run in the folder."""


class OtherFormatError(InputError):
    """Another version of the program wrote the records."""


class DamagedStoreError(InputError):
    """The file of a run is damaged."""


class DamagedRecordError(DamagedStoreError):
    """A row with a cell, its scores or its predictions is damaged or cannot be read."""


@dataclass(frozen=True)
class Record:
    """A cell with its outcome, scores and versions.

    Attributes
    ----------
    cell, outcome
    versions
        Versions of Python and of the libraries.
    time_limit
        Time limit of the cell in seconds.
    scores
        Empty for a cell without predictions.
    definitions
        For each metric that was computed, the hash of its definition; see `Metric.definition`.
    """

    cell: Cell
    outcome: Outcome
    versions: Mapping[str, str]
    time_limit: float
    scores: Scores = field(default_factory=dict)
    definitions: Mapping[str, str] = field(default_factory=dict)


class _Fault(NamedTuple):
    """Damage of a page or a row, and the key of the row, if it is known."""

    line: str
    key: str


class Store:
    """The records of one run in one SQLite file.

    The file is in WAL mode: other processes read while one writes. When `write` has returned, the
    record is safe even if the process is killed. Each row has a digest of its content.

    Parameters
    ----------
    path
        The file. The first write makes it; until then the store is empty.
    """

    #: Name of the file in the folder of a run.
    FILE = "run.sqlite"

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection: sqlite3.Connection | None = None
        self._texts: dict[str, str] = {}
        self._score_columns: list[str] = []

    @classmethod
    def of(cls, folder: Path) -> Self:
        """Make the store of a run folder."""
        return cls(folder / cls.FILE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; the last process to close it merges SQLite's auxiliary files."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    # --- writing

    def write(self, records: Record | Iterable[Record]) -> None:
        """Write a record, or several in one transaction; they replace those of the same keys."""
        listed = [records] if isinstance(records, Record) else records
        with self._transaction():
            for record in listed:
                self._write(record)

    def write_scores(self, scores: Mapping[str, Scores], definitions: Mapping[str, str]) -> None:
        """Replace the scores of cells, by key, in one transaction."""
        with self._transaction():
            for key, parts in scores.items():
                self._write_scores(key, parts, definitions)

    def write_plan(self, content: Mapping[str, Any], cells: Sequence[Cell]) -> None:
        """Replace the manifest: plain values by name, and the planned cells in their order."""
        with self._transaction():
            self._execute("DELETE FROM manifest")
            self._execute("DELETE FROM plan")
            for name, value in content.items():
                text = json.dumps(value, sort_keys=True, ensure_ascii=False)
                self._insert("manifest", {"name": name, "content": text})
            for position, cell in enumerate(cells):
                self._insert("plan", {"position": position, **_fields_of(cell)})

    def _write(self, record: Record) -> None:
        outcome, key = record.outcome, record.cell.key
        row = {
            "key": key,
            **_fields_of(record.cell),
            "status": outcome.status,
            "reason": outcome.reason,
            "warnings": json.dumps(outcome.warnings, ensure_ascii=False),
            "wall": outcome.wall,
            "time_limit": record.time_limit,
            "versions": self._text(record.versions),
        }
        self._insert("cells", row)
        self._write_scores(key, record.scores, record.definitions)
        self._execute("DELETE FROM predictions WHERE key = ?", (key,))
        if outcome.prediction is not None:
            arrays = outcome.prediction.arrays()
            if outcome.held_out is not None:
                arrays |= {f"{_HELD_OUT}{k}": v for k, v in outcome.held_out.arrays().items()}
            self._insert("predictions", {"key": key, "arrays": pack(arrays)})
        self._execute("DELETE FROM tracebacks WHERE key = ?", (key,))
        if outcome.traceback:
            text = self._text({"traceback": outcome.traceback})
            self._insert("tracebacks", {"key": key, "text": text})

    def _write_scores(
        self,
        key: str,
        scores: Scores,
        definitions: Mapping[str, str],
    ) -> None:
        self._execute("DELETE FROM scores WHERE key = ?", (key,))
        if not scores:
            return
        known = self._text(definitions)
        for rows, values in scores.items():
            self._add_columns(values)
            self._insert("scores", {"key": key, "rows": rows, "definitions": known, **values})

    def _add_columns(self, names: Collection[str]) -> None:
        if set(names) <= set(self._score_columns):
            return
        assert self._connection is not None
        # Another process may have added some.
        self._score_columns = _score_columns(self._connection)
        for name in names:
            if name not in self._score_columns:
                self._execute(f"ALTER TABLE scores ADD COLUMN {_quoted(name)} REAL")
                self._score_columns.append(name)

    def _text(self, value: Mapping[str, str]) -> str:
        """Store a text that many rows share; return its id."""
        text = json.dumps(dict(value), sort_keys=True, ensure_ascii=False)
        name = digest_bytes(text.encode())[:16]
        if name not in self._texts:
            self._insert("texts", {"id": name, "content": text})
            self._texts[name] = text
        return name

    def _insert(self, table: str, row: Mapping[str, Any]) -> None:
        names = list(self._columns(table))
        values = [_plain(row.get(name), kind) for name, kind in self._columns(table).items()]
        places = ", ".join("?" * (len(names) + 1))
        columns = ", ".join(map(_quoted, (*names, "digest")))
        self._execute(
            f"INSERT OR REPLACE INTO {table} ({columns}) VALUES ({places})",
            (*values, _digest(values, len(_TABLES[table]))),
        )

    # --- reading

    def __len__(self) -> int:
        """Return the number of records."""
        (count,) = self._connected().execute("SELECT count(*) FROM cells").fetchone()
        return int(count)

    def keys(self) -> list[str]:
        """List the keys of all records, sorted."""
        return [row["key"] for row in self._rows("cells")]

    def read(self, key: str) -> Record | None:
        """Read the record of a key with its predictions and traceback; None if there is none.

        Raises
        ------
        DamagedRecordError
            If one of its rows is damaged.
        """
        with self._snapshot():
            found = self._rows_of("cells", key)
            if not found:
                return None
            arrays, failed = self._rows_of("predictions", key), self._rows_of("tracebacks", key)
            shared = self._shared()
            return _record(
                found[0],
                [tuple(row.values()) for row in self._rows_of("scores", key)],
                self._score_columns,
                shared,
                unpack(arrays[0]["arrays"]) if arrays else None,
                _mapping(shared.get(failed[0]["text"], "{}")).get("traceback", "")
                if failed
                else "",
            )

    def records(self) -> dict[str, Record]:
        """Read all undamaged records by key, without predictions and tracebacks; see `read`."""
        scores: dict[str, list[tuple[Any, ...]]] = {}
        with self._snapshot():
            for values in self._values("scores"):
                scores.setdefault(values[0], []).append(values)
            shared, names = self._shared(), self._score_columns
            return {
                row["key"]: _record(row, scores.get(row["key"], ()), names, shared, None)
                for row in self._rows("cells")
            }

    def frame(self) -> pd.DataFrame:
        """Read all undamaged records into a table, one row for each.

        Returns
        -------
        DataFrame with the columns ``key``, those of `Cell`, ``status``, ``reason``, ``warnings``
        (their number), ``wall``, ``time_limit``, ``versions`` (as JSON), and the scores of the
        rows that the method was fitted on.
        """
        with self._snapshot():
            cells = pd.DataFrame(self._rows("cells"), columns=[*self._columns("cells")])
            scores, shared = self.scores(), self._shared()
        fitted = scores[scores["rows"] == "fitted"].drop(columns=["rows", "definitions"])
        cells["warnings"] = [len(json.loads(text)) for text in cells["warnings"]]
        cells["versions"] = cells["versions"].map(shared.get)
        cells["wall"] = cells["wall"].astype(float)
        cells["repetition"] = cells["repetition"].fillna(0).astype(int)
        return cells.merge(fitted, on="key", how="left")

    def scores(self) -> pd.DataFrame:
        """Read all undamaged scores into a table.

        Its columns are ``key``, ``rows``, ``definitions`` (as JSON), and one for each score.
        """
        found = list(self._rows("scores"))
        table = pd.DataFrame(found, columns=list(self._columns("scores")))
        table[self._score_columns] = table[self._score_columns].astype(float)
        table["definitions"] = table["definitions"].map(self._shared().get)
        return table

    def plan(self) -> tuple[dict[str, Any], list[Cell]]:
        """Read the arguments of the last `write_plan`: the manifest and the planned cells.

        Raises
        ------
        NoRunError
            If there is none.
        DamagedStoreError
            If a part of it is damaged.
        """
        self.refuse_old_layout()
        faults: list[_Fault] = []
        content = {
            row["name"]: json.loads(row["content"]) for row in self._rows("manifest", faults)
        }
        cells = [_cell(row) for row in self._rows("plan", faults)]
        if faults:
            raise DamagedStoreError(f"{self.path}: {faults[0].line}; run the suite again")
        if not content:
            raise NoRunError(f"{self.path.parent}: no run here; run the suite first")
        return content, cells

    def refuse_old_layout(self) -> None:
        """Raise an OtherFormatError if the folder has records of a version without the store."""
        folder = self.path.parent
        if not self.path.exists() and (folder / "run.json").exists():
            raise OtherFormatError(
                f"{folder}: an older version of sdscm wrote these records, a file for each cell; "
                "move the folder away and run again, or name another one with --runs"
            )

    def _rows_of(self, table: str, key: str) -> list[dict[str, Any]]:
        faults: list[_Fault] = []
        rows: list[tuple[Any, ...]] = []
        try:
            rows = self._select(table, "WHERE key = ?", (key,)).fetchall()
        except sqlite3.DatabaseError as error:
            faults.append(_Fault(f"table {table}: {error}", key))
        names = list(self._columns(table))
        whole = [row for row in rows if self._is_whole(table, row, faults)]
        if faults:
            raise DamagedRecordError(f"{self.path}: {faults[0].line}; run the suite again")
        return [dict(zip(names, row[:-1], strict=True)) for row in whole]

    def _rows(self, table: str, faults: list[_Fault] | None = None) -> Iterator[dict[str, Any]]:
        """Read the undamaged rows of a table as dictionaries; see `_values`."""
        names = list(self._columns(table))
        for values in self._values(table, faults):
            yield dict(zip(names, values, strict=True))

    def _values(self, table: str, faults: list[_Fault] | None = None) -> Iterator[tuple[Any, ...]]:
        """Read the undamaged rows of a table in the order of its key; add damage to ``faults``.

        If a page is damaged, the rows before it are read forwards, and then the rows after it
        backwards.
        """
        faults = [] if faults is None else faults
        key = list(_TABLES[table])[: _KEYS[table]]
        seen = set()
        try:
            for row in self._select(table, f"ORDER BY {', '.join(key)}"):
                seen.add(row[: len(key)])
                if self._is_whole(table, row, faults):
                    yield row[:-1]
        except sqlite3.DatabaseError as error:
            faults.append(_Fault(f"table {table}: {error}", ""))
            with suppress(sqlite3.DatabaseError):
                for row in self._select(table, f"ORDER BY {' DESC, '.join(key)} DESC"):
                    if row[: len(key)] in seen:
                        break
                    if self._is_whole(table, row, faults):
                        yield row[:-1]

    def _select(self, table: str, rest: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        connection = self._connected()
        columns = ", ".join(map(_quoted, (*self._columns(table), "digest")))
        return connection.execute(f"SELECT {columns} FROM {table} {rest}", values)

    def _is_whole(self, table: str, row: tuple[Any, ...], faults: list[_Fault]) -> bool:
        whole = _digest(row[:-1], len(_TABLES[table])) == row[-1]
        if not whole:
            name = " ".join(map(str, row[: _KEYS[table]]))
            faults.append(_Fault(f"table {table}: row {name} has changed", str(row[0])))
        return bool(whole)

    def _shared(self) -> dict[str, str]:
        return {row["id"]: row["content"] for row in self._rows("texts")}

    # --- damage

    def damage(self) -> list[str]:
        """Find damage: one line for each page and row, with the cell if it is known.

        SQLite checks its pages, and the content of each row is compared with its digest.
        """
        return [f"{self.path}: {fault.line}" for fault in self._faults()]

    def repair(self) -> list[str]:
        """Repair a damaged file; call it before the first write.

        The undamaged rows are copied to a new file, which replaces the damaged one. The damaged
        file is kept beside it as ``run.sqlite.damaged``. A cell with a damaged row is dropped.

        Returns
        -------
        Messages for the user; none if nothing was damaged.
        """
        faults = self._faults()
        if not faults:
            return []
        rescued = Store(self.path.with_name(f"{self.FILE}.rescued"))
        _remove(rescued.path)
        lost = {fault.key for fault in faults}
        with rescued._transaction(), suppress(sqlite3.DatabaseError, DamagedStoreError):
            for table in ("texts", "scores", "predictions", "tracebacks", "cells"):
                for row in self._rows(table):
                    if table == "scores":
                        rescued._add_columns(list(row)[len(_TABLES[table]) :])
                    if next(iter(row.values())) not in lost:
                        rescued._insert(table, row)
            # No row may refer to a row on an unreadable page.
            for rule in (
                "DELETE FROM scores WHERE definitions NOT IN (SELECT id FROM texts)",
                "DELETE FROM cells WHERE versions NOT IN (SELECT id FROM texts)",
                "DELETE FROM tracebacks WHERE text NOT IN (SELECT id FROM texts)",
                "DELETE FROM cells WHERE status = 'ok' AND key NOT IN (SELECT key FROM scores)",
            ):
                rescued._execute(rule)
        kept = len(rescued.keys())
        rescued.close()
        self.close()
        aside = self.path.with_name(f"{self.FILE}.damaged")
        _remove(aside)
        os.replace(self.path, aside)
        _remove(self.path)
        os.replace(rescued.path, self.path)
        lines = [f"{self.path}: {fault.line}; it is computed again now" for fault in faults]
        return [*lines, f"{self.path}: {kept} cells are intact; the damaged file is now {aside}"]

    def _faults(self) -> list[_Fault]:
        if not self.path.exists():
            return []
        faults: list[_Fault] = []
        try:
            connection = self._connected()
            try:
                for (line,) in connection.execute("PRAGMA integrity_check(20)"):
                    faults += [_Fault(each, "") for each in line.splitlines() if each != "ok"]
            except sqlite3.DatabaseError as error:
                faults.append(_Fault(f"check of pages: {error}", ""))
            with self._snapshot():
                cells = [*self._rows("plan"), *self._rows("cells")]
                known = {cell.key: str(cell) for cell in map(_cell, cells)}
                for table in _TABLES:
                    for _ in self._rows(table, faults):
                        pass
        except (sqlite3.DatabaseError, DamagedStoreError) as error:
            return [*faults, _Fault(str(error), "")]
        if any(not fault.key for fault in faults):
            for key in known:
                for table in ("cells", "scores", "predictions"):
                    with suppress(DamagedRecordError):
                        self._rows_of(table, key)
                        continue
                    faults.append(_Fault(f"table {table}: row {key} cannot be read", key))
        return [
            _Fault(f"{fault.line}: {known[fault.key]}", fault.key) if fault.key in known else fault
            for fault in dict.fromkeys(faults)
        ]

    # --- the connection

    def _connected(self, create: bool = False) -> sqlite3.Connection:
        if self._connection is not None:
            return self._connection
        there = create or (self.path.exists() and self.path.stat().st_size > 0)
        if create:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(
            self.path if there else ":memory:", timeout=_PATIENCE, isolation_level=None
        )
        # Damaged text may not be valid UTF-8; the digest of the row detects the damage.
        connection.text_factory = lambda data: data.decode(errors="replace")
        try:
            _set_wal(connection)
            # A commit does not wait for the disk: a power cut may lose the last cells, but does not
            # damage the file.
            connection.execute("PRAGMA synchronous=NORMAL")
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version == 0:
                _make_tables(connection)
            elif version == _FORMAT:
                _add_later(connection)
            columns = _score_columns(connection)
        except sqlite3.DatabaseError as error:
            connection.close()
            if getattr(error, "sqlite_errorcode", 0) & 0xFF in _NOT_DAMAGED:
                raise InputError(f"{self.path}: cannot be opened ({error})") from None
            raise DamagedStoreError(f"{self.path}: {error}; move it away and run again") from None
        if version not in (0, _FORMAT):
            connection.close()
            raise OtherFormatError(
                f"{self.path}: another version of sdscm wrote it; move it away and run again"
            )
        self._score_columns = columns
        self._texts = {}
        if there:
            self._connection = connection
        return connection

    def _columns(self, table: str) -> dict[str, str]:
        more = {
            "scores": dict.fromkeys(self._score_columns, "REAL"),
            **dict.fromkeys(_GROWN, _LATER),
        }
        return _TABLES[table] | more.get(table, {})

    def _execute(self, sql: str, values: Sequence[Any] = ()) -> None:
        assert self._connection is not None
        self._connection.execute(sql, values)

    @contextmanager
    def _snapshot(self) -> Iterator[None]:
        """Read several tables as they are at one moment, while another process may write."""
        connection = self._connected()
        connection.execute("BEGIN")
        try:
            # The snapshot begins with the first read. A run may have added columns meanwhile.
            with suppress(sqlite3.DatabaseError):
                self._score_columns = _score_columns(connection)
            yield
        finally:
            with suppress(sqlite3.DatabaseError):
                connection.execute("ROLLBACK")

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """Write in a transaction: all changes are stored, or none."""
        connection = self._connected(create=True)
        try:
            connection.execute("BEGIN IMMEDIATE")
            yield
            connection.execute("COMMIT")
        except BaseException as error:
            with suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            self.close()  # the rollback may have undone cached texts and columns
            if isinstance(error, sqlite3.Error):
                raise InputError(f"{self.path}: cannot be written ({error})") from error
            raise


def _score_columns(connection: sqlite3.Connection) -> list[str]:
    found = connection.execute("SELECT name FROM pragma_table_info('scores')").fetchall()
    return [name for (name,) in found if name not in (*_TABLES["scores"], "digest")]


def _fields_of(cell: Cell) -> dict[str, Any]:
    """Return the fields of a cell by name."""
    later = {name: getattr(cell, name) or None for name in _LATER}
    return {name: getattr(cell, name) for name in _CELL} | later


def _cell(row: Mapping[str, Any]) -> Cell:
    return Cell(**{name: row[name] for name in _CELL} | {name: row[name] or 0 for name in _LATER})


def _record(
    row: Mapping[str, Any],
    scores: Sequence[tuple[Any, ...]],
    names: Sequence[str],
    shared: Mapping[str, str],
    arrays: Mapping[str, Any] | None,
    traceback: str = "",
) -> Record:
    fitted, held_out = None, None
    if arrays is not None:
        others = {k: v for k, v in arrays.items() if k.startswith(_HELD_OUT)}
        fitted = Prediction.from_arrays({k: v for k, v in arrays.items() if k not in others})
        if others:
            held_out = Prediction.from_arrays(
                {k.removeprefix(_HELD_OUT): v for k, v in others.items()}
            )
    definitions = scores[0][2] if scores else ""
    return Record(
        cell=_cell(row),
        outcome=Outcome(
            status=row["status"],
            reason=row["reason"],
            warnings=() if row["warnings"] == "[]" else tuple(json.loads(row["warnings"])),
            prediction=fitted,
            held_out=held_out,
            wall=_NAN if row["wall"] is None else row["wall"],
            traceback=traceback,
        ),
        versions=_mapping(shared.get(row["versions"], "{}")),
        time_limit=row["time_limit"],
        scores={
            rows: {
                name: _NAN if value is None else value
                for name, value in zip(names, values, strict=True)
            }
            for _, rows, _, *values in scores
        },
        definitions=_mapping(shared.get(definitions, "{}")),
    )


@lru_cache(maxsize=256)
def _mapping(text: str) -> Mapping[str, str]:
    """Parse a text that many rows share once; the result is read-only."""
    return MappingProxyType(json.loads(text))


def _set_wal(connection: sqlite3.Connection) -> None:
    """Switch to WAL mode, for which SQLite itself does not wait while another process does so."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            busy = getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY
            if not busy or time.monotonic() > deadline:
                raise
        time.sleep(0.02)


def _make_tables(connection: sqlite3.Connection) -> None:
    with _write_lock(connection):
        for table in _TABLES:
            _make_table(connection, table)
        connection.execute(f"PRAGMA user_version = {_FORMAT}")


def _make_table(connection: sqlite3.Connection, table: str) -> None:
    columns = _TABLES[table]
    every = columns | (_LATER if table in _GROWN else {}) | {"digest": "TEXT"}
    body = ", ".join(f"{name} {kind}" for name, kind in every.items())
    key = ", ".join(list(columns)[: _KEYS[table]])
    # A table without rowid stores its rows in the tree of its key, which suits small rows only.
    rowid = "" if table == "predictions" else " WITHOUT ROWID"
    connection.execute(f"CREATE TABLE IF NOT EXISTS {table} ({body}, PRIMARY KEY ({key})){rowid}")


def _add_later(connection: sqlite3.Connection) -> None:
    """Add the tables and columns that a file of an older program lacks."""
    if not _missing(connection):
        return
    with _write_lock(connection):
        for table, name in _missing(connection):  # another process may have added them meanwhile
            if name:
                connection.execute(f"ALTER TABLE {table} ADD COLUMN {name} {_LATER[name]}")
            else:
                _make_table(connection, table)


def _missing(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    """List the later columns that the file lacks, as table and name; "" for a whole table."""
    found = []
    for table in (*_GROWN, "tracebacks"):
        there = {name for _, name, *_ in connection.execute(f"PRAGMA table_info({table})")}
        if not there:
            found.append((table, ""))
        elif table in _GROWN:
            found += [(table, name) for name in _LATER if name not in there]
    return found


@contextmanager
def _write_lock(connection: sqlite3.Connection) -> Iterator[None]:
    """Hold the lock for writing: all statements take effect at one moment."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise


def _digest(values: Sequence[Any], fixed: int) -> str:
    """Hash a row: ``fixed`` values of any kind, and the numbers in columns that were added.

    NULL at the end does not count, so that adding a column changes no hash.
    """
    there = [digest_bytes(value) if isinstance(value, bytes) else value for value in values[:fixed]]
    numbers = list(values[fixed:])
    while numbers and numbers[-1] is None:
        numbers.pop()
    try:
        packed = struct.pack(f"<{len(numbers)}d", *[_NAN if n is None else n for n in numbers])
    except struct.error:  # damage has changed a number to a text
        packed = repr(numbers).encode(errors="surrogatepass")
    return digest_bytes(repr(there).encode(errors="surrogatepass") + packed)[:16]


def _plain(value: Any, kind: str) -> Any:
    """Convert a value to the one that SQLite returns: NaN to NULL, NumPy types to Python types."""
    if value is None or kind in ("TEXT", "BLOB"):
        return value
    if kind == "INTEGER":
        return int(value)
    return None if math.isnan(value) else float(value)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _remove(path: Path) -> None:
    """Remove an SQLite file and its auxiliary files."""
    for end in ("", "-wal", "-shm"):
        path.with_name(path.name + end).unlink(missing_ok=True)
