"""Errors of the user's input, with a message of one line."""

import sys

#: Libraries without wheels from this Python on, by the extra whose markers in pyproject.toml leave
#: them out.
NO_WHEELS = {"causalml": ("CausalML", (3, 13))}


class EstimatorError(ValueError):
    """Bad input to an estimator or to the registry; the message names the input and the fix.

    Examples
    --------
    >>> try:
    ...     estimators.get("RF", trees=3)
    ... except estimators.EstimatorError as error:
    ...     print(str(error).partition(";")[0])
    RF: has no parameter 'trees'
    """


class UnknownEstimatorError(EstimatorError, KeyError):
    """No estimator of that name is registered.

    Examples
    --------
    >>> try:
    ...     estimators.get("LinRegg")
    ... except estimators.UnknownEstimatorError as error:
    ...     print(str(error).partition(" (")[0])
    no estimator 'LinRegg'; did you mean 'LinReg'?
    """

    def __str__(self) -> str:
        return str(self.args[0])


class MissingExtraError(EstimatorError, ImportError):
    """The library behind an estimator is not installed.

    Examples
    --------
    >>> str(estimators.MissingExtraError("estimator BCF", "bart"))
    "estimator BCF needs the extra 'bart': pip install 'sdscm[bart]'"
    """

    def __init__(self, what: str, extra: str) -> None:
        why = missing_wheels(extra) or f"pip install 'sdscm[{extra}]'"
        super().__init__(f"{what} needs the extra '{extra}': {why}")
        self.extra = extra


def missing_wheels(extra: str) -> str:
    """Say in one line why the extra cannot be installed on this Python; empty if it can."""
    library, first = NO_WHEELS.get(extra, ("", (sys.maxsize, 0)))
    if sys.version_info[:2] < first:
        return ""
    present = ".".join(map(str, sys.version_info[:2]))
    return f"{library} has no wheels for Python {present}; use Python {first[0]}.{first[1] - 1}"


class PluginError(EstimatorError):
    """A plugin could not be loaded or made, or registers a name that is taken.

    Examples
    --------
    >>> try:
    ...     estimators.load_plugin("none.py")
    ... except estimators.PluginError as error:
    ...     print(error)
    plugin none.py: cannot be read (No such file or directory); give a .py file
    """


def describe_error(error: BaseException) -> str:
    """Type and message of an error in one line."""
    try:
        text = " ".join(str(error).split())
    # The class of the error may come from a plugin, and its __str__ may raise anything.
    except Exception:
        text = "its message cannot be shown"
    return f"{type(error).__name__}: {text}" if text else f"{type(error).__name__} without a text"
