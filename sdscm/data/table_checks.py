"""Check the columns of a table and their roles; each error names the table, the key and the fix."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from sdscm.errors import InputError

#: Keys of roles that name one column each, and those that list covariates.
_SINGLE = ("treatment", "outcome", "y0", "y1", "effect", "propensity")
_LISTS = ("covariates", "exogenous", "categorical")


@dataclass(frozen=True)
class TableRoles:
    """Roles of the columns of a table.

    Attributes
    ----------
    treatment
        Treatment, with two values.
    outcome, y0, y1, effect, propensity
        Columns of the observed outcome, of the potential outcomes under control and treatment, of
        the individual effect, and of the true probability of treatment; None if there is none.
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
    y0: Any = None
    y1: Any = None
    effect: Any = None
    ate: Any = None
    covariates: Sequence[Any] | None = None
    exogenous: Sequence[Any] = ()
    categorical: Sequence[Any] | None = None
    propensity: Any = None

    @property
    def columns(self) -> list[tuple[str, Any]]:
        """Pairs of key and column, of the roles with one column each."""
        return [(key, name) for key in _SINGLE if (name := getattr(self, key)) is not None]


def contradiction(roles: Any) -> str:
    """Describe roles that contradict each other or are missing, with the fix; empty if none do."""
    potential = [name for name in ("y0", "y1") if getattr(roles, name) is not None]
    if len(potential) == 1:
        return f"'{potential[0]}' needs the other potential outcome, too"
    if not potential and roles.outcome is None:
        return "name the column of the 'outcome', or those of 'y0' and 'y1'"
    for name in ("outcome", "effect", "ate"):
        if potential and getattr(roles, name) is not None:
            return f"'{name}' follows from 'y0' and 'y1'; remove it"
    if roles.effect is not None and roles.ate is not None:
        return "'ate' follows from 'effect'; remove it"
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
    problem = contradiction(roles)
    if problem:
        raise InputError(f"{where}: {problem}")
    _check_ate(roles.ate, where, source)
    listed = _listed(roles, where, source)
    _check_names(frame, [*roles.columns, *listed], where, source)
    for key, name in roles.columns:
        other = next(each for each, named in roles.columns if named == name)
        if other != key:
            raise InputError(f"{where}: '{name}' is '{other}' and '{key}' in {source}; change one")
    _check_treatment(frame[roles.treatment], where, source)
    covariates = _covariates(frame, roles, where, source)
    for key, name in listed:
        if name not in covariates:
            raise InputError(
                f"{where}: '{name}' is in '{key}' in {source}, but is not a covariate; add it to "
                "'covariates' or remove it"
            )
    for key, name in roles.columns:
        if key != "treatment":
            _check_numbers(frame[[name]], where, f"'{key}' in {source} needs numbers")
    names = () if roles.categorical is None else list(roles.categorical)
    numbers = [name for name in covariates if name not in names]
    fix = "encode it as numbers first"
    if roles.categorical is not None:
        fix = f"add it to 'categorical' in {source}"
    fix += ", or remove it from 'covariates'"
    _check_numbers(frame[numbers], where, fix)
    for name in names:
        _check_categories(frame[name], where)
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
        found += [(key, name) for name in (() if names is None else names)]
    return found


def _check_names(
    frame: pd.DataFrame, named: Sequence[tuple[str, Any]], where: str, source: str
) -> None:
    """Check that each named column is there once, and that texts of names do not coincide."""
    for key, name in named:
        if not isinstance(name, Hashable):
            raise InputError(f"{where}: '{key}' in {source} is {name!r}; name one column")
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


def _check_treatment(values: pd.Series, where: str, source: str) -> None:
    what = f"{where}: the treatment '{values.name}'"
    if values.isna().any():
        raise InputError(f"{what} is empty in some rows; remove these")
    levels = ordered_levels(values, where)
    if len(levels) != 2:
        raise InputError(
            f"{where}: 'treatment' in {source} needs a column with two values, but "
            f"'{values.name}' has {len(levels)} value{'s' * (len(levels) != 1)}"
        )
    if len({isinstance(level, str) for level in levels}) > 1:
        raise InputError(f"{what} mixes text and numbers; use one type")


def _check_categories(values: pd.Series, where: str) -> None:
    if values.isna().any():
        raise InputError(f"{where}: '{values.name}' is empty in some rows; remove these")
    ordered_levels(values, where)


def _check_numbers(table: pd.DataFrame, where: str, fix: str) -> None:
    """Check that columns hold finite numbers; all columns with gaps are named at once."""
    gaps = {}
    for name, values in table.items():
        kind = (
            "m" if isinstance(values.dtype, pd.PeriodDtype) else getattr(values.dtype, "kind", "O")
        )
        try:
            if kind in "cmM":
                raise TypeError
            numbers = values.astype(float)
        except (TypeError, ValueError):
            known = {"c": "complex", "m": "a duration", "M": "a date"}
            what = f"is {known[kind]}" if kind in known else "is not numeric"
            raise InputError(f"{where}: '{name}' {what}; {fix}") from None
        bad = int((~np.isfinite(numbers)).sum())
        if bad:
            gaps[name] = bad
    if gaps:
        rows = [
            f"'{name}' has no finite number in {bad} of {len(table)} rows"
            for name, bad in gaps.items()
        ]
        raise InputError(f"{where}: {', '.join(rows)}; fill them, or remove these rows")


def ordered_levels(values: pd.Series, where: str) -> list[Any]:
    """List the distinct values: in the order of an ordered categorical, else sorted.

    Numbers come before texts.

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
        return sorted(present, key=lambda value: (isinstance(value, str), value))
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


def check_truth_is_hidden(
    X: pd.DataFrame, secrets: dict[str, np.ndarray], where: str, source: str
) -> None:
    """Check that no covariate equals a part of the truth.

    Parameters
    ----------
    X : DataFrame of shape (n, p)
        The covariates.
    secrets
        Arrays of shape (n,) by their description.
    """
    for name, values in X.items():
        for what, secret in secrets.items():
            # A covariate that equals a constant tells nothing.
            if not np.isfinite(secret).all() or np.ptp(secret) == 0:
                continue
            if np.allclose(values, secret, rtol=1e-9, atol=0):
                raise InputError(
                    f"{where}: the column '{name}' is {what} in all rows; name the covariates in "
                    f"'covariates' in {source}"
                )
