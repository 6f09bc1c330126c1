"""Read tables of the user, with a mapping of their columns, and files that sdscm wrote.

Each error names the file, the key and the fix.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from glob import glob
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq

from benchmarks.suite.entries import FilesEntry
from benchmarks.suite.loading import columns_from
from sdscm.data.dataset import CausalDataset
from sdscm.data.table_checks import TableRoles, category_order, check_table, in_order, shown
from sdscm.errors import InputError


def read_files(entry: FilesEntry, folder: Path) -> Iterator[tuple[Path, CausalDataset]]:
    """Read the files of an entry, in order: pairs of path and dataset.

    Raises
    ------
    InputError
        If no file matches, a file does not fit its mapping, or files code the treatment
        differently.
    """
    paths = _matches(entry, folder)
    columns, mapping = entry.columns, "the suite's 'columns'"
    if isinstance(columns, str):
        mapping = str(folder / columns)
        columns = columns_from(folder / columns)
    if columns is None:
        yield from _datasets(paths)
        return
    names = [*columns.categorical, columns.treatment]
    frames = {path: read_table(path, names) for path in paths}
    yield from datasets_of(frames, TableRoles(**columns.model_dump()), mapping)


def datasets_of(
    frames: Mapping[Path, pd.DataFrame], roles: TableRoles, mapping: str
) -> Iterator[tuple[Path, CausalDataset]]:
    """Make datasets of tables with the same roles, whose categories get the same codes.

    ``mapping`` names the place of the roles, for messages. The tables are changed.

    Raises
    ------
    InputError
        If a table does not fit the roles, or tables code the treatment differently.
    """
    categorical = list(roles.categorical or ())
    names = [*categorical, roles.treatment]
    for path, frame in frames.items():
        check_table(frame, roles, str(path), mapping)
        frame[names] = frame[names].apply(_as_text)
    levels = {name: _levels(name, frames) for name in names}
    _check_arms({path: set(frame[roles.treatment]) for path, frame in frames.items()})
    for number, (path, frame) in enumerate(frames.items()):
        labels = frame[categorical].astype(str).reset_index(drop=True)
        for name, values in levels.items():
            coded = pd.Categorical(frame[name], values, ordered=True)
            frame[name] = coded if name == roles.treatment else coded.codes
        yield (
            path,
            CausalDataset.from_roles(
                frame,
                roles,
                where=str(path),
                source=mapping,
                labels=labels if categorical else None,
                name=path.name,
                replicate=number,
            ),
        )


def _datasets(paths: list[Path]) -> Iterator[tuple[Path, CausalDataset]]:
    """Read files that sdscm wrote."""
    arms: dict[Path, tuple[str, ...]] = {}
    for path in paths:
        if path.suffix != ".parquet":
            raise InputError(
                f"{path}: name the columns of treatment, y0 and y1 in 'columns' of the suite"
            )
        dataset = CausalDataset.read_parquet(path)
        if dataset.contrast and not dataset.meta.spec_hash:
            arms[path] = dataset.contrast
            _check_arms(arms)
        yield path, dataset


def _check_arms(arms: Mapping[Path, Collection[str]]) -> None:
    """Check that all files have the same values of the treatment."""
    (first, one), *rest = arms.items()
    for path, other in rest:
        if other != one:
            raise InputError(
                f"{path}: the treatment is {' or '.join(in_order(other))}, but "
                f"{' or '.join(in_order(one))} in {first}; give all files one coding"
            )


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


def read_table(path: Path, names: Collection[str] = ()) -> pd.DataFrame:
    """Read a table; in the columns ``names`` of a CSV file only an empty cell is a gap.

    Raises
    ------
    InputError
        If the file is not a readable table in CSV or Parquet.
    """
    if path.suffix not in (".csv", ".parquet"):
        raise InputError(f"{path}: not a table; its name must end in .parquet or .csv")
    try:
        if path.suffix == ".parquet":
            # The names of folders, such as seed=3, are not columns.
            frame = pq.read_table(path, partitioning=None).to_pandas()
            named = [name for name in frame.index.names if name is not None]
            return frame.reset_index(named) if named else frame
        first = pd.read_csv(path, header=None, nrows=1, dtype=str, keep_default_na=False)
        frame = pd.read_csv(path)
        texts = pd.read_csv(path, keep_default_na=False, na_values=[""])
    except UnicodeDecodeError:
        raise InputError(f"{path}: is not UTF-8 text; save it in UTF-8") from None
    except Exception as error:  # its kind depends on pandas and pyarrow
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise InputError(f"{path}: not a readable Parquet or CSV file ({reason})") from None
    _check_csv(frame, first.iloc[0], path)
    # "NA" and "None" are gaps in a column of numbers, but names in a column of names.
    for name in {*names} & {*frame}:
        frame[name] = texts[name]
    return frame


def _check_csv(frame: pd.DataFrame, header: pd.Series, path: Path) -> None:
    """Check that the columns of a CSV file are those of its header."""
    for mark, name in {";": "semicolons", "\t": "tabs"}.items():
        if len(header) == 1 and mark in header[0]:
            raise InputError(f"{path}: {name} separate its columns; save it with commas")
    twice = header[(header != "") & header.duplicated()]
    if len(twice):
        raise InputError(f"{path}: two columns are called '{twice.iloc[0]}'; rename or remove one")
    index = pd.RangeIndex(len(frame))
    if len(frame) and not frame.index.equals(index) and frame.iloc[:, -1].isna().all():
        raise InputError(f"{path}: the rows have more cells than the header; remove empty ones")


def _as_text(values: pd.Series) -> pd.Series:
    """Write values as text, in which 1 and 1.0 are the same; an order is kept."""
    order = category_order(values)
    text = pd.Series([shown(value) for value in values], values.index, dtype=object)
    if order is None:
        return text
    kept = pd.CategoricalDtype([shown(level) for level in order], ordered=True)
    return text.astype(kept)


def _levels(name: str, frames: Mapping[Path, pd.DataFrame]) -> list[Any]:
    """List the values of a column over all files, so that codes agree."""
    seen = {level for frame in frames.values() for level in frame[name].unique()}
    orders = {path: category_order(frame[name]) for path, frame in frames.items()}
    ordered = {tuple(order): path for path, order in orders.items() if order is not None}
    if len(ordered) > 1:
        (first, one), (second, other) = list(ordered.items())[:2]
        raise InputError(
            f"{other}: the categories of '{name}' are {', '.join(second)}, but "
            f"{', '.join(first)} in {one}; give all files one order"
        )
    first_levels: tuple[Any, ...] = next(iter(ordered), ())
    rest = in_order(seen - set(first_levels))
    return [*(level for level in first_levels if level in seen), *rest]
