"""Find and read the released data: a clone of the authors' repository, or the packed copy."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from benchmarks.datasets.paper.phrasings import recover
from benchmarks.datasets.paper.release import COVARIATES, LMS, OUTCOMES, TREATMENT, Release
from sdscm.errors import InputError

#: Environment variable that names the folder of the data.
VARIABLE = "SDSCM_PAPER_DATA"
_OBSERVED = "logP(X13=0)"
#: Largest code of a value. Covariates take one byte each.
_LARGEST = np.iinfo(np.int8).max
#: Subfolders that may hold the data, in the folder that the user names.
_INSIDE = ("", "data/cancer_example", "cancer_example")
_BESIDE = Path(__file__).resolve().parents[4] / "shared" / "paper"
_HOW = (
    "clone the repository lbynum/sequence-driven-scms from GitHub and name its folder with --data "
    f"or in {VARIABLE}"
)


def find(data: Path | None = None) -> Path:
    """Find the folder of the released data.

    It holds ``gpt2.parquet`` and ``llama-3-8b.parquet`` (the packed copy), or the folders ``gpt2``
    and ``llama-3-8b`` with CSV files (the authors' layout).

    Parameters
    ----------
    data
        Such a folder, or a clone of the authors' repository. By default the folder that the
        environment variable ``SDSCM_PAPER_DATA`` names, or else ``../shared/paper`` beside the
        checkout.

    Raises
    ------
    InputError
        If there are no such data; the message says how to get them.
    """
    named = os.environ.get(VARIABLE)
    start = data or (Path(named) if named else _BESIDE)
    for inside in _INSIDE:
        if models_in(start / inside):
            return start / inside
    if data is None and not named:
        raise InputError(f"the paper's data are missing; {_HOW}")
    if start.is_file():
        raise InputError(f"{start}: a file; name the folder of the file")
    raise InputError(f"{start}: no released data of the paper in it; {_HOW}")


def models_in(folder: Path) -> list[str]:
    """List the language models whose data a folder holds."""
    return [lm for lm in LMS if packed_copy(lm, folder) or _files(folder, lm)]


def packed_copy(lm: str, folder: Path) -> Path | None:
    """Return the packed copy of a language model if a folder holds it; `read` prefers it."""
    path = folder / f"{lm}.parquet"
    return path if path.is_file() else None


def read(lm: str, folder: Path) -> Release:
    """Read the datasets of one language model.

    Parameters
    ----------
    lm
        One of `LMS`.
    folder
        Result of `find`. The packed copy is read if the folder holds it, and else the CSV files,
        whose phrasings are recovered.

    Raises
    ------
    InputError
        If files or columns are missing, damaged, or of unequal lengths, or if an observed outcome
        of a CSV file is not the one under do(X12 = the row's X12).
    """
    packed = packed_copy(lm, folder)
    return _read_files(lm, _some_files(folder, lm)) if packed is None else _read_packed(lm, packed)


def read_columns(
    lm: str, folder: Path, names: Sequence[str], number: int | None = None
) -> pd.DataFrame:
    """Read columns of the released tables, unchanged. `read` omits some columns.

    Parameters
    ----------
    lm, folder
        As for `read`.
    names
        Names of columns that are in the authors' CSV files and in the packed copy.
    number
        Number of one dataset; by default all datasets.

    Returns
    -------
    DataFrame with one row for each unit, ``dataset`` and the columns.

    Raises
    ------
    InputError
        If the data of the model, the dataset or a column is missing.
    """
    packed = packed_copy(lm, folder)
    if packed is not None:
        which = None if number is None else [("dataset", "=", number)]
        table = _read_parquet(packed, ["dataset", *names], which).to_pandas()
    else:
        parts = [
            _read_csv(path, names).to_pandas().assign(dataset=each)
            for each, path in _some_files(folder, lm).items()
            if number in (None, each)
        ]
        table = pd.concat(parts) if parts else pd.DataFrame()
    if table.empty:
        raise InputError(f"{folder}: no dataset {number} of {lm} in it; {_HOW}")
    return table


@contextmanager
def _damage_named(path: Path, fix: str) -> Iterator[None]:
    """Turn an error of a reader into an InputError with the file and the fix."""
    try:
        yield
    except (pa.ArrowException, OSError, KeyError) as error:
        line = " ".join(str(error).splitlines()[:1]) or type(error).__name__
        raise InputError(f"{path}: {line}; {fix}") from None


def _read_parquet(
    path: Path, names: Sequence[str], filters: list[tuple[str, str, int]] | None = None
) -> pa.Table:
    with _damage_named(path, "get the data again"):
        there = pq.read_schema(path).names
        missing = [name for name in names if name not in there]
        if not missing:
            return pq.read_table(path, columns=list(names), filters=filters)
    raise InputError(f"{path}: no column '{missing[0]}'; get the data again")


def _read_csv(path: Path, names: Sequence[str], kind: pa.DataType | None = None) -> pa.Table:
    kinds = {} if kind is None else dict.fromkeys(names, kind)
    options = pa_csv.ConvertOptions(include_columns=list(names), column_types=kinds)
    with _damage_named(path, "get it again"):
        return pa_csv.read_csv(path, convert_options=options)


def _some_files(folder: Path, lm: str) -> dict[int, Path]:
    files = _files(folder, lm)
    if not files:
        raise InputError(f"{folder}: no data of {lm} in it; {_HOW}")
    return files


def _files(folder: Path, lm: str) -> dict[int, Path]:
    """Find CSV files by the number at the end of their names, ascending."""
    found: dict[int, Path] = {}
    for path in (folder / lm).glob("*.csv"):
        match = re.search(r"_(\d+)$", path.stem)
        if match and (other := found.setdefault(int(match[1]), path)) != path:
            raise InputError(
                f"{path}: dataset {match[1]} is in {other.name} as well; delete one of them"
            )
    return dict(sorted(found.items()))


def _read_packed(lm: str, path: Path) -> Release:
    table = _read_parquet(path, ["dataset", "variant", *COVARIATES, TREATMENT, *OUTCOMES])
    for field in table.schema:
        if not (pa.types.is_integer(field.type) or pa.types.is_floating(field.type)):
            raise InputError(f"{path}: column '{field.name}' is not of numbers; get the data again")
    if not table.num_rows:
        raise InputError(f"{path}: no rows in it; get the data again")
    number = table["dataset"].to_numpy()
    ids, sizes = np.unique(number, return_counts=True)
    if len(set(sizes)) != 1 or (np.diff(number) < 0).any():
        raise InputError(
            f"{path}: its datasets are of {sizes.min()} to {sizes.max()} rows or not in order; "
            "get the data again"
        )
    shape = (len(ids), int(sizes[0]))
    variant = table["variant"].to_numpy().reshape(shape)
    if (variant != variant[:, :1]).any():
        raise InputError(f"{path}: a dataset has more than one variant; get the data again")
    return Release(
        lm=lm,
        ids=ids.astype(int),
        variant=variant[:, 0].astype(int),
        X=np.stack(
            [_codes(table[name].to_numpy(), name, path).reshape(shape) for name in COVARIATES],
            axis=-1,
        ),
        t=table[TREATMENT].to_numpy().reshape(shape),
        y0=table[OUTCOMES[0]].to_numpy().reshape(shape),
        y1=table[OUTCOMES[1]].to_numpy().reshape(shape),
    )


def _read_files(lm: str, files: dict[int, Path]) -> Release:
    parts = [_read_file(path) for path in files.values()]
    for path, part in zip(files.values(), parts, strict=True):
        if len(part) != len(parts[0]):
            raise InputError(
                f"{path}: {len(part)} rows, but {next(iter(files.values()))} has {len(parts[0])}; "
                "get it again"
            )
    table = np.stack(parts)
    X = table[..., : len(COVARIATES)].astype(np.int8)
    return Release(
        lm=lm,
        ids=np.array(list(files)),
        variant=recover(X, table[..., -2:]),
        X=X,
        t=table[..., len(COVARIATES)].astype(np.int8),
        # float32 as in the packed copy, so that both layouts give the same values.
        y0=table[..., -2].astype(np.float32),
        y1=table[..., -1].astype(np.float32),
    )


def _read_file(path: Path) -> np.ndarray:
    """Read covariates, treatment, y0 and y1 of a file, shape (rows, 15)."""
    wanted = [*COVARIATES, TREATMENT, *OUTCOMES, _OBSERVED]
    table = _read_csv(path, wanted, pa.float64())
    if not table.num_rows:
        raise InputError(f"{path}: no rows in it; get it again")
    for name in COVARIATES:
        _codes(table[name].to_numpy(), name, path)
    values = np.column_stack([table[name].to_numpy() for name in wanted])
    treated = values[:, wanted.index(TREATMENT)] == 1
    *_, y0, y1, observed = values.T
    inconsistent = int((observed != np.where(treated, y1, y0)).sum())
    if inconsistent:
        raise InputError(
            f"{path}: in {inconsistent} rows {_OBSERVED} is not the one under do({TREATMENT} = its "
            "value); get it again"
        )
    return values[:, :-1]


def _codes(column: np.ndarray, name: str, path: Path) -> np.ndarray:
    """Convert codes of values to one byte each."""
    whole = (column >= 0) & (column <= _LARGEST) & (column % 1 == 0)
    if not whole.all():
        raise InputError(
            f"{path}: '{name}' is not a whole number from 0 to {_LARGEST} in {int((~whole).sum())} "
            "rows; get it again"
        )
    return column.astype(np.int8)
