"""Read tables of the user, with a mapping of their columns, and files that sdscm wrote.

Each error names the file, the key and the fix.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from glob import glob
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.suite.entries import Columns, FilesEntry
from benchmarks.suite.loading import columns_from
from sdscm.data.dataset import CausalDataset
from sdscm.data.table_checks import (
    TableRoles,
    category_order,
    check_table,
    check_truth_is_hidden,
    ordered_levels,
)
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
    columns, mapping = entry.columns, "the suite's 'columns'"
    if isinstance(columns, str):
        mapping = str(folder / columns)
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
    roles = TableRoles(**columns.model_dump())
    chosen = {path: check_table(frame, roles, str(path), mapping) for path, frame in frames.items()}
    levels = {name: _levels(name, frames) for name in columns.categorical}
    for number, (path, frame) in enumerate(frames.items()):
        dataset = _dataset(frame, columns, chosen[path], levels, path.name, number)
        if columns.covariates is None:
            secrets = {
                "the outcome": dataset.y,
                "the outcome under control": dataset.y0,
                "the outcome under treatment": dataset.y1,
                "the effect": dataset.ite,
            }
            check_truth_is_hidden(dataset.X, secrets, str(path), mapping)
        yield path, dataset


def _matches(entry: FilesEntry, folder: Path) -> list[Path]:
    found: dict[Path, None] = {}
    for pattern in entry.patterns:
        matches = [folder / each for each in glob(pattern, root_dir=folder)]
        # A name with brackets may be meant as it is written.
        literal = folder / pattern
        found |= dict.fromkeys(sorted([literal] if literal.exists() else matches))
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
        return _commas(reader(path), path)  # type: ignore[operator]
    except InputError:
        raise
    except UnicodeDecodeError:
        raise InputError(f"{path}: is not UTF-8 text; save it in UTF-8") from None
    except Exception as error:  # its kind depends on pandas and pyarrow
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise InputError(f"{path}: not a readable Parquet or CSV file ({reason})") from None


def _commas(frame: pd.DataFrame, path: Path) -> pd.DataFrame:
    """The table, unless it is a CSV file with another separator."""
    for mark, name in {";": "semicolons", "\t": "tabs"}.items():
        if path.suffix == ".csv" and len(frame.columns) == 1 and mark in str(frame.columns[0]):
            raise InputError(f"{path}: {name} separate its columns; save it with commas")
    return frame


def _levels(name: str, frames: Mapping[Path, pd.DataFrame]) -> list[Any]:
    """List the values of a categorical column over all files, so that codes agree."""
    seen = {
        level for path, frame in frames.items() for level in ordered_levels(frame[name], str(path))
    }
    orders = {path: category_order(frame[name]) for path, frame in frames.items()}
    ordered = {tuple(order): path for path, order in orders.items() if order is not None}
    if len(ordered) > 1:
        (first, one), (second, other) = list(ordered.items())[:2]
        raise InputError(
            f"{other}: the categories of '{name}' are {', '.join(map(str, second))}, but "
            f"{', '.join(map(str, first))} in {one}; give all files one order"
        )
    first_levels: tuple[Any, ...] = next(iter(ordered), ())
    rest = sorted(seen - set(first_levels), key=lambda value: (isinstance(value, str), value))
    return [*(level for level in first_levels if level in seen), *rest]


def _dataset(
    frame: pd.DataFrame,
    columns: Columns,
    covariates: list[Any],
    levels: Mapping[str, Sequence[Any]],
    name: str,
    at: int,
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
        covariates=covariates,
        exogenous=tuple(columns.exogenous),
        propensity=columns.propensity,
        labels=labels if levels else None,
        name=name,
        replicate=at,
    )
