"""Whether a user's table holds what its mapping says; each complaint names file, key and fix."""

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


def check_roles(path: Path, frame: pd.DataFrame, columns: Columns, said: str) -> None:
    """Refuse a mapping that does not fit a table.

    Parameters
    ----------
    path, frame
        The table, and its file.
    columns
        The mapping.
    said
        Where it is written: its file, or the key of the suite.

    Raises
    ------
    InputError
        If a column is not there, is not of numbers, has gaps, or has two roles.
    """
    roles = [(key, name) for key in _SINGLE if (name := getattr(columns, key)) is not None]
    listed = [(key, name) for key in _LISTS for name in getattr(columns, key) or ()]
    for key, name in (*roles, *listed):
        if name not in frame:
            raise InputError(
                f"{path}: no column '{name}'; mend '{key}' in {said}: the columns are "
                f"{', '.join(map(str, frame))}"
            )
    for key, name in roles:
        other = next(each for each, named in roles if named == name)
        if other != key:
            raise InputError(f"{path}: '{name}' is '{other}' and '{key}' in {said}; mend one")
    special = {name for _, name in roles}
    _check_treatment(path, frame[columns.treatment], said)
    covariates: list[Any] | None = columns.covariates
    if covariates is None:
        covariates = [name for name in frame if name not in special]
    if not covariates:
        raise InputError(f"{path}: no covariate is left; name some in 'covariates' in {said}")
    for name in covariates:
        if name in special:
            raise InputError(
                f"{path}: '{name}' cannot be a covariate, estimators must not see it; leave it out "
                f"of 'covariates' in {said}"
            )
        if covariates.count(name) > 1:
            raise InputError(f"{path}: 'covariates' in {said} has '{name}' twice; remove one")
    for key, name in listed:
        if name not in covariates:
            raise InputError(
                f"{path}: '{name}' is in '{key}' in {said}, but is not a covariate; add it to "
                "'covariates' or leave it out"
            )
    for key, name in roles:
        if key != "treatment":
            _check_numbers(path, frame[name], f"'{key}' in {said} needs numbers")
    for name in covariates:
        if name not in columns.categorical:
            fix = f"add it to 'categorical' in {said}, or leave it out of 'covariates'"
            _check_numbers(path, frame[name], fix)


def _check_treatment(path: Path, values: pd.Series, said: str) -> None:
    if values.isna().any():
        raise InputError(
            f"{path}: the treatment '{values.name}' is empty in some rows; leave these out"
        )
    if values.nunique() != 2:
        raise InputError(
            f"{path}: 'treatment' in {said} names a column of two values, but '{values.name}' has "
            f"{values.nunique()}"
        )


def _check_numbers(path: Path, values: pd.Series, fix: str) -> None:
    try:
        numbers = values.astype(float)
    except (TypeError, ValueError):
        raise InputError(f"{path}: '{values.name}' is not of numbers; {fix}") from None
    bad = int((~np.isfinite(numbers)).sum())
    if bad:
        raise InputError(
            f"{path}: '{values.name}' lacks a finite number in {bad} of {len(numbers)} rows; fill "
            "them, or leave these rows out"
        )


def check_secrets(path: Path, dataset: CausalDataset, said: str) -> None:
    """Refuse a table of which a column tells the truth, if nobody has said that it is a covariate.

    Raises
    ------
    InputError
        If a covariate equals the outcome, a potential outcome or the effect in all rows.
    """
    for name, values in dataset.X.items():
        for what, secret in _secrets(dataset):
            if np.allclose(values, secret, rtol=1e-9, atol=0):
                raise InputError(
                    f"{path}: the column '{name}' is {what} in all rows; name the covariates in "
                    f"'covariates' in {said}"
                )


def check_propensity(path: Path, dataset: CausalDataset, said: str) -> None:
    """Refuse propensities that are not probabilities, by an InputError."""
    shares = dataset.propensity
    if shares is not None and ((shares < 0) | (shares > 1)).any():
        raise InputError(
            f"{path}: 'propensity' in {said} has values outside of 0 to 1; name the column of the "
            "probability of treatment"
        )


def _secrets(dataset: CausalDataset) -> Iterator[tuple[str, np.ndarray]]:
    """What no estimator may see; constants are no secret."""
    named = {
        "the outcome": dataset.y,
        "the outcome under control": dataset.y0,
        "the outcome under treatment": dataset.y1,
        "the effect": dataset.ite,
    }
    for what, values in named.items():
        if np.isfinite(values).all() and np.ptp(values) > 0:
            yield what, values
