"""Define errors of user input, with messages of one line, and describe other errors so."""

from __future__ import annotations

_LONGEST = 500


class InputError(ValueError):
    """Bad input. The message is one line that names the problem and the fix.

    The command line prints it and exits with 2; in Python it is a ``ValueError``.

    Examples
    --------
    >>> try:
    ...     sdscm.load_spec("hedache.yaml")
    ... except sdscm.InputError as error:
    ...     print(str(error).partition(";")[0])
    hedache.yaml: no such file or scenario
    """


class MissingExtraError(InputError, ImportError):
    """A library of an optional extra is not installed.

    Examples
    --------
    >>> raise sdscm.MissingExtraError("the picture", "plot")
    Traceback (most recent call last):
        ...
    sdscm.errors.MissingExtraError: the picture needs the extra 'plot': pip install 'sdscm[plot]'
    """

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs the extra '{extra}': pip install 'sdscm[{extra}]'")
        self.what, self.extra = what, extra

    def __reduce__(self) -> tuple[type[MissingExtraError], tuple[str, str]]:
        return type(self), (self.what, self.extra)


def reason(error: BaseException) -> str:
    """Describe an error in one line: the message of an `InputError`, else class and message.

    Examples
    --------
    >>> from sdscm.errors import reason
    >>> reason(ZeroDivisionError("division by\\nzero"))
    'ZeroDivisionError: division by zero'
    """
    try:
        text = str(error)
    except Exception:  # that of a plugin's error may raise, too
        text = "its message cannot be shown"
    if not isinstance(error, InputError):
        text = f"{type(error).__name__}: {text}"
    line = " ".join(text.split()).removesuffix(":")
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
