"""Read a table without a known truth; each error names the file, the column and the fix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from benchmarks.datasets.user_tables import datasets_of, read_table
from sdscm.data.dataset import CausalDataset
from sdscm.data.table_checks import TableRoles, shown
from sdscm.errors import InputError

#: Place of the roles, for messages.
_OPTIONS = "the options"
#: Most different texts of a column that was not declared as a category.
_MOST_TEXTS = 60
#: Fewest rows of each value of the treatment: the variance of one row is unknown.
_FEWEST = 2

RULES = (
    "A column of texts is a category. Estimators get an indicator of each of its values but the "
    "first; a column of numbers is a category if it is named in --categorical.",
    "A table with an empty cell in a column that is used is refused, and so are infinite numbers. "
    "No cell is filled in and no row is left out.",
)


def read_observed(
    path: Path,
    treatment: str,
    outcome: str,
    covariates: Sequence[str] | None = None,
    categorical: Sequence[str] = (),
    treated: str | None = None,
    exogenous: Sequence[str] = (),
    instrument: str | None = None,
    source: str = _OPTIONS,
) -> CausalDataset:
    """Read a table with one row for each unit; columns of texts become categories.

    Parameters
    ----------
    path
        A CSV or Parquet file.
    treatment, outcome
        Columns of the treatment (two values, the larger or later one is treated) and of the
        outcome (numbers).
    covariates
        Columns to adjust for, measured before the treatment; None for all others.
    categorical
        Covariates of numbers that are names.
    treated
        The value of the treatment that is treated, instead of the larger or later one.
    exogenous
        Covariates that the setting ``hidden`` removes.
    instrument
        Column of an instrument, two numbers.
    source
        Place of the roles, for messages: the options of a command, or a key of a suite.

    Returns
    -------
    CausalDataset whose unobserved potential outcomes are NaN, and whose ``labels`` hold categories.

    Raises
    ------
    InputError
        If the table does not fit. The line names all columns with gaps, or all with unclear texts.
    """
    if not path.exists():
        raise InputError(f"{path}: no such file")
    frame = read_table(path, [treatment, *categorical])
    used = frame.columns if covariates is None else [c for c in covariates if c in frame]
    seen = [name for name in used if name not in (treatment, outcome, instrument, *categorical)]
    texts = [name for name in seen if _holds_texts(frame[name])]
    problems = [problem for name in texts if (problem := _unclear(frame[name]))]
    dashes = "--" if source == _OPTIONS else ""
    if problems:
        raise InputError(
            f"{path}: {', '.join(problems)}; correct the cells, name a column of names in "
            f"{dashes}categorical, or leave it out with {dashes}covariates"
        )
    if treated is not None and treatment in frame:
        frame[treatment] = _second(frame[treatment], treated, f"{path}: {dashes}treated {treated}")
    roles = TableRoles(
        treatment=treatment,
        outcome=outcome,
        covariates=covariates,
        categorical=[*categorical, *texts],
        exogenous=exogenous,
        instrument=instrument,
    )
    ((_, dataset),) = datasets_of({path: frame}, roles, source)
    if len(set(dataset.y)) < 2:
        raise InputError(f"{path}: the outcome '{outcome}' has the same value in each row")
    for value, arm in zip(dataset.contrast, (0, 1), strict=True):
        rows = int((dataset.t == arm).sum())
        if rows < _FEWEST:
            raise InputError(
                f"{path}: the treatment '{treatment}' is {value} in {rows} row; give at least "
                f"{_FEWEST}"
            )
    return dataset


def without(dataset: CausalDataset, column: str) -> CausalDataset:
    """The same units with a hidden covariate.

    Raises
    ------
    InputError
        If there is no such covariate, or no other.
    """
    if column not in dataset.X:
        known = ", ".join(map(str, dataset.X))
        raise InputError(f"--hide {column}: is not a covariate; the covariates are {known}")
    if dataset.X.shape[1] == 1:
        raise InputError(f"--hide {column}: is the only covariate; leave the option out")
    labels = dataset.labels
    if labels is not None:
        labels = labels.drop(columns=column, errors="ignore")
    return replace(dataset, X=dataset.X.drop(columns=column), labels=labels)


def _second(values: pd.Series, treated: str, where: str) -> pd.Series:
    """The treatment as an ordered categorical whose last value is ``treated``."""
    texts = values.map(shown, na_action="ignore")
    levels = list(texts.dropna().unique())
    if treated not in levels:
        raise InputError(f"{where}: the values of '{values.name}' are {', '.join(levels[:10])}")
    levels.sort(key=lambda level: level == treated)
    return texts.astype(pd.CategoricalDtype(levels, ordered=True))


def _holds_texts(values: pd.Series) -> bool:
    """Return whether a column holds texts that are not numbers."""
    texts = values[values.map(lambda value: isinstance(value, str)).astype(bool)]
    return bool(pd.to_numeric(texts.astype(object), errors="coerce").isna().any())


def _unclear(values: pd.Series) -> str:
    """Describe a column of texts that is hardly a category; empty if it may be one."""
    different = values.dropna().astype(object).drop_duplicates()
    numbers = pd.to_numeric(different, errors="coerce").notna()
    if 2 * numbers.sum() > len(numbers):
        example = different[~numbers].iloc[0]
        return f"'{values.name}' holds numbers and texts such as '{example}'"
    if len(different) > min(_MOST_TEXTS, len(values) / 2):
        return f"'{values.name}' has {len(different)} different texts in {len(values)} rows"
    return ""
