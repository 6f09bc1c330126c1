"""Checks of the input of estimators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from estimators.errors import EstimatorError
from estimators.interface import OF_ROWS, Strength
from estimators.support.graphs import as_graph


def as_matrix(X: Any, columns: tuple[str, ...] | None = None) -> np.ndarray:
    """Copy covariates into an array of floats, shape (n, p).

    Parameters
    ----------
    X
        DataFrame or array of shape (n, p) with finite numbers.
    columns
        Names of the columns of ``fit``; a DataFrame must have the same ones in the same order.

    Raises
    ------
    EstimatorError
        If X is not a table of numbers with at least one column, contains text, NaN or infinity,
        has two columns of one name, or other columns than ``fit``.
    """
    if not hasattr(X, "shape"):
        raise EstimatorError(
            f"X: is a {type(X).__name__}; give a DataFrame or an array of shape (n, p)"
        )
    if isinstance(X, pd.DataFrame):
        if not X.columns.is_unique:
            twice = X.columns[X.columns.duplicated()][0]
            raise EstimatorError(f"X: has column {twice!r} twice; rename or drop one")
        for name in X.columns:
            kind = X[name].dtype
            if not pd.api.types.is_numeric_dtype(kind) or pd.api.types.is_complex_dtype(kind):
                raise EstimatorError(
                    f"X: column {name!r} is of type {X[name].dtype}; give its codes as numbers"
                )
        if columns is not None and tuple(map(str, X.columns)) != columns:
            raise EstimatorError(
                f"X: the columns {list(X.columns)} are not those of fit, {list(columns)}"
            )
    matrix = _as_floats(X, "X", "give codes as numbers")
    if matrix.ndim != 2:
        raise EstimatorError(f"X: must have two dimensions (rows, covariates), has {matrix.ndim}")
    if matrix.shape[1] == 0:
        raise EstimatorError("X: has no column; give at least one covariate")
    if not np.isfinite(matrix).all():
        column = int(np.flatnonzero(~np.isfinite(matrix).all(axis=0))[0])
        label = X.columns[column] if isinstance(X, pd.DataFrame) else column
        raise EstimatorError(f"X: column {label!r} holds NaN or infinity; impute or drop it first")
    return matrix


_CODES = "code control as 0 and treated as 1"
_ARMS = "code the arms as 0, 1, 2, ..., the reference as 0"


def _as_floats(values: Any, name: str, otherwise: str) -> np.ndarray:
    """Copy numbers into an array of floats.

    NumPy would also take dates, text and complex numbers.
    """
    try:
        if not isinstance(values, pd.DataFrame):  # whose columns are checked
            array = np.asarray(values)
            # Numbers beside missing ones, and whole numbers beyond 64 bits, are objects.
            items = array.flat if array.dtype == object else [array]
            others = [item for item in items if np.asarray(item).dtype.kind not in "buifO"]
            if others:
                raise TypeError(f"a value is of type {np.asarray(others[0]).dtype}")
        return np.array(values, dtype=float, order="C")
    except (TypeError, ValueError, OverflowError) as error:
        raise EstimatorError(f"{name}: cannot be read as numbers ({error}); {otherwise}") from error


def _as_vector(values: Any, name: str, n: int, otherwise: str) -> np.ndarray:
    vector = _as_floats(values, name, otherwise)
    if vector.shape != (n,):
        raise EstimatorError(f"{name}: has shape {vector.shape}, but X has {n} rows; give ({n},)")
    if not np.isfinite(vector).all():
        raise EstimatorError(f"{name}: holds NaN or infinity; drop those rows first")
    return vector


def as_treatment(t: Any, n: int, many_arms: bool = False) -> np.ndarray:
    """Copy a treatment into an array of 0 and 1 of type int64, shape (n,).

    With ``many_arms`` it holds 0, 1, ..., K - 1, where 0 is the reference.

    Raises
    ------
    EstimatorError
        If the length is not n, or a value is not one of these.
    """
    codes = _ARMS if many_arms else _CODES
    vector = _as_vector(t, "t", n, codes)
    whole = vector[(vector >= 0) & (vector == np.floor(vector))]
    others = np.setdiff1d(vector, whole if many_arms else [0.0, 1.0])
    if others.size:
        raise EstimatorError(f"t: holds {others[0]:g}; {codes}")
    return vector.astype(np.int64)


def as_outcome(y: Any, n: int) -> np.ndarray:
    """Copy an outcome into an array of floats, shape (n,).

    Raises
    ------
    EstimatorError
        If the length is not n, or a value is NaN or infinite.
    """
    return _as_vector(y, "y", n, "give outcomes as numbers")


def require_arms(t: np.ndarray, at_least: int = 1) -> None:
    """Check that each arm, from 0 to the largest one and at least 1, has enough rows.

    Raises
    ------
    EstimatorError
        If an arm has fewer than ``at_least`` rows.
    """
    largest = max(int(t.max()), 1)
    for value in range(largest, -1, -1):
        count = int(np.sum(t == value))
        arm = ("control arm", "treated arm")[value] if largest == 1 else f"arm {value}"
        if count < at_least:
            has = "is empty" if count == 0 else f"has {count} row{'s' * (count > 1)}"
            raise EstimatorError(
                f"t: the {arm} {has} (of {len(t)} rows); an effect needs "
                f"at least {at_least} in each arm"
            )


def require_variation(y: np.ndarray) -> None:
    """Check that y varies, for a library that divides by its standard deviation.

    Raises
    ------
    EstimatorError
        If all outcomes are the same.
    """
    if np.ptp(y) == 0:
        raise EstimatorError("y: is the same in every row; this method needs outcomes that vary")


def is_number(value: Any) -> bool:
    """Return True for a real number of Python or NumPy."""
    return isinstance(value, int | float | np.integer | np.floating)


def require_level(alpha: Any) -> None:
    """Check that 1 - ``alpha`` can be the level of an interval.

    Raises
    ------
    EstimatorError
        If it is not a number strictly between 0 and 1.
    """
    if not is_number(alpha) or not 0 < alpha < 1:
        raise EstimatorError(
            f"alpha: is {alpha!r}, must be a number between 0 and 1 (0.05 for 95 % intervals)"
        )


def require_strength(name: str, needed: Strength, given: Mapping[str, Any]) -> Any:
    """Check a strength of hidden confounding, and return it: a number, two shares, or None.

    Parameters
    ----------
    name
        Name of the estimator, for messages.
    needed
        The kind of strength that it needs.
    given
        The value of each kind, None if it is not given.

    Raises
    ------
    EstimatorError
        If the needed one is missing or impossible, or another one is given.
    """
    calls = {"none": "ate_bounds(X)", "gamma": "ate_bounds(X, gamma=2.0)"}
    call = calls.get(needed, f"ate_bounds(X, {needed}=(0.3, 0.1))")
    others = [each for each, value in given.items() if value is not None and each != needed]
    if others:
        raise EstimatorError(f"{name}: takes no {others[0]}; call {call}")
    if needed == "none":
        return None
    value = given[needed]
    if value is None:
        raise EstimatorError(f"{name}: how strong is hidden confounding? call {call}")
    if needed == "gamma":
        if not is_number(value) or not 1 <= value < np.inf:
            raise EstimatorError(f"gamma: is {value!r}, must be a number of at least 1 (none)")
        return float(value)
    shares = tuple(value) if isinstance(value, tuple | list | np.ndarray) else ()
    if len(shares) != 2 or not all(is_number(each) and 0 <= each <= 1 for each in shares):
        raise EstimatorError(f"{needed}: is {value!r}, must be two shares between 0 and 1")
    if shares[1] == 1:
        raise EstimatorError(
            f"{needed}: the second share is 1; the bounds are then infinite, give less"
        )
    return float(shares[0]), float(shares[1])


def require_clip(clip: Any) -> None:
    """Check that propensity scores can be clipped to [clip, 1 - clip].

    Raises
    ------
    EstimatorError
        If it is not a number of at least 0 and below 0.5.
    """
    if not is_number(clip) or not 0 <= clip < 0.5:
        raise EstimatorError(f"clip: is {clip!r}, must be at least 0 and below 0.5")


def as_needs(
    estimator: Any, shown: Mapping[str, Any], n: int, columns: Sequence[str]
) -> dict[str, Any]:
    """Check what an estimator needs beside X, t and y, and copy it.

    ``n`` is the number of rows of X, and ``columns`` are the names of its columns; those of an
    array are ``0``, ``1``, ...

    Returns
    -------
    ``instrument`` as an array of 0 and 1, ``text`` as a list of n texts, ``proxies`` as an array of
    floats of shape (n, q), ``graph`` as of `estimators.support.graphs.as_graph`, by name.

    Raises
    ------
    EstimatorError
        If a need is missing, another thing is given, or it has another length or type.
    """
    usual, call = "X, t and y", "fit(X, t, y, {}=...)"
    return _as_needs(estimator, estimator.needs, shown, n, usual, call, columns)


def as_row_needs(estimator: Any, shown: Mapping[str, Any], n: int) -> dict[str, Any]:
    """As `as_needs`, for answers: of the needs, those that describe the rows of X."""
    needs = [need for need in estimator.needs if need in OF_ROWS]
    return _as_needs(estimator, needs, shown, n, "X", "effect(X, {0}=...) or ate(X, {0}=...)")


def _as_needs(
    estimator: Any,
    needs: Sequence[str],
    shown: Mapping[str, Any],
    n: int,
    usual: str,
    call: str,
    columns: Sequence[str] = (),
) -> dict[str, Any]:
    name = type(estimator).__name__
    for need in needs:
        if shown.get(need) is None:
            raise EstimatorError(f"{name}: needs {need}; call {call.format(need)}")
    for given in shown:
        if given not in needs:
            known = ", ".join(needs) or "nothing more"
            raise EstimatorError(f"{name}: takes no {given}; beside {usual} it needs {known}")
    return {
        need: as_graph(shown[need], columns) if need == "graph" else _CHECKS[need](shown[need], n)
        for need in needs
    }


def _as_instrument(values: Any, n: int) -> np.ndarray:
    vector = _as_vector(values, "instrument", n, "code its two values as 0 and 1")
    others = np.setdiff1d(vector, [0.0, 1.0])
    if others.size:
        raise EstimatorError(f"instrument: holds {others[0]:g}; code its two values as 0 and 1")
    if np.ptp(vector) == 0:
        raise EstimatorError("instrument: is the same in every row; an effect needs both values")
    return vector.astype(np.int64)


def as_texts(values: Any, n: int) -> list[str]:
    """Copy texts into a list of length n; an `EstimatorError` if one is not a text."""
    texts = list(values)
    if len(texts) != n:
        raise EstimatorError(f"text: has {len(texts)} rows, but X has {n}")
    for row, text in enumerate(texts):
        if not isinstance(text, str):
            raise EstimatorError(f"text: row {row} is a {type(text).__name__}; give texts")
    return texts


def _as_proxies(values: Any, n: int) -> np.ndarray:
    matrix = as_matrix(values)
    if len(matrix) != n:
        raise EstimatorError(f"proxies: has {len(matrix)} rows, but X has {n}")
    return matrix


_CHECKS = {"instrument": _as_instrument, "text": as_texts, "proxies": _as_proxies}
