"""The results of releases and submissions as Parquet tables: cells, scores and predictions."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks import metrics
from benchmarks.archive.files import DamagedArchiveError
from benchmarks.archive.release import Package
from benchmarks.execution.cells import Cell
from benchmarks.interface import Outcome, Prediction
from benchmarks.storage.manifest import MethodInfo
from benchmarks.storage.store import Record, Scores

CELLS, SCORES, PREDICTIONS = "cells.parquet", "scores.parquet", "predictions.parquet"

_TYPES = {"int": pa.int64(), "float": pa.float64()}
_CELL = {each.name: _TYPES.get(str(each.type), pa.string()) for each in fields(Cell)}
_PLACE = {name: _CELL[name] for name in ("estimator", "dataset", "setting", "repetition")}
_ROWS = {"rows": pa.string()}
_PAIRS = ("effect_interval", "ite_interval")
_UNITS = ("effect", *(f"{name}_{end}" for name in _PAIRS for end in ("low", "high")))
_AVERAGES = ("ate", "ate_interval_low", "ate_interval_high")
#: Columns of each table and their types. The table of scores has one more for each score.
SCHEMAS: dict[str, dict[str, pa.DataType]] = {
    CELLS: _CELL
    | dict.fromkeys(("status", "reason"), pa.string())
    | {"warnings": pa.list_(pa.string()), "time_limit": pa.float64(), "versions": pa.string()},
    SCORES: _PLACE | _ROWS,
    PREDICTIONS: _PLACE
    | _ROWS
    | dict.fromkeys(_UNITS, pa.list_(pa.float64()))
    | dict.fromkeys(_AVERAGES, pa.float64()),
}
#: Folders at the front of a path, in messages of libraries; not the parts of a web address.
_FOLDERS = re.compile(r"(?<![\w.:/])(?:[A-Za-z]:)?[/\\](?:[^\s/\\:'\"]+[/\\])+")


def tables(records: Sequence[Record]) -> dict[str, bytes]:
    """Write records, with their predictions, as the tables of a release.

    Seconds and memory are left out: they are those of one machine, and differ in each run. So are
    tracebacks, and the folders in messages.

    Returns
    -------
    Contents of the Parquet files by name. Equal records give equal bytes.
    """
    cost = {each.name for each in metrics.registered() if each.group == "cost"}
    cells, scores = [], []
    # A row group for each method, so that a reader needs the predictions of one in memory.
    predictions: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for record in records:
        cell, outcome = record.cell, record.outcome
        place = {name: getattr(cell, name) for name in _PLACE}
        cells.append(
            _fields_of(cell)
            | {"status": outcome.status, "reason": without_folders(outcome.reason)}
            | {"warnings": [without_folders(each) for each in outcome.warnings if _of_fit(each)]}
            | {"time_limit": record.time_limit}
            | {"versions": json.dumps(dict(record.versions), sort_keys=True)}
        )
        for rows, values in record.scores.items():
            kept = {name: value for name, value in values.items() if name not in cost}
            scores.append({**place, "rows": rows, **kept})
        for rows, answers in (("fitted", outcome.prediction), ("held-out", outcome.held_out)):
            if answers is not None:
                row = {**place, "rows": rows, **_columns(answers)}
                predictions[cell.estimator].append(row)
    names = sorted({name for row in scores for name in row} - {*SCHEMAS[SCORES]})
    schema = SCHEMAS[SCORES] | dict.fromkeys(names, pa.float64())
    return {
        CELLS: _parquet([cells], SCHEMAS[CELLS]),
        SCORES: _parquet([scores], schema),
        PREDICTIONS: _parquet(predictions.values(), SCHEMAS[PREDICTIONS]),
    }


def _of_fit(warning: str) -> bool:
    """Return False for a deprecation: the first cell of a process gets those of its imports."""
    return not warning.partition(":")[0].endswith("DeprecationWarning")


def without_folders(text: str) -> str:
    """Remove the folders of paths, which tell about one machine."""
    return _FOLDERS.sub("", text)


def _fields_of(cell: Cell) -> dict[str, Any]:
    """Return the fields of a cell, by name."""
    return {name: getattr(cell, name) for name in _CELL}


def _columns(answers: Prediction) -> dict[str, Any]:
    found: dict[str, Any] = {"effect": answers.effect, "ate": answers.ate}
    for name in (*_PAIRS, "ate_interval"):
        ends = getattr(answers, name)
        found[f"{name}_low"], found[f"{name}_high"] = (None, None) if ends is None else ends
    return found


def _parquet(
    groups: Iterable[Sequence[Mapping[str, Any]]], schema: Mapping[str, pa.DataType]
) -> bytes:
    """Write rows as one row group for each element of ``groups``."""
    typed = pa.schema(list(schema.items()))
    sink = pa.BufferOutputStream()
    # Effects repeat from fit to fit, which zstd finds in the numbers and not in dictionary indices.
    scalars = [name for name, kind in schema.items() if not pa.types.is_list(kind)]
    with pq.ParquetWriter(
        sink, typed, compression="zstd", compression_level=19, use_dictionary=scalars
    ) as writer:
        for group in groups:
            columns = [
                pa.array([row.get(name) for row in group], kind) for name, kind in schema.items()
            ]
            writer.write_table(pa.table(columns, schema=typed))
    return bytes(sink.getvalue())


def read_methods(package: Package) -> list[MethodInfo]:
    """Read the methods of a release or submission, in its order."""
    return [MethodInfo(**each) for each in package.content["methods"]]


def read_cells(package: Package) -> list[Cell]:
    """Read the cells of a release or submission, in its order."""
    return [
        Cell(**{name: row[name] for name in _CELL})
        for _, rows in _row_groups(package, CELLS)
        for row in rows
    ]


def read_records(package: Package) -> Iterator[Record]:
    """Read the records of a release or submission with their predictions, method by method.

    A package without a table of scores gives records without them.

    Raises
    ------
    DamagedArchiveError
        If a table is damaged, has other columns, or has a row twice or for no cell.
    """
    where = package.files.place
    listed = [row for _, rows in _row_groups(package, CELLS) for row in rows]
    cells = {_place(row): row for row in listed}
    if len(cells) < len(listed):
        twice = next(row for row in listed if cells[_place(row)] is not row)
        raise DamagedArchiveError(f"{where}: {CELLS} has {_shown(twice)} twice")
    scores: dict[tuple[Any, ...], dict[str, dict[str, float]]] = defaultdict(dict)
    scored = SCORES in package.content["files"]
    for names, rows in _row_groups(package, SCORES) if scored else ():
        numbers = [name for name in names if name not in SCHEMAS[SCORES]]
        for row in rows:
            if row["rows"] in scores[_place(row)]:
                raise DamagedArchiveError(f"{where}: {SCORES} has {_shown(row)} twice")
            scores[_place(row)][row["rows"]] = {
                name: float("nan") if row[name] is None else row[name] for name in numbers
            }
    for place in scores:
        if place not in cells:
            raise DamagedArchiveError(f"{where}: {SCORES} has a row of no cell: {place}")
    waiting: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for place in cells:
        waiting[place[0]].append(place)
    for _, rows in _row_groups(package, PREDICTIONS):
        answers: dict[tuple[Any, ...], dict[str, Prediction]] = defaultdict(dict)
        for row in rows:
            if row["rows"] in answers[_place(row)]:
                raise DamagedArchiveError(f"{where}: {PREDICTIONS} has {_shown(row)} twice")
            if row["rows"] not in ("fitted", "held-out"):
                raise DamagedArchiveError(f"{where}: {PREDICTIONS} has rows '{row['rows']}'")
            answers[_place(row)][row["rows"]] = _prediction(row)
        for method in dict.fromkeys(row["estimator"] for row in rows):
            for place in waiting.pop(method, ()):
                yield _record(cells[place], scores.get(place, {}), answers.pop(place, {}), package)
        if answers:
            other = next(iter(answers))
            raise DamagedArchiveError(f"{where}: {PREDICTIONS} has a row of no cell: {other}")
    for places in waiting.values():  # methods without any prediction
        for place in places:
            yield _record(cells[place], scores.get(place, {}), {}, package)


def _row_groups(package: Package, name: str) -> Iterator[tuple[list[str], list[dict[str, Any]]]]:
    """Read the rows of a table, one row group at a time; none if it has no methods."""
    if name not in package.content["files"] and not package.content["methods"]:
        return
    with _problems_of(package, name):
        file = pq.ParquetFile(pa.BufferReader(package.read(name)))
        schema, types = file.schema_arrow, dict(SCHEMAS[name])
        for column, kind in types.items():
            if column not in schema.names or schema.field(column).type != kind:
                raise DamagedArchiveError(
                    f"{package.files.place}: {name} has no column '{column}' of the type {kind}"
                )
        notes = [file.metadata.metadata or {}, *(each.metadata or {} for each in schema)]
        if {*chain.from_iterable(notes)} - {b"ARROW:schema", b"PARQUET:field_id"}:
            raise DamagedArchiveError(f"{package.files.place}: {name} has metadata of other kinds")
        if name == SCORES:
            types |= dict.fromkeys(schema.names, pa.float64()) | types
        for column in schema.names:
            if schema.names.count(column) > 1 or schema.field(column).type != types.get(column):
                raise DamagedArchiveError(
                    f"{package.files.place}: {name} has a column '{column}' that is none of it"
                )
        for number in range(file.num_row_groups):
            table = file.read_row_group(number, use_threads=False)
            columns = {each: _values(table.column(each)) for each in schema.names}
            yield (
                schema.names,
                [
                    dict(zip(schema.names, row, strict=True))
                    for row in zip(*columns.values(), strict=True)
                ],
            )


@contextmanager
def _problems_of(package: Package, name: str) -> Iterator[None]:
    """Name the table in errors of the library."""
    try:
        yield
    except (pa.ArrowException, OSError, UnicodeError) as error:
        raise DamagedArchiveError(
            f"{package.files.place}: {name} is not a readable Parquet file "
            f"({' '.join(str(error).split())[:200]})"
        ) from None


def _values(column: pa.ChunkedArray) -> list[Any]:
    """Convert a column to values of Python; lists of numbers become arrays."""
    if pa.types.is_list(column.type) and pa.types.is_floating(column.type.value_type):
        arrays = column.to_pandas()
        return [None if each is None else np.array(each, dtype=float) for each in arrays]
    return list(column.to_pylist())


def _place(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in _PLACE)


def _shown(row: Mapping[str, Any]) -> str:
    """Describe a row by its cell and its kind of rows."""
    later = f", repetition {row['repetition']}" if row["repetition"] else ""
    rows = f", {row['rows']} rows" if "rows" in row else ""
    return f"{row['estimator']} on {row['dataset']} ({row['setting']}{later}{rows})"


def _prediction(row: Mapping[str, Any]) -> Prediction:
    def pair(name: str) -> Any:
        low, high = row[f"{name}_low"], row[f"{name}_high"]
        return None if low is None or high is None else (low, high)

    ends = pair("ate_interval")
    return Prediction(
        effect=row["effect"],
        effect_interval=pair("effect_interval"),
        ate=row["ate"],
        ate_interval=None if ends is None else np.array(ends),
        ite_interval=pair("ite_interval"),
    )


def _record(
    row: Mapping[str, Any], scores: Scores, answers: Mapping[str, Prediction], package: Package
) -> Record:
    outcome = Outcome(
        status=row["status"],
        reason=row["reason"],
        warnings=tuple(row["warnings"] or ()),
        prediction=answers.get("fitted"),
        held_out=answers.get("held-out"),
    )
    return Record(
        cell=Cell(**{name: row[name] for name in _CELL}),
        outcome=outcome,
        versions=json.loads(row["versions"]),
        time_limit=row["time_limit"],
        scores=scores,
        definitions=package.content["definitions"] if scores else {},
    )
