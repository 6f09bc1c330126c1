"""Read the scores of a run, from its records or from the table in its results folder."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.boards.scores import IDENTITY, read_records, score
from benchmarks.storage.manifest import Manifest, NoRunError, folder_of
from benchmarks.storage.store import Store
from sdscm.arguments import check_type
from sdscm.errors import InputError

_TABLE = "scores.csv"
_HASHED = r"(.+)-[0-9a-f]{8}"


@dataclass(frozen=True, eq=False)
class Scored:
    """Hold the scores of a run, its suite and its library versions.

    Attributes
    ----------
    name
        Name of the run, as the user gave it.
    scores
        As `benchmarks.boards.scores.score` returns them; scores from a file lack the metrics of
        cost.
    suite
        The suite with every default, as plain values; None if the scores are from a file.
    versions
        The versions of each library, as text; empty if the scores are from a file.
    oracles
        Estimators that do not compete.
    """

    name: str
    scores: pd.DataFrame
    suite: dict[str, Any] | None
    versions: dict[str, str]
    oracles: frozenset[str]


def scored(run: str | Path, runs_dir: str | Path = "runs", *, mixed: bool = False) -> Scored:
    """Read the scores of a run.

    Parameters
    ----------
    run
        Name of a suite (or path of its YAML file) whose records are in ``runs_dir``, the folder of
        a run, a folder of results, or a file in the format of ``scores.csv``.
    runs_dir, mixed
        As in `benchmarks.leaderboard`.

    Raises
    ------
    InputError
        If neither a run nor a table is found, or it is damaged.
    """
    check_type("run", run, str | Path, "give the name of a suite, or the folder of a run")
    place = Path(run)
    if (place / Store.FILE).is_file():
        return _from_records(str(run), place, mixed)
    table = place if place.suffix == ".csv" else place / _TABLE
    if table.is_file():
        return _from_table(str(run), table)
    try:
        return _from_records(str(run), folder_of(run, runs_dir), mixed)
    except NoRunError as error:
        raise NoRunError(
            f"{error} (or name the folder of a run, or a folder of results with {_TABLE})"
        ) from None


def _from_records(name: str, folder: Path, mixed: bool) -> Scored:
    manifest = Manifest.read(folder)
    with Store.of(folder) as store:
        records = read_records(store, manifest, mixed).records
    found: dict[str, set[str]] = defaultdict(set)
    makers = [each.versions for each in manifest.provenance.values()]
    makers += [record.versions for record in records.values()]
    for versions in makers:
        for library, version in versions.items():
            found[library].add(version)
    return Scored(
        name=name,
        scores=score(manifest, records),
        suite=manifest.suite.model_dump(mode="json"),
        versions={library: " and ".join(sorted(each)) for library, each in found.items()},
        oracles=frozenset(method.label for method in manifest.methods if method.oracle),
    )


def _from_table(name: str, path: Path) -> Scored:
    try:
        table = pd.read_csv(path)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: not readable as CSV ({error})") from None
    if "repetition" not in table:  # an older version wrote it
        table["repetition"] = 0
    missing = [column for column in IDENTITY if column not in table]
    if missing:
        raise InputError(f"{path}: no column '{missing[0]}'; give a {_TABLE} of a results folder")
    texts = table[list(IDENTITY)].select_dtypes(exclude="number").columns
    empty = [column for column in ("lm", "reason") if column not in texts]
    table[[*texts, *empty]] = table[[*texts, *empty]].astype(object).fillna("")
    # Older versions ended names in a hash of the content.
    if table["dataset"].str.fullmatch(_HASHED).all():
        table["dataset"] = table["dataset"].str.replace(_HASHED, r"\1", regex=True)
    # The table has no column for Oracles. Their name is known; an encoding may follow it.
    oracles = {
        each for each in table["estimator"].astype(str) if f"{each} (".startswith("Oracle (")
    }
    return Scored(name, table, None, {}, frozenset(oracles))
