"""Check the columns of a table and their roles; each error names the table, the key and the fix."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from sdscm.arguments import check_type
from sdscm.arguments import shown as one_line
from sdscm.errors import InputError
from sdscm.hints import kind_of

#: Keys of roles that name one column each, and those that list covariates.
_SINGLE = (
    *("treatment", "outcome", "counterfactual", "y0", "y1", "effect", "mu0", "mu1"),
    *("propensity", "instrument"),
)
_LISTS = ("covariates", "exogenous", "categorical")
#: Outcomes of tables in the format of IHDP: columns of these names are not covariates by accident.
IHDP_OUTCOMES = ("y_factual", "y_cfactual", "mu0", "mu1")
_IHDP_ROLES = "outcome: y_factual, counterfactual: y_cfactual, mu0: mu0, mu1: mu1"
#: Names of columns without a name, as pandas makes them when it reads an index.
_UNNAMED = re.compile(r"Unnamed: \d+(_level_\d+)?(\.\d+)?|__index_level_\d+__")
#: Largest number in single precision, with which many estimators compute.
_LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class TableRoles:
    """Roles of the columns of a table.

    Attributes
    ----------
    treatment
        Treatment, with two values.
    instrument
        Instrument, with two numbers as values; None if there is none.
    outcome, counterfactual, y0, y1, effect, mu0, mu1, propensity
        Columns of the observed outcome, of the outcome under the other treatment, of the potential
        outcomes under control and treatment, of the individual effect, of the expected outcomes
        under control and treatment, and of the true probability of treatment; None if there is
        none.
    ate
        Average effect of these units, if it alone is known.
    covariates
        Columns that estimators see; None for all others.
    exogenous
        Covariates that the setting ``hidden`` removes.
    categorical
        Covariates whose values are names; None if none may be.
    """

    treatment: Any
    outcome: Any = None
    counterfactual: Any = None
    y0: Any = None
    y1: Any = None
    effect: Any = None
    mu0: Any = None
    mu1: Any = None
    ate: Any = None
    covariates: Sequence[Any] | None = None
    exogenous: Sequence[Any] = ()
    categorical: Sequence[Any] | None = None
    propensity: Any = None
    instrument: Any = None

    @property
    def columns(self) -> list[tuple[str, Any]]:
        """Pairs of key and column, of the roles with one column each."""
        return [(key, name) for key in _SINGLE if (name := getattr(self, key)) is not None]


def contradiction(roles: Any) -> str:
    """Describe roles that contradict each other or are missing, with the fix; empty if none do."""

    def given(*names: str) -> list[str]:
        return [name for name in names if getattr(roles, name) is not None]

    potential, means = given("y0", "y1"), given("mu0", "mu1")
    if len(potential) == 1:
        return f"'{potential[0]}' needs the other potential outcome, too"
    if len(means) == 1:
        return f"'{means[0]}' needs the other mean, too"
    if potential and given("outcome"):
        return (
            "'outcome' follows from 'y0' and 'y1'; remove it, or, if these are means without "
            "noise, name them in 'mu0' and 'mu1' instead"
        )
    if not potential and roles.outcome is None:
        return "name the column of the 'outcome', or those of 'y0' and 'y1'"
    for sources, following in (
        (potential, given("counterfactual", "effect", "ate")),
        (given("counterfactual"), given("effect", "ate")),
        (means, given("effect", "ate")),
        (given("effect"), given("ate")),
    ):
        if sources and following:
            return f"'{following[0]}' follows from {' and '.join(map(repr, sources))}; remove it"
    return ""


def check_table(frame: pd.DataFrame, roles: TableRoles, where: str, source: str) -> list[Any]:
    """Check that a table has the columns of its roles, with values that suit them.

    Parameters
    ----------
    frame : DataFrame of shape (n, any)
    roles
    where
        Name of the table, for messages: a file, or a name of the user.
    source
        Place of the roles, for messages.

    Returns
    -------
    The covariates.

    Raises
    ------
    InputError
        At the first problem.
    """
    check_type(where, frame, pd.DataFrame, "give a DataFrame with a row for each unit")
    problem = contradiction(roles)
    if roles.treatment is None:
        problem = "name the column of the 'treatment'"
    if problem:
        raise InputError(f"{where}: {problem}")
    _check_ate(roles.ate, where, source)
    listed = _listed(roles, where, source)
    _check_names(frame, [*roles.columns, *listed], where, source)
    for key, name in roles.columns:
        other = next(each for each, named in roles.columns if named == name)
        if other != key:
            raise InputError(f"{where}: '{name}' is '{other}' and '{key}' in {source}; change one")
    covariates = _covariates(frame, roles, where, source)
    names = () if roles.categorical is None else list(roles.categorical)
    used = [*(name for _, name in roles.columns), *covariates]
    _check_gaps(frame[used], [roles.treatment, *names], where)
    _check_treatment(frame[roles.treatment], where, source)
    for key, name in listed:
        if name not in covariates:
            raise InputError(
                f"{where}: '{name}' is in '{key}' in {source}, but is not a covariate; add it to "
                "'covariates' or remove it"
            )
    for key, name in roles.columns:
        if key != "treatment":
            _check_numbers(frame[[name]], where, f"'{key}' in {source} needs numbers")
    numbers = [name for name in covariates if name not in names]
    fix = "encode it as numbers first"
    if roles.categorical is not None:
        fix = f"add it to 'categorical' in {source}"
    fix += ", or remove it from 'covariates'"
    _check_numbers(frame[numbers], where, fix)
    for name in names:
        ordered_levels(frame[name], where)
    if roles.instrument is not None:
        levels = frame[roles.instrument].nunique()
        if levels != 2:
            raise InputError(
                f"{where}: 'instrument' in {source} needs a column with two values, but "
                f"'{roles.instrument}' has {levels}; split it at a value, as 0 and 1"
            )
    if roles.propensity is not None:
        shares = frame[roles.propensity].astype(float)
        if ((shares < 0) | (shares > 1)).any():
            raise InputError(
                f"{where}: 'propensity' in {source} has values outside of 0 to 1; name the column "
                "of the probability of treatment"
            )
    return covariates


def _check_ate(ate: Any, where: str, source: str) -> None:
    if ate is None:
        return
    if isinstance(ate, bool) or not isinstance(ate, Real) or not np.isfinite(float(ate)):
        raise InputError(f"{where}: 'ate' in {source} is {ate!r}; give a finite number")


def _listed(roles: TableRoles, where: str, source: str) -> list[tuple[str, Any]]:
    """List pairs of key and column, of the keys that list covariates."""
    found = []
    for key in _LISTS:
        names = getattr(roles, key)
        if isinstance(names, str):
            raise InputError(f"{where}: '{key}' in {source} is a text; give a list: [{names}]")
        if names is not None and not isinstance(names, Iterable):
            raise InputError(f"{where}: '{key}' in {source} is {kind_of(names)}; give a list")
        found += [(key, name) for name in (() if names is None else names)]
    return found


def _check_names(
    frame: pd.DataFrame, named: Sequence[tuple[str, Any]], where: str, source: str
) -> None:
    """Check that each named column is there once, and that texts of names do not coincide."""
    for key, name in named:
        if not isinstance(name, Hashable):
            raise InputError(f"{where}: '{key}' in {source} is {one_line(name)}; name one column")
        if name not in frame:
            raise InputError(
                f"{where}: no column '{name}'; correct '{key}' in {source}: the columns are "
                f"{', '.join(map(_shown, frame))}"
            )
    for name, count in Counter(map(str, frame)).items():
        if count > 1:
            raise InputError(f"{where}: {count} columns are called '{name}'; rename or remove one")


def _shown(name: Any) -> str:
    """A name, in quotes if spaces or invisible letters would be lost."""
    text = str(name)
    return text if text.isprintable() and text and text == text.strip() else ascii(text)


def _covariates(frame: pd.DataFrame, roles: TableRoles, where: str, source: str) -> list[Any]:
    special = {name for _, name in roles.columns}
    if roles.covariates is None:
        covariates = [name for name in frame if name not in special]
        covariates = [name for name in covariates if not _is_row_number(frame[name], where)]
        outcomes = [repr(name) for name in covariates if name in IHDP_OUTCOMES]
        if outcomes:
            raise InputError(
                f"{where}: {', '.join(outcomes)} would be seen by estimators, but means an outcome "
                f"in the format of IHDP; write '{_IHDP_ROLES}' in {source}, or name the covariates "
                "in 'covariates'"
            )
    else:
        covariates = list(roles.covariates)
    if not covariates:
        raise InputError(f"{where}: there are no covariates; name some in 'covariates' in {source}")
    for name in covariates:
        if name in special:
            raise InputError(
                f"{where}: '{name}' cannot be a covariate, estimators must not see it; remove it "
                f"from 'covariates' in {source}"
            )
        if covariates.count(name) > 1:
            raise InputError(f"{where}: 'covariates' in {source} has '{name}' twice; remove one")
    return covariates


def _is_row_number(values: pd.Series, where: str) -> bool:
    """Return whether a column is the index of a table that was written to a file."""
    if not _UNNAMED.fullmatch(str(values.name)):
        return False
    if pd.api.types.is_integer_dtype(values) and values.is_unique:
        return True
    raise InputError(
        f"{where}: a column has no name ('{values.name}') and does not hold row numbers; name it, "
        "or remove it"
    )


def _check_treatment(values: pd.Series, where: str, source: str) -> None:
    levels = ordered_levels(values, where)
    if len(levels) != 2:
        raise InputError(
            f"{where}: 'treatment' in {source} needs a column with two values, but "
            f"'{values.name}' has {len(levels)} value{'s' * (len(levels) != 1)}"
            + "; keep the rows of two of them"
            * (len(levels) > 2)
        )
    if len({isinstance(level, str) for level in levels}) > 1:
        raise InputError(
            f"{where}: the treatment '{values.name}' mixes text and numbers; use one type"
        )


def _check_gaps(table: pd.DataFrame, names: Collection[Any], where: str) -> None:
    """Check that no cell is empty or infinite; one error names all columns with gaps.

    The columns ``names`` hold names. A column that cannot be read as numbers has no infinite cell.
    """
    gaps = []
    for column, values in table.items():
        numbers = None if column in names else _numbers(values)
        bad = int((values.isna() if numbers is None else ~np.isfinite(numbers)).sum())
        if bad:
            what = "is empty" if column in names else "has no finite number"
            gaps.append(f"'{column}' {what} in {bad} of {len(table)} rows")
    if gaps:
        raise InputError(f"{where}: {', '.join(gaps)}; fill them, or remove these rows")


def _check_numbers(table: pd.DataFrame, where: str, fix: str) -> None:
    """Check that columns hold numbers, within single precision."""
    for name, values in table.items():
        numbers = _numbers(values)
        if numbers is None:
            kind = _kind(values)
            two = not kind and values.astype(str).nunique() == 2
            hint = ": write 0 and 1" * two
            raise InputError(f"{where}: '{name}' is {kind or 'not numeric'}; {fix}{hint}")
        if np.abs(numbers).max() > _LARGEST:
            raise InputError(
                f"{where}: '{name}' has numbers beyond {_LARGEST:.1e}, which single precision "
                "cannot hold; give it in a larger unit"
            )


def _numbers(values: pd.Series) -> pd.Series | None:
    """Return the values as floats; None if they are not numbers."""
    if _kind(values):
        return None
    try:
        return values.astype(float)
    except OverflowError:  # a whole number of Python beyond double precision
        return values.map(lambda value: min(value, 1e300)).astype(float)
    except (TypeError, ValueError):
        return None


def _kind(values: pd.Series) -> str:
    """Name a kind of values that are not numbers but could be taken for numbers; else empty."""
    kinds = {"c": "complex", "m": "a duration", "M": "a date"}
    dtype = values.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        dtype = dtype.categories.dtype
    if isinstance(dtype, pd.PeriodDtype):
        return kinds["M"]
    if pd.api.types.is_object_dtype(dtype):
        # numpy turns its own dates within objects into numbers.
        found = {each.dtype.kind for each in values if isinstance(each, np.generic)}
        return next((kinds[kind] for kind in sorted(found & set(kinds))), "")
    return kinds.get(getattr(dtype, "kind", "O"), "")


def ordered_levels(values: pd.Series, where: str) -> list[Any]:
    """List the distinct values: in the order of an ordered categorical, else as `in_order`.

    Raises
    ------
    InputError
        If the values are lists, or have no order, such as a date and a number.
    """
    try:
        present = list(values.unique())
        order = category_order(values)
        if order is not None:
            return [level for level in order if level in present]
        return in_order(present)
    except TypeError:
        raise InputError(
            f"{where}: '{values.name}' holds lists or values of several types; give a text or a "
            "number in each row"
        ) from None


def category_order(values: pd.Series) -> list[Any] | None:
    """List all values of an ordered categorical in their order; None for other columns."""
    if isinstance(values.dtype, pd.CategoricalDtype) and values.dtype.ordered:
        return list(values.dtype.categories)
    return None


def in_order(levels: Iterable[Any]) -> list[Any]:
    """Sort values: numbers before texts, and texts by their numbers if all are numbers.

    So a table has the same order in a CSV file, which has no types, and in Parquet.
    """
    levels = list(levels)
    texts = sorted(level for level in levels if isinstance(level, str))
    try:
        numbers = {text: float(text) for text in texts}
    except ValueError:
        numbers = {}
    if numbers and np.isfinite(list(numbers.values())).all():
        texts.sort(key=lambda text: numbers[text])
    return [*sorted(level for level in levels if not isinstance(level, str)), *texts]


def shown(level: Any) -> str:
    """Format a value of a category or treatment; 1, 1.0 and the text 1 are the same."""
    if isinstance(level, float) and level.is_integer():
        return str(int(level))
    if isinstance(level, pd.Timestamp) and level == level.normalize():
        return str(level.date())
    return str(level)
