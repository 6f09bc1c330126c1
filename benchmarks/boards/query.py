"""Query the records of a run in SQL or pandas, also while the run goes on."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from benchmarks.boards.scores import read_records, score
from benchmarks.storage.manifest import Manifest
from benchmarks.storage.store import Store
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
