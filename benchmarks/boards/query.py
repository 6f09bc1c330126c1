"""Query the records of a run in SQL or pandas, also while the run goes on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pandas as pd

from benchmarks.boards.library_warnings import without_numbers
from benchmarks.boards.scores import read_records, score
from benchmarks.storage.manifest import Manifest
from benchmarks.storage.store import DamagedRecordError, Record, Store
from sdscm.errors import InputError, MissingExtraError


def tables(folder: Path) -> dict[str, pd.DataFrame]:
    """Read the tables of a run.

    Returns
    -------
    ``records``: a row for each record of the folder, also of older versions and suites;
    ``scores``: a row for each cell of the latest run, see `benchmarks.boards.scores.score`;
    ``datasets``: a row for each dataset of that run, see `benchmarks.datasets.facts.fact_table`.

    Raises
    ------
    InputError
        If the folder has no run, or the manifest of the run is damaged.
    """
    manifest = Manifest.read(folder)
    with Store.of(folder) as store:
        return {
            "records": store.frame(),
            "scores": score(manifest, read_records(store, manifest).records),
            "datasets": manifest.facts,
        }


def query(folder: Path, sql: str) -> pd.DataFrame:
    """Run a query of DuckDB on the `tables` of a run.

    Raises
    ------
    MissingExtraError
        If DuckDB is not installed.
    InputError
        If DuckDB refuses the query.
    """
    try:
        import duckdb
    except ModuleNotFoundError:
        raise MissingExtraError("a query in SQL", "query") from None
    with duckdb.connect(config={"enable_external_access": False}) as connection:
        for name, table in tables(folder).items():
            connection.register(name, table)
        try:
            asked = connection.execute(sql)
            answer = None if asked is None else asked.df()
        except duckdb.Error as error:
            reason = " ".join(str(error).split())
            raise InputError(
                f"query: {reason}; the tables are records, scores and datasets"
            ) from None
        if answer is None:
            raise InputError("query: has no result; begin with 'select'")
        return answer


def lost_cells(folder: Path, words: str = "") -> Iterator[tuple[Record, int]]:
    """Read why cells of the latest run have no score.

    Cells of one method, status and reason are a group; reasons that differ in numbers are the same.

    Parameters
    ----------
    folder
    words
        Part of the names of the cells, such as a method or a dataset; by default all.

    Returns
    -------
    The first record of each group, with its traceback, and the number of its cells.

    Raises
    ------
    InputError
        If the folder has no run, or other cells than these are without a score.
    """
    manifest = Manifest.read(folder)
    with Store.of(folder) as store:
        records = store.records()
        groups: dict[tuple[str, str, str], list[Record]] = {}
        for record in (records[cell.key] for cell in manifest.cells if cell.key in records):
            cell, outcome = record.cell, record.outcome
            if outcome.status != "ok":
                kind = (cell.estimator, outcome.status, without_numbers(outcome.reason))
                groups.setdefault(kind, []).append(record)
        found = [[r for r in group if words in str(r.cell)] for group in groups.values()]
        if groups and not any(found):
            names = ", ".join(dict.fromkeys(name for name, *_ in groups))
            raise InputError(f"no cell without a score matches '{words}'; their methods: {names}")
        for group in filter(None, found):
            first = group[0]
            with suppress(DamagedRecordError):
                first = store.read(first.cell.key) or first
            yield first, len(group)
