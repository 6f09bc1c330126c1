"""Read tables of the user, with a mapping of their columns, and files that sdscm wrote."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from glob import glob
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.datasets.table_checks import check_propensity, check_roles, check_truth_is_hidden
from benchmarks.suite.entries import Columns, FilesEntry
from benchmarks.suite.loading import columns_from
from sdscm.data.dataset import CausalDataset
from sdscm.errors import InputError

_KINDS = {".parquet": pd.read_parquet, ".csv": pd.read_csv}


def read_files(entry: FilesEntry, folder: Path) -> Iterator[tuple[Path, CausalDataset]]:
    """Read the files of an entry, in order: pairs of path and dataset.

    Raises
    ------
    InputError
        If no file matches, or a file does not fit its mapping.
    """
    paths = _matches(entry, folder)
    columns = entry.columns
    if isinstance(columns, str):
        columns = columns_from(folder / columns)
    if columns is None:
        for path in paths:
            if path.suffix != ".parquet":
                raise InputError(
                    f"{path}: name the columns of treatment, y0 and y1 in 'columns' of the suite"
                )
            yield path, CausalDataset.read_parquet(path)
        return
    frames = {path: _table(path) for path in paths}
    mapping = (
        str(folder / entry.columns) if isinstance(entry.columns, str) else "the suite's 'columns'"
    )
    for path, frame in frames.items():
        check_roles(path, frame, columns, mapping)
    levels = {name: _levels(name, frames) for name in columns.categorical}
    for number, (path, frame) in enumerate(frames.items()):
        dataset = _dataset(frame, columns, levels, path.name, number)
        if columns.covariates is None:
            check_truth_is_hidden(path, dataset, mapping)
        check_propensity(path, dataset, mapping)
        yield path, dataset


def _matches(entry: FilesEntry, folder: Path) -> list[Path]:
    found: dict[Path, None] = {}
    for pattern in entry.patterns:
        found |= dict.fromkeys(sorted(map(Path, glob(str(folder / pattern)))))
    if not found:
        tried = "' or '".join(str(folder / pattern) for pattern in entry.patterns)
        raise InputError(
            f"{entry.name}: no file matches '{tried}'; correct 'files', or name their folder "
            "with --data"
        )
    return list(found)


def _table(path: Path) -> pd.DataFrame:
    try:
        reader = _KINDS[path.suffix]
    except KeyError:
        raise InputError(f"{path}: not a table; its name must end in .parquet or .csv") from None
    try:
        return reader(path)  # type: ignore[operator]
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{path}: not a readable Parquet or CSV file ({reason})") from None


def _levels(name: str, frames: Mapping[Path, pd.DataFrame]) -> list[Any]:
    """List the values of a categorical column over all files, so that codes agree."""
    seen: set[Any] = set()
    for path, frame in frames.items():
        if frame[name].isna().any():
            raise InputError(f"{path}: '{name}' is empty in some rows; remove these")
        seen |= set(frame[name].unique())
    return sorted(seen, key=lambda value: (isinstance(value, str), value))


def _dataset(
    frame: pd.DataFrame, columns: Columns, levels: Mapping[str, Sequence[Any]], name: str, at: int
) -> CausalDataset:
    labels = frame[list(levels)].astype(str).reset_index(drop=True).rename(columns=str)
    coded = {key: pd.Categorical(frame[key], values).codes for key, values in levels.items()}
    return CausalDataset.from_frame(
        frame.assign(**coded),
        treatment=columns.treatment,
        y0=columns.y0,
        y1=columns.y1,
        outcome=columns.outcome,
        effect=columns.effect,
        ate=columns.ate,
        covariates=columns.covariates,
        exogenous=tuple(columns.exogenous),
        propensity=columns.propensity,
        labels=labels if levels else None,
        name=name,
        replicate=at,
    )
