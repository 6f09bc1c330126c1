"""Read tables of the user, with a mapping of their columns, and files that sdscm wrote.

Each error names the file, the key and the fix.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from glob import glob
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.suite.entries import Columns, FilesEntry
from benchmarks.suite.loading import columns_from
from sdscm.data.dataset import CausalDataset
from sdscm.errors import InputError

_KINDS = {".parquet": pd.read_parquet, ".csv": pd.read_csv}

#: Keys of a mapping that name a column each, and those that name lists of covariates.
_SINGLE = ("treatment", "outcome", "y0", "y1", "effect", "propensity")
_LISTS = ("covariates", "exogenous", "categorical")


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
    for path, frame in frames.items():
        _check_roles(path, frame, columns, mapping)
    levels = {name: _levels(name, frames) for name in columns.categorical}
    for number, (path, frame) in enumerate(frames.items()):
        dataset = _dataset(frame, columns, levels, path.name, number)
        if columns.covariates is None:
            _check_truth_is_hidden(path, dataset, mapping)
        _check_propensity(path, dataset, mapping)
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


def _check_roles(path: Path, frame: pd.DataFrame, columns: Columns, source: str) -> None:
    """Check that the mapping of a table fits it.

    ``source`` is the place of the mapping, for messages: its file, or the key of the suite.
    """
    roles = [(key, name) for key in _SINGLE if (name := getattr(columns, key)) is not None]
    listed = [(key, name) for key in _LISTS for name in getattr(columns, key) or ()]
    for key, name in (*roles, *listed):
        if name not in frame:
            raise InputError(
                f"{path}: no column '{name}'; correct '{key}' in {source}: the columns are "
                f"{', '.join(map(str, frame))}"
            )
    for key, name in roles:
        other = next(each for each, named in roles if named == name)
        if other != key:
            raise InputError(f"{path}: '{name}' is '{other}' and '{key}' in {source}; change one")
    special = {name for _, name in roles}
    _check_treatment(path, frame[columns.treatment], source)
    covariates: list[Any] | None = columns.covariates
    if covariates is None:
        covariates = [name for name in frame if name not in special]
    if not covariates:
        raise InputError(f"{path}: there are no covariates; name some in 'covariates' in {source}")
    for name in covariates:
        if name in special:
            raise InputError(
                f"{path}: '{name}' cannot be a covariate, estimators must not see it; remove it "
                f"from 'covariates' in {source}"
            )
        if covariates.count(name) > 1:
            raise InputError(f"{path}: 'covariates' in {source} has '{name}' twice; remove one")
    for key, name in listed:
        if name not in covariates:
            raise InputError(
                f"{path}: '{name}' is in '{key}' in {source}, but is not a covariate; add it to "
                "'covariates' or remove it"
            )
    for key, name in roles:
        if key != "treatment":
            _check_numbers(path, frame[name], f"'{key}' in {source} needs numbers")
    for name in covariates:
        if name not in columns.categorical:
            fix = f"add it to 'categorical' in {source}, or remove it from 'covariates'"
            _check_numbers(path, frame[name], fix)


def _check_treatment(path: Path, values: pd.Series, source: str) -> None:
    if values.isna().any():
        raise InputError(
            f"{path}: the treatment '{values.name}' is empty in some rows; remove these"
        )
    if values.nunique() != 2:
        raise InputError(
            f"{path}: 'treatment' in {source} needs a column with two values, but '{values.name}' "
            f"has {values.nunique()}"
        )


def _check_numbers(path: Path, values: pd.Series, fix: str) -> None:
    try:
        numbers = values.astype(float)
    except (TypeError, ValueError):
        raise InputError(f"{path}: '{values.name}' is not numeric; {fix}") from None
    bad = int((~np.isfinite(numbers)).sum())
    if bad:
        raise InputError(
            f"{path}: '{values.name}' has no finite number in {bad} of {len(numbers)} rows; fill "
            "them, or remove these rows"
        )


def _check_truth_is_hidden(path: Path, dataset: CausalDataset, source: str) -> None:
    """Check that no covariate equals the truth, if the mapping does not name the covariates."""
    hidden = {
        "the outcome": dataset.y,
        "the outcome under control": dataset.y0,
        "the outcome under treatment": dataset.y1,
        "the effect": dataset.ite,
    }
    for (name, values), (what, secret) in product(dataset.X.items(), hidden.items()):
        # A covariate that equals a constant tells nothing.
        if not np.isfinite(secret).all() or np.ptp(secret) == 0:
            continue
        if np.allclose(values, secret, rtol=1e-9, atol=0):
            raise InputError(
                f"{path}: the column '{name}' is {what} in all rows; name the covariates in "
                f"'covariates' in {source}"
            )


def _check_propensity(path: Path, dataset: CausalDataset, source: str) -> None:
    shares = dataset.propensity
    if shares is not None and ((shares < 0) | (shares > 1)).any():
        raise InputError(
            f"{path}: 'propensity' in {source} has values outside of 0 to 1; name the column of "
            "the probability of treatment"
        )
