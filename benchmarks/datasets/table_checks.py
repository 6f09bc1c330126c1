"""Check that a user's table fits its mapping; each error names the file, the key and the fix."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.suite.entries import Columns
from sdscm.data.dataset import CausalDataset
from sdscm.errors import InputError

#: Keys of a mapping that name a column each, and those that name lists of covariates.
_SINGLE = ("treatment", "outcome", "y0", "y1", "effect", "propensity")
_LISTS = ("covariates", "exogenous", "categorical")


def check_roles(path: Path, frame: pd.DataFrame, columns: Columns, source: str) -> None:
    """Check that a mapping fits a table.

    Parameters
    ----------
    path, frame
        File and content of the table.
    columns
        The mapping.
    source
        Place of the mapping, for messages: its file, or the key of the suite.

    Raises
    ------
    InputError
        If a column is missing, is not numeric, has empty cells, or has two roles.
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


def check_truth_is_hidden(path: Path, dataset: CausalDataset, source: str) -> None:
    """Check that no covariate equals the truth, if the mapping does not name the covariates.

    Raises
    ------
    InputError
        If a covariate equals the outcome, a potential outcome or the effect in all rows.
    """
    for name, values in dataset.X.items():
        for what, secret in _hidden_values(dataset):
            if np.allclose(values, secret, rtol=1e-9, atol=0):
                raise InputError(
                    f"{path}: the column '{name}' is {what} in all rows; name the covariates in "
                    f"'covariates' in {source}"
                )


def check_propensity(path: Path, dataset: CausalDataset, source: str) -> None:
    """Raise an InputError if a propensity is not a probability."""
    shares = dataset.propensity
    if shares is not None and ((shares < 0) | (shares > 1)).any():
        raise InputError(
            f"{path}: 'propensity' in {source} has values outside of 0 to 1; name the column of "
            "the probability of treatment"
        )


def _hidden_values(dataset: CausalDataset) -> Iterator[tuple[str, np.ndarray]]:
    """List the values that estimators must not see, without constants."""
    named = {
        "the outcome": dataset.y,
        "the outcome under control": dataset.y0,
        "the outcome under treatment": dataset.y1,
        "the effect": dataset.ite,
    }
    for what, values in named.items():
        if np.isfinite(values).all() and np.ptp(values) > 0:
            yield what, values
